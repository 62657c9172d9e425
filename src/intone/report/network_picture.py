"""A network as a picture: a box for each block, the shapes beside what flows between them.

Blocks stand in rows, as far down as the longest way to them; the columns of branches run straight.
All lengths are in inches, heights from the top down.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import PurePath
from statistics import mean
from textwrap import wrap
from typing import Any

# First, because it says what to install, should the next be missing.
from intone.report import style
from intone.report.style import INK, MUTED, PAPER

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path
from sklearn.isotonic import isotonic_regression

from intone.report.network import Block, Edge, Kind, Network, Shape

WIDTH = 2.3  # of a box
APART = 0.45  # of columns
GAP = 0.58  # between rows
LINE = 0.15  # of small text
MARGIN = 0.35
ROUND = 0.09  # of corners

COLOURS: Mapping[Kind, str] = {
    "convolution": "#2f6fb5",
    "recurrent": "#1b8a5a",
    "attention": "#7a4fa3",
    "dense": "#d0660a",
    "learned": "#b8336a",
    "join": INK,
}
"""Of the kinds that do most; all others are muted."""


def draw(network: Network, title: str) -> Figure:
    """Draw a network from its inputs, at the top, to what it gives."""
    blocks, edges = network.blocks()
    plan = _plan(blocks, edges)
    left = min(plan.middles) - WIDTH / 2 - MARGIN
    right = max(plan.middles) + WIDTH / 2 + MARGIN
    heading = wrap(title, int(10.5 * (right - left - 2 * MARGIN)))
    top = -0.65 - 0.19 * len(heading)
    bottom = plan.spans[-1][1] + GAP + MARGIN
    figure = Figure(figsize=(right - left, bottom - top), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    _text(axes, left + MARGIN, -0.45, "\n".join(heading), size=10, weight="bold", va="bottom")
    _text(axes, left + MARGIN, -0.3, f"{network.parameters:,} parameters", color=MUTED)
    for edge, way in zip(edges, plan.ways, strict=True):
        _flow(axes, edge, way, plan, edges)
    for place, block in enumerate(blocks):
        _box(axes, block, plan.middles[place], plan.spans[plan.rows[place]])
    _result(axes, blocks[-1], plan)
    return figure


def encode(figure: Figure, path: PurePath) -> bytes:
    """Encode a picture as the name of a file says: as SVG or as PNG."""
    return style.encode(figure, path, "network")


# Where things stand.


@dataclass(frozen=True)
class _Plan:
    """Where blocks stand, and the edges where they pass rows on their way further down."""

    rows: Sequence[int]
    """of the blocks, and after them of the passing edges"""
    middles: Sequence[float]
    """of the same, across"""
    spans: Sequence[tuple[float, float]]
    """of each row: its top and bottom"""
    ways: Sequence[Sequence[int]]
    """of each edge: its source, where it passes, its target"""

    def gap(self, place: int) -> float:
        """The height of the middle of the gap above a place."""
        return self.spans[self.rows[place]][0] - GAP / 2


def _plan(blocks: Sequence[Block], edges: Sequence[Edge]) -> _Plan:
    rows = _rows(len(blocks), edges)
    ways, thin = [], set()
    for edge in edges:
        passed = range(rows[edge.source] + 1, rows[edge.target])
        passing = range(len(rows), len(rows) + len(passed))
        rows += passed
        ways.append([edge.source, *passing, edge.target])
        if _is_skip(edge, edges):
            thin |= {*passing}
    heights = [0.0] * (max(rows) + 1)
    for row, block in zip(rows, blocks, strict=False):
        heights[row] = max(heights[row], _height(block))
    bottoms = accumulate(heights, lambda bottom, height: bottom + GAP + height)
    spans = [(bottom - height, bottom) for bottom, height in zip(bottoms, heights, strict=True)]
    return _Plan(rows, _middles(rows, ways, thin), spans, ways)


def _rows(count: int, edges: Sequence[Edge]) -> list[int]:
    """The row of each block: below all that it reads; what reads nothing is above its reader."""
    rows = [0] * count
    for edge in sorted(edges, key=lambda edge: edge.target):
        rows[edge.target] = max(rows[edge.target], rows[edge.source] + 1)
    for place in set(range(count)) - {edge.target for edge in edges}:
        rows[place] = min(rows[edge.target] for edge in edges if edge.source == place) - 1
    return rows


def _is_skip(edge: Edge, edges: Sequence[Edge]) -> bool:
    """Whether there is a longer way to where an edge goes."""
    reached = {other.target for other in edges if other.source == edge.source} - {edge.target}
    for other in sorted(edges, key=lambda other: other.source):
        if other.source in reached:
            reached.add(other.target)
    return edge.target in reached


def _middles(rows: Sequence[int], ways: Sequence[Sequence[int]], thin: set[int]) -> list[float]:
    """Place all of a row near what is above and below them: down, up and down again.

    Thin ones, which skip blocks, stand beside the others, and draw none of them near.
    """
    above, below = _neighbours(len(rows), ways, thin)
    target = {place: way[-1] for way in ways for place in way}
    widths = [0.0 if place in thin else WIDTH for place in range(len(rows))]
    middles = [0.0] * len(rows)
    lines: list[list[int]] = [[] for _ in range(max(rows) + 1)]
    for place, row in enumerate(rows):
        lines[row].append(place)

    def wanted(place: int, near: list[list[int]]) -> float:
        return mean(middles[other] for other in near[place] or [place])

    def settle(line: list[int], near: list[list[int]]) -> None:
        ideal = [wanted(place, near) for place in line]
        for place, middle in zip(line, _apart(ideal, [widths[p] for p in line]), strict=True):
            middles[place] = middle

    for line in lines:
        line.sort(key=lambda place: (wanted(place, above), target[place]))
        settle(line, above)
    for line in reversed(lines):
        settle(line, below)
    for line in lines:
        settle(line, above)
    return middles


def _neighbours(
    count: int, ways: Sequence[Sequence[int]], thin: set[int]
) -> tuple[list[list[int]], list[list[int]]]:
    """Of each place, those right above and right below that draw it near."""
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for way in ways:
        for upper, lower in pairwise(way):
            if upper not in thin or lower in thin:
                above[lower].append(upper)
            if lower not in thin or upper in thin:
                below[upper].append(lower)
    return above, below


def _apart(ideal: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The middles nearest to the ideal ones at which things of these widths stand apart, in order.

    What has no width gives way to what has.
    """
    least = [(one + other) / 2 + APART for one, other in pairwise(widths)]
    offsets = np.cumsum([0, *least])
    weights = [1 if width else 1e-4 for width in widths]
    moved = isotonic_regression(np.array(ideal) - offsets, sample_weight=weights) + offsets
    return [round(float(middle), 2) for middle in moved]


