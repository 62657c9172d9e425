"""Every recipe on a small real subset: does its net learn at all?

    python benchmarks/recipes.py ../shared/speech/ravdess --epochs 8

One fold of eight RAVDESS actors and four emotions (chance 25 %), the recipe's own front end, net
and optimiser, without augmented copies. It shows that the training loss falls and that validation
is above chance after a few epochs. It is no result: nothing here is trained to the end.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from intone import corpora, experiment, nets
from intone.recipe import Recipe, shipped

HEAD = [
    "recipe",
    "net",
    "parameters",
    "loss, first epoch",
    "loss, last",
    "best validation UAR",
    "s",
]


def row(name: str, root: Path, epochs: int) -> list[str]:
    """Train one fold of a recipe, and give its line of the table."""
    recipe = Recipe.load(
        shipped()[name],
        [
            "labels={mapping='cross4'}",
            "protocol={name='unseen-speakers', folds=4}",
            "augment={}",
            f"training.epochs={epochs}",
            f"training.patience={epochs}",
            "training.retrain=false",
            "training.monitor='uar'",
        ],
    )
    clips = [c for c in corpora.read("ravdess", root) if str(c.speaker) <= "ravdess/08"]
    subject = experiment.prepare(recipe, clips)
    split = subject.splits[0]
    began = time.perf_counter()
    fitted = experiment.fit(
        subject, split.train, split.validation, seed=0, last_pretraining_epoch=epochs
    )
    history = fitted.fit.history
    best = max(epoch.validation_uar or 0.0 for epoch in history)
    return [
        name,
        recipe.net.name,
        f"{nets.parameters(fitted.net):,}",
        f"{history[0].train_loss:.3f}",
        f"{history[-1].train_loss:.3f}",
        f"{100 * best:.1f}",
        f"{time.perf_counter() - began:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ravdess", type=Path)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--only", nargs="+", default=[*shipped()])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(f"| {' | '.join(row(options.one, options.ravdess, options.epochs))} |")
        return
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}", flush=True)
    for name in options.only:
        own = ["--one", name, "--epochs", str(options.epochs)]
        subprocess.run([sys.executable, __file__, str(options.ravdess), *own], check=True)


if __name__ == "__main__":
    main()
