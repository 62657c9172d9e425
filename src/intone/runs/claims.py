"""A folder that holds a run: what it says of itself, and who may write into it."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intone import files
from intone.errors import DataError
from intone.recipe import Recipe
from intone.runs.records import Manifest, check
from intone.splits import Split


@dataclass(frozen=True)
class Run:
    """A folder that holds a run."""

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """What the run is: recipe, data, labels, splits, and how it was started.

        Raises:
            DataError: the folder holds no run, a damaged one, or a newer Intone's.
        """
        path = self.folder / "run.json"
        advice = "choose another --output, or delete the folder and train anew"
        try:
            manifest: dict[str, Any] = files.read_json(path, advice)
        except OSError:
            raise DataError(
                f"{self.folder}: holds no run; intone train RECIPE --output {self.folder} makes one"
            ) from None
        check(Manifest, manifest, path, advice)
        return manifest

    @property
    def recipe(self) -> Recipe:
        """The recipe as it was run, changes included."""
        return Recipe.parse(self.manifest["recipe"], str(self.folder / "run.json"))

    def fit_folder(self, split: Split, seed: int) -> Path:
        """Where the fit of this fold and seed lies."""
        return self.folder / f"fold-{split.fold}-seed-{seed}"


def claim(run: Run, manifest: Mapping[str, Any], resume: bool) -> None:
    """Make the folder this run's, or see that it is."""
    path = run.folder / "run.json"
    if not path.exists():
        if any(run.folder.glob("fold-*")):
            raise DataError(
                f"{run.folder}: holds fits, and no run.json that says of what; "
                "choose another --output, or delete the folder"
            )
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{run.folder}: {error.strerror}; choose another --output") from None
        files.write_json(path, manifest)
        return
    if not resume:
        raise DataError(f"{run.folder}: holds a run already; --resume goes on with it")
    recipe = run.recipe.model_dump(mode="json", exclude={"search"})  # also what it did not yet know
    before = {"unlabelled": {}, **run.manifest, "recipe": recipe}
    for key in ("recipe", "data", "unlabelled", "splits", "labels", "clips", "seeds"):
        if before.get(key) != json.loads(json.dumps(manifest[key])):
            raise DataError(
                f"{run.folder}: holds a run with another {key}; choose another --output"
            )
    if before.get("start_from", manifest["start_from"]) != manifest["start_from"]:
        raise DataError(
            f"{run.folder}: holds a run that started from other weights; "
            "give the --start-from that it was given, or choose another --output"
        )


@contextmanager
def alone(run: Run) -> Iterator[None]:
    """Keep other processes off the run; the lock goes with the process that holds it."""
    with (run.folder / "run.json").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"{run.folder}: another process trains this run; wait for it") from None
        yield
