"""How `intone predict` writes its answers: the format that is asked for, whole or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

Record = Mapping[str, Any]


class Format(StrEnum):
    """How answers are written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    vtt = "vtt"


def chosen(format: Format | None, output: Path | None, *, timeline: bool, files: int) -> Format:
    """The format that is named, or that the output's name asks for, or a table.

    Raises:
        BadParameter: it does not suit what is asked.
    """
    if format is None:
        suffix = output.suffix.removeprefix(".") if output else ""
        format = Format(suffix) if suffix in Format.__members__ else Format.table
    if format == Format.vtt and not (timeline and files == 1):
        raise typer.BadParameter("vtt captions one recording: name one file, and add --timeline")
    if format == Format.parquet and output is None:
        raise typer.BadParameter("parquet is not for a terminal: add --output FILE")
    return format


def write(
    records: Iterable[Record],
    labels: Sequence[str],
    *,
    format: Format,
    timeline: bool,
    output: Path | None,
) -> None:
    """Write records to standard output, or to a file that has its name only once it is complete."""
    from intone import files
    from intone.report import answers

    if output is None:
        for text in _texts(records, labels, format, timeline):
            print(text.encode("utf-8", errors="backslashreplace").decode(), end="")
        print(end="", flush=True)  # before any note that follows
        return
    with files.writing(output) as file:
        if format == Format.parquet:
            answers.parquet(records, answers.names(labels, timeline=timeline), file)
            return
        for text in _texts(records, labels, format, timeline):
            file.write(text.encode("utf-8", errors="backslashreplace"))


def _texts(
    records: Iterable[Record], labels: Sequence[str], format: Format, timeline: bool
) -> Iterator[str]:
    from intone.report import answers, timeline_text

    match format:
        case Format.json:
            yield from answers.json_list(records)
        case Format.jsonl:
            yield from answers.json_lines(records)
        case Format.csv:
            yield from answers.csv(records, answers.names(labels, timeline=timeline))
        case Format.vtt:
            yield timeline_text.webvtt(records)
        case _ if timeline:
            yield timeline_text.table(records)
        case _:
            yield answers.table(records, labels)


def draw(records: Iterable[Record], picture: Path) -> None:
    """Draw the timelines of one recording, one above the other."""
    from intone import files
    from intone.report import style, timeline_picture

    drawn = style.encode(timeline_picture.timelines([*records]), picture, "timeline")
    with files.writing(picture) as file:
        file.write(drawn)
