"""Groups of clips side by side: UAR with its interval, and whether a gap is more than chance.

Groups are compared over the classes that all of them have, so that no gap comes from what one of
them never had to tell apart. Chance deals groups anew to whole speakers, never to single clips, and
within each corpus, so that a gap between corpora is not taken for one between groups.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from intone import corpora
from intone.corpora import Utterance
from intone.evaluation import FEWEST_UNITS, Interval, Scores, evaluate

DRAWS = 2000
MOST_GROUPS = 24
AGES = {30: "under 30", 45: "30 to 44", 60: "45 to 59", 200: "60 and over"}
"""The group of those who are younger, and not in one before."""
INTENSITIES = ("low", "medium", "high", "normal", "strong")

Counts = NDArray[np.float64]
Permuted = Literal[
    "speakers", "speakers within corpora", "groups within speakers", "clips", "clips within corpora"
]


@dataclass(frozen=True)
class Trait:
    """Something that tells clips or speakers apart."""

    name: str
    values: Mapping[str, str]
    """clip id -> group, where it is known"""
    order: tuple[str, ...] = ()
    """of the groups; others follow by name"""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Clips that have something in common."""

    name: str
    clips: int
    speakers: int | None
    uar: Interval
    """over the classes that are compared; without bounds where speakers are too few to say"""


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """The groups that a trait of clips or of speakers makes, and the gap between them."""

    trait: str
    labels: tuple[str, ...]
    """the classes that the groups are compared over"""
    groups: tuple[Group, ...]
    unknown: int
    """clips of which the trait is not known"""
    gap: float | None
    """highest UAR minus lowest, of groups with speakers enough; None for fewer than two such"""
    p_value: float | None
    """how often chance makes such a gap or a larger one"""
    permuted: Permuted | None
    """what chance deals groups to; within each speaker, where speakers are in several groups"""


@dataclass(frozen=True)
class Voice:
    """How the clips of one speaker fared."""

    speaker: str
    clips: int
    uar: float
    """over the classes of which the speaker has clips"""
    sex: str | None = None


def voices(scores: Scores, sexes: Mapping[str, str]) -> tuple[Voice, ...]:
    """Give the UAR of every speaker that is known, the best understood first.

    `sexes` tells it of those of whom it is known.
    """
    found = []
    for speaker in sorted({speaker for speaker in scores.speakers if speaker is not None}):
        own = scores.where([each == speaker for each in scores.speakers])
        found.append(Voice(speaker, len({*own.ids}), _uar(own, draws=0).value, sexes.get(speaker)))
    return tuple(sorted(found, key=lambda voice: -voice.uar))


def breakdown(scores: Scores, trait: Trait, *, seed: int = 0) -> Breakdown | None:
    """Compare the groups that a trait makes of these answers.

    None where there are not two groups, more than can be shown, or no class that they share.
    """
    values = trait.values
    known = np.array([id in values for id in scores.ids])
    group = np.array([values.get(id, "") for id in scores.ids])
    names = sorted({*group[known].tolist()}, key=lambda name: (_place(name, trait), name))
    if not 2 <= len(names) <= MOST_GROUPS:
        return None
    large = [name for name in names if len({*scores.where(group == name).units}) >= FEWEST_UNITS]
    compared = large if len(large) > 1 else names
    shared = set.intersection(*({*scores.truth[group == name].tolist()} for name in compared))
    kept = known & np.isin(scores.truth, [*shared])
    names = [name for name in names if name in group[kept]]
    if len(names) < 2:
        return None
    groups = tuple(_group(name, scores.where(kept & (group == name))) for name in names)
    rates = [each.uar.value for each in groups if each.name in large]
    tested = kept & np.isin(group, large)
    p_value, permuted = (
        _chance(scores.where(tested), group[tested], seed) if len(rates) > 1 else (None, None)
    )
    return Breakdown(
        trait=trait.name,
        labels=tuple(label for number, label in enumerate(scores.labels) if number in shared),
        groups=groups,
        unknown=len({id for id in scores.ids if id not in values}),
        gap=max(rates) - min(rates) if len(rates) > 1 else None,
        p_value=p_value,
        permuted=permuted,
    )


def _place(name: str, trait: Trait) -> int:
    return trait.order.index(name) if name in trait.order else len(trait.order)


def _group(name: str, scores: Scores) -> Group:
    return Group(
        name=name,
        clips=len({*scores.ids}),
        speakers=None if None in scores.speakers else len({*scores.speakers}),
        uar=_uar(scores),
    )


def _uar(scores: Scores, draws: int = DRAWS) -> Interval:
    return evaluate(scores, protocol="", stamp="", draws=draws).uar


