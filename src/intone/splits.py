"""What a split is, and the files that it is kept and given in.

Splits are kept as JSON, which `from_json` reads again, and given to others as CSV.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from intone import specs
from intone.errors import DataError

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
    """Write splits as `from_json` reads them."""
    data = {"format_version": FORMAT_VERSION, "splits": [each.to_dict() for each in splits]}
    return json.dumps(data, indent=1) + "\n"


def from_json(path: Path) -> list[Split]:
    """Read splits; `guard` says what they are worth on the clips at hand.

    Raises:
        DataError: no such file, or it is not one of `to_json`, or of a newer Intone.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data["format_version"]
        if version > FORMAT_VERSION:
            raise DataError(f"{path}: written by a newer Intone (format {version}); update intone")
        return [Split.from_dict(row, f"a split of {path}") for row in data["splits"]]
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise DataError(f"{path}: not a file of splits, as Intone writes them") from None


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
