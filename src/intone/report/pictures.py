"""Pictures: one function a picture, from data to a figure; nothing here knows a page.

Every figure is drawn in the same few colours: `INK`, `MUTED` and `PAPER`, which a page exchanges
for its own, so that a picture in it is dark where the page is; an emotion's own colour, the same
in every picture; and two colour maps. Texts stay texts. Colour never says alone what is not also
written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from html import escape
from io import StringIO
from typing import Any, ParamSpec, Protocol

import numpy as np
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE
from intone.emotions import as_labelled
from intone.errors import IntoneError
from intone.features import Chroma, Feature, FrontEnd, LogMel, Mfcc, Spectrogram, mel_weights

try:
    from matplotlib import colormaps, rc_context
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    raise IntoneError("pictures need matplotlib: pip install 'intone[report]'") from None

Floats = NDArray[np.float32]

INK, MUTED, PAPER = "#1b2026", "#5b6570", "#fffffe"

EMOTIONS = {
    "neutral": "#a5a5a8",
    "calm": "#56cbf1",
    "happy": "#dec207",
    "sad": "#2450e6",
    "angry": "#ad1a15",
    "fearful": "#724391",
    "disgust": "#16ac5e",
    "surprised": "#d959b3",
    "bored": "#916c54",
    "excited": "#f57c0b",
    "frustrated": "#96324e",
    "contempt": "#3d868f",
    "other": "#bcbe86",
    "undecided": "#7888d3",
}
"""A colour an emotion, apart from each other for colour-blind eyes too (a test measures it)."""

SEXES = {"female": "#d0660a", "male": "#1c8695"}
_STROKES = {"female": "-", "male": "--"}

_OWN_WORD = "#8a8f98"  # an emotion that only the user's labels know
_SEQUENTIAL, _DIVERGING = "magma", "RdBu_r"

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": MUTED,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
}

_P = ParamSpec("_P")


def _picture(draw: Callable[_P, Figure]) -> Callable[_P, Figure]:
    """Draw in the house's style, and lay out once, however often the figure is written."""

    @wraps(draw)
    def styled(*args: _P.args, **kwargs: _P.kwargs) -> Figure:
        with rc_context(_STYLE):
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        return figure

    return styled


# Corpora.


