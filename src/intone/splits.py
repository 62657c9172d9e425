"""What a split is, and the files that it is kept and given in.

Splits are given to others as JSON or CSV.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from intone import specs

FORMAT_VERSION = 1  # of the JSON


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


def worst_stamp(splits: Iterable[Split]) -> str:
    """Stamp a whole protocol as its worst fold is stamped."""
    order = ("unseen speakers", "speakers unknown", "speaker-dependent", "leaky")
    return max((split.stamp for split in splits), key=order.index)


def to_json(splits: Iterable[Split]) -> str:
    """Write splits for others, whole."""
    data = {"format_version": FORMAT_VERSION, "splits": [each.to_dict() for each in splits]}
    return json.dumps(data, indent=1) + "\n"


def to_csv(splits: Iterable[Split], labels: Mapping[str, str]) -> str:
    """Write splits for others to train and score on: a line for each clip of each fold.

    `labels` maps utterance ids to what is learned.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["fold", "part", "id", "label"])
    for each in splits:
        for part in ("train", "validation", "test"):
            writer.writerows([each.fold, part, id, labels[id]] for id in getattr(each, part))
    return file.getvalue()
