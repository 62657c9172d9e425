"""A recording as a picture: its sound in the colours of the segments, and the answers over time."""

from collections.abc import Mapping, Sequence
from typing import Any

# First, because it says what to install, should the next be missing.
from intone.report.style import MUTED, emotion_colour, picture

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator
from numpy.typing import NDArray

Timeline = Mapping[str, Any]
Floats = NDArray[np.floating[Any]]

_WIDTH = 9.0  # inches
_FINE, _COARSE = 900, 180  # columns
_LONG = 300  # seconds: from here on answers are drawn in coarse columns
_PEAK_EVERY = 0.1  # seconds
_FAINT = 0.2  # opacity of sound without speech
_LETTER = 0.062  # inches, of the names in the segments
_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between ticks
_TICKS = 10


@picture
def timelines(timelines: Sequence[Timeline]) -> Figure:
    """Draw timelines of one recording, as `Timeline.to_dict` gives them, one above the other.

    Above is the sound, in grey where nobody speaks; in the middle the segments; below the
    probabilities of the windows, stacked to 100 %. Long recordings are drawn coarser.
    """
    figure = Figure(figsize=(_WIDTH, 0.5 + 2.1 * len(timelines)))
    heights = [5, 1, 6] * len(timelines)
    grid = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    for number, timeline in enumerate(timelines):
        sound, strip, answers = grid[3 * number : 3 * number + 3]
        _sound(sound, timeline)
        _segments(strip, timeline)
        _answers(answers, timeline)
        if timeline["channel"]:
            sound.set_title(f"channel {timeline['channel']}", fontsize=8, pad=3)
    seconds = timelines[0]["seconds"]
    grid[-1].set_xlim(0, seconds)
    step = next((step for step in _STEPS if seconds / step <= _TICKS), _STEPS[-1])
    grid[-1].xaxis.set_major_locator(MultipleLocator(step))
    grid[-1].xaxis.set_major_formatter(FuncFormatter(lambda at, _: _clock(at, step)))
    _legend(figure, timelines)
    return figure


def _sound(axes: Axes, timeline: Timeline) -> None:
    coarse = -(-len(timeline["peaks"]) // _FINE)
    peaks = np.pad(timeline["peaks"], (0, -len(timeline["peaks"]) % coarse))
    levels = peaks.reshape(-1, coarse).mean(axis=1)
    edges = _PEAK_EVERY * coarse * np.arange(len(levels) + 1)
    emotions, shares = _shares(timeline["segments"], edges)
    silent = shares.sum(axis=0) == 0
    axes.stairs(levels, edges, baseline=-levels, fill=True, color=MUTED, alpha=_FAINT)
    for place, emotion in enumerate(emotions):
        own = np.where(~silent & (shares.argmax(axis=0) == place), levels, np.nan)
        axes.stairs(own, edges, baseline=-own, fill=True, color=emotion_colour(emotion))
    reach = 1.05 * (levels.max() or 1.0)
    axes.set_ylim(-reach, reach)
    _bare(axes, "sound")


def _segments(axes: Axes, timeline: Timeline) -> None:
    inches = 0.9 * _WIDTH / timeline["seconds"]
    for segment in timeline["segments"]:
        start, width = segment["start"], segment["end"] - segment["start"]
        colour = emotion_colour(segment["emotion"])
        axes.barh(0, width, left=start, height=1, color=colour)
        if len(segment["emotion"]) * _LETTER < width * inches:
            text = axes.text(start + width / 2, -0.03, segment["emotion"], ha="center", va="center")
            text.set(fontsize=6.5, color=_readable(colour))
    axes.set_ylim(-0.5, 0.5)
    _bare(axes, "")


def _answers(axes: Axes, timeline: Timeline) -> None:
    count = _FINE if timeline["seconds"] < _LONG else _COARSE
    edges = np.linspace(0, timeline["seconds"], count + 1)
    emotions, shares = _shares(timeline["windows"], edges)
    total = shares.sum(axis=0)
    tops = np.cumsum(100 * shares / np.where(total > 0, total, np.nan), axis=0)
    below = np.zeros(count)
    for emotion, top in zip(emotions, tops, strict=True):
        axes.stairs(top, edges, baseline=below, fill=True, color=emotion_colour(emotion))
        below = top
    axes.set(ylim=(0, 100), yticks=[0, 50, 100])
    axes.set_yticklabels(["0", "50", "100 %"])
    axes.set_ylabel("windows")


def _shares(parts: Sequence[Mapping[str, Any]], edges: Floats) -> tuple[list[str], Floats]:
    """The labels, and how much of each is heard between one edge and the next: `[labels, N]`."""
    labels = [*parts[0]["probabilities"]] if parts else []
    shares = np.zeros((len(labels), len(edges) - 1))
    for part in parts:
        first, last = np.searchsorted(edges, [part["start"], part["end"]])
        near = slice(max(0, first - 1), last)
        starts, ends = edges[:-1][near], edges[1:][near]
        overlap = np.minimum(ends, part["end"]) - np.maximum(starts, part["start"])
        own = np.array([*part["probabilities"].values()])
        shares[:, near] += own[:, None] * np.maximum(overlap, 0)
    return labels, shares


def _legend(figure: Figure, timelines: Sequence[Timeline]) -> None:
    windows = [window for timeline in timelines for window in timeline["windows"]]
    labels = [*windows[0]["probabilities"]] if windows else []
    patches = [Patch(color=emotion_colour(label), label=label) for label in labels]
    patches.append(Patch(color=MUTED, alpha=_FAINT, label="no speech"))
    figure.legend(handles=patches, loc="outside upper left", ncols=len(patches), handlelength=1)


def _readable(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 130 else "white"


def _clock(seconds: float, step: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    rest_text = f"{rest:04.1f}" if step < 1 else f"{rest:02.0f}"
    return f"{hours}:{minutes:02}:{rest_text}" if hours else f"{minutes}:{rest_text}"


def _bare(axes: Axes, label: str) -> None:
    axes.set_yticks([])
    axes.set_ylabel(label)
    axes.tick_params(bottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
