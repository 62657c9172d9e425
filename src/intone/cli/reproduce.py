"""`intone reproduce`: a source report's systems, as it split its clips and on unseen speakers."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def reproduce(
    report: Annotated[str, typer.Argument(metavar="A|B|C|D|E", help="A source report.")],
    data: _output.Data,
    rows: Annotated[str, typer.Option(metavar="A1,A2", help="Only these rows.")] = "",
    output: Annotated[
        Path | None, typer.Option(help="The folder of the runs [default: runs/REPORT]")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=1, help="Fit only the first folds of unseen speakers.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Train each for so many.")] = None,
    set: _output.Set = [],
    unlabelled: _output.Unlabelled = [],
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Train the systems of a source report, as it split its clips and for unseen speakers.

    What is finished is not trained again: the same command goes on where it was stopped.
    """
    from intone import corpora, reproduction
    from intone.report.reproduction import table

    source = reproduction.find(report)
    chosen = source.chosen([row.strip() for row in rows.split(",") if row.strip()])
    places = [corpora.parse_data(argument) for argument in data]
    sound_alone = [corpora.parse_data(argument) for argument in unlabelled]
    clips, unlabelled_clips = corpora.read_apart(places, sound_alone)
    setup = reproduction.Setup(
        clips=clips,
        unlabelled=unlabelled_clips,
        sources={
            "data": _output.resolved(places),
            "unlabelled": _output.resolved(sound_alone),
            "speaker": None,
        },
        folder=output or Path("runs") / report.upper(),
        changes=(*set, *([f"training.epochs={epochs}"] if epochs else [])),
        folds=folds,
        seed=seed,
    )
    _output.note(f"{source.title}. {source.caution}", quiet)
    outcomes = []
    for outcome in reproduction.reproduce(source, chosen, setup, track=_output.progress(quiet)):
        if outcome.row.recipe:
            _output.note(f"{outcome.row.id} {outcome.row.recipe}: {outcome.state}", quiet)
        outcomes.append(outcome)
    print(table(outcomes))
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)