# What stands there.


def _box(axes: Axes, block: Block, middle: float, span: tuple[float, float]) -> None:
    left, (top, bottom) = middle - WIDTH / 2, span
    colour = COLOURS.get(block.main.kind, MUTED)
    shape = "round,pad=0,rounding_size=0.07"
    place: dict[str, Any] = {"xy": (left, top), "width": WIDTH, "height": bottom - top}
    paper = FancyBboxPatch(**place, boxstyle=shape, facecolor=PAPER, edgecolor="none")
    tint = FancyBboxPatch(**place, boxstyle=shape, facecolor=colour, edgecolor="none", alpha=0.1)
    rim = FancyBboxPatch(**place, boxstyle=shape, facecolor="none", edgecolor=colour, linewidth=0.8)
    stripe = Rectangle((left, top), 0.08, bottom - top, facecolor=colour)
    for patch in (paper, tint, stripe, rim):
        axes.add_patch(patch)
    stripe.set_clip_path(paper)
    head, small = _words(block)
    _text(axes, left + 0.18, top + 0.17, head, weight="bold")
    for line, words in enumerate(small):
        _text(axes, left + 0.18, top + 0.37 + LINE * line, words, size=7.5)
    learned = sum(layer.parameters for layer in block.layers)
    if learned:
        _text(axes, left + WIDTH - 0.1, top + 0.17, f"{learned:,}", color=MUTED, size=7, ha="right")


