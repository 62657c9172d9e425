"""Clips as windows of features: the same for training, validation and test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from intone import augment, cache, windows
from intone.augment.frames import FrameAugmentation
from intone.augment.sound import SoundAugmentation
from intone.cache import Sounds
from intone.features import Hearing, Scaler
from intone.progress import Track, silent
from intone.windows import WindowRule

Floats = NDArray[np.float32]
Arrays = Mapping[str, Floats]
"""input name -> `[W, *shape]`"""
Scalers = Mapping[str, Scaler | None]


@dataclass(frozen=True, eq=False)
class Part:
    """The windows of some clips. Their inputs are made when they are asked for."""

    owner: NDArray[np.int64]
    """`[W]`: the clip of each window"""
    targets: NDArray[np.int64]
    """`[N]`: the label of each clip, by its place among the labels"""
    shares: Floats
    """`[N, C]`: what is learned of each clip: the shares of the labels"""
    inputs: Callable[[NDArray[np.int64]], Arrays]
    """places of windows `[B]` -> the net's inputs, `[B, *shape]` each"""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled clips, their sound, and how a window of it becomes a net's inputs."""

    ids: tuple[str, ...]
    targets: NDArray[np.int64]
    """`[N]`: the label of each clip, by its place among the labels"""
    shares: Floats
    """`[N, C]`: what is learned of each clip: its label, or how listeners shared their votes"""
    sounds: Sounds
    heard: Sounds
    """what the rule lets be heard of them"""
    rule: WindowRule
    front_ends: Mapping[str, Hearing]
    fixed: Arrays
    """the features of every fixed window of every clip, clip after clip; on disk"""
    owner: NDArray[np.int64]
    """`[W]`: the clip of each fixed window"""

    @classmethod
    def make(
        cls,
        ids: Sequence[str],
        targets: Sequence[int],
        shares: Floats,
        sounds: Sounds,
        rule: WindowRule,
        front_ends: Mapping[str, Hearing],
        *,
        track: Track = silent,
    ) -> "Dataset":
        """Compute the features of every fixed window, or find them in the cache."""
        heard = cache.spoken(sounds, track=track) if rule.spoken else sounds
        counts = [len(windows.starts(len(heard.samples[id]), rule)) for id in ids]
        fixed = {
            name: cache.features(heard, ids, front_end, rule, track=track)
            for name, front_end in front_ends.items()
        }
        owner = np.repeat(np.arange(len(ids)), counts)
        return cls(
            tuple(ids),
            np.asarray(targets),
            shares,
            sounds,
            heard,
            rule,
            front_ends,
            fixed,
            owner,
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input, without the batch axis."""
        return {name: array.shape[1:] for name, array in self.fixed.items()}

    def scalers(self, clips: Sequence[int], names: Sequence[str]) -> Scalers:
        """Fit a scaler for each of these inputs on the fixed windows of these clips."""
        rows = np.flatnonzero(np.isin(self.owner, clips))
        return {
            name: Scaler.fit(array[row] for row in rows) if name in names else None
            for name, array in self.fixed.items()
        }

    def whole(self, clips: Sequence[int], scalers: Scalers) -> Part:
        """Every fixed window of these clips, in the order asked for."""
        rows = [np.flatnonzero(self.owner == clip) for clip in clips]
        owner = np.repeat(np.arange(len(clips)), [len(own) for own in rows])
        places = np.concatenate(rows)

        def inputs(chosen: NDArray[np.int64]) -> Arrays:
            return {
                name: np.stack([_scaled(array[row], scalers[name]) for row in places[chosen]])
                for name, array in self.fixed.items()
            }

        return Part(owner, self.targets[clips], self.shares[clips], inputs)

    def drawn(
        self,
        clips: Sequence[int],
        scalers: Scalers,
        *,
        seed: int,
        epoch: int,
        sound: Sequence[SoundAugmentation] = (),
        frames: Sequence[FrameAugmentation] = (),
    ) -> Part:
        """One window of each clip, its place and augmentation drawn from (seed, epoch, clip id)."""

        def window_inputs(place: int) -> Arrays:
            id = self.ids[clips[place]]
            rng = augment.dice(id, seed=seed, epoch=epoch)
            # before it is cut, for at another speed it has another length
            samples = augment.fresh(self.heard.samples[id], sound, rng)
            place_rng = np.random.default_rng([seed, epoch, crc32(id.encode())])
            start = windows.random_start(len(samples), self.rule, place_rng)
            window = windows.at(samples, start, self.rule)
            return {
                name: augment.fresh(_scaled(front_end(window), scalers[name]), frames, rng)
                for name, front_end in self.front_ends.items()
            }

        def inputs(chosen: NDArray[np.int64]) -> Arrays:
            made = [window_inputs(place) for place in chosen]
            return {name: np.stack([one[name] for one in made]) for name in self.front_ends}

        return Part(np.arange(len(clips)), self.targets[clips], self.shares[clips], inputs)


def pool(window_probabilities: Floats, owner: NDArray[np.int64]) -> Floats:
    """Average the probabilities of a clip's windows: `[W, C] -> [N, C]`."""
    total = np.zeros((int(owner.max()) + 1, window_probabilities.shape[1]))
    np.add.at(total, owner, window_probabilities)
    return (total / np.bincount(owner)[:, None]).astype(np.float32)


def _scaled(array: Floats, scaler: Scaler | None) -> Floats:
    return array if scaler is None else scaler(array)
