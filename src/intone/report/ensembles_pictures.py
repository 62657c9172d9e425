"""Pictures of ensembles: how a genetic algorithm came to its weights."""

from collections.abc import Mapping

# First, because it says what to install, should the next be missing.
from intone.report.style import picture

# isort: split
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from intone.ensembles.genetic import Evolution


@picture
def convergence(evolutions: Mapping[str, Evolution]) -> Figure:
    """Draw a panel a fit: the best fitness so far of each restart, and the mean, dashed."""
    columns = min(3, len(evolutions))
    rows = -(-len(evolutions) // columns)
    figure = Figure(figsize=(0.5 + 2.2 * columns, 0.5 + 1.5 * rows))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(evolutions) :]:
        axes.set_axis_off()
    for axes, (name, evolution) in zip(grid.flat, evolutions.items(), strict=False):
        shades = colormaps["viridis"](np.linspace(0.15, 0.8, len(evolution.best)))
        for best, mean, shade in zip(evolution.best, evolution.mean, shades, strict=True):
            axes.plot(100 * best, color=shade, lw=1.4)
            axes.plot(100 * mean, color=shade, lw=0.7, ls="--")
        axes.set_title(name, fontsize=8)
        axes.grid(axis="y")
        axes.locator_params(axis="x", integer=True)
    for axes in grid[-1]:
        axes.set_xlabel("generation")
    for axes in grid[:, 0]:
        axes.set_ylabel("macro F1, %")
    return figure
