"""`intone train`: fit a recipe on corpora."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or a name from intone recipes.")],
    data: _output.Data,
    set: _output.Set = [],
    output: Annotated[
        Path | None, typer.Option(help="The run's folder [default: runs/RECIPE]")
    ] = None,
    fold: Annotated[list[int], typer.Option("--fold", help="Fit only this fold; repeatable.")] = [],
    unlabelled: _output.Unlabelled = [],
    speaker: _output.Speaker = None,
    resume: Annotated[bool, typer.Option(help="Go on with a run that was stopped.")] = False,
    start_from: Annotated[
        Path | None, typer.Option(help="A run of the same splits, whose weights to begin with.")
    ] = None,
    allow_leak: _output.AllowLeak = False,
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Fit a recipe on corpora, every fold and seed, and score the clips each fit has not heard."""
    from intone import corpora, experiment, runs
    from intone.evaluation import Report
    from intone.recipe import Recipe, locate
    from intone.report.text import table

    path = locate(recipe)
    places = [corpora.parse_data(argument) for argument in data]
    sound_alone = [corpora.parse_data(argument) for argument in unlabelled]
    clips, unlabelled_clips = corpora.read_apart(places, sound_alone, speaker=speaker)
    track = _output.progress(quiet)
    subject = experiment.prepare(
        Recipe.load(path, set),
        clips,
        unlabelled=unlabelled_clips,
        allow_leak=allow_leak,
        seed=seed,
        track=track,
    )
    run = runs.Run(output or Path("runs") / path.stem)
    _output.note(subject.mapping.describe(), quiet)
    if unheard := subject.unheard:
        _output.note(f"no clip is labelled {', '.join(unheard)}", quiet)
    record = runs.train(
        subject,
        run,
        folds=fold,
        sources={
            "data": _output.resolved(places),
            "unlabelled": _output.resolved(sound_alone),
            "speaker": speaker,
        },
        command=_output.command([*data, *unlabelled], [start_from] if start_from else []),
        resume=resume,
        start_from=runs.Run(start_from) if start_from else None,
        track=track,
    )
    print(table(Report.from_dict(record["report"])))
    _output.remarks(record["notes"], quiet)
    _output.note(f"\n{run.folder}: done; intone export {run.folder} makes a model file", quiet)
