"""What runs are worth if every voice is set to its own scale, kept in results/normalised.toml.

    python benchmarks/normalised.py runs/emodb-base-ridge runs/emodb-tiny-ridge --keep

Of each speaker's clips, and of each of their copies, every value of the input loses its mean and is
divided by its deviation, in training and in test; no label is heard for it. That is another task
than a run's own: it needs many clips of a speaker before it answers the first. Of an ensemble, the
members' probabilities are averaged.
"""

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from across_corpora import answers, prepared, uar
from intone import augment
from intone.experiment import Experiment
from kept import NORMALISED, keep
from validation import members

Floats = NDArray[np.float32]


def by_speaker(subject: Experiment) -> Experiment:
    """The same experiment with each voice on its own scale."""
    speakers = {clip.id: clip.speaker for clip in subject.utterances}
    windows = defaultdict(list)
    for window, owner in enumerate(subject.data.owner):
        id = subject.data.ids[owner]
        windows[speakers[augment.original(id)], id.partition("#")[2]].append(window)
    fixed = {name: np.array(array, np.float32) for name, array in subject.data.fixed.items()}
    for array in fixed.values():
        for own in windows.values():
            array[own] = (array[own] - array[own].mean(0)) / (array[own].std(0) + 1e-6)
    return replace(subject, data=replace(subject.data, fixed=fixed))


def out_of_fold(subject: Experiment) -> Floats:
    """What each fold's fit says of its test part, fold after fold: `[N, C]`."""
    return np.concatenate([answers(subject, each.train, each.test) for each in subject.splits])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--keep", action="store_true", help=f"write into {NORMALISED.name}")
    options = parser.parse_args()
    own = {member: prepared(member) for folder in options.runs for member in members(folder)}
    heard = {member: out_of_fold(by_speaker(subject)) for member, subject in own.items()}
    found = {}
    for folder in options.runs:
        subject = own[members(folder)[0]]
        ids = [id for split in subject.splits for id in split.test]
        mean = np.mean([heard[member] for member in members(folder)], axis=0, dtype=np.float32)
        found[folder.name] = uar(subject, ids, mean)
        print(folder.name, found[folder.name], flush=True)
    if options.keep:
        corpora = sorted({clip.corpus for subject in own.values() for clip in subject.utterances})
        keep(NORMALISED, "-".join(corpora), {"uar": found})


if __name__ == "__main__":
    main()
