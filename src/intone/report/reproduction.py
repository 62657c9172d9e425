"""A reproduction as text: a report's figures, ours as it split, and ours on unseen speakers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from intone.evaluation import Report
from intone.report.markdown import percent
from intone.report.text import columns
from intone.reproduction import Outcome, Row

HEAD = (
    *("row", "system", "report", "ours, as it split", "unseen speakers", "UAR"),
    *("parameters", "training s", "ms a clip"),
)


def table(outcomes: Iterable[Outcome]) -> str:
    """Set what became of each row, accuracy in percent, and below it the rows without figures."""
    outcomes = list(outcomes)
    rows = [HEAD, *(_cells(outcome) for outcome in outcomes if outcome.unseen)]
    lines = [
        f"{outcome.row.id}  {outcome.row.system}: {outcome.state}"
        for outcome in outcomes
        if not outcome.unseen
    ]
    tables = [columns(rows, left=2)] if len(rows) > 1 else []
    return "\n\n".join([*tables, *(["\n".join(lines)] if lines else [])])


def _cells(outcome: Outcome) -> tuple[str, ...]:
    assert outcome.unseen is not None
    report = Report.from_dict(outcome.unseen["report"])
    return (
        outcome.row.id,
        outcome.row.system,
        reported(outcome.row),
        stamped(outcome.shared) if outcome.shared else "",
        percent(report.accuracy),
        percent(report.uar),
        *cost(outcome.unseen),
    )


def reported(row: Row) -> str:
    """The accuracy that a report gives, in percent."""
    return f"{100 * row.accuracy:.1f}" if row.accuracy else ""


def stamped(record: Mapping[str, Any]) -> str:
    """An accuracy with its interval and its stamp."""
    report = Report.from_dict(record["report"])
    return f"{percent(report.accuracy)} {report.stamp}"


def cost(record: Mapping[str, Any]) -> Iterator[str]:
    """Parameters, seconds of training over all fits, and milliseconds to answer for a clip."""
    yield f"{record['parameters']:,}"
    yield f"{record['seconds']:,.0f}"
    per_clip = record.get("seconds_per_clip")
    yield f"{1000 * per_clip:.1f}" if per_clip else ""
