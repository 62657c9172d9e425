"""Augmentations of samples [T] at 16 kHz."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE
from intone.augment.augmentation import (
    Augmentation,
    Drawn,
    DrawnFactor,
    Floats,
    Ranged,
)
from intone.augment.vocoder import fitted, stretch


class NoiseParameters(NamedTuple):
    """The signal-to-noise ratio in dB, and which noise."""

    snr: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Noise(Ranged[NoiseParameters]):
    """Additive white Gaussian noise at a signal-to-noise ratio of `low` to `high` dB.

    The noise is scaled by its own power, so that the ratio is exact; silence stays silence.
    """

    kind: Literal["noise"] = "noise"
    low: float = 15.0
    high: float = 30.0
    least, most = -100.0, 100.0

    def draw(self, rng: np.random.Generator) -> NoiseParameters:
        return NoiseParameters(rng.uniform(self.low, self.high), int(rng.integers(2**32)))

    def apply(self, array: Floats, parameters: NoiseParameters) -> Floats:
        noise = np.random.default_rng(parameters.seed).standard_normal(len(array))
        return mixed(array, noise, parameters.snr)


@dataclass(frozen=True, kw_only=True)
class Gain(Drawn):
    """Louder or softer, by `low` to `high` dB."""

    kind: Literal["gain"] = "gain"
    low: float = -6.0
    high: float = 6.0
    least, most = -100.0, 100.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        return array * np.float32(10 ** (parameters / 20))


@dataclass(frozen=True, kw_only=True)
class TimeStretch(DrawnFactor):
    """Faster or slower at the same pitch, at `low` to `high` times the speed."""

    kind: Literal["time_stretch"] = "time_stretch"
    low: float = 0.9
    high: float = 1.1

    def apply(self, array: Floats, parameters: float) -> Floats:
        return stretch(array, parameters)


@dataclass(frozen=True, kw_only=True)
class PitchShift(Drawn):
    """Higher or lower in the same time, by `low` to `high` semitones; formants move along.

    Source: `librosa.effects.pitch_shift`.
    """

    kind: Literal["pitch_shift"] = "pitch_shift"
    low: float = -2.0
    high: float = 2.0
    least, most = -36.0, 36.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        rate = 2 ** (-parameters / 12)
        shifted = soxr.resample(stretch(array, rate), SAMPLE_RATE / rate, SAMPLE_RATE)
        return fitted(shifted, len(array))


@dataclass(frozen=True, kw_only=True)
class Speed(DrawnFactor):
    """As a tape played `low` to `high` times as fast: tempo, pitch and formants move together.

    Source: Ko et al. (2015), "Audio Augmentation for Speech Recognition".
    """

    kind: Literal["speed"] = "speed"
    low: float = 0.9
    high: float = 1.1

    def apply(self, array: Floats, parameters: float) -> Floats:
        return np.asarray(soxr.resample(array, SAMPLE_RATE * parameters, SAMPLE_RATE), np.float32)


@dataclass(frozen=True, kw_only=True)
class Telephone(Augmentation[None]):
    """As a telephone call has it: sampled at 8 kHz, in mu-law's 8 bits (ITU-T G.711)."""

    kind: Literal["telephone"] = "telephone"

    def draw(self, rng: np.random.Generator) -> None:
        return None

    def apply(self, array: Floats, parameters: None) -> Floats:
        rate = SAMPLE_RATE // 2
        narrow: Floats = soxr.resample(array, SAMPLE_RATE, rate)
        heard = _encoded(narrow, rate, format="WAV", subtype="ULAW")
        return fitted(soxr.resample(heard, rate, SAMPLE_RATE), len(array))


@dataclass(frozen=True, kw_only=True)
class Mp3(Drawn):
    """Compressed as MP3 at `low` to `high` kbit/s, to the nearest that the format has."""

    kind: Literal["mp3"] = "mp3"
    low: float = 16.0
    high: float = 64.0
    least, most = 16.0, 160.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        heard = _encoded(
            array,
            SAMPLE_RATE,
            format="MP3",
            subtype="MPEG_LAYER_III",
            bitrate_mode="CONSTANT",
            compression_level=(160 - parameters) / (160 - 8),
        )
        # At low rates a frame has no room to tell the decoder its delay, which it then leaves in.
        delay = _MP3_DELAY if len(heard) != len(array) else 0
        return fitted(heard[delay:], len(array))


