"""What sound files look like inside: which can be decoded, and which are cut short.

libsndfile decodes; where it is silent about a fault, or stumbles over what is none, this is the
place that knows.
"""

import io
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import BinaryIO, TypeAlias, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone.errors import AudioError

Fault: TypeAlias = Callable[[str], AudioError]
"""makes the error that says what is wrong with the sound"""
Cut: TypeAlias = Callable[[str], None]
"""is told why the sound breaks off; raises unless a part of it will do"""

_UNKNOWN_LENGTH = 2**62  # what libsndfile gives for a streamed FLAC is larger
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


def decode(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    piece: int,
    fault: Fault,
    cut: Cut,
    stack: ExitStack,
) -> tuple[int, int | None, Iterator[NDArray[np.float32]]]:
    """Open a sound: sample rate in Hz, frames where they are known, and its pieces.

    A piece is float32 [n, channels] of at most `piece` values. What is opened, `stack` closes.

    Raises:
        AudioError: by `fault`, when it is no sound that can be read, and by `cut`, when it is cut
            short.
    """
    file = _seekable(source, fault, stack)
    unsaid = _check_container(file, fault, cut)
    measured = _mpeg_states_length(file)
    try:
        decoder = stack.enter_context(_Decoder(_readable(file, unsaid)))
    except soundfile.SoundFileError as error:
        known = "not recognised" not in str(error)
        reason = "its header is broken or its codec unknown" if known else "of no known format"
        raise fault(f"not readable as audio ({reason}); export it again as WAV or FLAC") from None
    silent = decoder.frames > _UNKNOWN_LENGTH or (decoder.format == "MP3" and not measured)
    frames = None if silent else decoder.frames
    return decoder.samplerate, frames, _pieces(decoder, file, piece, fault, cut)


def _readable(file: BinaryIO, unsaid: int | None) -> "int | _Reader":
    """What libsndfile reads from: the file itself where that is enough.

    It is faster, and an interruption in one of soundfile's callbacks would be lost.
    """
    file.seek(0)
    if unsaid is None and isinstance(file, io.BufferedReader):
        descriptor = os.dup(file.fileno())
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor
    return _Reader(file, unsaid)


def _pieces(
    decoder: "_Decoder", file: BinaryIO, piece: int, fault: Fault, cut: Cut
) -> Iterator[NDArray[np.float32]]:
    step = max(1, piece // decoder.channels)
    sixteen_bits = decoder.subtype == "PCM_16"  # as integers they come faster, and scale exactly
    while True:
        try:
            frames = decoder.read(step, "int16" if sixteen_bits else "float32", always_2d=True)
        except soundfile.SoundFileError:
            cut("damaged or truncated; get a complete copy")
            return
        if not len(frames):
            break
        yield frames * np.float32(2.0**-15) if sixteen_bits else frames
    if decoder.format == "MP3":
        if isinstance(file, io.BufferedReader):
            file.seek(os.lseek(file.fileno(), 0, os.SEEK_CUR))  # where libsndfile stopped reading
        rest = file.read(_MPEG_REST)
        if len(rest) == _MPEG_REST and _is_mpeg_frame(rest):
            raise fault("an MP3 whose length header is missing or wrong; convert it to WAV")


def _seekable(
    source: str | os.PathLike[str] | bytes | BinaryIO, fault: Fault, stack: ExitStack
) -> BinaryIO:
    """The bytes of a source as a file at its start; what is opened here, `stack` closes."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        if isinstance(source, (str, os.PathLike)):
            file: BinaryIO = stack.enter_context(open(source, "rb"))  # noqa: SIM115
        elif isinstance(source.read(0), bytes):
            file = source
        else:
            raise TypeError(f"{source!r} gives text; open it in binary mode")
        if not file.seekable():  # a pipe: the decoders need to look back
            spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            shutil.copyfileobj(file, spool)
            file = cast(BinaryIO, spool)
        file.seek(0)
    except FileNotFoundError:
        raise fault("no such file; check the path") from None
    except PermissionError:
        raise fault("may not be read; check its permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise fault(f"cannot be opened ({reason}); check the path") from None
    return file


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


def _check_container(file: BinaryIO, fault: Fault, cut: Cut) -> int | None:
    """Refuse an empty file, a foreign one, and one that ends before the sound that it declares.

    libsndfile reads cut WAV, AIFF and Ogg files as if they were whole; that FLAC and MP3 are whole
    shows in the decoding, and other formats are taken as they are. Gives the place of a size that
    a streaming writer never filled in, else None.
    """
    size = file.seek(0, os.SEEK_END)
    if not size:
        raise fault("the file is empty (0 bytes); copy or record it again")
    file.seek(0)
    head = file.read(12)
    for start, magic, name in _FOREIGN:
        if head.startswith(magic, start):
            raise fault(f"{name} cannot be read; convert it to WAV or FLAC")
    if head[:4] in _BYTE_ORDER:
        return _check_chunks(file, size, _BYTE_ORDER[head[:4]], cut)
    if head.startswith(b"OggS"):
        _check_last_page(file, size, cut)
    return None


def _check_chunks(file: BinaryIO, size: int, order: str, cut: Cut) -> int | None:
    """Walk a WAV's or AIFF's chunks, from byte 12, to the one that holds the sound."""
    while len(header := file.read(8)) == 8:
        kind, declared = struct.unpack(f"{order}4sI", header)
        start = file.tell()
        if kind in (b"data", b"SSND"):
            if declared and start + declared <= size:
                return None
            if declared in _STREAMED:
                return start - 4
            cut(
                f"truncated: {declared} bytes of sound declared, {size - start} there; "
                "get a complete copy"
            )
            return None
        file.seek(start + declared + declared % 2)
    return None


def _check_last_page(file: BinaryIO, size: int, cut: Cut) -> None:
    """Refuse an Ogg file whose last page is not whole: 27 bytes, n lacing values, their sum."""
    file.seek(max(0, size - _OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    lacing = page[27 : 27 + page[26]] if len(page) > 26 else b""
    if len(page) < 27 or len(page) < 27 + page[26] + sum(lacing):
        cut("truncated: its last Ogg page is incomplete; get a complete copy")


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
