"""A grid of runs: recipes, and every combination of some of their settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tomllib import TOMLDecodeError, loads
from typing import Any

from intone.errors import DataError
from intone.recipe import Recipe, locate, parse_value, split_change
from intone.search.space import Value, resolve

Grid = Mapping[str, tuple[Any, ...]]
"""name of a setting -> its values"""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One run of a sweep, before it is trained."""

    name: str
    """the recipe's"""
    values: Mapping[str, Value]
    """of the settings that vary"""
    recipe: Recipe
    folder: Path
    """within the sweep's"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of a sweep, with its record."""

    name: str
    values: Mapping[str, Value]
    record: Mapping[str, Any]

    @property
    def validation(self) -> float:
        """What the fits' best epochs reached on validation, on average over the fits."""
        monitor = f"validation_{self.record['recipe']['training']['monitor']}"
        fits = self.record["fits"]
        reached = [fit["history"][fit["best_epoch"] - 1][monitor] for fit in fits]
        return float(sum(reached) / len(reached))


def grid(changes: Sequence[str]) -> Grid:
    """Read `training.learning_rate=1e-3,1e-4`: settings, and one or several values of each.

    Raises:
        DataError: a change is written otherwise.
    """
    return {key: _values(text) for key, text in map(split_change, changes)}


def cells(names: Sequence[str], settings: Grid) -> list[Cell]:
    """Every recipe with every combination of the values.

    Raises:
        DataError: there is no such recipe or setting, or two recipes have the same name.
    """
    paths = [locate(name) for name in names]
    stems = [path.stem for path in paths]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise DataError(f"two recipes are named {twice[0]}; sweep them one after the other")
    return [cell for path in paths for cell in _of_recipe(path.stem, Recipe.load(path), settings)]


def best(results: Sequence[Result]) -> Result:
    """The run whose fits did best on validation, by the recipes' monitor."""
    monitor = results[0].record["recipe"]["training"]["monitor"]
    return (min if monitor == "loss" else max)(results, key=lambda result: result.validation)


def _of_recipe(name: str, recipe: Recipe, settings: Grid) -> Iterator[Cell]:
    varied = [key for key, values in settings.items() if len(values) > 1]
    for combination in product(*settings.values()):
        chosen = dict(zip(settings, combination, strict=True))
        values = {key: chosen[key] for key in varied}
        folder = Path(name)
        if values:
            folder /= ",".join(f"{key.rpartition('.')[2]}={own}" for key, own in values.items())
        variant = recipe.varied(resolve(recipe, chosen))
        yield Cell(name=name, values=values, recipe=variant, folder=folder)


def _values(text: str) -> tuple[Any, ...]:
    """Read values that commas part; those within brackets are one value."""
    try:
        return tuple(loads(f"values = [{text}]")["values"])
    except TOMLDecodeError:
        return tuple(parse_value(part) for part in text.split(","))
