"""Pictures of scores: confusions, intervals, voices, calibration.

Rates are fractions where they come in, and percent where they are drawn.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# First, because it says what to install, should the next be missing.
from intone.report.style import (
    ACCENT,
    FILL,
    INK,
    MUTED,
    ON_FILL,
    PAPER,
    SEXES,
    bars,
    picture,
)

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from intone.assessment.breakdowns import Voice
from intone.assessment.reliability import Bin, Point
from intone.evaluation import Interval

_DASHED = (0, (3, 2))


# Answers.


@picture
def confusion_matrices(
    labels: Sequence[str], counts: Mapping[str, Sequence[Sequence[int]]]
) -> Figure:
    """Draw confusion matrices side by side: name -> answers, truth by row, answer by column.

    Each cell has its share of its row in percent, which its shade is too, above its count.
    """
    side = 0.8 + 0.42 * len(labels)
    figure = Figure(figsize=(0.5 + side * len(counts), side + 0.25 * (len(counts) > 1)))
    for place, (name, answers) in enumerate(counts.items()):
        axes = figure.add_subplot(1, len(counts), place + 1)
        if len(counts) > 1:
            axes.set_title(name)
        _matrix(axes, np.asarray(answers), labels)
        if place == 0:
            axes.set_ylabel("truth")
        else:
            axes.tick_params(labelleft=False)
    return figure


def _matrix(axes: Axes, counts: NDArray[np.int64], labels: Sequence[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(labels)
    for row, column in np.ndindex(size, size):
        share = float(shares[row, column])
        place = (column + 0.03, row + 0.03)
        axes.add_patch(Rectangle(place, 0.94, 0.94, fc=to_rgba(FILL, share), lw=0))
        style: dict[str, Any] = {"ha": "center", "va": "center"}
        style["color"] = ON_FILL if share > 0.8 else INK if share >= 0.005 else MUTED
        axes.text(column + 0.5, row + 0.4, f"{100 * share:.0f}", fontsize=8, **style)
        axes.text(column + 0.5, row + 0.74, f"{counts[row, column]}", fontsize=5.5, **style)
    axes.set(xlim=(0, size), ylim=(size, 0), aspect="equal", xlabel="answer")
    places = np.arange(size) + 0.5
    axes.set_xticks(places, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, labels)
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)


# Rates with their intervals.


@dataclass(frozen=True, kw_only=True)
class Row:
    """A rate with its interval, to be drawn in a line of its own."""

    name: str
    rate: Interval
    faint: bool = False
    """drawn hollow, for there are too few to say"""


@picture
def headline(uar: Interval, marks: Mapping[str, float]) -> Figure:
    """Draw one rate large, on a scale from nothing to all, between marks such as chance."""
    figure = Figure(figsize=(4.2, 1.15))
    axes = figure.subplots()
    axes.plot([0, 100], [0, 0], color=MUTED, lw=1, alpha=0.5)
    if uar.low is not None and uar.high is not None:
        ends = [100 * uar.low, 100 * uar.high]
        axes.plot(ends, [0, 0], color=ACCENT, lw=9, alpha=0.35, solid_capstyle="round")
    axes.plot(100 * uar.value, 0, "o", ms=9, color=ACCENT)
    axes.annotate(
        f"{100 * uar.value:.1f} %",
        (100 * uar.value, 0),
        (0, 9),
        textcoords="offset points",
        ha="center",
        fontsize=14,
        fontweight="bold",
        color=ACCENT,
    )
    for name, value in marks.items():
        axes.plot([100 * value] * 2, [-0.45, 0.2], color=MUTED, lw=1.2)
        axes.annotate(
            f"{name} {round(100 * value, 1):g}",
            (100 * value, -0.45),
            (0, -3),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9,
            color=MUTED,
        )
    axes.set(xlim=(-2, 102), ylim=(-1.3, 1.5), yticks=[], xticks=[0, 100])
    axes.set_xticklabels(["0", "100 %"])
    axes.tick_params(axis="x", length=0, pad=-14)
    axes.spines[:].set_visible(False)
    return figure


@picture
def intervals(
    rows: Sequence[Row],
    *,
    label: str,
    marks: Mapping[str, float] | None = None,
    width: float = 4.2,
    limits: tuple[float, float] = (0, 1),
) -> Figure:
    """Draw a line a row: its interval, a dot at its value, and the value in figures.

    `marks` are what all rows are seen against, as chance: name -> rate.
    """
    marks = marks or {}
    figure, axes = bars(width=width, height=0.5 + 0.16 * bool(marks) + 0.24 * len(rows))
    for place, row in enumerate(rows):
        _interval(axes, place, row)
    for name, value in marks.items():
        _mark(axes, name, value)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(100 * limits[0], 100 * limits[1])
    axes.set_xlabel(label)
    return figure


def _mark(axes: Axes, name: str, value: float) -> None:
    """Draw a line that all rates are seen against, and its name above it."""
    axes.axvline(100 * value, color=MUTED, lw=0.9, ls=_DASHED)
    axes.annotate(
        name,
        (100 * value, 1),
        (0, 2),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="center",
        fontsize=7.5,
        color=MUTED,
    )


def _interval(axes: Axes, place: float, row: Row) -> None:
    rate = row.rate
    if rate.low is not None and rate.high is not None:
        ends = [100 * rate.low, 100 * rate.high]
        axes.plot(ends, [place] * 2, color=ACCENT, lw=4, alpha=0.35, solid_capstyle="round")
    face = PAPER if row.faint else ACCENT
    axes.plot(100 * rate.value, place, "o", ms=5, mfc=face, mec=ACCENT, mew=1)
    axes.annotate(
        f"{100 * rate.value:.1f}",
        (1, place),
        (5, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


@picture
def voices(voices: Sequence[Voice], *, chance: float) -> Figure:
    """Draw a dot a speaker at its UAR, one above the other where they are alike.

    Shape and colour tell women from men, where that is known.
    """
    step = 2.5  # percentage points that one column of dots stands for
    columns = [int(100 * voice.uar // step) for voice in voices]
    tallest = max(4, *Counter(columns).values())
    figure = Figure(figsize=(4.2, 1 + 0.09 * tallest))
    axes = figure.subplots()
    heights: Counter[int] = Counter()
    drawn: dict[str, Line2D] = {}
    for voice, column in zip(voices, columns, strict=True):
        sex = voice.sex or ""
        [drawn[sex]] = axes.plot(
            (column + 0.5) * step,
            heights[column] + 0.5,
            marker={"female": "o", "male": "^"}.get(sex, "s"),
            color=SEXES.get(sex, ACCENT),
            ms=5,
            ls="",
        )
        heights[column] += 1
    _mark(axes, "chance", chance)
    axes.set(xlim=(0, 100), ylim=(0, tallest + 0.5), yticks=[])
    axes.set_xlabel("UAR of each speaker, %")
    axes.spines["left"].set_visible(False)
    if known := sorted(drawn.keys() - {""}):
        dots = [drawn[sex] for sex in known]
        figure.legend(dots, known, loc="outside upper right", ncols=2, handletextpad=0.1)
    return figure


@picture
def pairs(rows: Sequence[tuple[str, float, float]], *, names: tuple[str, str]) -> Figure:
    """Draw a line a row between two rates that belong together: row, first rate, second rate."""
    figure, axes = bars(width=4.2, height=0.75 + 0.26 * len(rows))
    for place, (_, first, second) in enumerate(rows):
        axes.plot([100 * first, 100 * second], [place] * 2, color=MUTED, lw=1, alpha=0.6)
    for rates, name, marker, colour in (
        ([row[1] for row in rows], names[0], "D", MUTED),
        ([row[2] for row in rows], names[1], "o", ACCENT),
    ):
        places = range(len(rows))
        axes.plot(100 * np.array(rates), places, marker, color=colour, ms=5.5, label=name)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of what was intended")
    figure.legend(loc="outside upper left", ncols=2, handletextpad=0.1)
    return figure


# Calibration.


@picture
def reliability(bins: Sequence[Bin]) -> Figure:
    """Draw how often answers are right against how sure they are, above how many are how sure."""
    figure = Figure(figsize=(3.1, 3.4))
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    left = [100 * one.low for one in bins]
    widths = [100 * (one.high - one.low) for one in bins]
    accuracy = [100 * one.accuracy for one in bins]
    axes.bar(left, accuracy, widths, align="edge", color=to_rgba(ACCENT, 0.35), ec=PAPER, lw=0.8)
    axes.plot([100 * one.confidence for one in bins], accuracy, "o", ms=4, color=ACCENT)
    axes.plot([0, 100], [0, 100], color=MUTED, lw=0.9, ls=_DASHED)
    axes.set(xlim=(0, 100), ylim=(0, 100), ylabel="right, %")
    total = sum(one.answers for one in bins)
    shares = [100 * one.answers / total for one in bins]
    counts.bar(left, shares, widths, align="edge", color=to_rgba(MUTED, 0.5), ec=PAPER, lw=0.8)
    counts.set(xlabel="confidence, %", ylabel="answers, %")
    for each in (axes, counts):
        each.grid(axis="y")
    figure.align_ylabels()
    return figure


@picture
def risk_coverage(points: Sequence[Point]) -> Figure:
    """Draw what is wrong of the answers when only the surest are given."""
    figure = Figure(figsize=(3.1, 3.4))
    axes = figure.subplots()
    coverage = [100 * point.coverage for point in points]
    axes.plot(coverage, [100 * point.risk for point in points], color=ACCENT, lw=1.8)
    axes.set(xlim=(0, 100), ylim=(0, None), xlabel="clips answered, surest first, %")
    axes.set_ylabel("wrong, % of those answered")
    axes.grid()
    return figure
