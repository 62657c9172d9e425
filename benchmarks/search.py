"""Hyperband beside random search at equal counted epochs: report B's B1 on some of RAVDESS.

Each seed draws its own trials. Random search gets as many trials as Hyperband's epochs pay for.
What each found is trained once more and scored on the fold's test part, which chose nothing.

    python benchmarks/search.py --data ravdess=DIR --speakers 8 --epochs 9 --seeds 5
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from intone import corpora, experiment, training
from intone.experiment import Experiment
from intone.recipe import Recipe, locate
from intone.report.text import columns
from intone.search import tuning
from intone.search.space import Values

SPACE = {
    "training.learning_rate": {"low": 1e-5, "high": 1e-1, "log": True},
    "training.weight_decay": {"low": 1e-6, "high": 1e-2, "log": True},
    "training.batch_size": [8, 16, 32, 64],
    "training.optimizer": ["adam", "rmsprop", "sgd"],
}
CHANGES = [
    "protocol={name='unseen-speakers', folds=4}",
    "training.schedule=constant",
    "training.windows=fixed",
    "training.monitor=uar",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, metavar="ravdess=DIR")
    parser.add_argument("--speakers", type=int, default=8, help="the first so many")
    parser.add_argument("--epochs", type=int, default=9, help="of a trial that is not stopped")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()

    clips = corpora.read_all([corpora.parse_data(options.data)])
    chosen = sorted({clip.speaker for clip in clips})[: options.speakers]
    heard = [clip for clip in clips if clip.speaker in chosen]
    changes = [*CHANGES, f"training.epochs={options.epochs}"]
    subject = experiment.prepare(Recipe.load(locate("b/b1-ravdess"), changes), heard)

    rows = [["seed", "search", "trials", "epochs", "seconds", "validation UAR", "test UAR"]]
    for seed in range(options.seeds):
        hyperband, seconds = search(subject, "hyperband", seed)
        rows.append(row(subject, seed, "hyperband", hyperband, seconds))
        trials = max(1, round(hyperband.epochs / options.epochs))
        random, seconds = search(subject, "random", seed, trials=trials)
        rows.append(row(subject, seed, "random", random, seconds))
        print(columns(rows[-2:], left=2), flush=True)
    print(f"\n{columns(rows, left=2)}")
    for place, name in ((5, "validation"), (6, "test")):
        apart = [
            float(a[place]) - float(b[place]) for a, b in zip(rows[1::2], rows[2::2], strict=True)
        ]
        print(
            f"hyperband over random, {name} UAR: {np.mean(apart):+.3f} on average, "
            f"better in {sum(d > 0 for d in apart)} of {len(apart)} seeds"
        )


def search(
    subject: Experiment, method: str, seed: int, trials: int | None = None
) -> tuple[tuning.Outcome, float]:
    """Search in a folder of its own; gives the seconds that it took, too."""
    data = subject.recipe.model_dump(mode="json") | {"search": {"space": SPACE, "method": method}}
    recipe = Recipe.parse(data, "benchmark")
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        found = tuning.tune(
            recipe,
            lambda variant: replace(subject, recipe=variant),
            Path(folder),
            trials=trials,
            seed=seed,
        )
    return found, time.perf_counter() - began


def row(
    subject: Experiment, seed: int, name: str, found: tuning.Outcome, seconds: float
) -> list[str]:
    return [
        str(seed),
        name,
        str(len(found.trials)),
        str(found.epochs),
        f"{seconds:.0f}",
        f"{found.best.curve[-1]:.3f}",
        f"{tested(subject, found.best.values):.3f}",
    ]


def tested(subject: Experiment, values: Values) -> float:
    """UAR on the test part of the fold, by the best weights of one more training."""
    split = subject.splits[0]
    chosen = replace(subject, recipe=subject.recipe.varied(values))
    fitted = experiment.fit(chosen, split.train, split.validation, seed=0)
    part = experiment.part(chosen, split.test, fitted.scalers)
    hit = training.predict(fitted.net, part).argmax(axis=1) == part.targets
    return float(np.mean([hit[part.targets == label].mean() for label in np.unique(part.targets)]))


if __name__ == "__main__":
    main()
