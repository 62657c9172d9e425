"""`intone split`: splits for others to train on, and the score of their predictions."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def split(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or a name from intone recipes.")],
    data: _output.Data,
    set: _output.Set = [],
    score: Annotated[
        Path | None,
        typer.Option(help="A CSV of predictions to score: id, and a column a label."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write the splits to this file, .csv or .json.")
    ] = None,
    speaker: _output.Speaker = None,
    allow_leak: _output.AllowLeak = False,
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Write a recipe's splits for others to train and score on, or score what they predict.

    A line of the CSV is a clip's part in a fold; the JSON keeps each fold's protocol and stamp.
    """
    from intone import corpora, evaluation, experiment, predictions, splits
    from intone.recipe import Recipe, locate
    from intone.report.text import table

    made = experiment.plan(
        Recipe.load(locate(recipe), set),
        corpora.read_all(map(corpora.parse_data, data), speaker=speaker),
        allow_leak=allow_leak,
        seed=seed,
        track=_output.progress(quiet),
    )
    stamp = splits.worst_stamp(made.splits)
    if score is not None:
        tested = {id for each in made.splits for id in each.test}
        scores = predictions.read(
            score,
            {id: made.labels[id] for id in sorted(tested)},
            {clip.id: clip.speaker for clip in made.utterances},
        )
        print(table(evaluation.evaluate(scores, protocol=made.splits[0].protocol, stamp=stamp)))
        return
    if output is not None and output.suffix == ".json":
        _output.write(splits.to_json(made.splits), output)
    else:
        _output.write(splits.to_csv(made.splits, made.labels), output)
    _output.note(f"{made.splits[0].protocol}, {len(made.splits)} folds: {stamp}", quiet)
    _output.remarks(sorted({note for each in made.splits for note in each.notes}), quiet)
