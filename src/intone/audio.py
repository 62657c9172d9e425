"""Anything a user has becomes float32 mono at 16 kHz, or one line that says why it cannot.

`load` and `blocks` walk one path: open, decode in small pieces, judge, mix to mono, resample. So
they give the same samples bit for bit, and a file of any length is read in bounded memory.
"""

import io
import os
import shutil
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

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

_PIECE = 65_536  # decoded samples held at a time, over all channels
_UNKNOWN_LENGTH = 2**62  # what libsndfile gives for a streamed FLAC is larger
_SILENCE = 2.0**-15  # one step of 16 bits
_FULL_SCALE = 0.98  # A-law and mu-law end here
_CLIPPED = 0.001  # share of samples from which clipping is worth a word
_BYTE_ORDER = {b"RIFF": "<", b"RIFX": ">", b"FORM": ">"}
_STREAMED = (0, 0x7FFFF000, 0xFFFFFFFF)  # sizes that writers to a pipe leave (the middle one: SoX)
_OGG_PAGE = 65_307  # bytes, at most
_MPEG_FRAME = 1_441  # bytes, at most
_MPEG_REST = 3 * _MPEG_FRAME  # more than the frames of padding that a decoder may leave
_FOREIGN = (
    (4, b"ftyp", "MP4 (m4a, mp4, mov)"),
    (0, b"\x1aE\xdf\xa3", "Matroska (webm, mkv, mka)"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "ASF (wma, wmv)"),
    (8, b"AVI ", "AVI"),
    (0, b"#!AMR", "AMR"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"FLV", "FLV"),
    (0, b"caff", "CAF"),  # libsndfile could, but prints to standard output where one is damaged
)


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
    gate = _Gate(_name(source))
    samples = np.concatenate(list(_pieces(source, sample_rate, gate)))
    return Clip(samples, gate.name, gate.warnings())


def blocks(
    source: Source, *, sample_rate: int | None = None, seconds: float = 30.0
) -> Iterator[NDArray[np.float32]]:
    """Give the samples of `load` in blocks of `seconds`, the last one shorter, in bounded memory.

    Raises:
        AudioError: as `load`; faults of the header come before the first block, others where the
            reading meets them.
    """
    length = round(seconds * SAMPLE_RATE)
    if length < 1:
        raise ValueError(f"a block of {seconds} s holds no sample")
    held: list[NDArray[np.float32]] = []
    count = 0
    for piece in _pieces(source, sample_rate, _Gate(_name(source))):
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

    Hidden files and folders inside a folder are skipped. What `load` will refuse is kept so that
    it is reported: missing paths, folders without audio, folders named like an audio file.
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
        if path.name.startswith("."):
            continue
        if path.suffix.lower() in SUFFIXES:
            found.append(path)
        elif path.is_dir() and not path.is_symlink():
            found += _inside(path)
    return found


