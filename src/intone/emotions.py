"""The vocabulary of emotions, and the mappings from it to the labels that a model learns."""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace

from intone.errors import DataError

EMOTIONS = (
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgust",
    "surprised",
    "bored",
    "excited",
    "frustrated",
    "contempt",
    "other",
    "undecided",
)
"""Canonical names, in the order that labels and tables keep; undecided: listeners disagreed."""

_ALIASES = {
    "neutral": "neu",
    "calm": "calmness",
    "happy": "hap happiness joy",
    "sad": "sadness",
    "angry": "ang anger",
    "fearful": "fea fear afraid",
    "disgust": "dis disgusted",
    "surprised": "sur surprise ps pleasant_surprise pleasant_surprised",
    "bored": "boredom",
    "excited": "exc excitement",
    "frustrated": "fru frustration",
    "contempt": "contemptuous",
    "other": "oth",
    "undecided": "xxx no_agreement",
}


def canonical(word: str) -> str | None:
    """Find the canonical name of an emotion, whatever its case, or None if it has none.

    >>> canonical("Happiness"), canonical("Pleasant surprise"), canonical("sarcastic")
    ('happy', 'surprised', None)
    """
    plain = _plain(word)
    return next(
        (name for name in EMOTIONS if plain == name or plain in _ALIASES[name].split()), None
    )


def named(word: str) -> str:
    """Name an emotion of a user's data: canonically, or by the word itself in lower case."""
    return canonical(word) or _plain(word)


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().lower())


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Which label each emotion is learned as; what the table does not name is left out.

    Where `by_sex` is set, each label is two, as `female_happy`, and clips of unknown sex are left
    out.
    """

    name: str
    version: int
    table: Table[str, str | None]
    """emotion -> the emotion that it counts as, or None: left out"""
    by_sex: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of a model's outputs."""
        if not self.by_sex:
            return self._kept
        return tuple(f"{sex}_{emotion}" for sex in ("female", "male") for emotion in self._kept)

    @property
    def _kept(self) -> tuple[str, ...]:
        return tuple(emotion for emotion in self.table if emotion in self.table.values())

    def label(self, emotion: str, sex: str | None = None) -> str | None:
        """Find the label of a clip by its emotion and speaker's sex, or None if it is left out."""
        kept = self.table.get(emotion)
        if kept is None or not self.by_sex:
            return kept
        return f"{sex}_{kept}" if sex else None

    def soft_label(self, votes: Table[str, int], sex: str | None = None) -> dict[str, float] | None:
        """Share listeners' votes (emotion -> number) among the labels, or None if none counts.

        The shares sum to 1, in the order of `labels`; votes for what is left out do not count.
        """
        counts = dict.fromkeys(self.labels, 0)
        for emotion, number in votes.items():
            label = self.label(emotion, sex)
            if label is not None:
                counts[label] += number
        total = sum(counts.values())
        return {label: count / total for label, count in counts.items()} if total else None

    def with_changes(self, changes: Table[str, str | None]) -> "Mapping":
        """Map single emotions otherwise; a label that no emotion is left for is gone.

        Raises:
            DataError: an unknown emotion, or a label that the mapping does not have.
        """
        for emotion, label in changes.items():
            if emotion not in (*EMOTIONS, *self.table):
                raise DataError(
                    f"mapping {self.name}: no emotion {emotion}; there are {', '.join(EMOTIONS)}"
                )
            if label is not None and label not in self._kept:
                raise DataError(
                    f"mapping {self.name}: {emotion} cannot become {label}; "
                    f"it may become {', '.join(self._kept)}"
                )
        return replace(
            self,
            name=", ".join([self.name, *(_change(*change) for change in changes.items())]),
            table={**self.table, **changes},
        )

    def against_rest(self, label: str) -> "Mapping":
        """Learn one label against all others together, which are called `not LABEL`.

        Raises:
            DataError: the mapping has no such label.
        """
        if label not in self.labels or self.by_sex:
            raise DataError(
                f"mapping {self.name}: {label} cannot be learned against the rest; "
                f"{', '.join(self._kept)} can, where labels are not split by sex"
            )
        rest = f"not {label}"
        table = {
            emotion: rest if kept not in (label, None) else kept
            for emotion, kept in self.table.items()
        }
        return replace(
            self, name=f"{self.name}, {label} or not", table={label: label, **table, rest: rest}
        )

    def describe(self) -> str:
        """Say in one line which labels there are, what is folded and what is left out."""
        folded = [
            f"{emotion} counts as {label}"
            for emotion, label in self.table.items()
            if label not in (emotion, None)
        ]
        dropped = [emotion for emotion, label in self.table.items() if label is None]
        return "; ".join(
            [
                f"{self.name} (version {self.version}): {', '.join(self.labels)}",
                *folded,
                *([f"left out: {', '.join(dropped)}"] if dropped else []),
                *(["left out too: clips of unknown sex"] if self.by_sex else []),
            ]
        )


def _change(emotion: str, label: str | None) -> str:
    return f"{emotion} as {label}" if label else f"without {emotion}"


def as_labelled(emotions: Iterable[str]) -> Mapping:
    """Map each of these emotions to itself: canonical ones first, then the user's own words."""
    present = set(emotions)
    labels = (*(e for e in EMOTIONS if e in present), *sorted(present.difference(EMOTIONS)))
    return Mapping(name="as-labelled", version=1, table={label: label for label in labels})


def _mapping(name: str, labels: str, *, by_sex: bool = False, **folded: str) -> Mapping:
    kept = {label: label for label in labels.split()} | folded
    table = {emotion: kept.get(emotion) for emotion in EMOTIONS}
    return Mapping(name=name, version=1, table=table, by_sex=by_sex)


_EKMAN = "neutral happy sad angry fearful disgust surprised"
_RAVDESS = "neutral calm happy sad angry fearful disgust surprised"
_IEMOCAP = f"{_EKMAN} excited frustrated"

MAPPINGS = {
    mapping.name: mapping
    for mapping in (
        _mapping("ravdess8", _RAVDESS),
        _mapping("ravdess8-by-sex", _RAVDESS, by_sex=True),
        _mapping("ekman7", _EKMAN, calm="neutral"),
        _mapping("ekman7-without-calm", _EKMAN),
        _mapping("crema6", "neutral happy sad angry fearful disgust"),
        _mapping("cross4", "neutral happy sad angry", excited="happy"),
        _mapping("iemocap4", "neutral happy sad angry", excited="happy"),
        _mapping("iemocap9", _IEMOCAP),
        _mapping("iemocap11", f"{_IEMOCAP} other undecided"),
    )
}
"""Named mappings: RAVDESS's own eight, and report D's sixteen; report B's seven, and report A's;
CREMA-D's six, report E's; the four that most corpora share; report C's on IEMOCAP: four as is usual
there, the nine emotions, and all eleven codes, where to be of another emotion (oth) and to be
undecided (xxx) are labels too."""
