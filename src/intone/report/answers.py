"""Predictions and timelines, as plain values, written for people and for other programs.

A record is what `Prediction.to_dict` or `Timeline.to_dict` gives. Where there are columns, a
prediction is one row, and a timeline a row for each segment. What other programs
read is written record by record; a table knows its widths only at the end.
"""

import csv as writing
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from textwrap import indent
from typing import Any, BinaryIO, TypeAlias

from intone.audio import printable
from intone.report.text import columns, heard

Record: TypeAlias = Mapping[str, Any]
Row: TypeAlias = dict[str, Any]

_ROWS_AT_ONCE = 10_000  # in a Parquet file's row group
_HEARD = ("emotion", "candidates", "unsure")
_PREDICTION = ("source", *_HEARD), ("seconds", "warnings")  # before and after the labels
_SEGMENT = ("source", "channel", "start", "end", *_HEARD), ()


def names(labels: Sequence[str], *, timeline: bool) -> list[str]:
    """Name the columns of predictions, or of timelines."""
    before, after = _SEGMENT if timeline else _PREDICTION
    return [*before, *labels, *after]


def rows(record: Record) -> Iterator[Row]:
    """Give the rows of a record, by column."""
    if "segments" not in record:
        yield _row({**record, "warnings": "; ".join(record["warnings"])})
        return
    for segment in record["segments"]:
        yield _row({**record, **segment})


def _row(record: Record) -> Row:
    return {
        **record,
        **record["probabilities"],
        "candidates": "; ".join(record["candidates"]),
    }


def csv(records: Iterable[Record], names: Sequence[str]) -> Iterator[str]:
    """Write rows as CSV: times to a thousandth of a second, probabilities to a millionth."""
    for row in chain([dict(zip(names, names, strict=True))], *map(rows, records)):
        line = io.StringIO()
        writing.writer(line, lineterminator="\n").writerow(_cell(row, name) for name in names)
        yield line.getvalue()


def _cell(row: Row, name: str) -> str:
    value = row[name]
    if isinstance(value, float):
        return f"{value:.3f}" if name in ("seconds", "start", "end") else f"{value:.6f}"
    return "" if value is None else str(value)


def json_list(records: Iterable[Record]) -> Iterator[str]:
    """Write one list of all records."""
    before = "[\n"
    for record in records:
        yield before + indent(json.dumps(record, indent=1), " ")
        before = ",\n"
    yield "\n]\n"


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """Write a line a record."""
    for record in records:
        yield json.dumps(record) + "\n"


def table(records: Iterable[Record], labels: Sequence[str]) -> str:
    """Set predictions for a terminal, a line each."""
    kept = [*records]
    cells = [["file", "emotion", *labels]]
    for record in kept:
        shown = [f"{100 * record['probabilities'][label]:.0f} %" for label in labels]
        cells.append([printable(record["source"]), heard(record), *shown])
    if any(record["warnings"] for record in kept):
        cells[0].append("note")
        for row, record in zip(cells[1:], kept, strict=True):
            row.append(", ".join(record["warnings"]))
    return columns(cells, left=2) + "\n"


def parquet(records: Iterable[Record], names: Sequence[str], file: BinaryIO) -> None:
    """Write rows as Apache Parquet, into an open file."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    kinds = {"channel": "int32", "unsure": "bool"}
    kinds |= dict.fromkeys(("source", "emotion", "candidates", "warnings"), "string")
    schema = pyarrow.schema([(name, kinds.get(name, "float64")) for name in names])
    waiting = chain.from_iterable(map(rows, records))
    with ParquetWriter(file, schema) as writer:
        while some := [*islice(waiting, _ROWS_AT_ONCE)]:
            writer.write_table(pyarrow.Table.from_pylist(some, schema=schema))
