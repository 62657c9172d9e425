"""Why a clip was answered so: what the answer rests on, and how little would flip it.

Occlusion takes a stretch of time or a band of frequencies away and looks how far the probability of
the answer falls. Counterfactuals change pitch, loudness or tempo until the answer changes. Both
change the sound itself, so any model can be asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from intone.assessment.listening import Change, Listener, Unchanged
from intone.assessment.stress import Augmented
from intone.audio import SAMPLE_RATE
from intone.augment.augmentation import Augmentation, Floats
from intone.augment.sound import Gain, PitchShift, TimeStretch
from intone.evaluation import Scores
from intone.features import FrontEnd, LogMel
from intone.progress import Track, silent

SPAN = 0.25  # seconds that are silenced at a time
SPANS = 40  # of a clip, at most; longer clips are silenced in longer spans
EDGES = (0, 250, 500, 750, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000)  # Hz, of bands
PITCHES = tuple(range(-6, 7))  # semitones
GAINS = tuple(range(-30, 21, 5))  # dB
TEMPOS = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6)
PICTURE = FrontEnd(features=(LogMel(n_mels=48),), n_fft=1024, hop_length=512)

Labelled = Mapping[str, float]
"""label -> probability"""


@dataclass(frozen=True, kw_only=True)
class Occluded:
    """What the answer loses without a stretch of time (seconds) or a band (Hz)."""

    low: float
    high: float
    lost: float
    """the answer's probability with all of the sound, minus that without this"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered after a change."""

    value: float
    label: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One clip, its answer, and what that rests on."""

    clip: str
    truth: str
    label: str
    """the answer"""
    probability: float
    seconds: float
    log_mel: tuple[tuple[float, ...], ...]
    """dB, a row a mel band, a column every 32 ms"""
    time: tuple[Occluded, ...]
    frequency: tuple[Occluded, ...]
    pitch: tuple[Answer, ...]
    """by semitones"""
    gain: tuple[Answer, ...]
    """by dB"""
    tempo: tuple[Answer, ...]
    """by times the speed"""


@dataclass(frozen=True)
class Silenced:
    """Silence from one second to another."""

    low: float
    high: float

    def __call__(self, id: str, samples: Floats) -> Floats:
        """Give the samples [T] with the stretch silenced."""
        silenced = samples.copy()
        silenced[round(self.low * SAMPLE_RATE) : round(self.high * SAMPLE_RATE)] = 0
        return silenced


@dataclass(frozen=True)
class BandStopped:
    """Nothing from one frequency to another, in Hz."""

    low: float
    high: float

    def __call__(self, id: str, samples: Floats) -> Floats:
        """Give the samples [T] without the band."""
        spectrum = np.fft.rfft(samples)
        hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
        spectrum[(hertz >= self.low) & (hertz < self.high)] = 0
        return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def choose(scores: Scores, count: int = 6) -> list[str]:
    """Find clips worth explaining: of each kind, right and wrong, those answered surest.

    Half of them were answered right, each with another truth; so are the others.
    """
    answers, sure = scores.probabilities.argmax(axis=1), scores.probabilities.max(axis=1)
    surest = np.argsort(-sure, kind="stable")
    chosen: list[str] = []
    for right in (True, False):
        first: dict[int, str] = {}
        for place in surest:
            if (answers[place] == scores.truth[place]) == right:
                first.setdefault(int(scores.truth[place]), scores.ids[place])
        chosen += [*first.values()][: count // 2]
    return chosen


def explain(
    listener: Listener,
    labels: Sequence[str],
    id: str,
    samples: Floats,
    truth: str,
    *,
    track: Track = silent,
) -> Explanation:
    """Ask what the answer to a clip [T] rests on, and what would flip it."""
    seconds = len(samples) / SAMPLE_RATE
    times, bands = _spans(seconds), [*pairwise(EDGES)]
    changed: dict[str, Sequence[tuple[float, Change]]] = {
        "pitch": _changes(PitchShift, PITCHES),
        "gain": _changes(Gain, GAINS),
        "tempo": _changes(TimeStretch, TEMPOS),
    }
    changes: dict[str, Change] = {"": Unchanged()}
    changes |= {f"time {span}": Silenced(*span) for span in times}
    changes |= {f"band {band}": BandStopped(*band) for band in bands}
    changes |= {f"{axis} {value}": change for axis, own in changed.items() for value, change in own}
    heard = listener.hear({id: samples}, changes, track=track, label=f"explaining {id}")
    answers = {name: rows[0] for name, rows in heard.items()}
    best = int(answers[""].argmax())

    def occluded(kind: str, spans: Sequence[tuple[float, float]]) -> tuple[Occluded, ...]:
        whole = answers[""][best]
        return tuple(
            Occluded(low=low, high=high, lost=float(whole - answers[f"{kind} {(low, high)}"][best]))
            for low, high in spans
        )

    def answered(axis: str) -> tuple[Answer, ...]:
        rows = [(value, answers[f"{axis} {value}"]) for value, _ in changed[axis]]
        return tuple(
            Answer(value=value, label=labels[int(row.argmax())], probability=float(row.max()))
            for value, row in rows
        )

    return Explanation(
        clip=id,
        truth=truth,
        label=labels[best],
        probability=float(answers[""][best]),
        seconds=seconds,
        log_mel=tuple(map(tuple, PICTURE(samples).astype(float).round(1).tolist())),
        time=occluded("time", times),
        frequency=occluded("band", bands),
        pitch=answered("pitch"),
        gain=answered("gain"),
        tempo=answered("tempo"),
    )


def flip(answers: Sequence[Answer], label: str, neutral: float) -> tuple[Answer | None, ...]:
    """Find the smallest changes, down and up from `neutral`, that give another label."""
    down = [one for one in reversed(answers) if one.value < neutral and one.label != label]
    up = [one for one in answers if one.value > neutral and one.label != label]
    return next(iter(down), None), next(iter(up), None)


def _spans(seconds: float) -> list[tuple[float, float]]:
    """Cut a clip into spans that overlap by half."""
    span = max(SPAN, 2 * seconds / (SPANS + 1))
    starts = np.arange(0, max(seconds - span, 0) + span / 2, span / 2)
    return [(float(start), float(min(start + span, seconds))) for start in starts]


def _changes(kind: type[Augmentation[Any]], values: Sequence[float]) -> list[tuple[float, Change]]:
    return [(value, Augmented(kind(low=value, high=value))) for value in values]  # type: ignore[call-arg]
