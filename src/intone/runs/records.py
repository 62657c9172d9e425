"""The compact record of a run that documents are made from, and what its files must say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from intone import evaluation, files
from intone.errors import DataError
from intone.evaluation import Report, Scores
from intone.recipe import first_fault
from intone.training import Fit

FORMAT_VERSION = 1
ANEW = "make it anew: intone train with --resume writes a run's record"


class Told(BaseModel):
    """What a run's manifest and its record both say; more is kept as it is."""

    format_version: int
    recipe: dict[str, Any]
    labels: list[str]
    mapping: str
    data: dict[str, Any]
    unlabelled: dict[str, Any] = {}  # early runs have none
    protocol: str
    stamp: str
    splits: list[str]
    seeds: list[int] = Field(min_length=1)
    parameters: int
    command: str
    environment: dict[str, Any]


class Manifest(Told):
    """What `run.json` says, and where the clips were found on this machine."""

    sources: dict[str, Any]


class Record(Told):
    """What `record.json` says."""

    folds: list[int]
    of_folds: int
    notes: list[str]
    fits: list[Fit]
    seconds: float
    report: Report
    uar_by_seed: list[float]


def check(kind: type[Told], data: Any, path: Path, advice: str) -> None:
    """See that what was read of a file says all that it should.

    Raises:
        DataError: it does not, or it is a newer Intone's.
    """
    if not isinstance(data, dict):
        raise files.damaged(path, advice)
    version = data.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise DataError(
            f"{path}: made by a newer Intone (format_version {version}, this one reads up to "
            f"{FORMAT_VERSION}); update with pip install -U intone"
        )
    try:
        kind.model_validate(data)
    except ValidationError as error:
        raise DataError(f"{path}: is damaged ({first_fault(error)}); {advice}") from None


def load_record(path: Path) -> tuple[dict[str, Any], list[Scores]]:
    """Read a record: a run's folder, or a `.json` with its `.npz` beside it.

    Returns the record and, for each seed, the out-of-fold scores.

    Raises:
        DataError: there is no record, a damaged one, or a newer Intone's.
    """
    stem = path / "record" if path.is_dir() else path.with_suffix("")
    told, answered = stem.with_suffix(".json"), stem.with_suffix(".npz")
    try:
        record = files.read_json(told, ANEW)
        arrays = files.read_arrays(answered, ANEW)
    except OSError:
        begun = (path / "run.json").exists()
        advice = "is not finished; type its intone train command again, with --resume"
        raise DataError(f"{path}: {advice if begun else 'holds no run and no record'}") from None
    check(Record, record, told, ANEW)
    try:
        return record, _scores(record, arrays)
    except (KeyError, TypeError, ValueError, DataError):
        raise DataError(
            f"{answered}: is damaged, or of another {told.name} than is beside it; {ANEW}"
        ) from None


def _scores(record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> list[Scores]:
    """What each seed answered, of the arrays of a record."""
    return [
        Scores(
            ids=tuple(map(str, arrays["ids"])),
            labels=tuple(record["labels"]),
            truth=arrays["truth"].astype(np.int64, casting="safe"),
            probabilities=_normalised(probabilities),
            speakers=tuple(str(name) or None for name in arrays["speakers"]),
        )
        for _, probabilities in zip(record["seeds"], arrays["probabilities"], strict=True)
    ]


def report(record: Mapping[str, Any], scores: Sequence[Scores]) -> Report:
    """Evaluate a record anew: all seeds pooled, so that each figure is the mean over seeds."""
    protocol, done = record["protocol"], record["folds"]
    if len(done) < record["of_folds"]:
        protocol += f", only {len(done)} of {record['of_folds']} folds"
    return evaluation.evaluate(pooled(scores), protocol=protocol, stamp=record["stamp"])


def write_record(
    folder: Path, record: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> dict[str, Any]:
    """Write a record with the report that its probabilities give; it is returned with it.

    `arrays` are `ids`, `truth` and `speakers` `[N]`, and `probabilities` `[seeds, N, C]`.
    """
    kept = {**arrays, "probabilities": arrays["probabilities"].astype(np.float16)}
    scores = _scores(record, kept)
    record["report"] = report(record, scores).to_dict()
    record["uar_by_seed"] = [
        evaluation.evaluate(one, protocol="", stamp="", draws=0).uar.value for one in scores
    ]
    files.write_arrays(folder / "record.npz", kept)
    files.write_json(folder / "record.json", record)
    return record


def pooled(scores: Sequence[Scores]) -> Scores:
    """The answers of all seeds together."""
    return Scores(
        ids=tuple(id for one in scores for id in one.ids),
        labels=scores[0].labels,
        truth=np.concatenate([one.truth for one in scores]),
        probabilities=np.concatenate([one.probabilities for one in scores]),
        speakers=tuple(speaker for one in scores for speaker in one.speakers),
    )


def _normalised(probabilities: NDArray[np.float16]) -> NDArray[np.float32]:
    """Undo what rounding to float16 did to the sums."""
    exact = probabilities.astype(np.float32)
    with np.errstate(invalid="ignore"):  # `Scores` refuses what are no probabilities
        normalised: NDArray[np.float32] = exact / exact.sum(axis=1, keepdims=True)
    return normalised