class _Gate:
    """The one judge of what is valid: hears every sample once, before mixing and resampling."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._rate = SAMPLE_RATE
        self._declared: int | None = None
        self._count = 0  # frames
        self._peak = 0.0
        self._clipped = 0.0  # frames, as the mean over channels

    def fault(self, what: str) -> AudioError:
        """One line that names the sound."""
        return AudioError(f"{_printable(self.name)}: {what}")

    def admit(self, rate: int, declared: int | None) -> None:
        """Judge what the header says: sample rate in Hz and frames, None where it is silent."""
        low, high = RATES
        if not low <= rate <= high:
            raise self.fault(
                f"sample rate {rate} Hz is outside {low} to {high} Hz; mend the header or resample"
            )
        if declared is not None:
            self._check_length(declared, rate)
        self._rate, self._declared = rate, declared

    def hear(self, frames: NDArray[np.float32]) -> None:
        """Judge frames [n, channels]."""
        peak = float(np.abs(frames).max())
        if not np.isfinite(peak):
            at = (self._count + np.isfinite(frames).all(axis=1).argmin()) / self._rate
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
            raise self.fault(
                f"damaged or truncated: {self._declared / self._rate:.2f} s declared, "
                f"{self._count / self._rate:.2f} s readable; get a complete copy"
            )
        self._check_length(self._count, self._rate)

    def warnings(self) -> tuple[str, ...]:
        """What is valid and still worth a word."""
        clipped = self._clipped / self._count
        found = {
            "digital silence": self._peak < _SILENCE,
            f"clipping in {100 * clipped:.1f} % of samples": clipped >= _CLIPPED,
        }
        return tuple(text for text, applies in found.items() if applies)

    def _check_length(self, frames: int, rate: int) -> None:
        if frames < 1:
            raise self.fault("no samples in it; record or export it again")
        if frames / rate < MIN_SECONDS:
            raise self.fault(
                f"too short, {frames / rate:.3f} s; at least {MIN_SECONDS} s is needed"
            )


def _pieces(source: Source, sample_rate: int | None, gate: _Gate) -> Iterator[NDArray[np.float32]]:
    """Mono pieces at 16 kHz; after the last one the gate has heard everything."""
    with ExitStack() as stack:
        if isinstance(source, np.ndarray):
            rate, decoded = _open_array(source, sample_rate, gate)
        else:
            if sample_rate is not None:
                raise gate.fault("sample_rate is for arrays only; a file states its own")
            rate, decoded = _open_file(source, gate, stack)
        resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        for frames in decoded:
            gate.hear(frames)
            mono = frames.mean(axis=1)
            yield mono if rate == SAMPLE_RATE else resampler.resample_chunk(mono)
        gate.close()
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _open_array(
    array: NDArray[Any], sample_rate: int | None, gate: _Gate
) -> tuple[int, Iterator[NDArray[np.float32]]]:
    if sample_rate is None:
        raise gate.fault("needs sample_rate=, in Hz")
    if array.ndim not in (1, 2) or (array.ndim == 2 and 0 < len(array) < array.shape[1]):
        raise gate.fault(f"shape {array.shape} is not [T] or [T, channels]; transpose or index it")
    if array.dtype.kind != "f" and array.dtype.name not in ("int8", "int16", "int32", "uint8"):
        raise gate.fault(f"{array.dtype} samples have no agreed scale; give floats within +-1")
    gate.admit(sample_rate, len(array) if array.size else 0)
    frames = array.reshape(len(array), -1)
    step = max(1, _PIECE // frames.shape[1])
    return sample_rate, (_scaled(frames[i : i + step]) for i in range(0, len(frames), step))


def _scaled(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Floats as they are, integers to +-1."""
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # the gate speaks of what becomes infinite
            return samples.astype(np.float32)
    half = 2.0 ** (8 * samples.dtype.itemsize - 1)
    centre = half if samples.dtype.kind == "u" else 0.0
    return ((samples - centre) / half).astype(np.float32)


def _open_file(
    source: str | os.PathLike[str] | bytes | BinaryIO, gate: _Gate, stack: ExitStack
) -> tuple[int, Iterator[NDArray[np.float32]]]:
    file = _seekable(source, gate, stack)
    unsaid = _check_container(file, gate)
    measured = _mpeg_states_length(file)
    try:
        decoder = stack.enter_context(_Decoder(_Reader(file, unsaid)))
    except soundfile.SoundFileError as error:
        known = "not recognised" not in str(error)
        reason = "its header is broken or its codec unknown" if known else "of no known format"
        raise gate.fault(
            f"not readable as audio ({reason}); export it again as WAV or FLAC"
        ) from None
    silent = decoder.frames > _UNKNOWN_LENGTH or (decoder.format == "MP3" and not measured)
    gate.admit(decoder.samplerate, None if silent else decoder.frames)
    return decoder.samplerate, _decode(decoder, file, gate)


