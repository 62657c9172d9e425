"""Augmentations of features: of rows over frames, and of pictures of them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from intone.augment.augmentation import (
    Augmentation,
    Drawn,
    DrawnFactor,
    Floats,
    require,
    require_count,
)

# Of features [rows, frames].


class Span(NamedTuple):
    """A part of an axis: its share, and where it stands from first (0) to last (1)."""

    share: float
    place: float


@dataclass(frozen=True, kw_only=True)
class Masks(Augmentation[tuple[Span, ...]]):
    """Replace `count` spans of up to the share `largest` of an axis by the array's mean.

    Source: SpecAugment (Park et al., 2019), whose arrays have the mean 0.
    """

    kind: Literal["masks"] = "masks"
    axis: Literal["time", "frequency"] = "time"
    count: int = 2
    largest: float = 0.15

    def __post_init__(self) -> None:
        require(self.axis in ("time", "frequency"), f"axis is time or frequency, not {self.axis}")
        require_count(self.count)
        require(0 < self.largest <= 1, f"largest must be above 0 and at most 1: {self.largest}")

    def draw(self, rng: np.random.Generator) -> tuple[Span, ...]:
        return tuple(Span(rng.uniform(0, self.largest), rng.uniform()) for _ in range(self.count))

    def apply(self, array: Floats, parameters: tuple[Span, ...]) -> Floats:
        masked = array.copy()
        along = masked.T if self.axis == "time" else masked
        for span in parameters:
            length = round(span.share * len(along))
            start = round(span.place * (len(along) - length))
            along[start : start + length] = array.mean()
        return masked


@dataclass(frozen=True, kw_only=True)
class Equalizer(Augmentation[tuple[float, ...]]):
    """Raise and lower rows by a smooth curve, the same at all times: another throat or microphone.

    The curve is a sum of `count` cosines over the rows, slow ones first. The height of the k-th is
    normal with a standard deviation of `strength / k`, in the array's own units. On log-mel bands
    it is a filter, much as in FilterAugment (Nam et al., 2022).
    """

    kind: Literal["equalizer"] = "equalizer"
    count: int = 4
    strength: float = 0.3

    def __post_init__(self) -> None:
        require_count(self.count)
        require(
            0 < self.strength <= 100,
            f"strength must be above 0 and at most 100, not {self.strength}",
        )

    def draw(self, rng: np.random.Generator) -> tuple[float, ...]:
        return tuple(rng.normal(0, self.strength / k) for k in range(1, self.count + 1))

    def apply(self, array: Floats, parameters: tuple[float, ...]) -> Floats:
        turns = np.pi * (np.arange(len(array)) + 0.5) / len(array)
        curve = np.zeros(len(array), np.float32)
        for k, height in enumerate(parameters, 1):
            curve += height * np.cos(k * turns)
        return array + curve[:, np.newaxis]


# Of features [rows, frames] as a picture, or of one with channels, [channels, height, width].


@dataclass(frozen=True, kw_only=True)
class Flip(Augmentation[bool]):
    """Left for right, every other time."""

    kind: Literal["flip"] = "flip"

    def draw(self, rng: np.random.Generator) -> bool:
        return bool(rng.integers(2))

    def apply(self, array: Floats, parameters: bool) -> Floats:
        return array[..., ::-1].copy() if parameters else array.copy()


@dataclass(frozen=True, kw_only=True)
class Rotation(Drawn):
    """Turned against the clock by `low` to `high` degrees; what comes in repeats the edge."""

    kind: Literal["rotation"] = "rotation"
    low: float = -10.0
    high: float = 10.0
    least, most = -360.0, 360.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        sine, cosine = np.sin(np.radians(parameters)), np.cos(np.radians(parameters))
        return _warped(array, np.array([[cosine, sine], [-sine, cosine]]))


@dataclass(frozen=True, kw_only=True)
class Zoom(DrawnFactor):
    """Enlarged about the middle, `low` to `high` times; what comes in repeats the edge."""

    kind: Literal["zoom"] = "zoom"
    low: float = 0.9
    high: float = 1.1

    def apply(self, array: Floats, parameters: float) -> Floats:
        return _warped(array, np.eye(2) / parameters)


def _warped(picture: Floats, matrix: NDArray[np.float64]) -> Floats:
    """Take each pixel from where `matrix` puts it, seen from the middle, between four others."""
    from scipy.ndimage import affine_transform

    size = picture.shape[-2:]
    middle = (np.array(size) - 1) / 2
    offset = middle - matrix @ middle
    planes = [
        affine_transform(plane, matrix, offset, order=1, mode="nearest")
        for plane in picture.reshape(-1, *size)
    ]
    return np.stack(planes).reshape(picture.shape)


FrameAugmentation: TypeAlias = Masks | Equalizer | Flip | Rotation | Zoom
