"""Features of one window of sound: one STFT, librosa's definitions, NumPy alone.

A feature is one class here. It is found because it derives from `Feature`; nothing else lists it.
All features of a window read one `Stft`, which computes what they share once.

The definitions are those of librosa 0.11 for 16 kHz sound (`tests/test_features.py` holds them to
it). Golden arrays in `tests/golden` hold them still: a change of any value is a new
`FEATURES_VERSION`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any, ClassVar, Literal, Protocol, Union, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE
from intone.errors import DataError, IntoneError
from intone.specs import build

FEATURES_VERSION = 1

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Window = Literal["hann", "hamming"]
Level = Literal["as is", "peak", "rms"]
Edges = Literal["zeros", "reflect"]
Pool = Literal["mean", "std"]

_BLOCK = 2**15  # samples transformed at a time: the scratch arrays stay in the processor's cache
_BAND = 16  # filters multiplied at a time: few enough that they share most of their bins
_POOLS: dict[str, Callable[..., Floats]] = {"mean": np.mean, "std": np.std}
_AMIN = np.float32(1e-10)  # what is less is silence: librosa's least power and least sample


class Stft:
    """The frames of one window of sound, and what its features share.

    `samples` is float32 [T]; `frames` is [frames, n_fft], before the window function. Centred
    frames see zeros or the mirrored sound beyond both ends (`edges`): 1 + T // hop_length of them
    when `n_fft` is even.

    Raises:
        DataError: the window is too short to hold a frame.
    """

    def __init__(
        self,
        samples: Floats,
        *,
        n_fft: int = 2048,
        hop_length: int = 512,
        win_length: int | None = None,
        window: Window = "hann",
        center: bool = True,
        edges: Edges = "zeros",
    ) -> None:
        least = n_fft if not center else n_fft // 2 + 1 if edges == "reflect" else 1
        if len(samples) < least:
            raise DataError(
                f"a window of {len(samples)} samples is too short for these features: "
                f"give {least} or more"
            )
        self.samples = samples
        self.n_fft = n_fft
        self.bins = n_fft // 2 + 1
        self.hop_length = hop_length
        self.margin = n_fft // 2 if center else 0
        self.edges = edges
        self.taper = _taper(window, win_length or n_fft, n_fft)
        self.frames = self.framed(samples)
        self._computed: dict[Feature, Floats] = {}

    def framed(self, signal: Floats) -> Floats:
        """Cut a signal [T] into the STFT's frames: a view [frames, n_fft]."""
        padded = np.pad(signal, self.margin, "reflect" if self.edges == "reflect" else "constant")
        return sliding_window_view(padded, self.n_fft)[:: self.hop_length]

    @cached_property
    def power(self) -> Floats:
        """The power spectrum [frames, bins]."""
        power = np.empty((len(self.frames), self.bins), np.float32)
        step = max(1, _BLOCK // self.n_fft)
        for start in range(0, len(power), step):
            block = slice(start, start + step)
            parts = np.fft.rfft(self.frames[block] * self.taper).view(np.float32)  # re, im, re, ...
            np.square(parts, out=parts)
            np.add(parts[:, ::2], parts[:, 1::2], out=power[block])
        return power

    def of(self, feature: "Feature") -> Floats:
        """The feature's values [rows, frames], computed once however many features ask."""
        if feature not in self._computed:
            self._computed[feature] = feature.compute(self)
        return self._computed[feature]


class Feature(ABC):
    """What is measured of every frame: a frozen dataclass with its settings as fields."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}
    kind: str

    @abstractmethod
    def rows(self, stft: Stft) -> int:
        """The number of values per frame.

        Raises:
            ValueError: the settings do not fit the STFT.
        """

    @abstractmethod
    def compute(self, stft: Stft) -> Floats:
        """The values [rows, frames]."""


@dataclass(frozen=True, kw_only=True)
class _MelBands:
    """The settings of everything that stands on mel bands; `fmax=None` is half the sample rate."""

    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None

    def __post_init__(self) -> None:
        _positive(n_mels=self.n_mels)
        top = SAMPLE_RATE / 2
        _require(
            0 <= self.fmin < (top if self.fmax is None else self.fmax) <= top,
            f"fmin={self.fmin} and fmax={self.fmax} must rise within 0 to {top:g} Hz",
        )

    def rows(self, stft: Stft) -> int:
        _require(
            self.n_mels <= stft.bins,
            f"n_mels={self.n_mels} is more than the {stft.bins} bins of n_fft={stft.n_fft}",
        )
        return self.n_mels

    @property
    def bands(self) -> dict[str, Any]:
        return {"n_mels": self.n_mels, "fmin": self.fmin, "fmax": self.fmax}


@dataclass(frozen=True, kw_only=True)
class Mel(_MelBands, Feature):
    """Power in mel bands (Slaney's scale and area normalisation): `librosa.feature.melspectrogram`.

    Bands narrower than a bin of the STFT may be empty, as they are there.
    """

    kind: Literal["mel"] = "mel"

    def compute(self, stft: Stft) -> Floats:
        return _mel_filters(stft.n_fft, self.n_mels, self.fmin, self.fmax)(stft.power)


@dataclass(frozen=True, kw_only=True)
class LogMel(_MelBands, Feature):
    """Mel power in decibels over 1 or over the window's maximum: `librosa.power_to_db`.

    Nothing is more than `top_db` below the window's maximum.
    """

    kind: Literal["log_mel"] = "log_mel"
    ref: Literal["one", "max"] = "one"
    top_db: float = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _one_of(("one", "max"), ref=self.ref)
        _require(self.top_db > 0, f"top_db must be above 0, not {self.top_db}")

    def compute(self, stft: Stft) -> Floats:
        decibels = 10 * np.log10(np.maximum(stft.of(Mel(**self.bands)), _AMIN))
        loudest = decibels.max()
        np.maximum(decibels, loudest - self.top_db, out=decibels)
        return decibels - loudest if self.ref == "max" else decibels


@dataclass(frozen=True, kw_only=True)
class Mfcc(_MelBands, Feature):
    """The first coefficients of the log-mel bands' orthonormal DCT-II: `librosa.feature.mfcc`."""

    kind: Literal["mfcc"] = "mfcc"
    n_mfcc: int = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive(n_mfcc=self.n_mfcc)
        _require(
            self.n_mfcc <= self.n_mels,
            f"n_mfcc={self.n_mfcc} is more than n_mels={self.n_mels}",
        )

    def rows(self, stft: Stft) -> int:
        super().rows(stft)
        return self.n_mfcc

    def compute(self, stft: Stft) -> Floats:
        log_mel = stft.of(LogMel(**self.bands)).astype(np.float64)  # its sums lose 1e-3 in float32
        return (_dct(self.n_mfcc, self.n_mels) @ log_mel).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Chroma(Feature):
    """Power by pitch class, each frame over its maximum: `librosa.feature.chroma_stft`, untuned."""

    kind: Literal["chroma"] = "chroma"
    n_chroma: int = 12

    def __post_init__(self) -> None:
        _positive(n_chroma=self.n_chroma)
        _require(self.n_chroma <= 120, f"n_chroma must be 120 or less, not {self.n_chroma}")

    def rows(self, stft: Stft) -> int:
        return self.n_chroma

    def compute(self, stft: Stft) -> Floats:
        chroma = _chroma_filters(stft.n_fft, self.n_chroma)(stft.power)
        loudest = chroma.max(axis=0)
        loudest[loudest < np.finfo(np.float32).tiny] = 1  # silence stays silence
        chroma /= loudest
        return chroma


@dataclass(frozen=True, kw_only=True)
class Spectrogram(Feature):
    """The STFT's magnitude (`power=1`) or power (`power=2`)."""

    kind: Literal["spectrogram"] = "spectrogram"
    power: Literal[1, 2] = 2

    def __post_init__(self) -> None:
        _one_of((1, 2), power=self.power)

    def rows(self, stft: Stft) -> int:
        return stft.bins

    def compute(self, stft: Stft) -> Floats:
        return stft.power.T if self.power == 2 else np.sqrt(stft.power.T)


@dataclass(frozen=True, kw_only=True)
class ZeroCrossingRate(Feature):
    """The share of samples whose sign is not their predecessor's.

    Source: `librosa.feature.zero_crossing_rate`: zero is positive, and so is what is next to it.
    """

    kind: Literal["zcr"] = "zcr"

    def rows(self, stft: Stft) -> int:
        return 1

    def compute(self, stft: Stft) -> Floats:
        negative = stft.samples < -_AMIN
        crossings = np.zeros(len(negative), np.float32)
        crossings[1:] = negative[1:] != negative[:-1]
        within = stft.framed(crossings)[:, 1:]  # a frame's first sample has none before it
        counts: Floats = np.einsum("ft->f", within)  # thrice as fast as sum
        return counts[np.newaxis] / np.float32(stft.n_fft)


@dataclass(frozen=True, kw_only=True)
class Energy(Feature):
    """The mean square of every frame."""

    kind: Literal["energy"] = "energy"

    def rows(self, stft: Stft) -> int:
        return 1

    def compute(self, stft: Stft) -> Floats:
        energy: Floats = np.vecdot(stft.frames, stft.frames) / np.float32(stft.n_fft)
        return energy[np.newaxis]


@dataclass(frozen=True, kw_only=True)
class Rms(Feature):
    """The root of the mean square of every frame: `librosa.feature.rms`."""

    kind: Literal["rms"] = "rms"

    def rows(self, stft: Stft) -> int:
        return 1

    def compute(self, stft: Stft) -> Floats:
        return np.sqrt(stft.of(Energy()))


@dataclass(frozen=True, kw_only=True)
class Samples(Feature):
    """The samples of every frame: the sound itself with `n_fft=1`, `hop_length=1`, uncentred."""

    kind: Literal["samples"] = "samples"

    def rows(self, stft: Stft) -> int:
        return stft.n_fft

    def compute(self, stft: Stft) -> Floats:
        return stft.frames.T


class Hearing(Protocol):
    """What makes a net's input of a window of sound: a `FrontEnd`, or a frozen encoder."""

    def __call__(self, window: Floats) -> Floats:
        """`[T]` -> the input, without the batch axis."""

    def shape(self, length: int) -> tuple[int, ...]:
        """The shape that a window of `length` samples gives."""

    def to_dict(self) -> dict[str, Any]:
        """All that the values depend on, as plain data."""


class _ByKind:
    """Tells pydantic, which checks recipes, to choose among the features by `kind`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import Discriminator

        features: Any = Union[tuple(Feature.__subclasses__())]  # noqa: UP007
        return handler.generate_schema(Annotated[features, Discriminator("kind")])


AnyFeature = Annotated[Feature, _ByKind()]


@dataclass(frozen=True, kw_only=True)
class FrontEnd:
    """What a net hears of a window: features of one STFT, one above the other, perhaps pooled.

    The window is scaled to its own `level` first (silence stays silence), then pre-emphasised as
    `librosa.effects.preemphasis` does. `pool` gives statistics over time, one after the other.

    >>> front_end = FrontEnd(features=(Mfcc(n_mfcc=40), ZeroCrossingRate()))
    >>> front_end(np.zeros(16000, np.float32)).shape
    (41, 32)
    """

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    features: tuple[AnyFeature, ...]
    n_fft: int = 2048
    hop_length: int = 512
    win_length: int | None = None
    window: Window = "hann"
    center: bool = True
    edges: Edges = "zeros"
    pre_emphasis: float = 0.0
    level: Level = "as is"
    pool: tuple[Pool, ...] = ()

    def __post_init__(self) -> None:
        _require(len(self.features) > 0, "features is empty; name at least one")
        _positive(n_fft=self.n_fft, hop_length=self.hop_length)
        _require(self.n_fft <= 65_536, f"n_fft={self.n_fft} is more than 65536, four seconds")
        if self.win_length is not None:
            _positive(win_length=self.win_length)
            _require(
                self.win_length <= self.n_fft,
                f"win_length={self.win_length} is more than n_fft={self.n_fft}",
            )
        _one_of(get_args(Window), window=self.window)
        _one_of((True, False), center=self.center)
        _one_of(get_args(Edges), edges=self.edges)
        _require(
            0 <= self.pre_emphasis <= 1, f"pre_emphasis must be 0 to 1, not {self.pre_emphasis}"
        )
        _one_of(get_args(Level), level=self.level)
        for pool in self.pool:
            _one_of(get_args(Pool), pool=pool)
        self.shape(self.n_fft)  # refuses features that do not fit n_fft

    def __call__(self, window: Floats) -> Floats:
        """Hear a window of sound: [T] -> [rows, frames], or [rows * pools].

        Raises:
            DataError: the window is too short to hold a frame.
        """
        samples = _levelled(np.asarray(window, np.float32), self.level)
        if self.pre_emphasis:
            samples = _pre_emphasised(samples, self.pre_emphasis)
        stft = self._stft(samples)
        heard = np.concatenate([stft.of(feature) for feature in self.features])
        if not self.pool:
            return heard
        return np.concatenate([_POOLS[pool](heard, axis=1) for pool in self.pool])

    def shape(self, length: int) -> tuple[int, ...]:
        """The shape that a window of `length` samples gives.

        Raises:
            DataError: the window is too short to hold a frame.
        """
        stft = self._stft(np.zeros(length, np.float32))
        rows = sum(feature.rows(stft) for feature in self.features)
        return (rows * len(self.pool),) if self.pool else (rows, len(stft.frames))

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data, for JSON and TOML."""
        data = asdict(self)
        return {**data, "features": list(data["features"]), "pool": list(self.pool)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> "FrontEnd":
        """Make a front end from plain data; `where` names the place for the reader.

        Raises:
            IntoneError: a key or a kind of feature is unknown, or a value is refused.
        """
        features = data.get("features", [])
        if not isinstance(features, list | tuple):
            raise IntoneError(f"{where}: features must be a list, not {features!r}")
        features = tuple(_feature(feature, where) for feature in features)
        return build(cls, {**data, "features": features}, where)

    def _stft(self, samples: Floats) -> Stft:
        return Stft(
            samples,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window=self.window,
            center=self.center,
            edges=self.edges,
        )


@dataclass(frozen=True, eq=False)
class Scaler:
    """One mean and standard deviation per row [rows], fitted on training windows only.

    Both are held in float32, so that a scaler read from a file scales as the fitted one does.
    """

    mean: Floats
    std: Floats

    def __post_init__(self) -> None:
        for name in ("mean", "std"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float32))
        _require(
            self.mean.ndim == 1
            and self.mean.shape == self.std.shape
            and bool(np.all(self.std > 0)),
            "a scaler needs one mean and one standard deviation above 0 per row",
        )

    @classmethod
    def fit(cls, arrays: Iterable[Floats]) -> "Scaler":
        """Measure arrays [rows, frames], or [rows], in one pass; a row that never varies has std 1.

        Raises:
            DataError: there are no arrays.
        """
        count, origin, total, squares = 0, None, 0.0, 0.0
        for array in arrays:
            values = array.reshape(len(array), -1).astype(np.float64)
            if origin is None:
                origin = values[:, :1].copy()  # keeps the sums small, and a constant row's at 0
            values -= origin
            count += values.shape[1]
            total += values.sum(axis=1)
            squares += np.square(values).sum(axis=1)
        if origin is None:
            raise DataError("no windows to fit the scaler on: the training part is empty")
        offset = total / count
        mean = (origin[:, 0] + offset).astype(np.float32)
        std = np.sqrt(np.maximum(squares / count - offset**2, 0)).astype(np.float32)
        return cls(mean, np.where(std > 0, std, np.float32(1)))

    def __call__(self, array: Floats) -> Floats:
        """Scale an array [rows, frames], or [rows]."""
        shape = (-1,) + (1,) * (array.ndim - 1)
        return (array - self.mean.reshape(shape)) / self.std.reshape(shape)


class _FilterBank:
    """Filters [rows, bins] over the spectrum, in groups of neighbours without their shared zeros.

    Mel filters are narrow: this leaves an eighth of the full matrix product to do.
    """

    def __init__(self, weights: Doubles) -> None:
        self.rows = len(weights)
        self.groups: list[tuple[slice, slice, Floats]] = []
        for start in range(0, self.rows, _BAND):
            rows = slice(start, start + _BAND)
            heard = np.flatnonzero(weights[rows].max(axis=0))
            bins = slice(heard[0], heard[-1] + 1) if len(heard) else slice(0)
            self.groups.append((rows, bins, weights[rows, bins].astype(np.float32)))

    def __call__(self, power: Floats) -> Floats:
        """Sum the power [frames, bins] under each filter: [rows, frames]."""
        out = np.empty((self.rows, len(power)), np.float32)
        for rows, bins, weights in self.groups:
            np.matmul(weights, power[:, bins].T, out=out[rows])
        return out


@lru_cache(maxsize=32)
def _mel_filters(n_fft: int, n_mels: int, fmin: float, fmax: float | None) -> _FilterBank:
    return _FilterBank(mel_weights(n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax))


@lru_cache(maxsize=32)
def _chroma_filters(n_fft: int, n_chroma: int) -> _FilterBank:
    return _FilterBank(chroma_weights(n_fft=n_fft, n_chroma=n_chroma))


def mel_weights(
    *, n_fft: int, n_mels: int, fmin: float = 0.0, fmax: float | None = None
) -> Doubles:
    """Triangular mel filters of equal area [n_mels, bins]: `librosa.filters.mel`."""
    low, high = _hz_to_mel(np.array([fmin, SAMPLE_RATE / 2 if fmax is None else fmax]))
    edges = _mel_to_hz(np.linspace(low, high, n_mels + 2))
    ramps = edges[:, np.newaxis] - np.arange(n_fft // 2 + 1) * (SAMPLE_RATE / n_fft)
    widths = np.diff(edges)[:, np.newaxis]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    areas = (edges[2:] - edges[:-2])[:, np.newaxis] / 2
    weights: Doubles = np.maximum(0, np.minimum(rising, falling)) / areas
    return weights


def chroma_weights(*, n_fft: int, n_chroma: int) -> Doubles:
    """Pitch class filters [n_chroma, bins] from C on, A at 440 Hz: `librosa.filters.chroma`.

    A bin counts for the classes near its pitch, and the more the nearer to 880 Hz it is.
    """
    frequencies = np.arange(1, n_fft) * (SAMPLE_RATE / n_fft)
    pitch = n_chroma * np.log2(frequencies / (440 / 16))
    pitch = np.concatenate(([pitch[0] - 1.5 * n_chroma], pitch))  # a stand-in for 0 Hz
    width = np.concatenate((np.maximum(np.diff(pitch), 1), [1]))
    half = np.round(n_chroma / 2)
    distance = np.remainder(pitch - np.arange(n_chroma)[:, np.newaxis] + half, n_chroma) - half
    weights = np.exp(-0.5 * (2 * distance / width) ** 2)
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * ((pitch / n_chroma - 5) / 2) ** 2)
    from_c: Doubles = np.roll(weights, -3 * (n_chroma // 12), axis=0)
    return from_c[:, : n_fft // 2 + 1]


@lru_cache(maxsize=32)
def _taper(window: Window, length: int, n_fft: int) -> Floats:
    """The periodic window function, zero-padded to [n_fft]."""
    mean = {"hann": 0.5, "hamming": 0.54}[window]
    taper = np.zeros(n_fft, np.float32)
    start = (n_fft - length) // 2
    angles = 2 * np.pi * np.arange(length) / length
    taper[start : start + length] = mean - (1 - mean) * np.cos(angles)
    return taper


@lru_cache(maxsize=32)
def _dct(rows: int, length: int) -> Doubles:
    """The first rows of the orthonormal DCT-II [rows, length]."""
    matrix: Doubles = np.cos(np.pi / length * np.outer(np.arange(rows), np.arange(length) + 0.5))
    matrix *= np.sqrt(2 / length)
    matrix[0] /= np.sqrt(2)
    return matrix


# Slaney's mel scale: 3 mel per 200 Hz up to 1 kHz, 27 mel per factor of 6.4 above.
_KNEE_HZ, _KNEE_MEL, _MEL_PER_LOG = 1000.0, 15.0, 27 / np.log(6.4)


def _hz_to_mel(hz: Doubles) -> Doubles:
    above = _KNEE_MEL + _MEL_PER_LOG * np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ)
    return np.where(hz < _KNEE_HZ, hz * (_KNEE_MEL / _KNEE_HZ), above)


def _mel_to_hz(mel: Doubles) -> Doubles:
    above = _KNEE_HZ * np.exp((mel - _KNEE_MEL) / _MEL_PER_LOG)
    return np.where(mel < _KNEE_MEL, mel * (_KNEE_HZ / _KNEE_MEL), above)


def _levelled(samples: Floats, level: Level) -> Floats:
    """Divide by the peak or the RMS; silence stays silence."""
    if level == "as is":
        return samples
    scale = np.abs(samples).max() if level == "peak" else np.sqrt(np.mean(np.square(samples)))
    return samples / scale if scale > 0 else samples


def _pre_emphasised(samples: Floats, coefficient: float) -> Floats:
    """Subtract each sample's predecessor times the coefficient.

    The first sample has none; librosa adds a linear extrapolation to it instead.
    """
    out = samples.copy()
    out[1:] -= np.float32(coefficient) * samples[:-1]
    out[0] += 2 * samples[0] - samples[:2][-1]
    return out


def _feature(data: Any, where: str) -> Feature:
    """Make the feature that `data["kind"]` names."""
    kinds = Feature.__subclasses__()
    kind = data.get("kind") if isinstance(data, Mapping) else data
    for cls in kinds:
        if isinstance(data, Mapping) and cls.kind == kind:
            return build(cls, data, f"{where}, {kind}")
    known = ", ".join(cls.kind for cls in kinds)
    raise IntoneError(f"{where}: unknown kind of feature {kind!r}; known are {known}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _positive(**settings: int) -> None:
    for name, value in settings.items():
        _require(
            type(value) is int and value > 0,
            f"{name} must be a whole number above 0, not {value!r}",
        )


def _one_of(choices: tuple[Any, ...], **settings: Any) -> None:
    for name, value in settings.items():
        known = ", ".join(repr(choice) for choice in choices)
        _require(value in choices, f"{name} must be one of {known}, not {value!r}")
