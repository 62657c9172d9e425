"""Anything a user has becomes float32 mono at 16 kHz, or one line that says why it cannot.

`load`, `blocks` and `Inlet` walk one path: decode in small pieces, judge, mix to mono, resample. So
they give the same samples bit for bit, and sound of any length is read in bounded memory.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from intone import containers
from intone.errors import AudioError

SAMPLE_RATE = 16_000  # Hz
MIN_SECONDS = 0.1
RATES = (4_000, 384_000)  # Hz: outside, the header is wrong or the sound holds no speech
MAX_LEVEL = 100.0  # 40 dB over full scale: integers stored as floats, not sound
SUFFIXES = (
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".w64", ".rf64", ".caf", ".m4a", ".mp4", ".aac", ".webm", ".mka", ".wma", ".amr"),
)

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | NDArray[Any]

_PIECE = 24_576  # samples decoded at a time, over all channels
_MOST_CHANNELS = 64  # of what arrives: beyond, rows and columns are mistaken for each other
_SILENCE = 2.0**-15  # one step of 16 bits
_FULL_SCALE = 0.98  # A-law and mu-law end here
_CLIPPED = 0.001  # share of samples from which clipping is worth a word


@dataclass(frozen=True, eq=False)
class Clip:
    """A whole sound: `samples` is [T], mono, 16 kHz, finite; `name` is what the user called it."""

    samples: NDArray[np.float32]
    name: str
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / SAMPLE_RATE


def load(source: Source, *, sample_rate: int | None = None) -> Clip:
    """Read a path, bytes, a binary file object (from its start) or an array.

    An array is [T] or [T, channels], as soundfile gives it, and needs its `sample_rate` in Hz;
    int8, int16, int32 and uint8 are scaled to +-1. Channels are averaged.

    Raises:
        AudioError: the sound is missing, broken, cut short, not finite, beyond +-100, or shorter
            than 0.1 s; or `sample_rate` does not suit the source.
    """
    gate = _Gate(name_of(source))
    samples = np.concatenate(list(_pieces(source, sample_rate, gate)))
    return Clip(samples, gate.name, gate.warnings())


def blocks(
    source: Source,
    *,
    sample_rate: int | None = None,
    seconds: float = 30.0,
    separate: bool = False,
    partial: bool = False,
) -> "Blocks":
    """Give the samples of `load` in blocks of `seconds`, the last one shorter, in bounded memory.

    Where `separate` is set, channels are not averaged: a block is [T, channels]. Where `partial` is
    set, a sound that breaks off is no error: what is good is given, and a warning says where it
    ends.

    Raises:
        AudioError: as `load`; faults of the header come before the first block, others where the
            reading meets them.
    """
    length = round(seconds * SAMPLE_RATE)
    if length < 1:
        raise ValueError(f"a block of {seconds} s holds no sample")
    gate = _Gate(name_of(source), partial)
    return Blocks(gate, _regrouped(_pieces(source, sample_rate, gate, separate), length), length)


class Blocks(Iterator[NDArray[np.float32]]):
    """A sound in blocks of `length` samples, read once; what it says of itself, it has read.

    `name` is what the user called it, `count` the samples given so far.
    """

    def __init__(self, gate: "_Gate", blocks: Iterator[NDArray[np.float32]], length: int) -> None:
        self._gate, self._blocks, self._length = gate, blocks, length
        self.name = gate.name
        self.count = 0

    def __next__(self) -> NDArray[np.float32]:
        """Give the next block: float32 [T], or [T, channels]."""
        block = next(self._blocks)
        self.count += len(block)
        return block

    @property
    def seconds(self) -> float:
        """Duration of what was given."""
        return self.count / SAMPLE_RATE

    @property
    def expected(self) -> int:
        """How many blocks the header promises, once the first is read; 0 where it is silent."""
        return ceil((self._gate.declared_seconds or 0) * SAMPLE_RATE / self._length)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is valid and still worth a word, once all is read."""
        return self._gate.warnings()


def _regrouped(pieces: Iterable[NDArray[np.float32]], length: int) -> Iterator[NDArray[np.float32]]:
    """Pieces of any size as blocks of `length`, the last one shorter."""
    held: list[NDArray[np.float32]] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        if count >= length:
            joined = np.concatenate(held)
            full = count - count % length
            yield from np.split(joined[:full], range(length, full, length))
            held, count = [joined[full:]], count - full
    if count:
        yield np.concatenate(held)


