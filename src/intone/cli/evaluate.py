"""`intone evaluate`: score a run or a model file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def evaluate(
    subject: Annotated[Path, typer.Argument(metavar="RUN|MODEL", help="A run or a model file.")],
    data: _output.Data = [],
    speaker: _output.Speaker = None,
    output: Annotated[Path | None, typer.Option(help="Write the report here, as JSON.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write the run's out-of-fold answers here, as CSV.")
    ] = None,
    quiet: _output.Quiet = False,
) -> None:
    """Score a run on the clips its fits have not heard, or a model file on labelled clips.

    Clips that a model was trained on are refused.
    """
    from intone import corpora, runs, scoring
    from intone.errors import DataError
    from intone.predictions import to_csv
    from intone.report.text import table

    if subject.suffix == ".onnx":
        if not data:
            raise DataError("a model file is scored on labelled clips: add --data NAME=DIR")
        report = scoring.evaluate(
            subject,
            corpora.read_all(map(corpora.parse_data, data), speaker=speaker),
            track=_output.progress(quiet),
        )
    else:
        record, scores = runs.load_record(subject)
        report = runs.report(record, scores)
        if predictions is not None:
            _output.write(to_csv(scores[0]), predictions)
    print(table(report))
    if output is not None:
        _output.write(json.dumps(report.to_dict(), indent=1) + "\n", output)
