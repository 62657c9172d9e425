"""A comparison of runs as tables."""

from collections.abc import Sequence

from intone.comparison import Difference, Row
from intone.report.markdown import percent
from intone.report.text import columns


def text(rows: Sequence[Row]) -> str:
    """Set both tables for a terminal, and say how to read them."""
    apart = [row.name for row in rows[1:] if row.mcnemar is None]
    unpaired = f"\n\nNo tests for {', '.join(apart)}: other clips or labels." if apart else ""
    paired = len(apart) < len(rows) - 1
    tests = f"\n\nAgainst {rows[0].name}:\n{columns(tests_rows(rows))}\n\n{NOTE}" if paired else ""
    return f"{columns(score_rows(rows), left=2)}{tests}{unpaired}"


NOTE = (
    "Points, with 95 % intervals of a bootstrap that draws the same speakers for both. McNemar's\n"
    "exact test counts clips that one alone gets right; it takes clips for independent, and so\n"
    "finds more differences than there are."
)


def score_rows(rows: Sequence[Row]) -> list[list[str]]:
    """What each run is worth and costs."""
    head = ["run", "stamp", "clips", "UAR, %", "accuracy, %", "macro F1, %"]
    lines = [[*head, "parameters", "minutes", "ms a clip"]]
    split_alike = len({row.report.protocol for row in rows}) == 1
    for row in rows:
        report = row.report
        lines.append(
            [
                row.name,
                report.stamp if split_alike else f"{report.stamp} ({report.protocol})",
                str(report.clips),
                *(percent(each) for each in (report.uar, report.accuracy, report.macro_f1)),
                f"{row.parameters:,}",
                f"{row.seconds / 60:.1f}",
                "" if row.seconds_per_clip is None else f"{1000 * row.seconds_per_clip:.1f}",
            ]
        )
    return lines


def tests_rows(rows: Sequence[Row]) -> list[list[str]]:
    """How far each run is from the first, and how sure that is."""
    head = ["run", "UAR", "p", "accuracy", "p", "macro F1", "p"]
    lines = [[*head, "right alone", f"{rows[0].name} alone", "McNemar p"]]
    for row in rows[1:]:
        if row.mcnemar is None:
            continue
        found = [row.differences[metric] for metric in ("uar", "accuracy", "macro_f1")]
        lines.append(
            [
                row.name,
                *(cell for one in found for cell in (points(one), _p(one.p))),
                str(row.mcnemar.only_this),
                str(row.mcnemar.only_reference),
                _p(row.mcnemar.p),
            ]
        )
    return lines


def points(difference: Difference) -> str:
    value = f"{100 * difference.value:+.1f}"
    if difference.low is None or difference.high is None:
        return value
    return f"{value} ({100 * difference.low:+.1f} to {100 * difference.high:+.1f})"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return f"{p:.3f}" if p >= 0.001 else "<0.001"
