"""How long a clip takes."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from intone import training
from intone.dataset import Arrays, Part
from intone.experiment import Experiment
from intone.recordings import spoken

REPEATS = 3


def seconds_per_clip(subject: Experiment, ids: Sequence[str]) -> float:
    """Time decoded clips on their own, from sound to probabilities: the median of these.

    It is time of the thread that works, which a busy machine does not lengthen, the best of three.
    The net has fresh weights, whose values change nothing, and its inputs are not scaled, which is
    no work.
    """
    net = subject.net(0)
    return float(np.median([_fastest(subject, net, place) for place in subject.places(ids)]))


def _fastest(subject: Experiment, net: nn.Module, place: int) -> float:
    data = subject.data
    samples = np.array(data.sounds.samples[data.ids[place]])  # off the disk before the clock runs
    owner = np.zeros(len(spoken.cut(samples, data.rule)), np.int64)

    def inputs(chosen: NDArray[np.int64]) -> Arrays:
        windows = spoken.cut(samples, data.rule)[chosen]
        return {
            name: np.stack([hear(window) for window in windows])
            for name, hear in data.front_ends.items()
        }

    times = []
    for _ in range(REPEATS):
        began = time.thread_time()
        training.predict(
            net,
            Part(owner, data.targets[[place]], data.shares[[place]], inputs),
        )
        times.append(time.thread_time() - began)
    return min(times)
