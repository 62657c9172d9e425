"""Splits and folds, and the guard against leaks. Nothing else in Intone may split.

Everything is dealt in groups of clips that stay together: the clips of a speaker, copies of a
clip, byte-identical audio. Groups are dealt into parts so that every part gets its share of each
corpus, and within it of each sex and emotion.

Validation is held out of each training part, corpus by corpus, in the largest unit of which there
are at least three: speakers (about as many as one test fold has), sentences, single clips. So two
speakers of 1400 clips each never leave training for validation.
"""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import specs
from intone.corpora import Utterance
from intone.errors import DataError, LeakError

Group = list[Utterance]
Key = Callable[[Utterance], Hashable]
"""what clips of one group have in common; None is common to nobody"""

EMOBOX = ("01 11 20 21", "04 10 12 14", "08 09 19 23", "03 05 07 24", "02 15 16 18", "06 13 17 22")
"""Test actors of RAVDESS in EmoBox's six folds (Ma et al., 2024)."""
LUNA = ("02 05 14 15 16", "03 06 07 13 18", "10 11 12 19 20", "08 17 21 23 24", "01 04 09 22")
"""Test actors of RAVDESS in the five folds of Luna-Jiménez et al. (2021)."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How clips are split.

    `folds` is for `unseen-speakers` and `random`; with a single fold `test` is the share of its
    test part. `validation` is about the share of a corpus's clips that is held out where whole
    speakers are not.

    Raises:
        DataError: an unknown name, or a number out of range.
    """

    name: str = "unseen-speakers"
    folds: int = 5
    test: float = 0.2
    validation: float = 0.1

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (for recipes)

    def __post_init__(self) -> None:
        """Refuse what cannot be split by."""
        if self.name not in PROTOCOLS:
            raise DataError(f"no protocol {self.name}; there are {', '.join(PROTOCOLS)}")
        if self.folds < 1:
            raise DataError(f"protocol {self.name}: folds is {self.folds}; it must be 1 or more")
        if not (self.test > 0 and self.validation > 0 and self.test + self.validation < 1):
            raise DataError(
                f"protocol {self.name}: test {self.test} and validation {self.validation} must be "
                "more than 0, and less than 1 together"
            )


@dataclass(frozen=True, kw_only=True)
class Split:
    """One fold: the ids of its three parts, and what it is worth."""

    protocol: str
    fold: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    stamp: str = ""
    """unseen speakers, speaker-dependent, speakers unknown, or leaky"""
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Name the split by its content, whatever the order of the ids: a SHA-256."""
        parts = [sorted(self.train), sorted(self.validation), sorted(self.test)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Give the manifest as plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "split") -> "Split":
        """Read a manifest; `where` names it in errors.

        Raises:
            IntoneError: a key is unknown or missing.
        """
        return specs.build(cls, data, where)


def split(
    protocol: Protocol,
    utterances: Iterable[Utterance],
    *,
    seed: int = 0,
    audio: Mapping[str, str] | None = None,
) -> list[Split]:
    """Split clips by a protocol, one `Split` a fold; the order of the clips does not matter.

    `audio` maps utterance ids to a hash of their samples, so that identical audio stays together.

    Raises:
        DataError: the clips do not allow the protocol, or two have the same id.
    """
    clips = sorted(utterances, key=lambda clip: clip.id)
    for clip, following in pairwise(clips):
        if clip.id == following.id:
            raise DataError(f"two clips have the id {clip.id}: {clip.path} and {following.path}")
    audio = audio or {}
    same: tuple[Key, ...] = (lambda clip: _base(clip.id), lambda clip: audio.get(clip.id))
    rng = np.random.default_rng(seed)
    tests, notes = PROTOCOLS[protocol.name](protocol, clips, same, rng)
    splits = []
    for fold, test in enumerate(tests):
        tested = {clip.id for clip in test}
        rest = [clip for clip in clips if clip.id not in tested]
        validation, held_out = _validation(protocol, test, rest, same, rng)
        held = {clip.id for clip in validation}
        made = Split(
            protocol=protocol.name,
            fold=fold,
            train=tuple(clip.id for clip in rest if clip.id not in held),
            validation=tuple(sorted(held)),
            test=tuple(sorted(tested)),
            notes=(*notes, *held_out),
        )
        if not (made.train and made.validation and made.test):
            raise DataError(
                f"protocol {protocol.name}: {len(clips)} clips give no training, validation and "
                "test part; add clips or choose another protocol"
            )
        splits.append(replace(made, stamp=_judge(made, clips, audio)[1]))
    return splits


# Protocols: clips -> the test part of each fold, and notes.

Tests = tuple[list[Group], list[str]]
Splitter = Callable[[Protocol, Group, Sequence[Key], np.random.Generator], Tests]


def _unseen_speakers(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make K folds, or one, of whole speakers; clips of unknown speakers go singly."""
    tests, notes = _folds(protocol, _groups(clips, [_speaker, *same]), "speakers", rng)
    unknown = sum(clip.speaker is None for clip in clips)
    if unknown:
        notes.append(f"{unknown} clips are split at random, for their speakers are unknown")
    return tests, notes


