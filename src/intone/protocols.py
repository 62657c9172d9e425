"""Clips dealt into training, validation and test parts. Nothing else in Intone may split.

Everything is dealt in groups of clips that stay together: the clips of a speaker, copies of a
clip, byte-identical audio. Groups are dealt into parts so that every part gets its share of each
corpus, and within it of each sex and emotion.

Validation is held out of each training part, corpus by corpus, in the largest unit of which there
are at least three: speakers (about as many as one test fold has), sentences, single clips. So two
speakers of 1400 clips each never leave training for validation.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from intone.augment import original
from intone.corpora import Utterance
from intone.errors import DataError
from intone.leak_guard import judge
from intone.splits import Split

Group = list[Utterance]
Key = Callable[[Utterance], Hashable]
"""what clips of one group have in common; None is common to nobody"""


def _speaker(clip: Utterance) -> str | None:
    return clip.speaker


def _session(clip: Utterance) -> str | None:
    return clip.session


def _sentence(clip: Utterance) -> tuple[str, str] | None:
    return (clip.corpus, clip.sentence) if clip.sentence else None


EMOBOX = ("01 11 20 21", "04 10 12 14", "08 09 19 23", "03 05 07 24", "02 15 16 18", "06 13 17 22")
"""Test actors of RAVDESS in EmoBox's six folds (Ma et al., 2024)."""
LUNA = ("02 05 14 15 16", "03 06 07 13 18", "10 11 12 19 20", "08 17 21 23 24", "01 04 09 22")
"""Test actors of RAVDESS in the five folds of Luna-Jiménez et al. (2021)."""


COPIES_APART = "random-with-copies"
"""The protocol of report D, a leak: copies of a clip are dealt as if they were other clips."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How clips are split.

    `folds` is for `unseen-speakers`, `unseen-sentences`, both at once, and the random ones; with a
    single fold `test` is the share of its test part. `validation` is about the share of a corpus's
    clips that is held out; where folds are of whole speakers, as many are held out as one fold
    tests. It may be 0 where nothing is chosen by validation: training then hears all that is not
    tested.
    `test_on` names the corpora that `cross-corpus` tests on; it trains on the others.

    Raises:
        DataError: an unknown name, or a number out of range.
    """

    name: str = "unseen-speakers"
    folds: int = 5
    test: float = 0.2
    validation: float = 0.1
    test_on: tuple[str, ...] = ()

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (for recipes)

    def __post_init__(self) -> None:
        """Refuse what cannot be split by."""
        if self.name not in PROTOCOLS:
            raise DataError(f"no protocol {self.name}; there are {', '.join(PROTOCOLS)}")
        if self.folds < 1:
            raise DataError(f"protocol {self.name}: folds is {self.folds}; it must be 1 or more")
        if not (self.test > 0 and self.validation >= 0 and self.test + self.validation < 1):
            raise DataError(
                f"protocol {self.name}: test {self.test} must be more than 0, validation "
                f"{self.validation} 0 or more, and both less than 1 together"
            )
        if self.test_on and self.name != "cross-corpus":
            raise DataError(f"protocol {self.name}: test_on is for cross-corpus alone")


def split(
    protocol: Protocol,
    utterances: Iterable[Utterance],
    *,
    seed: int = 0,
    audio: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Split]:
    """Split clips by a protocol, one `Split` a fold; the order of the clips does not matter.

    `audio` maps utterance ids to a hash of their samples, so that identical audio stays together;
    `labels` maps them to what is learned, for the notes, where that is not the emotion.

    Raises:
        DataError: the clips do not allow the protocol, or two have the same id.
    """
    clips = sorted(utterances, key=lambda clip: clip.id)
    for clip, following in pairwise(clips):
        if clip.id == following.id:
            raise DataError(f"two clips have the id {clip.id}: {clip.path} and {following.path}")
    audio = audio or {}
    labels = labels or {clip.id: clip.emotion for clip in clips}
    same: tuple[Key, ...] = (lambda clip: original(clip.id), lambda clip: audio.get(clip.id))
    if protocol.name == COPIES_APART:
        same = ()
    rng = np.random.default_rng(seed)
    tests, notes = PROTOCOLS[protocol.name](protocol, clips, same, rng)
    splits = []
    for fold, test in enumerate(tests):
        tested = {clip.id for clip in test}
        unheard = _UNHEARD.get(protocol.name, ())
        known = [{key(clip) for clip in test} for key in unheard]
        rest = [
            clip
            for clip in clips
            if clip.id not in tested
            and not any(key(clip) in values for key, values in zip(unheard, known, strict=True))
        ]
        validation, held_out = _validation(protocol, test, rest, same, rng)
        held = {clip.id for clip in validation}
        made = Split(
            protocol=protocol.name if any(clip.speaker for clip in clips) else "random clips",
            fold=fold,
            train=tuple(clip.id for clip in rest if clip.id not in held),
            validation=tuple(sorted(held)),
            test=tuple(sorted(tested)),
            notes=(
                *notes,
                *held_out,
                *_told_by_words(test, rest, labels),
                *_unheard_labels(test, rest, labels),
            ),
        )
        if not (made.train and made.test and (made.validation or not protocol.validation)):
            raise DataError(
                f"protocol {protocol.name}: {len(clips)} clips give no training, validation and "
                "test part; add clips or choose another protocol"
            )
        splits.append(replace(made, stamp=judge(made, clips, audio)[1]))
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


