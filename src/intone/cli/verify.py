"""`intone verify`: rerun a model file's self-test."""

from pathlib import Path
from typing import Annotated

import typer


def verify(
    model: Annotated[
        Path | None,
        typer.Argument(help="A model file; without it, the one that comes with Intone."),
    ] = None,
) -> int:
    """Rerun the self-test that a model file carries; exit code 1 when an answer differs."""
    from intone import runtime
    from intone.report.text import columns

    loaded = runtime.load(model)
    difference = loaded.self_test()
    allowed = loaded.description.tolerance
    same = difference <= allowed  # never so where an answer is NaN
    verdict = "as made" if same else "NOT as made"
    rows = [
        ["model", loaded.description.name],
        ["labels", ", ".join(loaded.labels)],
        ["self-test", f"{verdict}: off by {difference:.1e}, {allowed:.0e} allowed"],
        ["corpora", ", ".join(loaded.description.training["data"])],
    ]
    print(columns(rows, left=2))
    return int(not same)
