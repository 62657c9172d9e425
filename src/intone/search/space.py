"""What is searched: the `[search]` section of a recipe, and settings made of it.

Names of settings are those of `--set`. `window.frames` is one more: a window that holds so many
frames, and the next one half a window later.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictInt,
    Tag,
    field_validator,
    model_validator,
)

from intone.errors import DataError
from intone.features import FrontEnd

if TYPE_CHECKING:
    from intone.recipe import Recipe

Value: TypeAlias = bool | int | float | str
Values: TypeAlias = Mapping[str, Value]
"""name of a setting -> its value"""

FRAMES = "window.frames"
LARGEST_GRID = 1_000_000
_SEARCHABLE = ("window", "inputs", "net", "augment", "training", "pretraining")
_FIXED = ("training.epochs", "training.monitor", "training.seeds", "training.retrain")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IntRange(_Strict):
    """Whole numbers from `low` to `high`, both included, in steps."""

    low: StrictInt
    high: StrictInt
    step: StrictInt = Field(default=1, gt=0)

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.low >= self.high or (self.high - self.low) % self.step:
            raise ValueError(f"{self.step} does not lead from {self.low} to {self.high}")
        return self


class FloatRange(_Strict):
    """Numbers between `low` and `high`, drawn evenly, or evenly in their logarithms."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low must be less than high, and more than 0 where log is true")
        return self


Choices: TypeAlias = Annotated[tuple[Value, ...], Field(min_length=2)]
Dimension: TypeAlias = Choices | IntRange | FloatRange


def _kind(data: Any) -> str:
    """Which dimension is meant: a list of choices, or a range of whole numbers, or of any."""
    if isinstance(data, list | tuple):
        return "choices"
    ends = [data.get(key) for key in ("low", "high")] if isinstance(data, dict) else []
    whole = isinstance(data, IntRange) or (ends and all(type(end) is int for end in ends))
    return "whole" if whole else "any"


_Read: TypeAlias = Annotated[
    Annotated[Choices, Tag("choices")]
    | Annotated[IntRange, Tag("whole")]
    | Annotated[FloatRange, Tag("any")],
    Discriminator(_kind),
]


class Search(_Strict):
    """Which settings are searched, and how.

    Trials are compared by `training.monitor` on the validation part of one fold, whose test part
    is never heard. `hyperband` (Li et al., 2018) looks at a trial after 1, eta, eta^2, ... times
    `min_epochs` and goes on only if it is among the best 1/eta of its bracket; `random` trains
    every trial to the end. Settings are drawn at random, and none twice where they can be counted.
    """

    space: dict[str, _Read] = Field(min_length=1)
    """name of a setting -> values to choose from, or a range"""
    method: Literal["hyperband", "random"] = "hyperband"
    eta: int = Field(default=3, ge=2)
    min_epochs: int = Field(default=1, gt=0)
    fold: int = Field(default=0, ge=0)

    @field_validator("space")
    @classmethod
    def _comparable(cls, space: dict[str, Dimension]) -> dict[str, Dimension]:
        for name in space:
            if name.partition(".")[0] not in _SEARCHABLE or name in _FIXED:
                raise ValueError(f"{name} is not searched: trials would not be comparable")
        return space

    @property
    def grid(self) -> dict[str, tuple[Value, ...]] | None:
        """All values of each setting, or None where there are too many to be counted."""
        values = {
            name: space
            if isinstance(space, tuple)
            else tuple(range(space.low, space.high + 1, space.step))
            for name, space in self.space.items()
            if not isinstance(space, FloatRange)
        }
        size = prod(len(own) for own in values.values())
        return values if len(values) == len(self.space) and size <= LARGEST_GRID else None

    def corners(self) -> Iterator[dict[str, Value]]:
        """Give each setting's outermost values, one setting at a time."""
        for name, dimension in self.space.items():
            ends = dimension if isinstance(dimension, tuple) else (dimension.low, dimension.high)
            yield from ({name: value} for value in ends)


def resolve(recipe: "Recipe", values: Values) -> dict[str, Value]:
    """Write `window.frames` as samples; other settings stay as they are.

    Raises:
        DataError: no input of the recipe has frames, or a value does not fit.
    """
    if FRAMES not in values:
        return dict(values)
    others = {name: value for name, value in values.items() if name != FRAMES}
    length = _samples(recipe.varied(others), values[FRAMES])
    return {**others, "window.length": length, "window.hop": max(1, length // 2)}


def _samples(recipe: "Recipe", frames: Any) -> int:
    """The shortest window that gives a recipe's input so many frames."""
    for spec in recipe.inputs.values():
        if isinstance(spec, FrontEnd) and not spec.pool:
            if type(frames) is not int or frames < 2:
                raise DataError(f"{FRAMES} is {frames}; it must be a whole number, 2 or more")
            return (0 if spec.center else spec.n_fft) + spec.hop_length * (frames - 1)
    raise DataError(f"{FRAMES}: no input of this recipe has frames; set window.length instead")