def _chance(scores: Scores, group: NDArray[np.str_], seed: int) -> tuple[float, Permuted]:
    """Say how often chance makes a gap as large as that of these groups, and what it deals.

    The first way of dealing is counted too, so that no gap is impossible.
    """
    hits, support = _tally(scores, group)
    observed = _gap(hits, support)
    rng = np.random.default_rng(seed)
    present: NDArray[np.bool_] = np.any(support, axis=2)
    apart = bool((present.sum(axis=1) == 1).all())
    among = _among(scores, present.argmax(axis=1))
    larger = 0
    for _ in range(DRAWS):
        target = _between(present, among, rng) if apart else _within(present, rng)
        dealt = (np.take_along_axis(each, target[:, :, None], axis=1) for each in (hits, support))
        larger += _gap(*dealt) >= observed - 1e-12
    p_value = (1 + larger) / (1 + DRAWS)
    if not apart:
        return p_value, "groups within speakers"
    within = len(among) > 1
    if None in scores.speakers:
        return p_value, "clips within corpora" if within else "clips"
    return p_value, "speakers within corpora" if within else "speakers"


def _among(scores: Scores, group: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Find the units that groups are dealt among: those of each corpus.

    All units where no corpus has two groups: there the corpora are what is compared.
    """
    _, first = np.unique(scores.units, return_index=True)
    corpus = np.array([scores.ids[place].partition("/")[0] for place in first])
    among = [np.flatnonzero(corpus == name) for name in np.unique(corpus)]
    if all(len({*group[places].tolist()}) == 1 for places in among):
        return [np.arange(len(group))]
    return among


def _tally(scores: Scores, group: NDArray[np.str_]) -> tuple[Counts, Counts]:
    """Count each unit's right answers, and its answers, by group and class: `[U, G, C]` each."""
    units, unit = np.unique(scores.units, return_inverse=True)
    names, column = np.unique(group, return_inverse=True)
    hits, support = np.zeros((2, len(units), len(names), len(scores.labels)))
    np.add.at(support, (unit, column, scores.truth), 1)
    right = scores.probabilities.argmax(axis=1) == scores.truth
    np.add.at(hits, (unit, column, scores.truth), right)
    return hits, support


def _gap(hits: Counts, support: Counts) -> float:
    """Give the highest UAR minus the lowest of the groups of `[U, G, C]`."""
    answers = support.sum(axis=0)
    recall = hits.sum(axis=0) / np.maximum(answers, 1)
    rates = recall.sum(axis=1) / np.maximum((answers > 0).sum(axis=1), 1)
    return float(rates.max() - rates.min())


def _between(
    present: NDArray[np.bool_], among: Sequence[NDArray[np.intp]], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Deal the groups anew to units, each of which is in one: where each group's counts come from.

    `[U, G]` -> `[U, G]`; a unit's counts move as a whole, so the sizes of groups stay.
    """
    units, groups = present.shape
    old = present.argmax(axis=1)
    new = old.copy()
    for places in among:
        new[places] = rng.permutation(old[places])
    target = np.tile(np.arange(groups), (units, 1))
    target[np.arange(units), old] = new
    target[np.arange(units), new] = old
    return target


def _within(present: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.intp]:
    """Swap the groups that each unit is in, at random: `[U, G]` -> `[U, G]`, as `_between`."""
    order = np.argsort(np.where(present, rng.random(present.shape), 2), axis=1)
    target = np.empty_like(order)
    np.put_along_axis(target, np.argsort(~present, axis=1, kind="stable"), order, axis=1)
    return target


# What is known of clips and speakers.


def traits(clips: Sequence[Utterance], seconds: Mapping[str, float]) -> Iterator[Trait]:
    """Go through what these clips may be told apart by; `seconds` is how long each lasts."""
    yield Trait("corpus", {clip.id: corpus_title(clip.corpus) for clip in clips})
    yield Trait("sex", {clip.id: clip.sex for clip in clips if clip.sex})
    ages = {clip.id: _age(clip.age) for clip in clips if clip.age is not None}
    yield Trait("age", ages, tuple(AGES.values()))
    for name in sorted({name for clip in clips for name in clip.traits}):
        yield Trait(name, {clip.id: clip.traits[name] for clip in clips if name in clip.traits})
    said = {clip.id: clip.intensity for clip in clips if clip.intensity}
    yield Trait("intensity", said, INTENSITIES)
    yield Trait("sentence", {clip.id: clip.sentence for clip in clips if clip.sentence})
    yield _durations(seconds)


def corpus_title(name: str) -> str:
    """Name a corpus by its title, so that rebuilt audio is called that; or by the user's word."""
    return corpora.info(name).title if name in corpora.names() else name


def _age(years: int) -> str:
    return AGES[next(limit for limit in AGES if years < limit)]


def _durations(seconds: Mapping[str, float]) -> Trait:
    """Part clips into quarters by their length."""
    cuts = np.unique(np.quantile([*seconds.values()], [0.25, 0.5, 0.75]).round(1)).tolist()
    between = [f"{low} to {high} s" for low, high in pairwise(cuts)]
    names = (f"under {cuts[0]} s", *between, f"{cuts[-1]} s and over")
    values = {id: names[bisect_right(cuts, length)] for id, length in seconds.items()}
    return Trait("duration", values, names)
