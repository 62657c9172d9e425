"""Pictures of why a clip was answered so: what was taken away from it, and what was changed."""

from collections.abc import Sequence

# First, because it says what to install, should the next be missing.
from intone.report.style import ACCENT, INK, MUTED, SEQUENTIAL, emotion_colour, picture

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure, SubFigure

from intone.assessment.explanation import PICTURE, Answer, Explanation
from intone.audio import SAMPLE_RATE
from intone.features import mel_weights

_KILOHERTZ = (0.5, 1, 2, 4)
_RANGE = 60  # dB below the loudest that are shown


@picture
def explanation(told: Explanation) -> Figure:
    """Draw a clip's log-mel with what its answer loses without each stretch and each band.

    Below stands what is answered at other pitches, levels and tempos.
    """
    figure = Figure(figsize=(3.2, 4.4))
    [[above], [below]] = figure.subfigures(2, 1, squeeze=False, height_ratios=(2.7, 1.7))
    _occlusion(above, told)
    _counterfactuals(below, told)
    return figure


def _occlusion(figure: SubFigure, told: Explanation) -> None:
    grid = figure.subplots(2, 2, width_ratios=(4, 1), height_ratios=(1, 2.6))
    (time, corner), (image, bands) = grid
    corner.set_axis_off()
    values = np.array(told.log_mel)
    rows, frames = values.shape
    edges = (np.array([0, frames]) - 0.5) * PICTURE.hop_length / SAMPLE_RATE
    image.imshow(
        values,
        origin="lower",
        aspect="auto",
        interpolation="none",
        extent=(edges[0], edges[1], -0.5, rows - 0.5),
        cmap=SEQUENTIAL,
        vmin=values.max() - _RANGE,
    )
    image.set_yticks([_row(1000 * khz, rows) for khz in _KILOHERTZ], [f"{k:g}" for k in _KILOHERTZ])
    image.set(xlim=(0, told.seconds), xlabel="seconds", ylabel="kHz, mel")

    most = max(0.05, *(abs(one.lost) for one in (*told.time, *told.frequency)))
    middles = [(one.low + one.high) / 2 for one in told.time]
    lost = [100 * one.lost for one in told.time]
    time.fill_between(middles, lost, color=to_rgba(ACCENT, 0.35), lw=0)
    time.plot(middles, lost, color=ACCENT, lw=1.2)
    time.set(xlim=(0, told.seconds), ylim=(-20 * most, 105 * most))
    time.tick_params(labelbottom=False)
    time.set_title("points lost without that moment, or that band", fontsize=8)

    for one in told.frequency:
        low, high = _row(one.low, rows), _row(one.high, rows)
        bands.barh(low, 100 * one.lost, high - low, align="edge",
                   color=to_rgba(ACCENT, 0.5), lw=0)  # fmt: skip
    bands.set(xlim=(-20 * most, 105 * most), ylim=(-0.5, rows - 0.5))
    bands.tick_params(left=False, labelleft=False)
    for axes in (time.axhline, bands.axvline):
        axes(0, color=MUTED, lw=0.6)


def _row(hertz: float, rows: int) -> float:
    """Find the place of a frequency among mel bands; 0 Hz and the highest are the image's ends."""
    weights = mel_weights(n_fft=PICTURE.n_fft, n_mels=rows)
    centres = weights.argmax(axis=1) * SAMPLE_RATE / PICTURE.n_fft
    known = [0, *centres, SAMPLE_RATE / 2]
    return float(np.interp(hertz, known, [-0.5, *range(rows), rows - 0.5]))


def _counterfactuals(figure: SubFigure, told: Explanation) -> None:
    axes = {"pitch, semitones": (told.pitch, 0), "gain, dB": (told.gain, 0)}
    axes["tempo, times"] = (told.tempo, 1)
    heard = [one.label for answers, _ in axes.values() for one in answers]
    labels = [told.label, *sorted({*heard} - {told.label})]
    panels = figure.subplots(1, 3, sharey=True, gridspec_kw={"wspace": 0.12})
    for panel, (name, (answers, neutral)) in zip(panels, axes.items(), strict=True):
        _answers(panel, answers, labels)
        panel.axvline(neutral, color=MUTED, lw=0.6)
        panel.set_xlabel(name)
        panel.set_xticks([answers[0].value, neutral, answers[-1].value])
        panel.xaxis.set_major_formatter("{x:g}")
        panel.tick_params(axis="x", labelsize=7)
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.5, -0.5)


def _answers(axes: Axes, answers: Sequence[Answer], labels: Sequence[str]) -> None:
    """Draw a dot an answer, the larger the surer."""
    axes.scatter(
        [one.value for one in answers],
        [labels.index(one.label) for one in answers],
        s=[6 + 26 * one.probability for one in answers],
        color=[emotion_colour(one.label) for one in answers],
        linewidths=0.4,
        edgecolors=INK,
    )
    axes.grid(axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
