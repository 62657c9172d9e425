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
    format: Annotated[Format, typer.Option(help="How to write the answers.")] = Format.table,
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
        sources.append(sys.stdin.buffer.read())
    for source in _output.progress(quiet)(sources, "listening", len(sources)):
        try:
            predictions.append(loaded.predict(source))
        except AudioError as error:
            code = _output.fail(str(error))
    if not predictions:
        return code
    _output.write(_write(predictions, loaded, format), output)
    for prediction in predictions:
        for warning in prediction.warnings:
            _output.note(f"{prediction.source}: {warning}", quiet)
    if format == Format.table:
        _output.note(origin(loaded), quiet)
    return code


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
    from intone.report.text import columns

    head = ["file", "emotion", *model.labels]
    rows = [
        [p.source, p.emotion, *(f"{100 * share:.0f} %" for share in p.probabilities.values())]
        for p in predictions
    ]
    return columns([head, *rows], left=2) + "\n"
