"""`intone tune`: search a recipe's settings."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def tune(
    recipe: Annotated[str, typer.Argument(help="A recipe with [search], or its name.")],
    data: _output.Data,
    set: _output.Set = [],
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many in all [default: a round of Hyperband]")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="The URL of a database that processes share [default: in the folder]"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The search's folder [default: runs/RECIPE-search]")
    ] = None,
    speaker: _output.Speaker = None,
    allow_leak: _output.AllowLeak = False,
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Search a recipe's settings by Hyperband, on a validation part of the training speakers.

    Type the same command again to go on with a search, or elsewhere to help: processes that share
    a folder, or a --storage and their folder's name, work on one search.
    """
    from intone import corpora, experiment, files
    from intone.recipe import Recipe, locate, read
    from intone.report import search
    from intone.search import tuning

    path = locate(recipe)
    made = Recipe.load(path, set)
    tuning.check(made)  # before the clips are read
    clips = corpora.read_all(map(corpora.parse_data, data), speaker=speaker)
    track = _output.progress(quiet)

    def prepare(variant: Recipe) -> experiment.Experiment:
        return experiment.prepare(variant, clips, allow_leak=allow_leak, seed=seed, track=track)

    folder = output or Path("runs") / f"{path.stem}-search"
    outcome = tuning.tune(
        made, prepare, folder, storage=storage, trials=trials, seed=seed, track=track
    )
    files.write_json(folder / "trials.json", asdict(outcome))
    files.write_text(folder / "best.toml", search.best_recipe(read(path, set), made, outcome))
    index = search.write_page(outcome, made, folder)
    print(f"{search.summary(outcome, made)}\n\n{' '.join(search.set_lines(made, outcome.best))}")
    _output.note(f"\n{folder / 'best.toml'}: the recipe with these settings", quiet)
    _output.note(f"{index}: open it in a browser", quiet)