def _decode(decoder: "_Decoder", file: BinaryIO, gate: _Gate) -> Iterator[NDArray[np.float32]]:
    step = max(1, _PIECE // decoder.channels)
    while True:
        try:
            frames = decoder.read(step, dtype="float32", always_2d=True)
        except soundfile.SoundFileError:
            raise gate.fault("damaged or truncated; get a complete copy") from None
        if not len(frames):
            break
        yield frames
    if decoder.format == "MP3":
        rest = file.read(_MPEG_REST)
        if len(rest) == _MPEG_REST and _is_mpeg_frame(rest):
            raise gate.fault("an MP3 whose length header is missing or wrong; convert it to WAV")


def _seekable(
    source: str | os.PathLike[str] | bytes | BinaryIO, gate: _Gate, stack: ExitStack
) -> BinaryIO:
    """The bytes of a source as a file at its start; what is opened here, `stack` closes."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        if isinstance(source, (str, os.PathLike)):
            if os.path.isdir(source):
                raise gate.fault(_folder_fault(Path(source)))
            file: BinaryIO = stack.enter_context(open(source, "rb"))  # noqa: SIM115
        elif isinstance(source.read(0), bytes):
            file = source
        else:
            raise TypeError(f"{gate.name} gives text; open it in binary mode")
        if not file.seekable():  # a pipe: the decoders need to look back
            spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            shutil.copyfileobj(file, spool)
            file = cast(BinaryIO, spool)
        file.seek(0)
    except FileNotFoundError:
        raise gate.fault("no such file; check the path") from None
    except PermissionError:
        raise gate.fault("may not be read; check its permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise gate.fault(f"cannot be opened ({reason}); check the path") from None
    return file


def _folder_fault(folder: Path) -> str:
    if _inside(folder):
        return "a folder, not an audio file; name the files in it"
    return "a folder without audio files; name another"


class _Decoder(soundfile.SoundFile):  # type: ignore[misc]
    """A SoundFile that reads straight ahead.

    Otherwise soundfile seeks after every read, which fails for a streamed FLAC and disturbs an MP3.
    """

    def seekable(self) -> bool:
        return False


class _Reader:
    """A file as soundfile's callbacks need it: an exception in them would only be printed.

    The four bytes at `unsaid`, a size that a streaming writer left open, read as 0xFFFFFFFF, which
    libsndfile takes for "up to the end".
    """

    def __init__(self, file: BinaryIO, unsaid: int | None) -> None:
        file.seek(0)
        self._file = file
        self._unsaid = range(0) if unsaid is None else range(unsaid, unsaid + 4)

    def seek(self, offset: int, whence: int = 0) -> None:
        with suppress(OSError, ValueError):  # broken headers point before the start
            self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, count: int) -> bytes:
        start = self._file.tell()
        try:
            data = bytearray(self._file.read(count))
        except OSError:
            return b""
        for at in self._unsaid:
            if start <= at < start + len(data):
                data[at - start] = 0xFF
        return bytes(data)


def _check_container(file: BinaryIO, gate: _Gate) -> int | None:
    """Refuse an empty file, a foreign one, and one that ends before the sound that it declares.

    libsndfile reads cut WAV, AIFF and Ogg files as if they were whole; that FLAC and MP3 are whole
    shows in the decoding, and other formats are taken as they are. Gives the place of a size that
    a streaming writer never filled in, else None.
    """
    size = file.seek(0, os.SEEK_END)
    if not size:
        raise gate.fault("the file is empty (0 bytes); copy or record it again")
    file.seek(0)
    head = file.read(12)
    for start, magic, name in _FOREIGN:
        if head.startswith(magic, start):
            raise gate.fault(f"{name} cannot be read; convert it to WAV or FLAC")
    if head[:4] in _BYTE_ORDER:
        return _check_chunks(file, size, _BYTE_ORDER[head[:4]], gate)
    if head.startswith(b"OggS"):
        _check_last_page(file, size, gate)
    return None


def _check_chunks(file: BinaryIO, size: int, order: str, gate: _Gate) -> int | None:
    """Walk a WAV's or AIFF's chunks, from byte 12, to the one that holds the sound."""
    while len(header := file.read(8)) == 8:
        kind, declared = struct.unpack(f"{order}4sI", header)
        start = file.tell()
        if kind in (b"data", b"SSND"):
            if declared and start + declared <= size:
                return None
            if declared in _STREAMED:
                return start - 4
            raise gate.fault(
                f"truncated: {declared} bytes of sound declared, {size - start} there; "
                "get a complete copy"
            )
        file.seek(start + declared + declared % 2)
    return None


def _check_last_page(file: BinaryIO, size: int, gate: _Gate) -> None:
    """Refuse an Ogg file whose last page is not whole: 27 bytes, n lacing values, their sum."""
    file.seek(max(0, size - _OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    lacing = page[27 : 27 + page[26]] if len(page) > 26 else b""
    if len(page) < 27 or len(page) < 27 + page[26] + sum(lacing):
        raise gate.fault("truncated: its last Ogg page is incomplete; get a complete copy")


def _mpeg_states_length(file: BinaryIO) -> bool:
    """Whether an MP3's first frame tells the length; else libsndfile's is a guess from the rate."""
    file.seek(0)
    head = file.read(10)
    tag = 0
    if head.startswith(b"ID3") and len(head) == 10:
        tag = 10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(tag)
    frame = file.read(_MPEG_FRAME)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))


def _is_mpeg_frame(data: bytes) -> bool:
    return data[0] == 0xFF and data[1] >= 0xE0


def _name(source: Source) -> str:
    if isinstance(source, np.ndarray):
        return "array"
    if isinstance(source, bytes):
        return "bytes"
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if hasattr(source, "read"):
        return str(getattr(source, "name", "stream"))
    raise TypeError(f"a {type(source).__name__} is no path, bytes, binary file or array")


def _printable(name: str) -> str:
    """The name in one line: what cannot be printed is written as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name) or "''"
