"""What validation speakers said of the results page's records, and what is left of choosing so."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intone.evaluation import Interval
from intone.report.markdown import made_by, percent


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What `benchmarks/validation.py` kept of the runs on some clips."""

    uar: Mapping[str, float]
    """record -> mean over folds of the UAR on clips that the fold does not test"""
    nested: Interval
    """UAR where each fold takes the record that is best so"""
    told: Mapping[str, Any]
    """what made it"""

    def of(self, records: Collection[str]) -> bool:
        """Whether all of it is about these records."""
        return set(self.uar) <= set(records)


def read(path: Path) -> dict[str, Validation]:
    """Read the file: the clips' corpora -> what was said; nothing, where nothing was kept."""
    if not path.is_file():
        return {}
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Validation(uar=told["uar"], nested=Interval(*told["nested"]), told=told)
        for name, told in tables.items()
    }


def cells(said: Mapping[str, Validation]) -> dict[str, str]:
    """A cell for each record that validation speakers were asked about."""
    return {name: f"{100 * uar:.1f}" for own in said.values() for name, uar in own.uar.items()}


def remarks(said: Mapping[str, Validation], clips_of: Mapping[str, str]) -> str:
    """Say of each corpus what is left where each fold chooses for itself; records -> titles."""
    lines = [
        f"- {clips_of[next(iter(own.uar))]}: {percent(own.nested)} ({made_by(own.told)})"
        for own in said.values()
        if own.of(clips_of)
    ]
    if not lines:
        return ""
    head = "Where each fold takes what its own validation speakers like best:"
    return "\n".join(["", head, "", *lines, ""])
