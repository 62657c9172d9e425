"""Pictures of a search: what it found as it went on, and which settings did it."""

from collections.abc import Mapping, Sequence

# First, because it says what to install, should the next be missing.
from intone.report.style import (
    ACCENT,
    BESIDE,
    INK,
    MUTED,
    PAPER,
    bars,
    picture,
)

# isort: split
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from intone.search.space import Dimension, FloatRange, IntRange, Value
from intone.search.tuning import Outcome, Trial

NAMES = {"loss": "loss", "accuracy": "accuracy", "uar": "UAR"}
"""what a monitor is called"""

_SCALES = {"loss": "log", "accuracy": "linear", "uar": "linear"}


@picture
def history(outcome: Outcome) -> Figure:
    """Draw each trial's value in the order of the trials, and the best complete one so far."""
    figure = Figure(figsize=(4.8, 2.6))
    axes = figure.subplots()
    for state, face in (("stopped", PAPER), ("complete", ACCENT)):
        own = [trial for trial in outcome.trials if trial.state == state]
        places = [trial.number for trial in own]
        values = [trial.curve[-1] for trial in own]
        axes.plot(places, values, "o", ms=4.5, mfc=face, mec=ACCENT, label=state)
    complete = [trial for trial in outcome.trials if trial.state == "complete"]
    accumulate = (np.minimum if outcome.monitor == "loss" else np.maximum).accumulate
    places = [trial.number for trial in complete]
    best = accumulate([trial.curve[-1] for trial in complete])
    axes.step(places, best, where="post", color=INK, lw=1.2, label="best so far")
    axes.set_yscale(_SCALES[outcome.monitor])
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("trial")
    axes.set_ylabel(f"validation {NAMES[outcome.monitor]}")
    axes.grid(axis="y")
    figure.legend(loc="outside upper left", ncols=3, handlelength=1.4)
    return figure


@picture
def importance(shares: Mapping[str, float]) -> Figure:
    """Draw a bar a setting: the share of the completed trials' variance that it explains."""
    figure, axes = bars(width=4.8, height=0.55 + 0.26 * len(shares))
    axes.barh(list(shares), [100 * share for share in shares.values()], color=ACCENT)
    for place, share in enumerate(shares.values()):
        axes.annotate(f"{100 * share:.0f}", (100 * share, place), (4, 0), **BESIDE)
    axes.set_xlim(0, 105)
    axes.set_xlabel("importance, %")
    return figure


@picture
def parallel_coordinates(outcome: Outcome, space: Mapping[str, Dimension]) -> Figure:
    """Draw a line a trial through its settings, an axis each, and its value's colour.

    Trials that were stopped are thin.
    """
    tried = [trial for trial in outcome.trials if trial.curve]
    ends = np.array([trial.curve[-1] for trial in tried])
    scale = LogNorm if outcome.monitor == "loss" else Normalize
    known = scale(ends.min(), ends.max())
    colours = colormaps["viridis_r" if outcome.monitor == "loss" else "viridis"]
    figure = Figure(figsize=(1.5 + 1.25 * len(space), 3.2))
    axes = figure.subplots()
    for trial in sorted(tried, key=lambda trial: trial.state == "complete"):
        heights = [_height(trial.values[name], space[name]) for name in space]
        wide = trial.state == "complete"
        axes.plot(heights, color=colours(known(trial.curve[-1])), lw=1.8 if wide else 0.6)
    behind = {"fc": PAPER, "ec": "none", "pad": 0.6, "alpha": 0.7}
    for place, dimension in enumerate(space.values()):
        axes.axvline(place, color=MUTED, lw=0.8)
        for value in _marks(dimension):
            at = (place, _height(value, dimension))
            axes.annotate(_short(value), at, (4, 0), **BESIDE, bbox=behind)
    names = [name.replace(".", ".\n") for name in space]
    axes.set_xticks(range(len(space)), names, color=INK)
    axes.set_xlim(-0.1, len(space) - 0.4)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(ScalarMappable(known, colours), ax=axes, aspect=30, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(f"validation {NAMES[outcome.monitor]}")
    return figure


@picture
def brackets(outcome: Outcome, *, min_epochs: int, eta: int) -> Figure:
    """Draw each bracket's trials, epoch by epoch: the best value so far, and where they ended.

    A line stands where trials are compared.
    """
    last = max(len(trial.curve) for trial in outcome.trials)
    groups: dict[int, list[Trial]] = {}
    for trial in outcome.trials:
        groups.setdefault(trial.bracket, []).append(trial)
    figure = Figure(figsize=(4.8, 0.5 + 1.2 * len(groups)))
    rows = figure.subplots(len(groups), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (bracket, trials) in zip(rows, sorted(groups.items()), strict=True):
        _bracket(axes, trials)
        first = min_epochs * eta**bracket
        for step in range(bracket, 64):
            if min_epochs * eta**step >= last:
                break
            axes.axvline(min_epochs * eta**step, color=MUTED, lw=0.8, ls=(0, (3, 2)))
        when = f"first compared at epoch {first}" if first < last else "trained to the end"
        axes.set_title(f"{when}: {len(trials)} trials", fontsize=8)
        axes.set_ylabel(NAMES[outcome.monitor])
    rows[-1].set(xscale="log", yscale=_SCALES[outcome.monitor])
    ticks = [min_epochs * eta**step for step in range(64) if min_epochs * eta**step <= last]
    rows[-1].set_xticks([*ticks, last] if last not in ticks else ticks)
    rows[-1].xaxis.set_major_formatter("{x:g}")
    rows[-1].minorticks_off()
    rows[-1].set_xlabel("epoch")
    return figure


def _bracket(axes: Axes, trials: Sequence[Trial]) -> None:
    for trial in trials:
        ended = trial.state == "complete"
        colour = ACCENT if ended else MUTED
        axes.plot(
            range(1, len(trial.curve) + 1), trial.curve, color=colour, lw=1.4 if ended else 0.7
        )
        if trial.curve:
            face = colour if ended else PAPER
            axes.plot(len(trial.curve), trial.curve[-1], "o", ms=3.5, mfc=face, mec=colour)


def _marks(dimension: Dimension) -> Sequence[Value]:
    if isinstance(dimension, IntRange | FloatRange):
        return (dimension.low, dimension.high)
    return dimension


def _height(value: Value, dimension: Dimension) -> float:
    """Where a value stands on its axis, from 0 to 1."""
    if isinstance(dimension, tuple):
        return dimension.index(value) / (len(dimension) - 1)
    scale = np.log if isinstance(dimension, FloatRange) and dimension.log else np.asarray
    low, high, own = (float(scale(x)) for x in (dimension.low, dimension.high, value))
    return (own - low) / (high - low)


def _short(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
