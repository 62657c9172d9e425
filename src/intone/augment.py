"""Augmentation: the dice apart from the deed.

An augmentation is a frozen dataclass with its ranges as fields. `draw` throws the dice and gives
parameters; `apply` does the deed with them, and the same parameters always do the same.

There are two ways to use them. `copies` gives copies of a training clip once and for all, as the
reports do; their ids, `clip#copy1`, tell the leak guard what they are. `fresh` changes a clip, or
the frames of it that a net reads, anew each epoch.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from zlib import crc32

import numpy as np
import soundfile
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE

Floats = NDArray[np.float32]
P = TypeVar("P")


class Augmentation(ABC, Generic[P]):
    """A random change of an array that leaves its label true."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}
    kind: str

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> P:
        """Throw the dice: parameters for `apply`."""

    @abstractmethod
    def apply(self, array: Floats, parameters: P) -> Floats:
        """Give the array changed by these parameters, as a new one."""

    def __call__(self, array: Floats, rng: np.random.Generator) -> Floats:
        """Give the array changed by parameters drawn from `rng`, as a new one."""
        return self.apply(array, self.draw(rng))


@dataclass(frozen=True, kw_only=True)
class _Drawn(Augmentation[float]):
    """What is changed by one number, drawn from `low` to `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _require_range(self.low, self.high)

    def draw(self, rng: np.random.Generator) -> float:
        return rng.uniform(self.low, self.high)


# Of samples [T] at 16 kHz.


class NoiseParameters(NamedTuple):
    """The signal-to-noise ratio in dB, and which noise."""

    snr: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Noise(Augmentation[NoiseParameters]):
    """Additive white Gaussian noise at a signal-to-noise ratio of `low` to `high` dB.

    The noise is scaled by its own power, so that the ratio is exact; silence stays silence.
    """

    kind: Literal["noise"] = "noise"
    low: float = 15.0
    high: float = 30.0

    def __post_init__(self) -> None:
        _require_range(self.low, self.high)

    def draw(self, rng: np.random.Generator) -> NoiseParameters:
        return NoiseParameters(rng.uniform(self.low, self.high), int(rng.integers(2**32)))

    def apply(self, array: Floats, parameters: NoiseParameters) -> Floats:
        noise = np.random.default_rng(parameters.seed).standard_normal(len(array))
        return mixed(array, noise, parameters.snr)


@dataclass(frozen=True, kw_only=True)
class Gain(_Drawn):
    """Louder or softer, by `low` to `high` dB."""

    kind: Literal["gain"] = "gain"
    low: float = -6.0
    high: float = 6.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        return array * np.float32(10 ** (parameters / 20))


@dataclass(frozen=True, kw_only=True)
class TimeStretch(_Drawn):
    """Faster or slower at the same pitch, at `low` to `high` times the speed."""

    kind: Literal["time_stretch"] = "time_stretch"
    low: float = 0.9
    high: float = 1.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.low > 0, f"low must be above 0, not {self.low}")

    def apply(self, array: Floats, parameters: float) -> Floats:
        return stretch(array, parameters)


@dataclass(frozen=True, kw_only=True)
class PitchShift(_Drawn):
    """Higher or lower in the same time, by `low` to `high` semitones; formants move along.

    Source: `librosa.effects.pitch_shift`.
    """

    kind: Literal["pitch_shift"] = "pitch_shift"
    low: float = -2.0
    high: float = 2.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        rate = 2 ** (-parameters / 12)
        shifted = soxr.resample(stretch(array, rate), SAMPLE_RATE / rate, SAMPLE_RATE)
        return _fitted(shifted, len(array))


@dataclass(frozen=True, kw_only=True)
class Speed(_Drawn):
    """As a tape played `low` to `high` times as fast: tempo, pitch and formants move together.

    Source: Ko et al. (2015), "Audio Augmentation for Speech Recognition".
    """

    kind: Literal["speed"] = "speed"
    low: float = 0.9
    high: float = 1.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.low > 0, f"low must be above 0, not {self.low}")

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
        return _fitted(soxr.resample(heard, rate, SAMPLE_RATE), len(array))


@dataclass(frozen=True, kw_only=True)
class Mp3(_Drawn):
    """Compressed as MP3 at `low` to `high` kbit/s, to the nearest that the format has."""

    kind: Literal["mp3"] = "mp3"
    low: float = 16.0
    high: float = 64.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.low >= 16, f"low must be 16 kbit/s or more, not {self.low}")
        _require(self.high <= 160, f"high must be 160 kbit/s or less, not {self.high}")

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
        return _fitted(heard[delay:], len(array))


_MP3_DELAY = 576 + 529  # samples: of LAME's encoder, and of any decoder


class ReverbParameters(NamedTuple):
    """The reverberation time in seconds, and which room."""

    rt60: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Reverb(Augmentation[ReverbParameters]):
    """In a room whose sound falls by 60 dB in `low` to `high` seconds, at the level it had.

    The room's response is the direct sound and as much power of Gaussian noise that decays
    exponentially: Polack's model of late reverberation.
    """

    kind: Literal["reverb"] = "reverb"
    low: float = 0.2
    high: float = 0.8

    def __post_init__(self) -> None:
        _require_range(self.low, self.high)
        _require(self.low > 0, f"low must be above 0, not {self.low}")

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


SoundAugmentation: TypeAlias = (
    Noise | Gain | TimeStretch | PitchShift | Speed | Telephone | Mp3 | Reverb
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


# Of features [rows, frames].


class Span(NamedTuple):
    """A part of an axis: its share, and where it stands from first (0) to last (1)."""

    share: float
    place: float


@dataclass(frozen=True, kw_only=True)
class Masks(Augmentation[tuple[Span, ...]]):
    """Replace `count` spans of up to the share `largest` of an axis by the array's mean.

    Source: SpecAugment (Park et al., 2019), whose arrays have the mean 0.
    """

    kind: Literal["masks"] = "masks"
    axis: Literal["time", "frequency"] = "time"
    count: int = 2
    largest: float = 0.15

    def __post_init__(self) -> None:
        _require(self.axis in ("time", "frequency"), f"axis is time or frequency, not {self.axis}")
        _require(self.count > 0, f"count must be 1 or more, not {self.count}")
        _require(0 < self.largest <= 1, f"largest must be above 0 and at most 1: {self.largest}")

    def draw(self, rng: np.random.Generator) -> tuple[Span, ...]:
        return tuple(Span(rng.uniform(0, self.largest), rng.uniform()) for _ in range(self.count))

    def apply(self, array: Floats, parameters: tuple[Span, ...]) -> Floats:
        masked = array.copy()
        along = masked.T if self.axis == "time" else masked
        for span in parameters:
            length = round(span.share * len(along))
            start = round(span.place * (len(along) - length))
            along[start : start + length] = array.mean()
        return masked


@dataclass(frozen=True, kw_only=True)
class Equalizer(Augmentation[tuple[float, ...]]):
    """Raise and lower rows by a smooth curve, the same at all times: another throat or microphone.

    The curve is a sum of `count` cosines over the rows, slow ones first. The height of the k-th is
    normal with a standard deviation of `strength / k`, in the array's own units. On log-mel bands
    it is a filter, much as in FilterAugment (Nam et al., 2022).
    """

    kind: Literal["equalizer"] = "equalizer"
    count: int = 4
    strength: float = 0.3

    def __post_init__(self) -> None:
        _require(self.count > 0, f"count must be 1 or more, not {self.count}")
        _require(self.strength > 0, f"strength must be above 0, not {self.strength}")

    def draw(self, rng: np.random.Generator) -> tuple[float, ...]:
        return tuple(rng.normal(0, self.strength / k) for k in range(1, self.count + 1))

    def apply(self, array: Floats, parameters: tuple[float, ...]) -> Floats:
        turns = np.pi * (np.arange(len(array)) + 0.5) / len(array)
        curve = np.zeros(len(array), np.float32)
        for k, height in enumerate(parameters, 1):
            curve += height * np.cos(k * turns)
        return array + curve[:, np.newaxis]


# Of features [rows, frames] as a picture, or of one with channels, [channels, height, width].


@dataclass(frozen=True, kw_only=True)
class Flip(Augmentation[bool]):
    """Left for right, every other time."""

    kind: Literal["flip"] = "flip"

    def draw(self, rng: np.random.Generator) -> bool:
        return bool(rng.integers(2))

    def apply(self, array: Floats, parameters: bool) -> Floats:
        return array[..., ::-1].copy() if parameters else array.copy()


@dataclass(frozen=True, kw_only=True)
class Rotation(_Drawn):
    """Turned against the clock by `low` to `high` degrees; what comes in repeats the edge."""

    kind: Literal["rotation"] = "rotation"
    low: float = -10.0
    high: float = 10.0

    def apply(self, array: Floats, parameters: float) -> Floats:
        sine, cosine = np.sin(np.radians(parameters)), np.cos(np.radians(parameters))
        return _warped(array, np.array([[cosine, sine], [-sine, cosine]]))


@dataclass(frozen=True, kw_only=True)
class Zoom(_Drawn):
    """Enlarged about the middle, `low` to `high` times; what comes in repeats the edge."""

    kind: Literal["zoom"] = "zoom"
    low: float = 0.9
    high: float = 1.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.low > 0, f"low must be above 0, not {self.low}")

    def apply(self, array: Floats, parameters: float) -> Floats:
        return _warped(array, np.eye(2) / parameters)


def _warped(picture: Floats, matrix: NDArray[np.float64]) -> Floats:
    """Take each pixel from where `matrix` puts it, seen from the middle, between four others."""
    from scipy.ndimage import affine_transform

    size = picture.shape[-2:]
    middle = (np.array(size) - 1) / 2
    offset = middle - matrix @ middle
    planes = [
        affine_transform(plane, matrix, offset, order=1, mode="nearest")
        for plane in picture.reshape(-1, *size)
    ]
    return np.stack(planes).reshape(picture.shape)


FrameAugmentation: TypeAlias = Masks | Equalizer | Flip | Rotation | Zoom


# For training.


def dice(id: str, *, seed: int, epoch: int = 0) -> np.random.Generator:
    """Make the generator for a clip in an epoch: by (seed, epoch, clip id) and nothing else."""
    return np.random.default_rng([seed, epoch, crc32(f"augment {id}".encode())])


def copies(
    samples: Floats, id: str, augmentations: Iterable[Augmentation[Any]], *, seed: int
) -> dict[str, Floats]:
    """Give a copy of a clip for each augmentation, by the ids `clip#copy1`, `clip#copy2`, ..."""
    made = tuple(augmentations)
    names = zip(copy_ids(id, len(made)), made, strict=True)
    return {name: each(samples, dice(name, seed=seed)) for name, each in names}


def copy_ids(id: str, count: int) -> list[str]:
    """Name the copies of a clip: `clip#copy1`, `clip#copy2`, ..."""
    return [f"{id}#copy{number}" for number in range(1, count + 1)]


def original(id: str) -> str:
    """The id of the clip that a copy was made of; a clip's own otherwise."""
    return re.sub(r"#copy\d*$", "", id)


