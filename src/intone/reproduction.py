"""A source report again: its systems trained as it split its clips, and for unseen speakers.

What the five reports say of their systems stands in `reports.toml`.
"""

import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from intone import experiment, runs
from intone.corpora import Utterance
from intone.errors import DataError, IntoneError
from intone.progress import Track, silent
from intone.recipe import Recipe, locate
from intone.specs import build

REPORTS = Path(__file__).with_name("reports.toml")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A system, a search or a study of a report, and what the report says of it."""

    id: str
    """letter and number, as `B3`; variants share it"""
    system: str
    recipe: str = ""
    """our name for it, where it is a recipe"""
    also: tuple[str, ...] = ()
    """recipes of the same system with other settings, which count for it too"""
    accuracy: float | None = None
    macro_f1: float | None = None
    note: str = ""
    """what gives our figures where the recipe does not, or why there are none"""


@dataclass(frozen=True, kw_only=True)
class SourceReport:
    """A source report, row by row."""

    title: str
    caution: str
    """what its figures are worth"""
    protocol: Mapping[str, Any]
    """the settings of how it split its clips; empty where it tested on unseen speakers"""
    rows: tuple[Row, ...]

    def chosen(self, ids: Sequence[str]) -> tuple[Row, ...]:
        """Pick rows by their ids, or all.

        Raises:
            DataError: there is no such row.
        """
        known = dict.fromkeys(row.id for row in self.rows)
        if unknown := [id for id in ids if id not in known]:
            raise DataError(f"no row {unknown[0]}; the report has {', '.join(known)}")
        return tuple(row for row in self.rows if not ids or row.id in ids)


@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """What all rows of a reproduction share."""

    clips: Sequence[Utterance]
    unlabelled: Sequence[Utterance] = ()
    """for pre-training"""
    sources: Mapping[str, Any]
    """where the clips were found, as `runs.train` wants it"""
    folder: Path
    """of the runs"""
    changes: tuple[str, ...] = ()
    """of settings, as `section.key=value`"""
    folds: int | None = None
    """fit only the first folds of unseen speakers"""
    seed: int = 0
    """of the splits"""
    allow_leak: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a row: records, or a line that says why there are none."""

    row: Row
    shared: Mapping[str, Any] | None = None
    """split as in the report, where it did not test on unseen speakers"""
    unseen: Mapping[str, Any] | None = None
    failure: str = ""

    @property
    def state(self) -> str:
        """How the row stands, in a word or a line."""
        return self.failure or ("done" if self.unseen else self.row.note)


def reports() -> dict[str, SourceReport]:
    """Read what the source reports say: letter -> report."""
    return {
        letter: _report(letter, data)
        for letter, data in tomllib.loads(REPORTS.read_text(encoding="utf-8")).items()
    }


def _report(letter: str, data: Mapping[str, Any]) -> SourceReport:
    rows = [build(Row, row, f"a row of report {letter}") for row in data["rows"]]
    return build(SourceReport, {**data, "rows": rows}, f"report {letter}")


def find(letter: str) -> SourceReport:
    """Find a report by its letter.

    Raises:
        DataError: there is no such report.
    """
    known = reports()
    if letter.upper() not in known:
        raise DataError(f"no report {letter}; there are {', '.join(known)}")
    return known[letter.upper()]


def reproduce(
    report: SourceReport, rows: Sequence[Row], setup: Setup, *, track: Track = silent
) -> Iterator[Outcome]:
    """Train the rows that are recipes, resuming where they stopped; a failed one stops no other."""
    for row in rows:
        try:
            yield _reproduced(report, row, setup, track) if row.recipe else Outcome(row=row)
        except IntoneError as error:
            yield Outcome(row=row, failure=str(error))


def _reproduced(report: SourceReport, row: Row, setup: Setup, track: Track) -> Outcome:
    name = Path(row.recipe).stem
    unseen = _trained(row.recipe, setup, setup.folder / name, track)
    if not report.protocol:
        return Outcome(row=row, unseen=unseen)
    protocol = (f"protocol.{key}={value}" for key, value in report.protocol.items())
    as_reported = replace(setup, changes=(*setup.changes, *protocol), folds=None, allow_leak=True)
    shared = _trained(row.recipe, as_reported, setup.folder / f"{name}-as-reported", track)
    return Outcome(row=row, unseen=unseen, shared=shared)


def _trained(name: str, setup: Setup, folder: Path, track: Track) -> dict[str, Any]:
    """Train a recipe as `intone train` does, whose command its record will name."""
    recipe = Recipe.load(locate(name), setup.changes)
    unlabelled, sources = setup.unlabelled, setup.sources
    if not recipe.pretraining:
        unlabelled, sources = (), {**sources, "unlabelled": []}
    subject = experiment.prepare(
        recipe,
        setup.clips,
        unlabelled=unlabelled,
        allow_leak=setup.allow_leak,
        seed=setup.seed,
        track=track,
    )
    folds = range(len(subject.splits))[: setup.folds]
    command = [
        *("intone", "train", name),
        *_each("--data", map(_without_folder, sources["data"])),
        *_each("--unlabelled", map(_without_folder, sources["unlabelled"])),
        *_each("--set", setup.changes),
        *_each("--fold", map(str, folds if len(folds) < len(subject.splits) else ())),
        *_each("--seed", [str(setup.seed)] if setup.seed else []),
        *["--allow-leak"] * setup.allow_leak,
    ]
    return runs.train(
        subject,
        runs.Run(folder),
        folds=folds,
        sources=sources,
        command=shlex.join(command),
        resume=True,
        track=track,
    )


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _without_folder(place: str) -> str:
    return f"{place.partition('=')[0]}=DIR"
