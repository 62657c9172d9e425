"""Reports and tables as plain text, for terminals."""

from collections.abc import Mapping, Sequence
from typing import Any

from intone.evaluation import FEWEST_UNITS, METRICS, Interval, Report


def columns(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Align rows of cells, the first `left` columns to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def heard(answer: Mapping[str, Any]) -> str:
    """Name what was heard, as in an answer's plain values: `sad`, or, unsure, `sad or fearful?`."""
    if not answer["unsure"]:
        return str(answer["emotion"])
    first, second, *others = answer["candidates"]
    return f"{first}, {second}, …?" if others else f"{first} or {second}?"


def table(report: Report) -> str:
    """Set the report as plain text for a terminal: metrics, classes and the confusion matrix."""
    blocks = [_summary(report), columns(_metric_rows(report))]
    if report.by_speaker:
        own = [[speaker, f"{uar:.3f}"] for speaker, uar in report.by_speaker.items()]
        blocks.append(
            f"Fewer than {FEWEST_UNITS} speakers: no interval, but the UAR of each.\n"
            + columns([["speaker", "UAR"], *own])
        )
    blocks.append(columns(_class_rows(report)))
    blocks.append(
        "Answers: truth by row, prediction by column.\n" + columns(_confusion_rows(report))
    )
    return "\n\n".join(blocks)


def _summary(report: Report) -> str:
    speakers = "speakers unknown" if report.speakers is None else f"{report.speakers} speakers"
    clips = f"{report.clips} clips"
    if report.answers > report.clips:
        clips += f" ({report.answers} answers)"
    same = report.protocol.replace("-", " ") == report.stamp
    judged = report.stamp if same else f"{report.protocol}, {report.stamp}"
    return f"{judged}\n{clips}, {speakers}, {len(report.labels)} classes"


def _metric_rows(report: Report) -> list[list[str]]:
    rows = [["metric", "value", f"95 % interval over {report.resampled}"]]
    for metric, name in METRICS.items():
        interval: Interval = getattr(report, metric)
        span = "" if interval.low is None else f"{interval.low:.3f} to {interval.high:.3f}"
        rows.append([name, f"{interval.value:.3f}", span])
    rows.append(["chance UAR", f"{report.chance:.3f}", ""])
    bounded = report.uar.low is not None
    return rows if bounded else [row[:2] for row in rows]


def _class_rows(report: Report) -> list[list[str]]:
    rates = [
        [one.label, f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}", str(one.support)]
        for one in report.per_class
    ]
    return [["class", "precision", "recall", "F1", "support"], *rates]


def _confusion_rows(report: Report) -> list[list[str]]:
    # Short column heads keep eight classes within 80 characters; the rows spell them out.
    heads = [label if len(label) <= 6 else f"{label[:5]}." for label in report.labels]
    counts = [
        [label, *map(str, row)] for label, row in zip(report.labels, report.confusion, strict=True)
    ]
    return [["", *heads], *counts]
