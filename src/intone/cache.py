"""Decoded sound on disk, memory-mapped, so that a second run starts at once.

A corpus is one file of float32 samples at 16 kHz, one clip after the other, and an index. Its
name is a digest of every clip's path, size and time, so a changed file is decoded anew. Both
files are written aside and renamed when complete: a killed run leaves no broken cache.
"""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from intone import audio
from intone.corpora import Utterance
from intone.errors import AudioError, DataError, IntoneError
from intone.progress import Track, silent

VERSION = 1


def folder() -> Path:
    """Where caches live: `$INTONE_CACHE`, or `intone` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("INTONE_CACHE") or Path(base) / "intone")


@dataclass(frozen=True, eq=False)
class Sounds:
    """The samples of many clips, read from disk as they are needed."""

    samples: Mapping[str, NDArray[np.float32]]
    """utterance id -> float32 `[T]`, memory-mapped"""
    digests: Mapping[str, str]
    """utterance id -> SHA-256 of its samples; equal for identical audio"""


def decode(utterances: Sequence[Utterance], *, track: Track = silent) -> Sounds:
    """Decode every clip once, in parallel, and map the result.

    Raises:
        DataError: clips that cannot be used, or no room for the cache.
    """
    corpora = defaultdict(list)
    for utterance in utterances:
        corpora[utterance.corpus].append(utterance)
    samples: dict[str, NDArray[np.float32]] = {}
    digests: dict[str, str] = {}
    for name, clips in corpora.items():
        store = folder() / f"{name}-{_key(clips)}"
        if not store.with_suffix(".json").exists():
            _write(store, clips, name, track)
        index = json.loads(store.with_suffix(".json").read_text())
        mapped = np.memmap(store.with_suffix(".f32"), dtype=np.float32, mode="r")
        for id, (start, stop, digest) in index.items():
            samples[id] = mapped[start:stop]
            digests[id] = digest
    return Sounds(samples, digests)


def digest(samples: NDArray[np.float32]) -> str:
    """Name a clip by its samples, whatever file they came from."""
    return hashlib.sha256(samples.tobytes()).hexdigest()


def _key(clips: Iterable[Utterance]) -> str:
    key = hashlib.sha256(str(VERSION).encode())
    for clip in clips:
        try:
            stat = clip.path.stat()
        except OSError as error:
            raise DataError(f"{clip.path}: {error.strerror}") from None
        key.update(
            f"{clip.id}\0{clip.path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode()
        )
    return key.hexdigest()[:16]


def _write(store: Path, clips: Sequence[Utterance], name: str, track: Track) -> None:
    index: dict[str, tuple[int, int, str]] = {}
    broken: list[IntoneError] = []
    position = 0
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with _aside(store.with_suffix(".f32")) as file, ThreadPoolExecutor() as pool:
            for clip, sound in track(
                zip(clips, pool.map(_load, clips), strict=True), f"decoding {name}", len(clips)
            ):
                if isinstance(sound, AudioError):
                    broken.append(sound)
                    continue
                file.write(sound)
                index[clip.id] = (position, position + len(sound), digest(sound))
                position += len(sound)
            if broken:
                raise DataError(
                    f"{len(broken)} of {len(clips)} clips of {name} cannot be used, first: "
                    f"{broken[0]}; mend or remove them"
                )
        with _aside(store.with_suffix(".json")) as file:
            file.write(json.dumps(index).encode())
    except OSError as error:
        raise DataError(
            f"{store.parent}: {error.strerror}; make room, or set INTONE_CACHE to another folder"
        ) from None


def _load(clip: Utterance) -> NDArray[np.float32] | AudioError:
    try:
        return audio.load(clip.path).samples
    except AudioError as error:
        return error


@contextmanager
def _aside(path: Path) -> Iterator[BinaryIO]:
    """Write a file that has its name only once it is complete."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
