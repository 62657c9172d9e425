"""Utterances as windows of features: the same for training, validation and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from intone import windows
from intone.features import FrontEnd
from intone.progress import Track, silent
from intone.windows import WindowRule

Arrays = Mapping[str, NDArray[np.float32]]
"""input name -> `[W, *shape]`"""


@dataclass(frozen=True, eq=False)
class Examples:
    """Windows of clips, with the clip that each belongs to."""

    arrays: Arrays
    owner: NDArray[np.int64]
    """`[W]`: the place of the window's clip among the clips that were asked for"""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled clips, their sound, and how a window of it becomes a net's inputs."""

    ids: tuple[str, ...]
    sounds: Mapping[str, NDArray[np.float32]]
    """utterance id -> float32 `[T]`"""
    targets: NDArray[np.int64]
    """`[N]`: the label of each id, by its place among the labels"""
    rule: WindowRule
    front_ends: Mapping[str, FrontEnd]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input, without the batch axis."""
        return {name: end.shape(self.rule.length) for name, end in self.front_ends.items()}

    def fixed(self, *, track: Track = silent) -> Examples:
        """Every fixed window of every clip."""
        cuts = [windows.starts(len(self.sounds[id]), self.rule) for id in self.ids]
        return self._examples(cuts, track)

    def random(self, *, seed: int, epoch: int) -> Examples:
        """One window of every clip, its place drawn from (seed, epoch, clip id)."""
        cuts = []
        for id in self.ids:
            rng = np.random.default_rng([seed, epoch, crc32(id.encode())])
            cuts.append([windows.random_start(len(self.sounds[id]), self.rule, rng)])
        return self._examples(cuts, silent)

    def select(self, clips: Sequence[int]) -> "Dataset":
        """Keep these clips only, by their places."""
        return Dataset(
            tuple(self.ids[clip] for clip in clips),
            self.sounds,
            self.targets[np.asarray(clips, dtype=np.int64)],
            self.rule,
            self.front_ends,
        )

    def _examples(self, cuts: Sequence[Sequence[int]], track: Track) -> Examples:
        owner = np.repeat(np.arange(len(cuts)), [len(starts) for starts in cuts])
        arrays = {
            name: np.empty((len(owner), *shape), np.float32) for name, shape in self.shapes.items()
        }
        row = 0
        for id, starts in track(zip(self.ids, cuts, strict=True), "computing features", len(cuts)):
            for start in starts:
                window = windows.at(self.sounds[id], start, self.rule)
                for name, front_end in self.front_ends.items():
                    arrays[name][row] = front_end(window)
                row += 1
        return Examples(arrays, owner)


def take(examples: Examples, clips: Sequence[int]) -> Examples:
    """Keep the windows of these clips, numbered anew in the order asked for."""
    place = np.full(int(examples.owner.max(initial=-1)) + 1, -1)
    place[np.asarray(clips, dtype=np.int64)] = np.arange(len(clips))
    kept = np.flatnonzero(place[examples.owner] >= 0)
    return Examples(
        {name: array[kept] for name, array in examples.arrays.items()}, place[examples.owner[kept]]
    )


def pool(
    window_probabilities: NDArray[np.float32], owner: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Average the probabilities of a clip's windows: `[W, C] -> [N, C]`."""
    total = np.zeros((int(owner.max()) + 1, window_probabilities.shape[1]))
    np.add.at(total, owner, window_probabilities)
    return (total / np.bincount(owner)[:, None]).astype(np.float32)