def _random_with_copies(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make K folds, or one, of clips whose copies are clips of their own, as report D does."""
    if not any(original(clip.id) != clip.id for clip in clips):
        raise DataError(f"protocol {protocol.name}: there are no copies; set augment.copies")
    return _folds(protocol, _groups(clips, same), "clips", rng)


def _unseen_sentences(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make K folds, or one, of whole sentences, whoever speaks."""
    _need_known(protocol, clips, "sentence", _sentence)
    return _folds(protocol, _groups(clips, [_sentence, *same]), "sentences", rng)


def _unseen_speakers_and_sentences(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make a fold of each of K parts of the speakers with each of K parts of the sentences."""
    _need_known(protocol, clips, "speaker", _speaker)
    speakers, few_speakers = _unseen_speakers(protocol, clips, same, rng)
    sentences, few_sentences = _unseen_sentences(protocol, clips, same, rng)
    parts = [{clip.id for clip in part} for part in sentences]
    tests = [[clip for clip in voices if clip.id in part] for voices in speakers for part in parts]
    return [test for test in tests if test], few_speakers + few_sentences


def _leave_one_out(unit: str, plural: str, key: Key) -> Splitter:
    """Make the protocol of a fold for each unit; units that share a speaker are one."""

    def by_unit(
        protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
    ) -> Tests:
        _need_known(protocol, clips, unit, key)
        groups = _groups(clips, [key, _speaker])
        _need_two(protocol, groups, plural)
        return groups, []

    return by_unit


def _cross_corpus(
    protocol: Protocol, clips: Group, same: Sequence[Key], rng: np.random.Generator
) -> Tests:
    """Make one fold that tests on some corpora and trains on the others."""
    corpora = {clip.corpus for clip in clips}
    if not protocol.test_on or not {*protocol.test_on} < corpora:
        raise DataError(
            f"protocol {protocol.name}: test_on is {', '.join(protocol.test_on) or 'not set'}; "
            f"name some, but not all, of the corpora given: {', '.join(sorted(corpora))}"
        )
    return [[clip for clip in clips if clip.corpus in protocol.test_on]], []


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
    "leave-one-speaker-out": _leave_one_out("speaker", "speakers", _speaker),
    "leave-one-session-out": _leave_one_out("session", "sessions", _session),
    "leave-one-corpus-out": _leave_one_out("corpus", "corpora", lambda clip: clip.corpus),
    "cross-corpus": _cross_corpus,
    "unseen-sentences": _unseen_sentences,
    "unseen-speakers-and-sentences": _unseen_speakers_and_sentences,
    "ravdess-emobox": _actors(*EMOBOX),
    "ravdess-luna": _actors(*LUNA),
    "random": _random,
    COPIES_APART: _random_with_copies,
}

_UNHEARD: Mapping[str, tuple[Key, ...]] = {"unseen-speakers-and-sentences": (_speaker, _sentence)}
"""protocol -> what training shares with no tested clip, where folds alone do not see to it"""


def _folds(protocol: Protocol, groups: list[Group], unit: str, rng: np.random.Generator) -> Tests:
    _need_two(protocol, groups, unit)
    if protocol.folds == 1:
        return _deal(groups, [protocol.test, 1 - protocol.test], rng)[:1], []
    folds = min(protocol.folds, len(groups))
    few = f"{folds} folds instead of {protocol.folds}, for there are {folds} separate {unit}"
    return _deal(groups, [1 / folds] * folds, rng), [few] if folds < protocol.folds else []


def _need_known(protocol: Protocol, clips: Group, unit: str, key: Key) -> None:
    unknown = [clip.id for clip in clips if key(clip) is None]
    if unknown:
        raise DataError(f"protocol {protocol.name}: the {unit} of {unknown[0]} is unknown")


def _need_two(protocol: Protocol, groups: list[Group], unit: str) -> None:
    if len(groups) < 2:
        raise DataError(
            f"protocol {protocol.name} needs two separate {unit} or more; "
            "add data or choose another protocol"
        )


def _told_by_words(test: Group, rest: Group, labels: Mapping[str, str]) -> list[str]:
    """Note the corpora where training knows what is said, and with it most of the answers."""
    said_with = defaultdict(set)
    for clip in test + rest:
        said_with[_sentence(clip)].add(labels[clip.id])
    heard = {_sentence(clip) for clip in rest} - {None}
    tested, told = Counter[str](), Counter[str]()
    for clip in test:
        tested[clip.corpus] += 1
        told[clip.corpus] += _sentence(clip) in heard and len(said_with[_sentence(clip)]) == 1
    return [
        f"in {corpus} what is said tells the emotion: training has heard the sentences of most "
        "tested clips, each with one emotion alone"
        for corpus, clips in tested.items()
        if told[corpus] > clips / 2
    ]


def _unheard_labels(test: Group, rest: Group, labels: Mapping[str, str]) -> list[str]:
    """Note the labels that are tested and that training cannot know."""
    unheard = {labels[clip.id] for clip in test} - {labels[clip.id] for clip in rest}
    return [f"training never hears {', '.join(sorted(unheard))}, tested here"] if unheard else []


# Validation: some of the clips that are not tested.

_UNITS: Mapping[str, Key] = {"sessions": _session, "speakers": _speaker, "sentences": _sentence}
_HELD_OUT = {
    "leave-one-session-out": ("sessions", "speakers", "sentences"),
    "unseen-sentences": ("sentences",),
    "random": (),
    COPIES_APART: (),
}
"""protocol -> the units to hold out, the largest first, where it is not speakers or sentences"""


def _validation(
    protocol: Protocol,
    test: Group,
    rest: Group,
    same: Sequence[Key],
    rng: np.random.Generator,
) -> tuple[Group, list[str]]:
    """Hold clips out of each corpus of `rest`, and note where these are not whole speakers."""
    if not protocol.validation:
        return [], ["no validation part: nothing is chosen by it"]
    speakers_per_test = len({*map(_speaker, rest)}) / len({*map(_speaker, test)})
    tested = {clip.corpus for clip in test}
    sizes = Counter(clip.corpus for clip in test + rest)
    corpora = defaultdict(list)
    for clip in rest:
        corpora[clip.corpus].append(clip)
    held: Group = []
    notes = []
    for corpus, clips in corpora.items():
        unit, groups = _held_out_unit(protocol, clips, same)
        whole = unit in ("sessions", "speakers")
        if whole and protocol.folds > 1 and corpus in tested:
            wanted = max(3, speakers_per_test)
        else:
            wanted = max(2, len(clips) / (protocol.validation * sizes[corpus]))
        if not whole:
            notes.append(f"validation holds out {unit} of {corpus}, not speakers")
        parts = min(round(wanted), len(groups))
        if parts > 1:
            held += _deal(groups, [1 / parts] * parts, rng)[rng.integers(parts)]
    if _sentence in _UNHEARD.get(protocol.name, ()):
        notes.append("validation shares its sentences with training")
    return held, notes


def _held_out_unit(
    protocol: Protocol, clips: Group, same: Sequence[Key]
) -> tuple[str, list[Group]]:
    """Group clips by the protocol's largest unit of which there are at least three."""
    for unit in _HELD_OUT.get(protocol.name, ("speakers", "sentences")):
        key = _UNITS[unit]
        groups = _groups(clips, [key, *same])
        if len(groups) >= 3 and all(key(clip) is not None for clip in clips):
            return unit, groups
    return "clips", _groups(clips, same)


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