@_picture
def classes_by_origin(counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """Draw a bar an emotion, stacked of what each corpus gives: corpus -> emotion -> clips."""
    emotions = as_labelled(emotion for own in counts.values() for emotion in own).labels
    shades = colormaps["viridis"](np.linspace(0.15, 0.9, len(counts)))
    figure, axes = _bars(width=4.8, height=0.75 + 0.24 * len(emotions))
    ends = np.zeros(len(emotions))
    for (corpus, own), shade in zip(counts.items(), shades, strict=True):
        widths = np.array([own.get(emotion, 0) for emotion in emotions])
        axes.barh(
            emotions, widths, left=ends, color=shade, label=corpus, edgecolor=PAPER, linewidth=0.8
        )
        ends += widths
    for place, end in enumerate(ends):
        axes.annotate(f"{end:,.0f}", (end, place), (4, 0), **_BESIDE)
    axes.set_xlim(0, 1.1 * ends.max())
    axes.set_xlabel("clips")
    figure.legend(loc="outside upper left", ncols=3, handlelength=1, columnspacing=1.4)
    return figure


@_picture
def classes(counts: Mapping[str, int], *, largest_share: float) -> Figure:
    """Draw a bar an emotion of one corpus: its share of the clips, and their number."""
    figure, axes = _bars(width=3.2, height=0.45 + 0.24 * len(counts))
    total = sum(counts.values())
    shares = [100 * count / total for count in counts.values()]
    axes.barh(list(counts), shares, color=[emotion_colour(emotion) for emotion in counts])
    for place, (count, share) in enumerate(zip(counts.values(), shares, strict=True)):
        axes.annotate(f"{count:,}", (share, place), (4, 0), **_BESIDE)
    axes.set_xlim(0, 115 * largest_share)
    axes.set_xlabel("% of the corpus's clips")
    return figure


@_picture
def spreads(values: Mapping[str, Sequence[float]], *, label: str) -> Figure:
    """Draw a hill a corpus, of where its values lie, and a line at each median."""
    figure = Figure(figsize=(4.8, 0.45 + 0.6 * len(values)))
    rows = figure.subplots(len(values), sharex=True, squeeze=False)[:, 0]
    pooled = np.concatenate([*values.values()])
    edges = np.linspace(pooled.min(), max(pooled.max(), pooled.min() + 1e-3), 81)
    for axes, (corpus, own) in zip(rows, values.items(), strict=True):
        heights, _ = np.histogram(own, edges)
        axes.stairs(heights, edges, fill=True, color=SEXES["male"], alpha=0.75)
        axes.axvline(float(np.median(own)), color=INK, linewidth=1)
        axes.set_title(corpus, fontsize=8, pad=2)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylim(0, 1.05 * heights.max())
    rows[-1].set_xlabel(label)
    return figure


@_picture
def mean_mfccs(curves: Mapping[str, Sequence[float]], *, reach: float) -> Figure:
    """Draw the mean coefficients of women and of men; the first, the level, is left out.

    `curves` maps "female" and "male", or one of them, to coefficients; `reach` is the largest
    value that the axis holds, up and down.
    """
    figure = Figure(figsize=(3.2, 2.1))
    axes = figure.subplots()
    for sex, curve in curves.items():
        axes.plot(
            range(1, len(curve)), curve[1:], color=SEXES[sex], label=sex, ls=_STROKES[sex], lw=1.5
        )
    axes.axhline(0, color=MUTED, linewidth=0.6)
    axes.set_yscale("symlog", linthresh=10)  # the first few are ten times the others
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("MFCC")
    axes.set_ylabel("mean")
    axes.legend(handlelength=2.2)
    return figure


# Clips.


@dataclass(frozen=True)
class Scale:
    """The axes that pictures of clips share, so that they compare."""

    seconds: float
    peak: float

    @classmethod
    def of(cls, sounds: Sequence[Floats]) -> "Scale":
        """Find the axes that hold all of these clips."""
        return cls(
            seconds=max(len(samples) for samples in sounds) / SAMPLE_RATE,
            peak=max(float(np.abs(samples).max()) for samples in sounds) or 1.0,
        )


class Panel(Protocol):
    """One row of a clip's picture: draws into `axes`, and its colours' scale into `bar`."""

    def __call__(self, axes: Axes, bar: Axes, samples: Floats, scale: Scale) -> None: ...


@_picture
def clip(samples: Floats, scale: Scale, *, panels: Sequence[str] = ()) -> Figure:
    """Draw a clip [T] in rows, one above the other: those of `PANELS` that are named, or all.

    Colours always mean the same values, in whatever picture.
    """
    names = panels or list(PANELS)
    figure = Figure(figsize=(3.3, 0.35 + 0.95 * len(names)))
    grid = figure.subplots(len(names), 2, squeeze=False, width_ratios=(28, 1))
    for name, (axes, bar) in zip(names, grid, strict=True):
        PANELS[name](axes, bar, samples, scale)
        axes.set_title(name, fontsize=8, pad=3)
        axes.set_xlim(0, scale.seconds)
        axes.tick_params(labelbottom=False)
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("seconds")
    figure.align_ylabels(grid[:, 0])
    return figure


_N_FFT, _HOP = 1024, 256  # 64 ms every 16 ms
_MELS = 64
_FULL_SCALE = 20 * np.log10(_N_FFT / 4)  # what the STFT makes of a sine of amplitude 1, dB


def _waveform(axes: Axes, bar: Axes, samples: Floats, scale: Scale) -> None:
    columns = np.array_split(samples, min(500, len(samples)))
    time = np.linspace(0, len(samples) / SAMPLE_RATE, len(columns))
    low, high = [column.min() for column in columns], [column.max() for column in columns]
    axes.fill_between(time, low, high, color=INK, linewidth=0.5)
    axes.set_ylim(-1.05 * scale.peak, 1.05 * scale.peak)
    axes.set_ylabel("amplitude")
    bar.set_axis_off()


def _spectrogram(axes: Axes, bar: Axes, samples: Floats, scale: Scale) -> None:
    power = _heard(Spectrogram(), samples)
    decibels = 10 * np.log10(np.maximum(power, 1e-10)) - _FULL_SCALE
    _image(axes, bar, decibels, limits=(-100, -30), unit="dBFS")
    _name_rows(axes, {f"{khz}": khz * 1000 * _N_FFT / SAMPLE_RATE for khz in (0, 2, 4, 6, 8)})
    axes.set_ylabel("kHz")


def _log_mel(axes: Axes, bar: Axes, samples: Floats, scale: Scale) -> None:
    _image(axes, bar, _heard(LogMel(n_mels=_MELS), samples), limits=(-50, 20), unit="dB")
    centres = mel_weights(n_fft=_N_FFT, n_mels=_MELS).argmax(axis=1) * SAMPLE_RATE / _N_FFT
    bands = np.arange(_MELS)
    _name_rows(axes, {f"{khz:g}": np.interp(khz * 1000, centres, bands) for khz in (0.5, 1, 2, 4)})
    axes.set_ylabel("kHz, mel")


def _mfcc(axes: Axes, bar: Axes, samples: Floats, scale: Scale) -> None:
    coefficients = _heard(Mfcc(n_mfcc=40, n_mels=_MELS), samples)[1:]  # the first is the level
    _image(axes, bar, coefficients, limits=(-50, 50), unit="", colours=_DIVERGING)
    _name_rows(axes, {f"{number}": number - 1 for number in (1, 10, 20, 30)})
    axes.set_ylabel("coefficient")


def _chroma(axes: Axes, bar: Axes, samples: Floats, scale: Scale) -> None:
    _image(axes, bar, _heard(Chroma(), samples), limits=(0, 1), unit="")
    _name_rows(axes, {"C": 0, "E": 4, "G": 7, "B": 11})
    axes.set_ylabel("pitch class")


PANELS: Mapping[str, Panel] = {
    "waveform": _waveform,
    "spectrogram": _spectrogram,
    "log-mel": _log_mel,
    "MFCC": _mfcc,
    "chroma": _chroma,
}


def _heard(feature: Feature, samples: Floats) -> Floats:
    return FrontEnd(features=(feature,), n_fft=_N_FFT, hop_length=_HOP)(samples)


def _image(
    axes: Axes,
    bar: Axes,
    values: Floats,
    *,
    limits: tuple[float, float],
    unit: str,
    colours: str = _SEQUENTIAL,
) -> None:
    """Draw values [rows, frames], of which frame 0 is centred on second 0."""
    rows, frames = values.shape
    edges = (np.array([0, frames]) - 0.5) * _HOP / SAMPLE_RATE
    image = axes.imshow(
        values,
        origin="lower",
        aspect="auto",
        interpolation="none",  # keeps the pixels few: a viewer scales them
        extent=(edges[0], edges[1], -0.5, rows - 0.5),
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
    )
    axes.figure.colorbar(image, cax=bar, ticks=limits)
    bar.set_title(unit, fontsize=7, color=MUTED, pad=3)
    bar.tick_params(labelsize=7)
    bar.spines[:].set_visible(False)


def _name_rows(axes: Axes, rows: Mapping[str, float]) -> None:
    axes.set_yticks(list(rows.values()), list(rows))


# Training.


@_picture
def learning_curves(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Draw the loss of each fit, epoch by epoch: dashed in training, a line on validation.

    `curves` maps a name to the `history` of a fit, as its record has it.
    """
    figure = Figure(figsize=(4.8, 2.6))
    axes = figure.subplots()
    shades = colormaps["viridis"](np.linspace(0.15, 0.8, len(curves)))
    for (name, history), shade in zip(curves.items(), shades, strict=True):
        epochs = [row["epoch"] for row in history]
        axes.plot(epochs, [row["train_loss"] for row in history], "--", color=shade, lw=1)
        watched = [row["validation_loss"] for row in history]
        axes.plot(epochs, watched, "-", color=shade, lw=1.5, label=name)
    axes.plot([], [], "--", color=MUTED, lw=1, label="in training")
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.grid(axis="y")
    axes.legend(loc="upper right", handlelength=2.2)
    return figure


@_picture
def reconstructions(originals: Floats, reconstructions: Floats) -> Figure:
    """Draw windows [N, rows, frames] above what an autoencoder made of them, in the same colours.

    Below each stands its mean squared error.
    """
    count = len(originals)
    figure = Figure(figsize=(1 + 1.7 * count, 3))
    grid = figure.subplots(2, count, sharex=True, sharey=True, squeeze=False)
    low, high = np.percentile(originals, [1, 99])
    for row, windows in zip(grid, (originals, reconstructions), strict=True):
        for axes, window in zip(row, windows, strict=True):
            image = axes.imshow(
                window,
                origin="lower",
                aspect="auto",
                interpolation="none",
                cmap=_SEQUENTIAL,
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


# What all pictures share.


def emotion_colour(emotion: str) -> str:
    """Find an emotion's colour; words that are not canonical share one."""
    return EMOTIONS.get(emotion, _OWN_WORD)


def svg(figure: Figure, name: str) -> str:
    """Write a figure as SVG; `name` sets its ids apart from those of other pictures."""
    file = StringIO()
    unsigned = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", metadata=unsigned)
    drawn = file.getvalue()
    for reference in ('id="', 'href="#', "url(#"):
        drawn = drawn.replace(reference, f"{reference}{name}-")
    return drawn


def inline(drawn: str, description: str) -> str:
    """Make an SVG text an element of a page, in the page's own ink, muted ink and paper.

    `description` is for those who do not see it.
    """
    element = drawn[drawn.index("<svg") :]
    for colour, own in ((INK, "currentColor"), (MUTED, "var(--muted)"), (PAPER, "var(--paper)")):
        element = element.replace(colour, own)
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)


def _bars(*, width: float, height: float) -> tuple[Figure, Axes]:
    """Begin a picture of horizontal bars, the first at the top; its size is in inches."""
    figure = Figure(figsize=(width, height))
    axes = figure.subplots()
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure, axes


_BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 8}
