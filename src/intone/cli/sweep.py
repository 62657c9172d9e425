"""`intone sweep`: train recipes with every combination of some settings."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def sweep(
    recipes: Annotated[
        list[str], typer.Argument(metavar="RECIPE...", help="Recipe files, or their names.")
    ],
    data: _output.Data,
    set: Annotated[
        list[str],
        typer.Option("--set", metavar="KEY=V1,V2,...", help="A setting's values; repeatable."),
    ] = [],
    output: Annotated[Path, typer.Option(help="The folder of the runs and of their page.")] = Path(
        "runs/sweep"
    ),
    fold: Annotated[list[int], typer.Option("--fold", help="Fit only this fold; repeatable.")] = [],
    speaker: _output.Speaker = None,
    resume: Annotated[bool, typer.Option(help="Go on with a sweep that was stopped.")] = False,
    allow_leak: _output.AllowLeak = False,
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Train recipes with every combination of some settings, each a run, and compare them.

    window.frames=100 sets a window that holds so many frames, half a window apart.
    """
    from intone import corpora, experiment, runs
    from intone.report import sweep as words
    from intone.report.text import columns
    from intone.search import sweeps

    settings = sweeps.grid(set)
    cells = sweeps.cells(recipes, settings)
    places = [corpora.parse_data(argument) for argument in data]
    clips = corpora.read_all(places, speaker=speaker)
    track = _output.progress(quiet)
    results = []
    for number, cell in enumerate(cells, 1):
        _output.note(f"run {number} of {len(cells)}: {cell.folder}", quiet)
        record = runs.train(
            experiment.prepare(cell.recipe, clips, allow_leak=allow_leak, seed=seed, track=track),
            runs.Run(output / cell.folder),
            folds=fold,
            sources={"data": _output.resolved(places), "unlabelled": [], "speaker": speaker},
            command=_output.command(data),
            resume=resume,
            track=track,
        )
        results.append(sweeps.Result(name=cell.name, values=cell.values, record=record))
    index = words.write_page(results, output, ", ".join(settings) or "Recipes")
    print(f"{words.judged(results)}\n{columns(words.rows(results))}\n\n{words.NOTE}")
    _output.note(f"\n{index}: open it in a browser", quiet)
