"""`intone predict`: name the emotion in sound files."""

import csv
import io
import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intone.cli import _output

if TYPE_CHECKING:
    from intone.runtime import Model, Prediction


class Format(StrEnum):
    """How predictions are written."""

    table = "table"
    json = "json"
    csv = "csv"


def predict(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders, '-' for standard input.")
    ],
    model: Annotated[
        Path | None, typer.Option(help="A model file; without it, the one that comes with Intone.")
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(
            help="How to write the answers [default: as the output's name says, or table]"
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    quiet: _output.Quiet = False,
) -> int:
    """Name the emotion in sound files, one row a file.

    Files that cannot be used are named in one line each, the others are still answered, and the
    exit code is 2.
    """
    from intone import audio, runtime
    from intone.errors import AudioError

    loaded = runtime.load(model)
    predictions, code = [], 0
    sources: list[audio.Source] = [*audio.find(path for path in paths if path != "-")]
    if "-" in paths:
        sources.append(_standard_input())
    for source in _output.progress(quiet)(sources, "listening", len(sources)):
        try:
            predictions.append(loaded.predict(source))
        except AudioError as error:
            code = _output.fail(str(error))
    if not predictions:
        return code
    format = format or _format_of(output)
    _output.write(_write(predictions, loaded, format), output)
    if format == Format.table:
        _output.note(origin(loaded), quiet)
    return code


def _format_of(output: Path | None) -> Format:
    """The format that a file's name asks for, or a table."""
    suffix = output.suffix.removeprefix(".") if output else ""
    return Format(suffix) if suffix in Format.__members__ else Format.table


def _standard_input() -> io.BytesIO:
    """All of standard input, as a file named `-`."""
    sound = io.BytesIO(sys.stdin.buffer.read())
    sound.name = "-"
    return sound


def origin(model: "Model") -> str:
    """Say where a model comes from, and what it is worth."""
    description = model.description
    corpora = ", ".join(name.upper() for name in description.training["data"])
    uar = description.expected["uar"]["value"]
    return (
        f"\nmodel {description.name}, trained on {corpora}; on {description.expected['stamp']} "
        f"it finds {100 * uar:.0f} % of each class (UAR, {description.expected['protocol']}; "
        f"chance {100 / len(model.labels):.0f} %)"
    )


def _write(predictions: list["Prediction"], model: "Model", format: Format) -> str:
    if format == Format.json:
        answers = [{"emotion": p.emotion, **asdict(p)} for p in predictions]
        return json.dumps(answers, indent=1) + "\n"
    if format == Format.csv:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["source", "emotion", *model.labels, "seconds", "warnings"])
        for p in predictions:
            shares = [f"{share:.6f}" for share in p.probabilities.values()]
            row = [p.source, p.emotion, *shares, f"{p.seconds:.3f}", "; ".join(p.warnings)]
            writer.writerow(row)
        return stream.getvalue()
    from intone.audio import printable
    from intone.report.text import columns

    table = [["file", "emotion", *model.labels]]
    for p in predictions:
        shown = [f"{100 * share:.0f} %" for share in p.probabilities.values()]
        table.append([printable(p.source), p.emotion, *shown])
    if any(p.warnings for p in predictions):
        table[0].append("note")
        for row, p in zip(table[1:], predictions, strict=True):
            row.append(", ".join(p.warnings))
    return columns(table, left=2) + "\n"