def fresh(
    array: Floats,
    augmentations: Iterable[Augmentation[Any]],
    rng: np.random.Generator,
    *,
    probability: float = 0.5,
) -> Floats:
    """Apply each augmentation with this probability, one after the other."""
    for augmentation in augmentations:
        if rng.uniform() < probability:
            array = augmentation(array, rng)
    return array


# The phase vocoder.

_N_FFT = 1024  # 64 ms: a few periods of a low voice
_HOP = _N_FFT // 4


def stretch(samples: Floats, rate: float) -> Floats:
    """Play samples `rate` times as fast at the same pitch: [T] -> [T / rate].

    Source: `librosa.effects.time_stretch` with `n_fft=1024`: a phase vocoder, whose magnitudes are
    interpolated and whose phases go on by what they advance from frame to frame.
    """
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)).astype(np.float32)
    padded = np.pad(samples, _N_FFT // 2)
    frames = np.fft.rfft(sliding_window_view(padded, _N_FFT)[::_HOP] * window)

    steps = np.arange(0, len(frames), rate)
    before = steps.astype(int)
    share = (steps - before)[:, np.newaxis]
    frames = np.pad(frames, ((0, 1), (0, 0)))
    magnitude, phase = np.abs(frames), np.angle(frames)
    expected = 2 * np.pi * _HOP / _N_FFT * np.arange(frames.shape[1])
    deviation = phase[before + 1] - phase[before] - expected
    advance = expected + deviation - 2 * np.pi * np.round(deviation / (2 * np.pi))
    phases = phase[0] + np.cumsum(advance, axis=0) - advance
    magnitudes = (1 - share) * magnitude[before] + share * magnitude[before + 1]

    made = np.fft.irfft(magnitudes * np.exp(1j * phases)) * window
    weight = _overlapped(np.broadcast_to(window**2, made.shape))
    whole = _overlapped(made) / np.maximum(weight, np.finfo(np.float32).tiny)
    return _fitted(whole[_N_FFT // 2 :].astype(np.float32), round(len(samples) / rate))


def _overlapped(frames: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Add frames [F, n_fft] that follow each other by the hop: [T]."""
    quarters = frames.reshape(len(frames), -1, _HOP)
    total = np.zeros((len(frames) + quarters.shape[1] - 1, _HOP))
    for number in range(quarters.shape[1]):
        total[number : number + len(frames)] += quarters[:, number]
    return total.ravel()


def _fitted(samples: Floats, length: int) -> Floats:
    """Cut samples, or pad them with zeros, at their end."""
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _require_range(low: float, high: float) -> None:
    _require(low <= high, f"low={low} is more than high={high}")
