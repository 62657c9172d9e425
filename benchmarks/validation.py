"""What validation speakers say of runs that hold none out, kept in results/validation.toml.

    python benchmarks/validation.py runs/emodb-base-ridge runs/emodb-tiny-ridge --keep

For each fold, and each other fold beside it, a run's recipe is fitted to the clips that neither
tests, and answers those of the other: so no speaker whom a fold tests has a say in what it takes.
`nested` is what the runs' answers are worth where each fold takes the run that is best so. The runs
share their folds and have one seed; of an ensemble, whose members stand beside it, the members'
probabilities are averaged.
"""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from across_corpora import answers, prepared, uar
from intone import runs
from intone.experiment import Experiment
from kept import VALIDATION, keep

Floats = NDArray[np.float32]
Pairs = dict[tuple[int, int], Floats]
"""(the fold that chooses, the fold that answers) -> probabilities of its clips"""


def of_pairs(subject: Experiment) -> Pairs:
    """Fit the recipe to all clips but those of two folds, for each two, and let it answer both."""
    tests = [split.test for split in subject.splits]
    found: Pairs = {}
    pairs = list(combinations(range(len(tests)), 2))
    for first, second in track(pairs, "pairs of folds"):
        apart = {*tests[first], *tests[second]}
        train = [clip.id for clip in subject.utterances if clip.id not in apart]
        heard = answers(subject, train, tests[first] + tests[second])
        found[second, first] = heard[: len(tests[first])]
        found[first, second] = heard[len(tests[first]) :]
    return found


def members(folder: Path) -> list[Path]:
    """The runs that a run is made of: itself, or an ensemble's members."""
    record, _ = runs.load_record(folder)
    own = record.get("ensemble", {}).get("members")
    return [folder.with_name(name) for name in own] if own else [folder]


def of_fold(subject: Experiment, pairs: Sequence[Pairs], fold: int) -> float:
    """UAR over the clips that a fold does not test, by fits that did not hear its test part."""
    others = [place for place in range(len(subject.splits)) if place != fold]
    ids = [id for place in others for id in subject.splits[place].test]
    heard = [np.concatenate([own[fold, place] for place in others]) for own in pairs]
    return uar(subject, ids, np.mean(heard, axis=0, dtype=np.float32))[0]


def nested(subject: Experiment, chosen: Sequence[Path]) -> list[float]:
    """UAR of what the fold's chosen runs said of its clips, with the interval over speakers."""
    ids, heard = [], []
    for split, folder in zip(subject.splits, chosen, strict=True):
        [scores] = runs.load_record(folder)[1]
        place = {id: number for number, id in enumerate(scores.ids)}
        ids += split.test
        heard.append(scores.probabilities[[place[id] for id in split.test]])
    return uar(subject, ids, np.concatenate(heard))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--keep", action="store_true", help=f"write into {VALIDATION.name}")
    options = parser.parse_args()
    subjects = {own: prepared(own) for folder in options.runs for own in members(folder)}
    pairs = {own: of_pairs(subject) for own, subject in subjects.items()}
    subject = next(iter(subjects.values()))
    folds = range(len(subject.splits))
    said = {
        folder: [of_fold(subject, [pairs[own] for own in members(folder)], fold) for fold in folds]
        for folder in options.runs
    }
    chosen = [max(said, key=lambda folder: said[folder][fold]) for fold in folds]
    figures = {
        "uar": {folder.name: round(float(np.mean(own)), 4) for folder, own in said.items()},
        "chosen": [folder.name for folder in chosen],
        "nested": nested(subject, chosen),
    }
    print(figures)
    if options.keep:
        corpora = sorted({clip.corpus for clip in subject.utterances})
        keep(VALIDATION, "-".join(corpora), figures)


if __name__ == "__main__":
    main()
