"""Pictures of corpora and clips: one function a picture, from data to a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

# First, because it says what to install, should the next be missing.
from intone.report.style import (
    BESIDE,
    DIVERGING,
    INK,
    MUTED,
    PAPER,
    SEQUENTIAL,
    SEXES,
    STROKES,
    bars,
    emotion_colour,
    picture,
)

# isort: split
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE
from intone.emotions import as_labelled
from intone.features import Chroma, Feature, FrontEnd, LogMel, Mfcc, Spectrogram, mel_weights

Floats = NDArray[np.float32]


# Corpora.


@picture
def classes_by_origin(counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """Draw a bar an emotion, stacked of what each corpus gives: corpus -> emotion -> clips."""
    emotions = as_labelled(emotion for own in counts.values() for emotion in own).labels
    shades = colormaps["viridis"](np.linspace(0.15, 0.9, len(counts)))
    figure, axes = bars(width=4.8, height=0.75 + 0.24 * len(emotions))
    ends = np.zeros(len(emotions))
    for (corpus, own), shade in zip(counts.items(), shades, strict=True):
        widths = np.array([own.get(emotion, 0) for emotion in emotions])
        axes.barh(
            emotions, widths, left=ends, color=shade, label=corpus, edgecolor=PAPER, linewidth=0.8
        )
        ends += widths
    for place, end in enumerate(ends):
        axes.annotate(f"{end:,.0f}", (end, place), (4, 0), **BESIDE)
    axes.set_xlim(0, 1.1 * ends.max())
    axes.set_xlabel("clips")
    figure.legend(loc="outside upper left", ncols=3, handlelength=1, columnspacing=1.4)
    return figure


@picture
def classes(counts: Mapping[str, int], *, largest_share: float) -> Figure:
    """Draw a bar an emotion of one corpus: its share of the clips, and their number."""
    figure, axes = bars(width=3.2, height=0.45 + 0.24 * len(counts))
    total = sum(counts.values())
    shares = [100 * count / total for count in counts.values()]
    axes.barh(list(counts), shares, color=[emotion_colour(emotion) for emotion in counts])
    for place, (count, share) in enumerate(zip(counts.values(), shares, strict=True)):
        axes.annotate(f"{count:,}", (share, place), (4, 0), **BESIDE)
    axes.set_xlim(0, 115 * largest_share)
    axes.set_xlabel("% of the corpus's clips")
    return figure


@picture
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


@picture
def mean_mfccs(curves: Mapping[str, Sequence[float]], *, reach: float) -> Figure:
    """Draw the mean coefficients of women and of men; the first, the level, is left out.

    `curves` maps "female" and "male", or one of them, to coefficients; `reach` is the largest
    value that the axis holds, up and down.
    """
    figure = Figure(figsize=(3.2, 2.1))
    axes = figure.subplots()
    for sex, curve in curves.items():
        axes.plot(
            range(1, len(curve)), curve[1:], color=SEXES[sex], label=sex, ls=STROKES[sex], lw=1.5
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


@picture
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
    _image(axes, bar, coefficients, limits=(-50, 50), unit="", colours=DIVERGING)
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
    colours: str = SEQUENTIAL,
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