def _random(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make K folds, or one, of clips, whoever speaks."""
    return _folds(protocol, _groups(clips, same), "clips", rng)


def _leave_one_speaker_out(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make a fold of each speaker."""
    speakers = _groups(clips, [_speaker])
    unknown = [clip.id for clip in clips if clip.speaker is None]
    if unknown:
        raise DataError(f"protocol {protocol.name}: the speaker of {unknown[0]} is unknown")
    _need_two(protocol, speakers, "speakers")
    return speakers, []


def _actors(*lists: str) -> Splitter:
    """Make the protocol of a published list of RAVDESS's actors, a string for each fold."""
    folds = [{f"ravdess/{actor}" for actor in actors.split()} for actors in lists]

    def by_actors(
        protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
    ) -> Tests:
        if {clip.speaker for clip in clips} != set().union(*folds):
            raise DataError(
                f"protocol {protocol.name} is for the 24 actors of RAVDESS, all of them and nobody "
                "else; choose unseen-speakers for other clips"
            )
        return [[clip for clip in clips if clip.speaker in fold] for fold in folds], []

    return by_actors


PROTOCOLS: Mapping[str, Splitter] = {
    "unseen-speakers": _unseen_speakers,
    "leave-one-speaker-out": _leave_one_speaker_out,
    "ravdess-emobox": _actors(*EMOBOX),
    "ravdess-luna": _actors(*LUNA),
    "random": _random,
}


def _folds(protocol: Protocol, groups: list[Group], unit: str, rng: np.random.Generator) -> Tests:
    _need_two(protocol, groups, unit)
    if protocol.folds == 1:
        return _deal(groups, [protocol.test, 1 - protocol.test], rng)[:1], []
    folds = min(protocol.folds, len(groups))
    few = f"{folds} folds instead of {protocol.folds}, for there are {folds} separate {unit}"
    return _deal(groups, [1 / folds] * folds, rng), [few] if folds < protocol.folds else []


def _need_two(protocol: Protocol, groups: list[Group], unit: str) -> None:
    if len(groups) < 2:
        raise DataError(
            f"protocol {protocol.name} needs two separate {unit} or more; "
            "add data or choose another protocol"
        )


# Validation: some of the clips that are not tested.


def _validation(
    protocol: Protocol,
    test: Group,
    rest: Group,
    same: Sequence[Key],
    rng: np.random.Generator,
) -> tuple[Group, list[str]]:
    """Hold clips out of each corpus of `rest`, and note where these are not whole speakers."""
    speakers_per_test = len({*map(_speaker, rest)}) / len({*map(_speaker, test)})
    sizes = Counter(clip.corpus for clip in test + rest)
    corpora = defaultdict(list)
    for clip in rest:
        corpora[clip.corpus].append(clip)
    held: Group = []
    notes = []
    for corpus, clips in corpora.items():
        unit, groups = _held_out_unit(clips, same, singly=protocol.name == "random")
        if unit == "speakers":
            wanted = max(3, speakers_per_test)
        else:
            wanted = max(2, len(clips) / (protocol.validation * sizes[corpus]))
            notes.append(f"validation holds out {unit} of {corpus}, not speakers")
        parts = min(round(wanted), len(groups))
        if parts > 1:
            held += _deal(groups, [1 / parts] * parts, rng)[rng.integers(parts)]
    return held, notes


def _held_out_unit(clips: Group, same: Sequence[Key], *, singly: bool) -> tuple[str, list[Group]]:
    """Group clips by the largest unit of which there are at least three."""
    units: dict[str, Key] = {"speakers": _speaker, "sentences": lambda clip: clip.sentence}
    for unit, key in units.items():
        groups = _groups(clips, [key, *same])
        if not singly and len(groups) >= 3 and all(key(clip) is not None for clip in clips):
            return unit, groups
    return "clips", _groups(clips, same)


# Groups: clips that stay together.


def _speaker(clip: Utterance) -> str | None:
    return clip.speaker


def _base(id: str) -> str:
    """Find the clip that `id` is an augmented copy of, or itself."""
    return re.sub(r"#copy\d*$", "", id)


def _groups(clips: Sequence[Utterance], keys: Iterable[Key]) -> list[Group]:
    """Put clips together that share the value of a key, themselves or through others."""
    leader = list(range(len(clips)))

    def lead(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for key in keys:
        first: dict[Hashable, int] = {}
        for index, clip in enumerate(clips):
            value = key(clip)
            if value is not None:
                leader[lead(index)] = lead(first.setdefault(value, index))
    groups = defaultdict(list)
    for index, clip in enumerate(clips):
        groups[lead(index)].append(clip)
    return list(groups.values())


def _deal(groups: list[Group], shares: Sequence[float], rng: np.random.Generator) -> list[Group]:
    """Deal groups into parts of these shares, as evenly as a greedy hand can.

    The largest go first, equals in random order, each to the part where it adds least to the
    chi-square distance from an even deal of every trait; among equals to the emptiest part. No
    part stays empty where there are groups enough.
    """
    counts = _trait_counts(groups)
    expected = np.outer(shares, counts.sum(axis=0))
    dealt = np.zeros_like(expected)
    parts: list[Group] = [[] for _ in shares]
    order = sorted(rng.permutation(len(groups)), key=lambda index: -len(groups[index]))
    for left, index in zip(range(len(order), 0, -1), order, strict=True):
        growth = ((2 * dealt + counts[index]) * counts[index] / expected).sum(axis=1)
        fullness = np.array([len(part) for part in parts]) / shares
        if np.count_nonzero(fullness == 0) >= left:
            growth[fullness > 0] = np.inf
        chosen = np.lexsort((fullness, growth))[0]
        dealt[chosen] += counts[index]
        parts[chosen] += groups[index]
    return parts


def _trait_counts(groups: list[Group]) -> NDArray[np.float64]:
    """Count clips of each corpus, and within it of each sex and emotion: `[groups, traits]`."""
    tallies = [
        Counter(
            (clip.corpus, trait)
            for clip in group
            for trait in ("", f"sex {clip.sex}", f"emotion {clip.emotion}")
        )
        for group in groups
    ]
    column = {trait: index for index, trait in enumerate(sorted(set().union(*tallies)))}
    counts = np.zeros((len(groups), len(column)))
    for row, tally in enumerate(tallies):
        for trait, count in tally.items():
            counts[row, column[trait]] = count
    return counts


# The guard.


def leaks(split: Split, utterances: Iterable[Utterance], audio: Mapping[str, str]) -> list[str]:
    """Say what is heard in training or validation and tested too, a line a kind.

    `audio` maps utterance ids to a hash of their samples.

    Raises:
        DataError: the split names a clip that is not among the utterances.
    """
    return _judge(split, utterances, audio)[0]


def guard(
    split: Split,
    utterances: Iterable[Utterance],
    audio: Mapping[str, str],
    *,
    allow_leak: bool = False,
) -> Split:
    """Stamp a split with what it is worth.

    Raises:
        LeakError: what is tested is heard in training, and `allow_leak` is not given.
        DataError: the split names a clip that is not among the utterances.
    """
    found, stamp = _judge(split, utterances, audio)
    if found and not allow_leak:
        raise LeakError(
            f"protocol {split.protocol}, fold {split.fold}: {'; '.join(found)}; choose "
            f"unseen-speakers, or go on with --allow-leak and every figure is stamped '{stamp}'"
        )
    return replace(split, stamp=stamp)


def _judge(
    split: Split, utterances: Iterable[Utterance], audio: Mapping[str, str]
) -> tuple[list[str], str]:
    """Find what a split leaks, in words, and the stamp that it deserves."""
    known = {clip.id: clip.speaker for clip in utterances}
    try:
        speaker = {
            id: known[id] if id in known else known[_base(id)]
            for id in (*split.train, *split.validation, *split.test)
        }
    except KeyError as error:
        raise DataError(f"the split names the clip {error}, which the data does not hold") from None
    speakers = _both_sides(split, speaker.get)
    clips = _both_sides(split, _base)
    sounds = _both_sides(split, audio.get)
    found = [
        *_line("speakers", [f"{speaker[tested]}" for _, tested in speakers]),
        *_line("clips or copies of them", [tested for _, tested in clips]),
        *_line("identical audio", [f"{heard} = {tested}" for heard, tested in sounds]),
    ]
    if clips or sounds:
        return found, "leaky"
    if speakers:
        return found, "speaker-dependent"
    return found, "speakers unknown" if None in speaker.values() else "unseen speakers"


def _both_sides(split: Split, key: Callable[[str], Hashable]) -> list[tuple[str, str]]:
    """Pair a clip of training or validation with one of the test part, for each key they share."""
    heard = {key(id): id for id in (*split.train, *split.validation)}
    tested = {key(id): id for id in split.test}
    return [(heard[k], id) for k, id in tested.items() if k in heard and k is not None]


def _line(kind: str, found: list[str]) -> list[str]:
    shown = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
    return [f"{kind} in training and in test: {len(found)} ({shown})"] if found else []
