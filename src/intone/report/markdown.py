"""Figures as Markdown tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from intone.evaluation import Interval


def table(rows: Sequence[Sequence[str]]) -> str:
    """Set rows of cells as a Markdown table, the first row as its head."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def percent(interval: Interval) -> str:
    """Set a fraction with its interval, in percent: `54.3 (50.1-58.2)`."""
    value = f"{100 * interval.value:.1f}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({100 * interval.low:.1f}-{100 * interval.high:.1f})"


def interval(kept: Sequence[float]) -> Interval:
    """Read a value as TOML keeps it: with its two bounds, or alone where it has none."""
    value, *bounds = kept
    low, high = bounds or (None, None)
    return Interval(value, low, high)


def made_by(told: Mapping[str, Any]) -> str:
    """Say what made the figures of a benchmark: command, commit, date and processor."""
    return f"`{told['command']}`, commit {told['commit']}, {told['date']}, on {told['processor']}."
