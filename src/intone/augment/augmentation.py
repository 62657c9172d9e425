"""What every augmentation is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
P = TypeVar("P")


class Augmentation(ABC, Generic[P]):
    """A random change of an array that leaves its label true."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}
    kind: str

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> P:
        """Throw the dice: parameters for `apply`."""

    @abstractmethod
    def apply(self, array: Floats, parameters: P) -> Floats:
        """Give the array changed by these parameters, as a new one."""

    def __call__(self, array: Floats, rng: np.random.Generator) -> Floats:
        """Give the array changed by parameters drawn from `rng`, as a new one."""
        return self.apply(array, self.draw(rng))


class Ranged(Augmentation[P]):
    """What is drawn from `low` to `high`, and how far these may go."""

    least: ClassVar[float]
    most: ClassVar[float]
    low: float
    high: float

    def __post_init__(self) -> None:
        require(self.low >= self.least, f"low must be {self.least:g} or more, not {self.low}")
        require(self.high <= self.most, f"high must be {self.most:g} or less, not {self.high}")
        require(self.low <= self.high, f"low={self.low} is more than high={self.high}")


@dataclass(frozen=True, kw_only=True)
class Drawn(Ranged[float]):
    """What is changed by one number, drawn from `low` to `high`."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        return rng.uniform(self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class DrawnFactor(Drawn):
    """What is changed by a factor, drawn from `low` to `high`."""

    least, most = 0.1, 10.0


def require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def require_count(count: int) -> None:
    require(1 <= count <= 1000, f"count must be 1 or more and at most 1000, not {count}")
