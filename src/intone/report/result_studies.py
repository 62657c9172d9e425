"""The studies of the results page: records that differ in one thing, and one record's groups."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from intone import comparison, corpora, evaluation, runs
from intone.assessment.breakdowns import Trait, breakdown, corpus_title
from intone.augment import original
from intone.protocols import COPIES_APART
from intone.report import result_reconstructions
from intone.report.comparison import points
from intone.report.markdown import percent, table
from intone.report.result import Result, find
from intone.report.result_beside import Beside
from intone.report.result_reconstructions import Autoencoder, Reconstruction
from intone.specs import build

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One record of a study."""

    name: str
    record: str
    reported: float | None = None
    """the accuracy that the report gives"""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Records that differ in one thing."""

    heading: str
    about: str
    label: str = ""
    """whose F1 is of interest"""
    against: str = ""
    """the record that the others are compared with, speaker by speaker"""
    variants: tuple[Variant, ...]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The clips of one record, told apart."""

    heading: str
    about: str
    record: str
    by: Literal["corpus", "intensity", "sex"]
    reported: Mapping[str, float]
    """group -> the accuracy that the report gives"""


@dataclass(frozen=True, kw_only=True)
class Studies:
    """All studies of the page."""

    studies: tuple[Study, ...]
    groups: tuple[Groups, ...]
    reconstructions: tuple[Reconstruction, ...]

    @property
    def remade(self) -> set[str]:
        """The records of which the autoencoder counts, and no score."""
        return {one.record for study in self.reconstructions for one in study.variants}


