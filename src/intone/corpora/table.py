"""A user's own clips: a CSV file with a line a clip."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from intone import emotions
from intone.corpora import CorpusInfo, Sex, Utterance
from intone.errors import DataError

INFO = CorpusInfo(
    title="a table",
    language="any",
    licence="your own",
    citation="your own",
    url="no one to ask",
    pattern="anything.csv, with the columns path and emotion",
    example="clips.csv",
    notes="Optional columns: speaker, sex (female or male), sentence, corpus. Paths are relative "
    "to the table; other columns are passed over.",
)

_SEXES: dict[str, Sex | None] = {
    "female": "female",
    "f": "female",
    "male": "male",
    "m": "male",
    "": None,
}


def read(root: Path) -> list[Utterance]:
    """List the clips of the CSV file `root`.

    Raises:
        DataError: no such table, or a line of it that does not fit, by its number.
    """
    found: dict[str, Utterance] = {}
    for line, row in _rows(root):
        clip = _utterance(row, root.parent, f"{root}, line {line}")
        if found.setdefault(clip.id, clip) is not clip:
            raise DataError(f"{root}, line {line}: {row['path']} stands in the table twice")
    if not found:
        raise DataError(f"{root}: the table has no line below its heading")
    return list(found.values())


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each line with its number, its values stripped, absent ones as ''."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            names = reader.fieldnames or []
            if len(set(names)) < len(names):
                raise DataError(f"{table}, line 1: a column stands there twice")
            missing = {"path", "emotion"} - set(names)
            if missing:
                raise DataError(
                    f"{table}, line 1: no column {' and '.join(sorted(missing))}; "
                    "the first line names the columns: path,emotion,speaker"
                )
            for row in reader:
                if None in row:
                    raise DataError(
                        f"{table}, line {reader.line_num}: more values than columns; "
                        "put quotes around a value with a comma"
                    )
                yield reader.line_num, {key: value.strip() for key, value in row.items()}
    except OSError as error:
        raise DataError(
            f"{str(table)[:200]}: {error.strerror}; give the table as table=FILE.csv"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: not a CSV file in UTF-8 ({error})") from None


def _utterance(row: Mapping[str, str], folder: Path, where: str) -> Utterance:
    path = folder / row["path"]
    corpus = row.get("corpus") or "table"
    sex = row.get("sex", "").lower()
    if not row["path"] or not path.is_file():
        raise DataError(f"{where}: no file {path}; paths are relative to the table")
    if not row["emotion"]:
        raise DataError(f"{where}: no emotion for {row['path']}")
    if sex not in _SEXES:
        raise DataError(f"{where}: sex is female, male or nothing, not {row['sex']}")
    return Utterance(
        id=f"{corpus}/{Path(row['path']).as_posix()}",
        path=path,
        corpus=corpus,
        emotion=emotions.named(row["emotion"]),
        speaker=f"{corpus}/{row['speaker']}" if row.get("speaker") else None,
        sex=_SEXES[sex],
        sentence=row.get("sentence") or None,
    )
