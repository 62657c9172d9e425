"""Ensembles of runs, on their probabilities alone: weighted means, and stacking.

Weights and meta models are learned for each fold and seed on that fold's validation part, so the
test part of no fold has a say in its own answer. The result is a run as any other is: a folder with
a record.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from pydantic import ValidationError

from intone import files, runs
from intone.ensembles import members, stacking, weighted
from intone.ensembles.genetic import Genetic
from intone.ensembles.members import Answers, Members
from intone.ensembles.stacking import Stacked, Stacking
from intone.ensembles.weighted import Average, Weighted
from intone.errors import DataError
from intone.progress import Track, silent
from intone.recipe import (
    Net,
    Recipe,
    Training,
    first_fault,
    parse_value,
    put,
    split_change,
)

Method: TypeAlias = Literal["average", "genetic", "stacking"]
Settings: TypeAlias = Average | Genetic | Stacking
Learned: TypeAlias = Weighted | Stacked

METHODS: Mapping[Method, type[Settings]] = {
    "average": Average,
    "genetic": Genetic,
    "stacking": Stacking,
}
_ROWS = {"average": "A7", "genetic": "A8", "stacking": "A9"}


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Members, how they are combined, and what was learned for each fold and seed."""

    members: Members
    method: Method
    settings: Settings
    learned: Mapping[tuple[int, int], Learned]
    """(fold, seed) -> what was learned on its validation part"""
    seconds: float

    @property
    def title(self) -> str:
        """The method and the members."""
        return f"{self.method.capitalize()} ensemble of {', '.join(self.members.names)}"


def parse(method: Method, changes: Sequence[str]) -> Settings:
    """Make a method's settings from `key=value` changes.

    Raises:
        DataError: an unknown setting, or a value that does not fit.
    """
    data = METHODS[method]().model_dump(mode="json")
    for key, text in map(split_change, changes):
        put(data, key, parse_value(text))
    try:
        return METHODS[method].model_validate(data)
    except ValidationError as error:
        raise DataError(f"--method {method}: {first_fault(error)}") from None


def learn(
    folders: Sequence[Path], method: Method, settings: Settings, *, track: Track = silent
) -> Ensemble:
    """Combine runs: learn on the validation part of each fold and seed.

    Raises:
        DataError: the runs do not go together, or not by this method.
    """
    joined = members.read(folders)
    if joined.one_vs_rest and method != "stacking":
        raise DataError("nets that know one label against the rest are joined by --method stacking")
    began = time.perf_counter()
    fits = [(fold, seed) for seed in joined.first["seeds"] for fold in joined.first["folds"]]
    part = "test" if isinstance(settings, Average) else "validation"  # the mean looks at neither
    learned = {
        (fold, seed): learn_one(joined, settings, joined.answers(part, fold, seed), seed)
        for fold, seed in track(fits, f"learning ({method})", len(fits))
    }
    return Ensemble(joined, method, settings, learned, time.perf_counter() - began)


def learn_one(joined: Members, settings: Settings, answers: Answers, seed: int) -> Learned:
    """Learn from the answers to some clips how to combine members."""
    if isinstance(settings, Stacking):
        return stacking.learn(answers, len(joined.labels), settings, seed=seed)
    return weighted.learn(answers, settings, seed=seed)


def relearn(manifest: Mapping[str, Any]) -> tuple[Members, Learned]:
    """Learn once more for new clips, on what was answered out of fold to all clips.

    Each of these answers came from a fit that had not heard the clip. `manifest` is the ensemble's.
    """
    joined = members.read([Path(folder) for folder in manifest["sources"]["members"]])
    settings = METHODS[manifest["ensemble"]["method"]].model_validate(
        manifest["ensemble"]["settings"]
    )
    seed = manifest["seeds"][0]
    return joined, learn_one(joined, settings, joined.out_of_fold(seed), seed)


