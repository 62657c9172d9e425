"""A committed record, as the results page reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from intone import corpora, runs
from intone.errors import DataError
from intone.evaluation import Report, Scores
from intone.recipe import Recipe, shipped

UNSEEN, SHARED = "unseen speakers", "speaker-dependent"


@dataclass(frozen=True, eq=False)
class Result:
    """A record, its name, and the answers that its figures come from."""

    name: str
    record: Mapping[str, Any]
    scores: Sequence[Scores]
    """of each seed"""

    @cached_property
    def report(self) -> Report:
        """The figures."""
        return Report.from_dict(self.record["report"])

    @property
    def recipe(self) -> str:
        """The recipe by the name that `intone recipes` lists; a user's own by its title."""
        title: str = self.record["recipe"]["title"]
        return _names().get(title, title)

    @property
    def clips_of(self) -> str:
        """The corpora by their titles, so that rebuilt audio is called that."""
        known = corpora.names()
        return " + ".join(corpora.info(n).title if n in known else n for n in self.record["data"])

    @property
    def protocol(self) -> str:
        """How its clips were split, by the name that recipes have for it."""
        name: str = self.record["recipe"]["protocol"]["name"]
        return name

    @property
    def folds(self) -> str:
        """How many folds were fitted."""
        return f"{len(self.record['folds'])} of {self.record['of_folds']}"

    @property
    def epochs(self) -> str:
        """The best epochs of the fits, of how many they may have."""
        return best_epochs(self.record["fits"], self.record["recipe"]["training"]["epochs"])

    @property
    def fits(self) -> dict[str, Mapping[str, Any]]:
        """How each fit went, by its fold and seed."""
        return {f"fold {fit['fold']}, seed {fit['seed']}": fit for fit in self.record["fits"]}

    @property
    def hardware(self) -> str:
        """What it was trained on."""
        environment = self.record["environment"]
        cpu = environment["device"] == "cpu"
        name = environment["processor"] if cpu else environment["device"]
        return f"{name}, threads: {environment['threads']}"

    @property
    def milliseconds(self) -> str:
        """How long a clip takes from sound to answer, where it was measured."""
        seconds = self.record.get("seconds_per_clip")
        return f"{1000 * seconds:.1f}" if seconds else "–"


def load(folder: Path) -> dict[str, Result]:
    """Read every record of a folder: name -> result."""
    paths = sorted(folder.glob("*.json"))
    return {path.stem: Result(path.stem, *runs.load_record(path)) for path in paths}


def find(results: Mapping[str, Result], name: str) -> Result:
    """Find the record that a study names.

    Raises:
        DataError: it is not there.
    """
    if name not in results:
        raise DataError(f"a study names the record {name}, which is not there")
    return results[name]


def best_epochs(fits: Iterable[Mapping[str, Any]], most: int) -> str:
    """Set the best epochs of fits, of how many they may have."""
    best = [fit["best_epoch"] for fit in fits]
    return f"{'-'.join(map(str, sorted({min(best), max(best)})))} of {most}"


def commands(results: Iterable[Result]) -> str:
    """List the commands that made records."""
    lines = [f"- `{result.name}`: `{result.record['command']}`" for result in results]
    return "Commands:\n\n" + "\n".join(lines) + "\n"


@lru_cache
def _names() -> dict[str, str]:
    """The recipes that come with Intone: title -> name."""
    return {Recipe.load(path).title: name for name, path in shipped().items()}
