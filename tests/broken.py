"""Sounds that nobody can hear: one file for each way in which a sound can be broken."""

import io
import os
import struct
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000


def encoded(
    container: str, subtype: str | None = None, *, seconds: float = 0.5, rate: int = RATE
) -> bytes:
    """A noisy tone as the bytes of an audio file."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).standard_normal(len(time))
    file = io.BytesIO()
    samples = 0.3 * np.sin(2 * np.pi * 440 * time) + 0.02 * noise
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    return file.getvalue()


def with_size(sound: bytes, chunk: bytes, size: int) -> bytes:
    """The same WAV or AIFF, its `chunk` declared to be `size` bytes."""
    at = sound.index(chunk) + 4
    order = ">" if sound.startswith(b"FORM") else "<"
    return sound[:at] + struct.pack(order + "I", size) + sound[at + 4 :]


def with_field(wav: bytes, at: int, layout: str, value: int) -> bytes:
    """The same WAV, one field of its header overwritten."""
    return wav[:at] + struct.pack(layout, value) + wav[at + struct.calcsize(layout) :]


def float_wav(samples: list[float]) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.resize(samples, RATE), RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


def variable_mp3(*, loud_first: bool) -> bytes:
    """An MP3 of hiss and near silence, without the first frame that tells its length."""
    samples = 0.2 * np.random.default_rng(0).standard_normal(8 * RATE)
    samples[2 * RATE :] *= 1e-4
    file = io.BytesIO()
    soundfile.write(
        file, samples if loud_first else samples[::-1], RATE, format="MP3", bitrate_mode="VARIABLE"
    )
    return file.getvalue()[288:]


def make_broken(folder: Path) -> dict[str, str]:
    """Write the broken files into `folder`; gives file name -> a word that its error contains."""
    wav, flac, aiff = encoded("WAV"), encoded("FLAC"), encoded("AIFF")
    ogg, opus = (encoded("OGG", subtype, seconds=4) for subtype in ("VORBIS", "OPUS"))
    mp3 = encoded("MP3", seconds=2)
    rng = np.random.default_rng(0)
    contents = {
        "zero bytes.wav": (b"", "empty"),
        "zero bytes.flac": (b"", "empty"),
        "one byte.wav": (b"R", "not readable"),
        "text.wav": (b"This is not a sound.\n" * 50, "not readable"),
        "page.mp3": (b"<!doctype html><html><body>404</body></html>" * 20, "not readable"),
        "picture.mp3": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not readable"),
        "noise.wav": (rng.bytes(4000), "not readable"),
        "zeros.wav": (bytes(4000), "not readable"),
        "cut in header.wav": (wav[:20], "not readable"),
        "cut before data.wav": (wav[:36], "not readable"),
        "cut in header.flac": (flac[:20], "not readable"),
        "cut in header.ogg": (ogg[:20], "truncated"),
        "cut in header.aiff": (aiff[:30], "not readable"),
        "cut in header.mp3": (mp3[:20], "not readable"),
        "cut.wav": (wav[: len(wav) // 2], "truncated"),
        "cut by one byte.wav": (wav[:-1], "truncated"),
        "cut.flac": (flac[: len(flac) // 2], "truncated"),
        "cut.ogg": (ogg[: len(ogg) // 2], "truncated"),
        "cut.opus": (opus[: len(opus) // 2], "truncated"),
        "cut.aiff": (aiff[: len(aiff) // 2], "truncated"),
        "aiff cut.wav": (aiff[:-100], "truncated"),
        "cut.mp3": (mp3[: len(mp3) // 2], "truncated"),
        "damaged.flac": (flac[:8000] + b"\xff" * 50 + flac[8050:], "damaged"),
        "no length.mp3": (variable_mp3(loud_first=True), "length header"),
        "header only.wav": (with_size(wav[:44], b"data", 0), "no samples"),
        "header of a cut.wav": (wav[:44], "truncated"),
        "huge.wav": (with_size(wav, b"data", 0x7FFFFFF0), "truncated"),
        "huge.aiff": (with_size(aiff, b"SSND", 0x7FFFFFF0), "truncated"),
        "nan.wav": (float_wav([0.1, float("nan")]), "NaN"),
        "infinite.wav": (float_wav([0.1, float("inf"), -0.1]), "infinite"),
        "integers as floats.wav": (float_wav([12_000.0, -9_000.0]), "scale"),
        "0 Hz.wav": (with_field(wav, 24, "<I", 0), "not readable"),
        "1 Hz.wav": (with_field(wav, 24, "<I", 1), "sample rate"),
        "1 MHz.wav": (with_field(wav, 24, "<I", 1_000_000), "sample rate"),
        "0 channels.wav": (with_field(wav, 22, "<H", 0), "not readable"),
        "unknown codec.wav": (with_field(wav, 20, "<H", 0x4D4D), "not readable"),
        "short.wav": (encoded("WAV", seconds=0.09), "too short"),
        "short.flac": (encoded("FLAC", seconds=0.01), "too short"),
        "phone.m4a": (b"\0\0\0\x20ftypM4A \0\0\2\0" + bytes(500), "MP4"),
        "phone.wav": (b"\0\0\0\x20ftypM4A \0\0\2\0" + bytes(500), "MP4"),
        "browser.webm": (b"\x1aE\xdf\xa3\x9fB\x86\x81\1webm" + bytes(500), "Matroska"),
        "film.avi": (b"RIFF\0\1\0\0AVI LIST" + bytes(500), "AVI"),
        "apple.caf": (encoded("CAF"), "CAF"),
        "radio.aac": (b"\xff\xf1\x50\x80" + bytes(500), "AAC"),
        "  spaces  .wav": (b"", "empty"),
        "zażółć Ωμέγα 声.wav": (b"", "empty"),
        "two\nlines.wav": (b"", "empty"),
    }
    for name, (content, _) in contents.items():
        (folder / name).write_bytes(content)
    words = {name: word for name, (_, word) in contents.items()}

    with open(folder / "sparse.wav", "wb") as sparse:
        sparse.truncate(10_000_000)
    (folder / "folder.wav").mkdir()
    (folder / "to nowhere.wav").symlink_to(folder / "nowhere")
    (folder / "in circles.wav").symlink_to(folder / "in circles.wav")
    words |= {
        "sparse.wav": "not readable",
        "folder.wav": "folder",
        "to nowhere.wav": "no such file",
        "in circles.wav": "cannot be opened",
    }
    if os.geteuid() != 0:  # root may read everything
        (folder / "secret.wav").write_bytes(wav)
        (folder / "secret.wav").chmod(0)
        words["secret.wav"] = "permissions"
    return words