def read(path: Path) -> Studies:
    """Read the studies that a file describes.

    Raises:
        IntoneError: a key is unknown or missing.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    where = f"a study of {path}"
    studies = [_built(Study, Variant, each, where) for each in data.get("studies", ())]
    groups = [build(Groups, each, where) for each in data.get("groups", ())]
    reconstructions = [
        _built(Reconstruction, Autoencoder, each, where) for each in data.get("reconstructions", ())
    ]
    kinds = {"studies": studies, "groups": groups, "reconstructions": reconstructions}
    return build(Studies, {**data, **kinds}, str(path))


def _built(cls: type[T], variant: type[Any], data: Mapping[str, Any], where: str) -> T:
    """Build a study with its variants."""
    variants = [build(variant, each, where) for each in data["variants"]]
    return build(cls, {**data, "variants": variants}, where)


def section(
    studies: Studies, results: Mapping[str, Result], beside: Beside
) -> tuple[str, dict[str, str]]:
    """Set the studies: their text, and their pictures by file name.

    `beside` is what benchmarks measured of the same records.

    Raises:
        IntoneError: a record is missing, or not what its study needs.
    """
    parts = ["## Studies\n"]
    parts += [_study(study, results, beside) for study in studies.studies]
    parts += [_groups(each, results) for each in studies.groups]
    pictures: dict[str, str] = {}
    for study in studies.reconstructions:
        text, drawn = result_reconstructions.section(study, results)
        parts.append(text)
        pictures |= drawn
    return "\n".join(parts), pictures


def _study(study: Study, results: Mapping[str, Result], beside: Beside) -> str:
    rows = [["variant", "report", "accuracy", "UAR", "stamp", "clips of", "clips", "best epochs"]]
    if study.label:
        rows[0].append(f"F1, {study.label}")
    apart = _apart(study, results)
    if study.against:
        rows[0].append(f"points of UAR beyond {_name(study, study.against)}")
    clips_of = {one.record: find(results, one.record).clips_of for one in study.variants}
    columns = beside.columns(clips_of)
    rows[0] += columns
    for variant in study.variants:
        result = find(results, variant.record)
        rows.append(
            [
                variant.name,
                _reported(variant.reported),
                percent(result.report.accuracy),
                percent(result.report.uar),
                result.report.stamp,
                result.clips_of,
                str(result.report.clips),
                result.epochs,
            ]
        )
        if study.label:
            rows[-1] += [
                f"{100 * one.f1:.1f}" for one in result.report.per_class if one.label == study.label
            ]
        if study.against:
            rows[-1].append(apart.get(variant.record, ""))
        rows[-1] += [cells.get(variant.record, "") for cells in columns.values()]
    leaks = "".join(
        f"\n{_copies_outside(find(results, variant.record))}"
        for variant in study.variants
        if find(results, variant.record).protocol == COPIES_APART
    )
    return f"### {study.heading}\n\n{study.about}\n\n{table(rows)}{leaks}{beside.remarks(clips_of)}"


def _apart(study: Study, results: Mapping[str, Result]) -> dict[str, str]:
    """How far each record of a study is from the one that it is compared with."""
    if not study.against:
        return {}
    others = [one.record for one in study.variants if one.record != study.against]
    names = [study.against, *others]
    found = [find(results, name) for name in names]
    _, *rows = comparison.compare(names, [(one.record, one.scores) for one in found])
    return {row.name: points(row.differences["uar"]) for row in rows}


def _name(study: Study, record: str) -> str:
    """What a study calls a record."""
    return next(one.name for one in study.variants if one.record == record)


def _copies_outside(result: Result) -> str:
    """Count the tested clips of which other copies were heard, and say how each kind fares."""
    scores = runs.pooled(result.scores)
    tested = Counter(map(original, result.scores[0].ids))
    every = 1 + len(result.record["recipe"]["augment"]["copies"])
    heard = np.array([every - tested[original(id)] for id in scores.ids])
    right = scores.probabilities.argmax(1) == scores.truth
    told = [
        f"{100 * right[heard == count].mean():.1f} % of the {(heard == count).sum():,} with "
        f"{count or 'no'} other {'copy' if count == 1 else 'copies'} there"
        for count in sorted({*heard})
    ]
    return (
        f"Of {len(heard):,} tested clips of `{result.name}`, {(heard > 0).sum():,} have a copy of "
        "the same recording outside the test part, and so has every voice. Right are "
        f"{', '.join(told)}.\n"
    )


def _groups(groups: Groups, results: Mapping[str, Result]) -> str:
    result = find(results, groups.record)
    scores = runs.pooled(result.scores)
    trait = _trait(groups.by, scores.ids)
    compared = breakdown(scores, trait)
    assert compared is not None, f"{groups.record}: clips of one group alone"
    rows = [["", "clips", "speakers", "report", "accuracy", "UAR of the classes they share"]]
    for group in compared.groups:
        own = scores.where(np.array([trait.values.get(id) == group.name for id in scores.ids]))
        report = evaluation.evaluate(own, protocol="", stamp="")
        rows.append(
            [
                group.name,
                str(report.clips),
                str(report.speakers),
                _reported(groups.reported.get(group.name)),
                percent(report.accuracy),
                percent(group.uar),
            ]
        )
    chance = ""
    if compared.gap is not None and compared.p_value is not None:
        judged = sorted(
            (group for group in compared.groups if group.uar.low is not None),
            key=lambda group: group.uar.value,
        )
        p_value = "< 0.001" if compared.p_value < 0.001 else f"= {compared.p_value:.3f}"
        chance = (
            f"\nFrom {judged[0].name} to {judged[-1].name} it is {100 * compared.gap:.1f} points "
            f"of UAR; such a gap, or a larger one, comes about by chance with p {p_value}."
        )
        few = len(judged) < len(compared.groups)
        chance += " Groups of fewer than eight speakers are not judged.\n" if few else "\n"
    return (
        f"### {groups.heading}\n\n{groups.about} Record `{groups.record}`, *{result.report.stamp}*."
        f"\n\n{table(rows)}{chance}"
    )


def _trait(by: str, ids: Iterable[str]) -> Trait:
    """What tells clips apart that only their ids describe."""
    parsers = corpora.parsers()
    values = {}
    for id in ids:
        corpus, _, name = original(id).partition("/")
        clip = parsers[corpus](Path(f"{name}.wav")) if corpus in parsers else None
        value = corpus_title(corpus) if by == "corpus" else clip and getattr(clip, by)
        if value:
            values[id] = value
    return Trait(by, values)


def _reported(accuracy: float | None) -> str:
    return f"{100 * accuracy:.1f}" if accuracy else ""
