"""A source report on the results page: what it says row by row, and ours beside it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from intone.errors import DataError
from intone.report.markdown import percent, table
from intone.report.result import UNSEEN, Result
from intone.reproduction import Row, SourceReport

HEAD = ["row", "system", "clips of", "report", "ours, as it split", "ours, unseen speakers", "UAR"]
HEAD += ["folds", "clips", "best epochs", "parameters", "training, min", "ms a clip"]


@dataclass(frozen=True)
class Line:
    """Our records of a row on the same clips."""

    row: Row
    shared: Result | None
    """split as the report split its clips"""
    unseen: Result | None

    @property
    def results(self) -> list[Result]:
        """Those that there are."""
        return [result for result in (self.shared, self.unseen) if result]

    @property
    def labels(self) -> tuple[str, ...]:
        """What they tell apart."""
        return self.results[-1].report.labels


def lines(report: SourceReport, results: Mapping[str, Result]) -> Iterator[Line]:
    """Go through a report's rows, and within a row through the corpora that it was trained on.

    Raises:
        DataError: two records would stand in the same place.
    """
    for row in report.rows:
        found: dict[tuple[str, ...], list[Result]] = defaultdict(list)
        for result in results.values():
            if _is_of(result, row):
                found[result.clips_of, *result.report.labels].append(result)
        for group in found.values():
            shared = _one(r for r in group if r.protocol == report.protocol.get("name"))
            unseen = _one(r for r in group if r.report.stamp == UNSEEN)
            if shared or unseen:
                yield Line(row, shared, unseen)


def section(letter: str, report: SourceReport, found: Sequence[Line]) -> str:
    """Set a report: its caution, its rows with ours beside them, and the rows without figures."""
    judged = {line.row for line in found}
    missing = [
        f"- {row.id}, {row.system}{_reported(row, ' (the report: {})')}: {row.note}"
        for row in report.rows
        if row not in judged
    ]
    parts = [f"## Report {letter}: {report.title}", report.caution]
    if found:
        parts.append(table([HEAD, *map(_cells, found)]).rstrip())
    if missing:
        parts += ["Without a figure of ours:", "\n".join(missing)]
    return "\n\n".join(parts) + "\n"


def _is_of(result: Result, row: Row) -> bool:
    """Whether a record is of a row's recipes; or of the row itself, as ensembles are."""
    if row.recipe:
        return result.recipe in (row.recipe, *row.also)
    of: str | None = result.record["recipe"]["report"]
    return of == row.id


def _one(results: Iterable[Result]) -> Result | None:
    found = list(results)
    if len(found) > 1:
        raise DataError(f"{found[0].name} and {found[1].name} are of one row; one is a study")
    return found[0] if found else None


def _cells(line: Line) -> list[str]:
    shared, unseen = line.shared, line.unseen
    last = line.results[-1]
    return [
        line.row.id,
        line.row.system,
        f"{last.clips_of}, {len(line.labels)} classes",
        _reported(line.row, "{}"),
        f"{percent(shared.report.accuracy)} *{shared.report.stamp}*" if shared else "–",
        percent(unseen.report.accuracy) if unseen else "–",
        percent(unseen.report.uar) if unseen else "–",
        last.folds,
        str(last.report.clips),
        last.epochs,
        f"{last.record['parameters']:,}",
        f"{last.record['seconds'] / 60:.0f}",
        last.milliseconds,
    ]


def _reported(row: Row, words: str) -> str:
    if row.accuracy is None:
        return ""
    f1 = f" (F1 {100 * row.macro_f1:.1f})" if row.macro_f1 else ""
    return words.format(f"{100 * row.accuracy:.1f}{f1}")
