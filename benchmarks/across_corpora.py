"""Four emotions from one corpus to another: the whole matrix, kept in results/across.toml.

    intone train encoders/whisper-base-ridge --data ... --set labels.mapping=cross4 \\
        --set protocol.name=leave-one-corpus-out --output runs/base
    python benchmarks/across_corpora.py runs/base runs/tiny --keep

The runs' recipe is fitted to each corpus alone and tested on every other, then fitted to all but
one; of several runs the probabilities are averaged. Nothing is chosen: the recipes come from other
work, and no clip of a tested corpus is heard in training.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import corpora, evaluation, experiment, runs, training
from intone.evaluation import Scores
from intone.experiment import Experiment
from intone.runs import Run
from kept import ACROSS, keep

ALL = "all others"

Floats = NDArray[np.float32]


def prepared(folder: Path) -> Experiment:
    """What a run heard, from the cache."""
    run = Run(folder)
    sources = run.manifest["sources"]["data"]
    return experiment.prepare(run.recipe, corpora.read_all(map(corpora.parse_data, sources)))


def answers(subject: Experiment, train: Sequence[str], test: Sequence[str]) -> Floats:
    """Fit the recipe to some clips, and let it answer others: `[N, C]`."""
    fitted = experiment.fit(subject, train, seed=0)
    return training.predict(fitted.net, experiment.part(subject, test, fitted.scalers))


def uar(subject: Experiment, ids: Sequence[str], probabilities: Floats) -> list[float]:
    """UAR with its interval over speakers."""
    known = {clip.id: clip for clip in subject.utterances}
    scores = Scores(
        ids=tuple(ids),
        labels=subject.mapping.labels,
        truth=subject.data.targets[subject.places(ids)],
        probabilities=probabilities,
        speakers=tuple(known[id].speaker for id in ids),
    )
    report = evaluation.evaluate(scores, protocol="", stamp="unseen corpus")
    return [round(value, 4) for value in asdict(report.uar).values() if value is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--keep", action="store_true", help=f"write into {ACROSS.name}")
    options = parser.parse_args()
    subjects = [prepared(folder) for folder in options.runs]
    clips: dict[str, list[str]] = defaultdict(list)
    for clip in subjects[0].utterances:
        clips[clip.corpus].append(clip.id)
    rows: list[dict[str, Any]] = []
    for trained in [*clips, ALL]:
        for tested, test in clips.items():
            others = [id for name, ids in clips.items() if name != tested for id in ids]
            if trained == tested:
                continue
            train = others if trained == ALL else clips[trained]
            heard = [answers(subject, train, test) for subject in subjects]
            figure = uar(subjects[0], test, np.mean(heard, axis=0, dtype=np.float32))
            rows.append({"trained": trained, "tested": tested, "uar": figure})
            print(rows[-1], flush=True)
    if options.keep:
        labels = list(subjects[0].mapping.labels)
        recipes = [runs.load_record(folder)[0]["recipe"]["title"] for folder in options.runs]
        counts = {name: len(ids) for name, ids in clips.items()}
        keep(
            ACROSS,
            "four_emotions",
            {"labels": labels, "recipes": recipes, "clips": counts, "rows": rows},
        )


if __name__ == "__main__":
    main()