def find(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Expand folders into the audio files below them, in sorted order; keep every other path.

    Hidden files and folders inside a folder are skipped, and pipes, which nobody may fill. What
    `load` will refuse is kept so that it is reported: missing paths, folders without audio, folders
    named like an audio file.
    """
    found: list[Path] = []
    for path in paths:
        inside = _inside(Path(path)) if os.path.isdir(path) else []
        found += inside or [Path(path)]
    return found


def _inside(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return [folder]
    found: list[Path] = []
    for path in entries:
        if path.name.startswith(".") or path.is_fifo():
            continue
        if path.suffix.lower() in SUFFIXES:
            found.append(path)
        elif path.is_dir() and not path.is_symlink():
            found += _inside(path)
    return found


class Inlet:
    """Sound as it arrives, in pieces of any size, becomes mono at 16 kHz: what `load` would give.

    `sample_rate` is in Hz; `name` stands in errors.

    Raises:
        AudioError: by `push`, for samples that are not finite or beyond +-100.
    """

    def __init__(self, sample_rate: int, *, name: str = "stream") -> None:
        self._gate = _Gate(name)
        self._gate.admit(sample_rate, None)
        self._mixer = _Mixer(self._gate)

    def push(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """[n] or [n, channels], floats or integers as in `load` -> the samples that are final."""
        _check_array(samples, self._gate)
        if samples.ndim == 2 and samples.shape[1] > _MOST_CHANNELS:
            raise _misshapen(samples, self._gate)
        if not samples.size:
            return np.zeros(0, np.float32)
        return self._mixer.push(_scaled(samples.reshape(len(samples), -1)))

    def finish(self) -> NDArray[np.float32]:
        """What the resampler still held."""
        return self._mixer.finish()


class _Mixer:
    """Judged frames [n, channels] become mono at 16 kHz, or, `separate`, [m, channels]."""

    def __init__(self, gate: "_Gate", separate: bool = False) -> None:
        self._gate, self._separate = gate, separate
        self._resampler: soxr.ResampleStream | None = None
        self._nothing = np.zeros(0, np.float32)

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        self._gate.hear(frames)
        sound = frames if self._separate else _mono(frames)
        self._nothing = sound[:0]
        if self._gate.rate == SAMPLE_RATE:
            return sound
        if self._resampler is None:
            channels = frames.shape[1] if self._separate else 1
            self._resampler = soxr.ResampleStream(
                self._gate.rate, SAMPLE_RATE, channels, dtype="float32", quality="HQ"
            )
        return np.asarray(self._resampler.resample_chunk(sound))

    def finish(self) -> NDArray[np.float32]:
        if self._resampler is None:
            return self._nothing
        return np.asarray(self._resampler.resample_chunk(self._nothing, last=True))


class _Gate:
    """The one judge of what is valid: hears every sample once, before mixing and resampling."""

    def __init__(self, name: str, partial: bool = False) -> None:
        self.name = name
        self._partial = partial
        self._cut: str | None = None  # why the sound breaks off
        self.rate = SAMPLE_RATE
        self._declared: int | None = None
        self._count = 0  # frames
        self._peak = 0.0
        self._clipped = 0.0  # frames, as the mean over channels

    @property
    def declared_seconds(self) -> float | None:
        """What the header says, where it does."""
        return None if self._declared is None else self._declared / self.rate

    def fault(self, what: str) -> AudioError:
        """One line that names the sound."""
        return AudioError(f"{printable(self.name)}: {what}")

    def cut(self, why: str) -> None:
        """Judge a sound that breaks off: a fault, or worth a warning where a part will do."""
        if not self._partial:
            raise self.fault(why)
        self._cut = self._cut or why

    def admit(self, rate: int, declared: int | None) -> None:
        """Judge what the header says: sample rate in Hz and frames, None where it is silent."""
        low, high = RATES
        if not low <= rate <= high:
            raise self.fault(
                f"sample rate {rate} Hz is outside {low} to {high} Hz; mend the header or resample"
            )
        if declared is not None:
            self._check_length(declared, rate)
        self.rate, self._declared = rate, declared

    def hear(self, frames: NDArray[np.float32]) -> None:
        """Judge frames [n, channels]."""
        peak = float(np.abs(frames).max())
        if not np.isfinite(peak):
            at = (self._count + np.isfinite(frames).all(axis=1).argmin()) / self.rate
            raise self.fault(f"NaN or infinite samples at {at:.2f} s; export it again")
        if peak > MAX_LEVEL:
            raise self.fault(f"samples reach {peak:g}, not sound within +-1; scale them to +-1")
        if peak >= _FULL_SCALE:
            flat = (frames[1:] == frames[:-1]) & (np.abs(frames[1:]) >= _FULL_SCALE)
            self._clipped += float(flat.sum()) / frames.shape[1]
        self._peak = max(self._peak, peak)
        self._count += len(frames)

    def close(self) -> None:
        """Judge the whole once the last frame is heard."""
        if self._declared is not None and self._count < self._declared:
            self.cut(
                f"damaged or truncated: {self._declared / self.rate:.2f} s declared, "
                f"{self._count / self.rate:.2f} s readable; get a complete copy"
            )
        if self._cut and self._count < MIN_SECONDS * self.rate:
            raise self.fault(self._cut)
        self._check_length(self._count, self.rate)

    def warnings(self) -> tuple[str, ...]:
        """What is valid and still worth a word."""
        clipped = self._clipped / self._count
        found = {
            "digital silence": self._peak < _SILENCE,
            f"clipping in {100 * clipped:.1f} % of samples": clipped >= _CLIPPED,
            f"breaks off at {self._count / self.rate:.2f} s ({self._cut})": self._cut is not None,
        }
        return tuple(text for text, applies in found.items() if applies)

    def _check_length(self, frames: int, rate: int) -> None:
        if frames < 1:
            raise self.fault("no samples in it; record or export it again")
        if frames / rate < MIN_SECONDS:
            raise self.fault(
                f"too short, {frames / rate:.3f} s; at least {MIN_SECONDS} s is needed"
            )


def _pieces(
    source: Source, sample_rate: int | None, gate: _Gate, separate: bool = False
) -> Iterator[NDArray[np.float32]]:
    """Pieces at 16 kHz; after the last one the gate has heard everything."""
    with ExitStack() as stack:
        if isinstance(source, np.ndarray):
            decoded = _open_array(source, sample_rate, gate)
        else:
            if sample_rate is not None:
                raise gate.fault("sample_rate is for arrays only; a file states its own")
            if isinstance(source, str | os.PathLike) and os.path.isdir(source):
                raise gate.fault(_folder_fault(Path(source)))
            rate, declared, decoded = containers.decode(source, _PIECE, gate.fault, gate.cut, stack)
            gate.admit(rate, declared)
        mixer = _Mixer(gate, separate)
        for frames in decoded:
            yield mixer.push(frames)
        gate.close()
        yield mixer.finish()


def _open_array(
    array: NDArray[Any], sample_rate: int | None, gate: _Gate
) -> Iterator[NDArray[np.float32]]:
    if not isinstance(sample_rate, int | np.integer):
        raise gate.fault(f"needs sample_rate=, a whole number of Hz, not {sample_rate!r}")
    if array.ndim == 2 and 0 < len(array) < array.shape[1]:
        raise _misshapen(array, gate)
    _check_array(array, gate)
    gate.admit(sample_rate, len(array) if array.size else 0)
    frames = array.reshape(len(array), -1)
    step = max(1, _PIECE // frames.shape[1])
    return (_scaled(frames[i : i + step]) for i in range(0, len(frames), step))


def _check_array(array: NDArray[Any], gate: _Gate) -> None:
    if array.ndim not in (1, 2):
        raise _misshapen(array, gate)
    if array.dtype.kind != "f" and array.dtype.name not in ("int8", "int16", "int32", "uint8"):
        raise gate.fault(f"{array.dtype} samples have no agreed scale; give floats within +-1")


def _misshapen(array: NDArray[Any], gate: _Gate) -> AudioError:
    return gate.fault(f"shape {array.shape} is not [T] or [T, channels]; transpose or index it")


def _mono(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the channels: [n, channels] -> [n]; NumPy's own takes ten times as long."""
    total = frames[:, 0].copy()
    for channel in range(1, frames.shape[1]):
        total += frames[:, channel]
    return total / np.float32(frames.shape[1])


def _scaled(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Floats as they are, integers to +-1."""
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # the gate speaks of what becomes infinite
            return samples.astype(np.float32)
    half = 2.0 ** (8 * samples.dtype.itemsize - 1)
    centre = half if samples.dtype.kind == "u" else 0.0
    return ((samples - centre) / half).astype(np.float32)


def _folder_fault(folder: Path) -> str:
    if _inside(folder):
        return "a folder, not an audio file; name the files in it"
    return "a folder without audio files; name another"


def name_of(source: Source) -> str:
    """Name a source as the user would."""
    if isinstance(source, np.ndarray):
        return "array"
    if isinstance(source, bytes):
        return "bytes"
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if hasattr(source, "read"):
        return str(getattr(source, "name", "stream"))
    raise TypeError(f"a {type(source).__name__} is no path, bytes, binary file or array")


def printable(name: str) -> str:
    """The name in one line: what cannot be printed is written as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name) or "''"
