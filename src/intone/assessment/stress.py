"""What is left of a model's answers when the sound is worse than what it was trained on.

Every condition is an augmentation whose range is one point: what models are stressed with, they can
be trained with. Only babble, which is made of other clips, is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from intone import augment, cache
from intone.assessment.listening import Clips, Listener, Unchanged
from intone.audio import SAMPLE_RATE
from intone.augment.augmentation import Augmentation, Floats
from intone.augment.sound import (
    Gain,
    Mp3,
    Noise,
    PitchShift,
    Reverb,
    Silence,
    Telephone,
    TimeStretch,
    mixed,
)
from intone.evaluation import Interval, Scores, evaluate
from intone.progress import Track, silent

FEWEST = 8  # clips that say anything
VOICES = 6  # that talk at once in babble
POOL = 24  # clips, at most, that babble is made of
TALK = 30 * SAMPLE_RATE  # samples of babble, of which each clip hears another stretch


@dataclass(frozen=True, kw_only=True)
class Stressed:
    """What a model is worth in one condition."""

    family: str
    name: str
    uar: Interval
    lost: float
    """its UAR on the clips as they are, minus that in this condition"""
    changed: float
    """share of the clips that it answers otherwise than as they are"""


@dataclass(frozen=True, kw_only=True)
class Stress:
    """A model in conditions worse than those of its corpus."""

    clips: int
    """drawn at random"""
    of_clips: int
    clean: Interval
    """UAR on these clips as they are"""
    conditions: tuple[Stressed, ...]


@dataclass(frozen=True)
class Augmented:
    """An augmentation as a change of sound; the dice of a clip depend on its id alone."""

    kind: Augmentation[Any]

    def __call__(self, id: str, samples: Floats) -> Floats:
        """Give the samples [T] of the clip, augmented."""
        return self.kind(samples, augment.dice(id, seed=0))


class BabbleParameters(NamedTuple):
    """The signal-to-noise ratio in dB, and the sample at which the talk begins."""

    snr: float
    start: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Babble(Augmentation[BabbleParameters]):
    """Voices talking at once behind the clip, at `low` to `high` dB signal-to-noise ratio."""

    kind: Literal["babble"] = "babble"
    low: float
    high: float
    talk: Floats = field(repr=False)
    """[T], as `talk` makes it; it begins again where it ends"""
    digest: str
    """of the talk"""

    def draw(self, rng: np.random.Generator) -> BabbleParameters:
        return BabbleParameters(rng.uniform(self.low, self.high), int(rng.integers(len(self.talk))))

    def apply(self, array: Floats, parameters: BabbleParameters) -> Floats:
        place = parameters.start + np.arange(len(array))
        return mixed(array, self.talk.take(place, mode="wrap"), parameters.snr)


def stress(
    listener: Listener,
    scores: Scores,
    clips: Clips,
    *,
    most: int,
    seed: int = 0,
    track: Track = silent,
) -> Stress | None:
    """Play at most so many of the scored clips in every condition; None for fewer than eight.

    `scores` has one answer to each clip. The voices of the babble are of other clips.
    """
    if len(scores.ids) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(scores.ids))
    pool = order[: min(POOL, len(order) // 4)]
    drawn = scores.where(np.isin(np.arange(len(order)), order[len(pool) :][:most]))
    spoken = talk([clips[scores.ids[place]] for place in pool], rng)

    def heard(name: str, change: Any) -> Scores:
        played = {id: clips[id] for id in drawn.ids}
        label = f"stress: {name}"
        answers = listener.hear(played, {name: change}, track=track, label=label)
        return replace(drawn, probabilities=answers[name])

    clean = heard("as it is", Unchanged())
    reference = _uar(clean)
    conditions = []
    for family, name, kind in _conditions(spoken):
        answered = heard(name, Augmented(kind))
        uar = _uar(answered)
        conditions.append(
            Stressed(
                family=family,
                name=name,
                uar=uar,
                lost=reference.value - uar.value,
                changed=float((_answers(answered) != _answers(clean)).mean()),
            )
        )
    return Stress(
        clips=len(drawn.ids),
        of_clips=len(scores.ids),
        clean=reference,
        conditions=tuple(conditions),
    )


def talk(voices: list[Floats], rng: np.random.Generator) -> Floats:
    """Let several voices talk at once, each one clip after the other: [T]."""
    total = np.zeros(TALK, np.float32)
    for _ in range(VOICES):
        said = [
            voices[place] / max(_level(voices[place]), 1e-5)
            for place in rng.permutation(len(voices))
        ]
        total += np.resize(np.roll(np.concatenate(said), rng.integers(TALK)), TALK)
    return total


def _conditions(spoken: Floats) -> Iterator[tuple[str, str, Augmentation[Any]]]:
    yield "channel", "telephone, 8 kHz, mu-law", Telephone()
    yield "channel", "MP3, 32 kbit/s", Mp3(low=32, high=32)
    for snr in (20, 10, 0):
        yield "noise", f"white noise, {snr} dB", Noise(low=snr, high=snr)
    digest = cache.digest(spoken)
    for snr in (20, 10, 0):
        babble = Babble(low=snr, high=snr, talk=spoken, digest=digest)
        yield "noise", f"babble, {snr} dB", babble
    for seconds in (0.3, 0.8):
        yield "room", f"reverberation, {seconds:g} s", Reverb(low=seconds, high=seconds)
    yield "room", "1 s of silence at each end", Silence(low=1, high=1)
    for gain in (-30, -15, 10, 20):
        yield "level", f"gain, {gain:+d} dB".replace("-", "−"), Gain(low=gain, high=gain)
    for semitones in (-2, 2):
        name = f"pitch, {semitones:+d} semitones".replace("-", "−")
        yield "voice", name, PitchShift(low=semitones, high=semitones)
    for rate in (0.8, 1.25):
        yield "voice", f"tempo, {rate:g} times", TimeStretch(low=rate, high=rate)


def _level(samples: Floats) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _answers(scores: Scores) -> Any:
    return scores.probabilities.argmax(axis=1)


def _uar(scores: Scores) -> Interval:
    return evaluate(scores, protocol="", stamp="").uar