def _height(block: Block) -> float:
    _, small = _words(block)
    return 0.34 + (LINE * len(small) + 0.04) * bool(small)


def _words(block: Block) -> tuple[str, list[str]]:
    """The name of a block, and what else is to be said, in lines."""
    head, *settings = block.main.words.replace("->", "→").split(", ")
    if block.main.kind in ("input", "learned"):
        settings.append(_shape(block.main.shape))
    parts = [*settings, *(layer.words for layer in block.others)]
    unbroken = [re.sub(r"(?<=\d)x(?=\d)", " × ", part).replace(" ", _NO_BREAK) for part in parts]
    lines = wrap(f"{_NO_BREAK}· ".join(unbroken), 34, break_on_hyphens=False)
    return head, [line.rstrip(f"·{_NO_BREAK}") for line in lines]


_NO_BREAK = "\N{NO-BREAK SPACE}"


def _flow(axes: Axes, edge: Edge, way: Sequence[int], plan: _Plan, edges: Sequence[Edge]) -> None:
    """Draw an edge, and its shape where no other edge is."""
    start, end = way[0], way[-1]
    corners = [(plan.middles[start], plan.spans[plan.rows[start]][1])]
    for upper, lower in pairwise(way):
        corners += [(plan.middles[place], plan.gap(lower)) for place in (upper, lower)]
    corners.append((plan.middles[end], plan.spans[plan.rows[end]][0]))
    _arrow(axes, corners)
    forks = sum(other.source == edge.source for other in edges) > 1
    joins = sum(other.target == edge.target for other in edges) > 1
    first_gap = plan.gap(way[1])
    if forks and len(way) > 2:
        beside, height = way[1], sum(plan.spans[plan.rows[way[1]]]) / 2
    elif forks:
        beside, height = end, first_gap + GAP / 4
    else:
        beside, height = start, first_gap - GAP / 4 * joins
    _text(axes, plan.middles[beside] + 0.07, height, _shape(edge.shape), size=7, color=MUTED)


def _result(axes: Axes, block: Block, plan: _Plan) -> None:
    """Draw what the last block gives."""
    middle, bottom = plan.middles[plan.ways[-1][-1]], plan.spans[-1][1]
    _arrow(axes, [(middle, bottom), (middle, bottom + GAP)])
    words = f"{_shape(block.shape)} logits"
    _text(axes, middle, bottom + GAP + 0.12, words, size=7.5, ha="center")


def _arrow(axes: Axes, corners: Sequence[tuple[float, float]]) -> None:
    """Draw an arrow along corners, which are rounded."""
    points = np.array([corners[0], *(b for a, b in pairwise(corners) if a != b)])
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        begin, end = (
            corner + (other - corner) * min(1, ROUND / np.abs(other - corner).max())
            for other in (before, after)
        )
        vertices += [begin, corner, end]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    path = Path([*vertices, points[-1]], [*codes, Path.LINETO])
    axes.add_patch(
        FancyArrowPatch(
            path=path, arrowstyle="-|>", mutation_scale=7, linewidth=0.9, color=MUTED, zorder=0.5
        )
    )


def _text(axes: Axes, x: float, y: float, words: str, **style: Any) -> None:
    usual: dict[str, Any] = {"size": 8.5, "color": INK, "va": "center_baseline"}
    axes.text(x, y, words, **usual | style)


def _shape(values: Shape) -> str:
    return " × ".join(map(str, values))
