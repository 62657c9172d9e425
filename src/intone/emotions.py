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
)
"""Canonical names, in the order that labels and tables keep."""

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
    """Which label each emotion is learned as; what the table does not name is left out."""

    name: str
    version: int
    labels: tuple[str, ...]
    table: Table[str, str | None]
    """emotion -> label, or None: left out"""

    def label(self, emotion: str) -> str | None:
        """Find the label of an emotion, or None if its clips are left out."""
        return self.table.get(emotion)

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
            if label is not None and label not in self.labels:
                raise DataError(
                    f"mapping {self.name}: {emotion} cannot become {label}; "
                    f"the labels are {', '.join(self.labels)}"
                )
        table = {**self.table, **changes}
        return replace(
            self,
            name=", ".join([self.name, *(_change(*change) for change in changes.items())]),
            labels=tuple(label for label in self.labels if label in table.values()),
            table=table,
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
            ]
        )


def _change(emotion: str, label: str | None) -> str:
    return f"{emotion} as {label}" if label else f"without {emotion}"


def as_labelled(emotions: Iterable[str]) -> Mapping:
    """Map each of these emotions to itself: canonical ones first, then the user's own words."""
    present = set(emotions)
    labels = (*(e for e in EMOTIONS if e in present), *sorted(present.difference(EMOTIONS)))
    return Mapping(
        name="as-labelled", version=1, labels=labels, table={label: label for label in labels}
    )


def _mapping(name: str, labels: str, **folded: str) -> Mapping:
    kept = {label: label for label in labels.split()} | folded
    table = {emotion: kept.get(emotion) for emotion in EMOTIONS}
    return Mapping(name=name, version=1, labels=tuple(labels.split()), table=table)


_EKMAN = "neutral happy sad angry fearful disgust surprised"

MAPPINGS = {
    mapping.name: mapping
    for mapping in (
        _mapping("ravdess8", "neutral calm happy sad angry fearful disgust surprised"),
        _mapping("ekman7", _EKMAN, calm="neutral"),
        _mapping("ekman7-without-calm", _EKMAN),
        _mapping("crema6", "neutral happy sad angry fearful disgust"),
        _mapping("cross4", "neutral happy sad angry", excited="happy"),
    )
}
"""Named mappings: RAVDESS's own eight; report B's seven, and report A's; CREMA-D's six; the four
that most corpora share, where excited counts as happy as is usual on IEMOCAP."""