def write(ensemble: Ensemble, folder: Path, *, command: str = "") -> dict[str, Any]:
    """Write an ensemble's folder: `run.json` and the record, which is returned.

    Raises:
        DataError: the folder holds a run already.
    """
    joined = ensemble.members
    if (folder / "run.json").exists():
        raise DataError(f"{folder}: holds a run already; choose another --output")
    manifest = _manifest(ensemble, command)
    found = joined.runs[0].manifest["sources"]
    sources = {**found, "members": [str(run.folder.resolve()) for run in joined.runs]}
    tested = [joined.out_of_fold(seed) for seed in manifest["seeds"]]
    record = {
        **manifest,
        "folds": joined.first["folds"],
        "of_folds": joined.first["of_folds"],
        "notes": joined.first["notes"],
        "fits": [_fit(ensemble, fold, seed) for fold, seed in ensemble.learned],
        "seconds": ensemble.seconds + sum(own["seconds"] for own in joined.records),
    }
    if all("seconds_per_clip" in own for own in joined.records):
        record["seconds_per_clip"] = sum(own["seconds_per_clip"] for own in joined.records)
    ids = tested[0].ids
    arrays = {
        "ids": np.array(ids),
        "truth": tested[0].truth,
        "speakers": np.array([joined.speakers[id] for id in ids]),
        "probabilities": np.stack([_combined(ensemble, seed) for seed in manifest["seeds"]]),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}; choose another --output") from None
    record = runs.write_record(folder, record, arrays)
    files.write_json(folder / "run.json", {**manifest, "sources": sources})
    return record


def _combined(ensemble: Ensemble, seed: int) -> members.Floats:
    """The ensemble's answers to the test parts of all folds, each by what its fold learned."""
    joined = ensemble.members
    return np.concatenate(
        [
            ensemble.learned[fold, seed](joined.answers("test", fold, seed).members)
            for fold in joined.first["folds"]
        ]
    )


def _manifest(ensemble: Ensemble, command: str) -> dict[str, Any]:
    joined, first = ensemble.members, ensemble.members.first
    kept = ("data", "unlabelled", "protocol", "stamp", "splits", "seeds")
    learned = next(iter(ensemble.learned.values()))
    recipe = _recipe(ensemble)
    return {
        "format_version": runs.FORMAT_VERSION,
        "recipe": recipe.model_dump(mode="json", exclude={"search"}),
        "ensemble": {
            "method": ensemble.method,
            "settings": ensemble.settings.model_dump(mode="json"),
            "members": list(joined.names),
        },
        "labels": list(joined.labels),
        "mapping": recipe.mapping(joined.labels).describe(),
        **{key: first.get(key, {}) for key in kept},
        "parameters": learned.parameters + sum(own["parameters"] for own in joined.records),
        "command": command,
        "environment": runs.environment(),
    }


def _recipe(ensemble: Ensemble) -> Recipe:
    """A recipe that says what is learned of which clips, and names the method as its net."""
    first = Recipe.parse(dict(ensemble.members.first["recipe"]), ensemble.members.names[0])
    reports = [record["recipe"]["report"] or "" for record in ensemble.members.records]
    settings = ensemble.settings
    if isinstance(settings, Stacking):
        net, training = settings.net, settings.training
    else:
        epochs = settings.generations if isinstance(settings, Genetic) else 1
        net, training = Net(name=f"{ensemble.method} ensemble"), Training(epochs=epochs)
    return Recipe(
        title=ensemble.title,
        report=_ROWS[ensemble.method] if all(own.startswith("A") for own in reports) else None,
        labels=first.labels.model_copy(update={"one_vs_rest": None}),
        protocol=first.protocol,
        allow_leak=first.allow_leak,
        window=first.window,
        inputs={},
        net=net,
        training=training,
    )


def _fit(ensemble: Ensemble, fold: int, seed: int) -> dict[str, Any]:
    learned = ensemble.learned[fold, seed]
    fit = {"fold": fold, "seed": seed, **asdict(learned.fit)}
    if isinstance(learned, Weighted):
        names = ensemble.members.names
        fit["weights"] = dict(zip(names, learned.weights.tolist(), strict=True))
    return fit
