"""What benchmarks measured beside the figures of the results page's records."""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intone.evaluation import Interval
from intone.report.markdown import interval, made_by, percent

Tables = Mapping[str, Mapping[str, Any]]
"""the clips' corpora -> what a benchmark kept of the records on them"""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What was kept, a file each."""

    validation: Tables
    """of `benchmarks/validation.py`: what speakers say of runs who are not tested"""
    normalised: Tables
    """of `benchmarks/normalised.py`: the same runs with each voice on its own scale"""

    def columns(self, records: Collection[str]) -> dict[str, dict[str, str]]:
        """Columns beside some records: the head, and the cell of each record that has one."""
        columns = {
            "UAR, validation": _cells(self.validation, lambda uar: interval([uar])),
            "UAR, voices on their own scales": _cells(self.normalised, interval),
        }
        return {head: own for head, own in columns.items() if not own.keys().isdisjoint(records)}

    def remarks(self, clips_of: Mapping[str, str]) -> str:
        """Say of each corpus what is left where each fold chooses for itself; records -> titles."""
        lines = [
            f"- {clips_of[next(iter(told['uar']))]}: {percent(interval(told['nested']))}; "
            f"{made_by(told)}"
            for told in self.validation.values()
            if set(told["uar"]) <= set(clips_of)
        ]
        if not lines:
            return ""
        head = "Where each fold takes what its own validation speakers like best:"
        scales = [f"- {made_by(told)}" for told in self.normalised.values()]
        return "\n".join(["", head, "", *lines, "", "Voices on their own scales:", "", *scales, ""])


def read(folder: Path) -> Beside:
    """Read what stands in a folder of records; nothing, where nothing was kept."""
    return Beside(
        validation=_tables(folder / "validation.toml"),
        normalised=_tables(folder / "normalised.toml"),
    )


def _tables(path: Path) -> Tables:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _cells(tables: Tables, read: Callable[[Any], Interval]) -> dict[str, str]:
    return {
        record: percent(read(uar))
        for told in tables.values()
        for record, uar in told["uar"].items()
    }
