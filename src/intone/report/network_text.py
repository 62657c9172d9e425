"""A network as plain text, for terminals: its layers as a table, its blocks as a drawing."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from textwrap import wrap
from typing import TypeAlias

from intone.report.network import Block, Edge, Layer, Network, Shape
from intone.report.text import columns


def shape(values: Shape) -> str:
    """Write a shape as `64x31x47`."""
    return "x".join(map(str, values))


def table(network: Network) -> str:
    """Set a row for each layer, under the name of the part that it belongs to."""
    head = ["layer", "", "output", "parameters"]
    first, *rows = columns([head, *map(_row, network.layers)], left=2).split("\n")
    lines, above = [first], ""
    for layer, row in zip(network.layers, rows, strict=True):
        part = _part(layer)
        lines += [part] * (part not in ("", above)) + [row]
        above = part
    return "\n".join(lines)


def _row(layer: Layer) -> list[str]:
    name = layer.name.rpartition(".")[2]
    words = "input" if layer.kind == "input" else layer.words
    learned = f"{layer.parameters:,}" if layer.parameters else ""
    return [f"  {name}" if _part(layer) else name, words, shape(layer.shape), learned]


def _part(layer: Layer) -> str:
    return layer.name.rpartition(".")[0]


def drawing(network: Network) -> str:
    """Draw the blocks from input to output, beside lanes in which flows what they exchange."""
    blocks, edges = network.blocks()
    lanes: dict[int, Edge] = {}
    rows: list[_Row] = []
    for place, block in enumerate(blocks):
        arriving = sorted(lane for lane, edge in lanes.items() if edge.target == place)
        leaving = [edge for edge in edges if edge.source == place]
        if len(arriving) == 1:
            edge = lanes[arriving[0]]
            rows += _read_as(blocks[edge.source].shape, edge.shape, lanes)
        rows += _block(block, arriving, leaving, lanes)
    deepest = max(len(drawn) for drawn, _, _ in rows)
    return columns([[f"{drawn:{deepest}}  {words}", given] for drawn, words, given in rows])


_Row: TypeAlias = tuple[str, str, str]
"""lanes, words and shape"""


def _block(
    block: Block, arriving: Sequence[int], leaving: Sequence[Edge], lanes: dict[int, Edge]
) -> Iterator[_Row]:
    """Draw a block; what arrives leaves the lanes, and what it gives takes them."""
    if len(arriving) > 1:
        yield _bridge(lanes, arriving, "├┴╯"), "", ""
    own = arriving[0] if arriving else _free(lanes)
    for lane in arriving:
        del lanes[lane]
    yield _draw(lanes, {own: "●" if arriving else "○"}), block.main.words, shape(block.shape)
    opened = []
    for edge in leaving:
        opened.append(_free(lanes, own))
        lanes[opened[-1]] = edge
    below = {lane: edge for lane, edge in lanes.items() if lane not in opened[1:]}
    for line in wrap(", ".join(layer.words for layer in block.others), 58):
        yield _draw(below), f"  {line}", ""
    if len(opened) > 1:
        yield _bridge(lanes, opened, "├┬╮"), "", ""


def _read_as(given: Shape, read: Shape, lanes: dict[int, Edge]) -> Iterator[_Row]:
    """Say how what a block gives is laid out for the next; axes of one value say nothing."""
    if [size for size in given if size > 1] != [size for size in read if size > 1]:
        yield _draw(lanes), "  read as", shape(read)


def _free(lanes: dict[int, Edge], first: int = 0) -> int:
    return next(lane for lane in count(first) if lane not in lanes)


def _draw(lanes: dict[int, Edge], marks: Mapping[int, str] = {}) -> str:
    """Draw the open lanes at one height, some of them as marks."""
    drawn = {**dict.fromkeys(lanes, "│"), **marks}
    return " ".join(drawn.get(lane, " ") for lane in range(max(drawn, default=-1) + 1))


def _bridge(lanes: dict[int, Edge], joined: Sequence[int], ends: str) -> str:
    """Draw a line across that joins lanes, by its first, its inner and its last sign."""
    first, last = joined[0], joined[-1]
    crossed = {lane: "┼" if lane in lanes else "─" for lane in range(first, last)}
    own = dict.fromkeys(joined, ends[1]) | {first: ends[0], last: ends[2]}
    drawn = _draw(lanes, crossed | own)
    return drawn[: 2 * first] + drawn[2 * first : 2 * last].replace(" ", "─") + drawn[2 * last :]
