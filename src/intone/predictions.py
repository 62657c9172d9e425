"""Prediction files: a CSV line a clip, which anyone can write and anyone can score.

The column `id` names the clip; every other column is a label with its probability.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from intone.errors import DataError
from intone.evaluation import Scores


def to_csv(scores: Scores) -> str:
    """Write one answer to each clip as `read` reads it, exact to the last bit."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", *scores.labels])
    for id, row in zip(scores.ids, scores.probabilities.tolist(), strict=True):
        writer.writerow([id, *(f"{probability:.9g}" for probability in row)])
    return file.getvalue()


def read(path: Path, truth: Mapping[str, str], speakers: Mapping[str, str | None]) -> Scores:
    """Read one answer to each clip of `truth`, which maps clip ids to labels.

    No clip may be missing, for a score over chosen clips is none.

    Raises:
        DataError: no such file, one that is written otherwise, or its clips, labels or numbers do
            not fit.
    """
    labels, answers = _answers(path)
    unknown = [id for id in answers if id not in truth]
    missing = [id for id in truth if id not in answers]
    if unknown:
        raise DataError(f"{path}: {len(unknown)} clips are not to be scored, first {unknown[0]}")
    if missing:
        raise DataError(
            f"{path}: {len(missing)} of {len(truth)} clips have no line, first {missing[0]}; "
            "every clip is scored"
        )
    unnamed = sorted({*truth.values()}.difference(labels))
    if unnamed:
        raise DataError(f"{path}, line 1: no column for the label {', '.join(unnamed)}")
    return Scores(
        ids=tuple(answers),
        labels=labels,
        truth=np.array([labels.index(truth[id]) for id in answers], np.int64),
        probabilities=np.array([*answers.values()], np.float32).reshape(-1, len(labels)),
        speakers=tuple(speakers[id] for id in answers),
    )


def _answers(path: Path) -> tuple[tuple[str, ...], dict[str, list[float]]]:
    """Read the labels, and the probabilities of each clip."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            heading = next(lines, [])
            if heading[:1] != ["id"] or len(set(heading)) < max(3, len(heading)):
                raise DataError(
                    f"{path}, line 1: write id and then the labels, as id,neutral,happy,sad"
                )
            answers: dict[str, list[float]] = {}
            for id, *row in filter(None, lines):
                if id in answers:
                    raise DataError(f"{path}, line {lines.line_num}: {id} stands there twice")
                answers[id] = _numbers(row, len(heading) - 1, f"{path}, line {lines.line_num}")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV file in UTF-8 ({error})") from None
    return tuple(heading[1:]), answers


def _numbers(row: list[str], columns: int, where: str) -> list[float]:
    try:
        numbers = [float(value) for value in row]
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
    if len(numbers) != columns:
        raise DataError(f"{where}: {len(numbers)} probabilities for {columns} labels")
    return numbers
