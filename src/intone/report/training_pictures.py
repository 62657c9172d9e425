"""Pictures of training: how runs learned, and what autoencoders make of what they hear."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

# First, because it says what to install, should the next be missing.
from intone.report.style import MUTED, SEQUENTIAL, picture

# isort: split
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Fits = Mapping[str, Mapping[str, Any]]
"""a fit's name -> the fit as a record has it, with `history` and `best_epoch`"""

_NAMED = 10  # fits, at most, that are told apart by name
_COLUMNS = 4  # panels, at most, beside each other


@picture
def learning_curves(runs: Mapping[str, Fits]) -> Figure:
    """Draw a column a run: the loss of its fits above, and their UAR on validation below.

    Dashed in training, a line on validation, a dot at the best epoch. All columns share their axes.
    """
    figure = Figure(figsize=(1.6 + 3.2 * len(runs), 3.6))
    grid = figure.subplots(2, len(runs), sharex=True, sharey="row", squeeze=False)
    for name, fits, (losses, rates) in zip(runs, runs.values(), grid.T, strict=True):
        _losses(losses, name, fits)
        for told, shade in zip(fits.values(), _shades(len(fits)), strict=True):
            _curve(rates, told, "validation_uar", 100, color=shade, lw=1.4)
    _finish(figure, grid, runs)
    for axes in grid[1]:
        axes.set_xlabel("epoch")
    grid[0, 0].set_ylabel("loss")
    grid[1, 0].set_ylabel("validation UAR, %")
    return figure


@picture
def loss_curves(runs: Mapping[str, Fits]) -> Figure:
    """Draw a panel a run with the loss of its fits, as `learning_curves` does."""
    wide = min(_COLUMNS, len(runs))
    high = ceil(len(runs) / wide)
    figure = Figure(figsize=(1.6 + max(3.2, 2.4 * wide), 0.6 + 1.6 * high))
    grid = figure.subplots(high, wide, sharex=True, sharey=True, squeeze=False)
    panels, left = [*grid.flat][: len(runs)], [*grid.flat][len(runs) :]
    for axes, (name, fits) in zip(panels, runs.items(), strict=True):
        _losses(axes, name, fits)
    _finish(figure, grid, runs)
    for axes in panels[-wide:]:  # the lowest of each column
        axes.set_xlabel("epoch")
        axes.tick_params(labelbottom=True)
    for axes in grid[:, 0]:
        axes.set_ylabel("loss")
        axes.locator_params(axis="y", nbins=5)
    for axes in left:
        axes.remove()
    return figure


def _losses(axes: Axes, name: str, fits: Fits) -> None:
    """Draw the loss of a run's fits, and what dashes stand for."""
    axes.set_title(name)
    for (fit, told), shade in zip(fits.items(), _shades(len(fits)), strict=True):
        _curve(axes, told, "train_loss", 1, color=shade, ls="--", lw=0.9)
        _curve(axes, told, "validation_loss", 1, color=shade, lw=1.4, label=fit)
    axes.plot([], [], "--", color=MUTED, lw=0.9, label="training")


def _shades(count: int) -> NDArray[np.float64]:
    shades: NDArray[np.float64] = colormaps["viridis"](np.linspace(0.15, 0.8, count))
    return shades


def _finish(figure: Figure, grid: NDArray[Any], runs: Mapping[str, Fits]) -> None:
    """Set what all panels share; once all is drawn, or the first would set the limits."""
    for axes in grid.flat:
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.locator_params(axis="x", integer=True)
    if max(map(len, runs.values())) <= _NAMED:
        handles = grid[0, -1].get_legend_handles_labels()
        figure.legend(*handles, loc="outside right upper", handlelength=2)


def _curve(axes: Axes, fit: Mapping[str, Any], key: str, times: float, **line: Any) -> None:
    """Draw one value of a fit, epoch by epoch, where it has it; validation with its best epoch."""
    known = {row["epoch"]: times * row[key] for row in fit["history"] if row[key] is not None}
    axes.plot([*known], [*known.values()], **line)
    if key != "train_loss" and (best := known.get(fit["best_epoch"])) is not None:
        axes.plot(fit["best_epoch"], best, "o", ms=3.5, color=line["color"])


@picture
def learning_rates(fits: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the learning rate of each epoch: a fit's name -> its rates."""
    figure = Figure(figsize=(4.8, 1.6))
    axes = figure.subplots()
    shades = colormaps["viridis"](np.linspace(0.15, 0.8, len(fits)))
    for rates, shade in zip(fits.values(), shades, strict=True):
        axes.step(range(1, len(rates) + 1), rates, where="mid", color=shade, lw=1.2)
    axes.locator_params(axis="x", integer=True)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    axes.set_xlabel("epoch")
    axes.set_ylabel("learning rate")
    return figure


@picture
def reconstructions(originals: Floats, reconstructions: Floats) -> Figure:
    """Draw windows [N, rows, frames] above what an autoencoder made of them, in the same colours.

    Below each stands its mean squared error.
    """
    count = len(originals)
    figure = Figure(figsize=(0.9 + 1.4 * count, 3))
    gap = {"wspace": 0.12}  # or the numbers of one would touch those of the next
    grid = figure.subplots(2, count, sharex=True, sharey=True, squeeze=False, gridspec_kw=gap)
    low, high = np.percentile(originals, [1, 99])
    for row, windows in zip(grid, (originals, reconstructions), strict=True):
        for axes, window in zip(row, windows, strict=True):
            image = axes.imshow(
                window,
                origin="lower",
                aspect="auto",
                interpolation="none",
                cmap=SEQUENTIAL,
                vmin=low,
                vmax=high,
            )
    errors = np.square(originals - reconstructions).mean(axis=(1, 2))
    for axes, error in zip(grid[1], errors, strict=True):
        axes.set_xlabel(f"frames; error {error:.2f}")
    for axes, title in zip(grid[:, 0], ("heard", "made from the code"), strict=True):
        axes.set_title(title)
        axes.set_ylabel("rows")
    figure.colorbar(image, ax=grid, aspect=30, pad=0.02)
    return figure
