"""A made recording of known truth: clips in turns, with quiet, noise or made music in between.

A turn is one to three clips of one speaker and one emotion. Faint room noise is everywhere. The
truth of speech is a clip without the silence at its ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone import audio
from intone.audio import SAMPLE_RATE
from intone.corpora import Utterance

ROOM = 10 ** (-65 / 20)  # level of the noise that is everywhere
PEAK = 0.3  # of every clip
PAUSES = (0.3, 1.2)  # seconds within a turn, at least and at most
GAPS = (1.0, 7.0)  # seconds between turns
SPEECH, QUIET, NOISE, MUSIC = "speech", "quiet", "noise", "music"

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """What is in a part of a recording; times are in seconds from its beginning."""

    start: float
    end: float
    kind: str
    clip: Utterance | None


def make(
    path: Path, parts: Sequence[Sequence[Utterance]], rng: np.random.Generator
) -> list[list[Stretch]]:
    """Write a recording in which each clip stands once, part after part: each part's truth."""
    truth = []
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        for clips in parts:
            stretches = []
            for samples, kind, clip in _sounds(clips, rng):
                start = file.tell() / SAMPLE_RATE
                file.write(samples + _noise(len(samples), ROOM, rng))
                stretches.append(Stretch(start, file.tell() / SAMPLE_RATE, kind, clip))
            truth.append(stretches)
    return truth


def _sounds(
    clips: Sequence[Utterance], rng: np.random.Generator
) -> Iterator[tuple[Sound, str, Utterance | None]]:
    """Sound after sound: its samples, its kind, and the clip that is spoken."""
    for turn in _turns(clips, rng):
        for place, clip in enumerate(turn):
            if place:
                yield _noise(_samples(PAUSES, rng), ROOM, rng), QUIET, None
            spoken = _spoken(audio.load(clip.path).samples)
            yield PEAK * spoken / np.abs(spoken).max(), SPEECH, clip
        count = _samples(GAPS, rng)
        match rng.integers(3):
            case 0:
                yield _noise(count, ROOM, rng), QUIET, None
            case 1:
                yield _noise(count, 10 ** (rng.uniform(-45, -30) / 20), rng), NOISE, None
            case 2:
                yield _music(count, rng), MUSIC, None


def _turns(clips: Sequence[Utterance], rng: np.random.Generator) -> Iterator[list[Utterance]]:
    """One to three clips of one speaker and emotion, until each clip was given once."""
    left = [clips[i] for i in rng.permutation(len(clips))]
    while left:
        first = left[0]
        same = [c for c in left if (c.speaker, c.emotion) == (first.speaker, first.emotion)]
        turn = same[: rng.integers(1, 4)]
        left = [clip for clip in left if clip not in turn]
        yield turn


def _samples(seconds: tuple[float, float], rng: np.random.Generator) -> int:
    return round(rng.uniform(*seconds) * SAMPLE_RATE)


def _spoken(samples: Sound) -> Sound:
    """A clip from the first to the last 20 ms within 30 dB of its loudest.

    What is measured is the difference of neighbours, for SAVEE's clips begin with a slow thump.
    """
    steps = np.diff(samples, prepend=samples[:1])
    power = np.square(steps[: len(steps) // 320 * 320]).reshape(-1, 320).mean(axis=1)
    loud = np.flatnonzero(power > 1e-3 * power.max())
    return samples[320 * loud[0] : 320 * (loud[-1] + 1)]


def _noise(count: int, level: float, rng: np.random.Generator) -> Sound:
    """Noise whose power falls with frequency, as a room's."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 10.0), count)
    return (level * pink / pink.std()).astype(np.float32)


def _music(count: int, rng: np.random.Generator) -> Sound:
    """Plucked chords over a beat."""
    sound = np.zeros(count)
    beat = round(SAMPLE_RATE * 60 / rng.uniform(80, 140))
    for start in range(0, count, beat):
        note = np.arange(min(2 * beat, count - start))
        chord = np.zeros(len(note))
        root = 110 * 2 ** (rng.choice([0, 3, 5, 7, 10]) / 12)
        for pitch in root * 2 ** (np.array([0, 4, 7, 12]) / 12):
            for overtone in range(1, 6):
                chord += np.sin(2 * np.pi * pitch * overtone * note / SAMPLE_RATE) / overtone
        sound[start : start + len(note)] += chord * np.exp(-note / (0.5 * beat))
        hit = note[:800]
        sound[start : start + len(hit)] += 2 * rng.standard_normal(len(hit)) * np.exp(-hit / 120)
    return (0.1 * sound / np.abs(sound).max()).astype(np.float32)
