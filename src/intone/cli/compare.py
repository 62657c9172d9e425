"""`intone compare`: runs side by side."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Runs or records; the first is compared.")
    ],
    output: Annotated[Path | None, typer.Option(help="Write all of it here, as JSON.")] = None,
) -> None:
    """Show runs side by side, and test whether they differ from the first.

    Tests need the same clips: a bootstrap over speakers, paired, and McNemar's.
    """
    from intone import comparison
    from intone.report import comparison as words
    from intone.runs import load_record

    names = [path.stem if path.suffix == ".json" else path.resolve().name for path in runs]
    rows = comparison.compare(names, [load_record(path) for path in runs])
    print(words.text(rows))
    if output is not None:
        _output.write(json.dumps([asdict(row) for row in rows], indent=1) + "\n", output)
