"""Augmentation: the dice apart from the deed.

An augmentation is a frozen dataclass with its ranges as fields. `draw` throws the dice and gives
parameters; `apply` does the deed with them, and the same parameters always do the same.

There are two ways to use them. `copies` gives copies of a training clip once and for all, as the
reports do; their ids, `clip#copy1`, tell the leak guard what they are. `fresh` changes a clip, or
the frames of it that a net reads, anew each epoch.
"""

import re
from collections.abc import Iterable
from typing import Any
from zlib import crc32

import numpy as np

from intone.augment.augmentation import Augmentation, Floats


def dice(id: str, *, seed: int, epoch: int = 0) -> np.random.Generator:
    """Make the generator for a clip in an epoch: by (seed, epoch, clip id) and nothing else."""
    return np.random.default_rng([seed, epoch, crc32(f"augment {id}".encode())])


def copies(
    samples: Floats, id: str, augmentations: Iterable[Augmentation[Any]], *, seed: int
) -> dict[str, Floats]:
    """Give a copy of a clip for each augmentation, by the ids `clip#copy1`, `clip#copy2`, ..."""
    made = tuple(augmentations)
    names = zip(copy_ids(id, len(made)), made, strict=True)
    return {name: each(samples, dice(name, seed=seed)) for name, each in names}


def copy_ids(id: str, count: int) -> list[str]:
    """Name the copies of a clip: `clip#copy1`, `clip#copy2`, ..."""
    return [f"{id}#copy{number}" for number in range(1, count + 1)]


def original(id: str) -> str:
    """The id of the clip that a copy was made of; a clip's own otherwise."""
    return re.sub(r"#copy\d*$", "", id)


def fresh(
    array: Floats,
    augmentations: Iterable[Augmentation[Any]],
    rng: np.random.Generator,
    *,
    probability: float = 0.5,
) -> Floats:
    """Apply each augmentation with this probability, one after the other."""
    for augmentation in augmentations:
        if rng.uniform() < probability:
            array = augmentation(array, rng)
    return array