_MP3_DELAY = 576 + 529  # samples: of LAME's encoder, and of any decoder


class ReverbParameters(NamedTuple):
    """The reverberation time in seconds, and which room."""

    rt60: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Reverb(Ranged[ReverbParameters]):
    """In a room whose sound falls by 60 dB in `low` to `high` seconds, at the level it had.

    The room's response is the direct sound and as much power of Gaussian noise that decays
    exponentially: Polack's model of late reverberation.
    """

    kind: Literal["reverb"] = "reverb"
    low: float = 0.2
    high: float = 0.8
    least, most = 0.01, 10.0

    def draw(self, rng: np.random.Generator) -> ReverbParameters:
        return ReverbParameters(rng.uniform(self.low, self.high), int(rng.integers(2**32)))

    def apply(self, array: Floats, parameters: ReverbParameters) -> Floats:
        time = np.arange(round(parameters.rt60 * SAMPLE_RATE)) / SAMPLE_RATE
        tail = np.random.default_rng(parameters.seed).standard_normal(len(time))
        tail *= 10 ** (-3 * time / parameters.rt60)
        response = np.append(1, tail / np.sqrt(np.sum(tail**2)))
        size = len(array) + len(response) - 1
        spectrum = np.fft.rfft(array, size) * np.fft.rfft(response, size)
        heard = np.fft.irfft(spectrum, size)[: len(array)]
        power = np.mean(heard**2)
        level = np.sqrt(np.mean(array.astype(np.float64) ** 2) / power) if power else 1
        return (heard * level).astype(np.float32)


class SilenceParameters(NamedTuple):
    """How long it is silent at each end, in seconds, and in which noise."""

    before: float
    after: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Silence(Ranged[SilenceParameters]):
    """Nobody speaks for `low` to `high` seconds at each end; white noise 40 dB below the clip."""

    kind: Literal["silence"] = "silence"
    low: float = 0.2
    high: float = 1.0
    least, most = 0.0, 60.0

    def draw(self, rng: np.random.Generator) -> SilenceParameters:
        before, after = rng.uniform(self.low, self.high, 2)
        return SilenceParameters(before, after, int(rng.integers(2**32)))

    def apply(self, array: Floats, parameters: SilenceParameters) -> Floats:
        ends = [round(seconds * SAMPLE_RATE) for seconds in parameters[:2]]
        noise = np.random.default_rng(parameters.seed).standard_normal(sum(ends), np.float32)
        noise *= _SILENT * np.sqrt(np.mean(np.square(array, dtype=np.float64))).astype(np.float32)
        return np.concatenate([noise[: ends[0]], array, noise[ends[0] :]])


_SILENT = np.float32(10 ** (-40 / 20))

SoundAugmentation: TypeAlias = (
    Noise | Gain | TimeStretch | PitchShift | Speed | Telephone | Mp3 | Reverb | Silence
)


def mixed(signal: Floats, noise: NDArray[np.floating[Any]], snr: float) -> Floats:
    """Add noise [T] to a signal [T] at exactly this signal-to-noise ratio in dB."""
    exact, added = signal.astype(np.float64), noise.astype(np.float64)
    power = np.mean(added**2)
    ratio = np.mean(exact**2) / power if power else 0.0
    total: NDArray[np.float64] = exact + added * np.sqrt(ratio / 10 ** (snr / 10))
    return total.astype(np.float32)


def _encoded(samples: Floats, sample_rate: int, **options: Any) -> Floats:
    """Write samples as a sound file, and read it again."""
    file = BytesIO()
    soundfile.write(file, samples, sample_rate, **options)
    file.seek(0)
    decoded: Floats = soundfile.read(file, dtype="float32")[0]
    return decoded
