"""Decoded sound and features on disk, memory-mapped, so that a second run starts at once.

Sound is one file of float32 samples at 16 kHz for each corpus, one clip after the other, with an
index. Its name is a digest of every clip's path, size and time, so a changed file is decoded anew.
Augmented copies are kept in the same way, and features as one array for each front end; their names
are digests of what they were made from. All is written aside and renamed when complete: a killed
run leaves no broken cache.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from intone import audio, augment, files, windows
from intone.augment.sound import SoundAugmentation
from intone.corpora import Utterance
from intone.errors import AudioError, DataError
from intone.features import FEATURES_VERSION, Hearing
from intone.progress import Track, silent
from intone.recordings import spoken as speech
from intone.windows import WindowRule

VERSION = 2
ADVICE = "make room, or set INTONE_CACHE to another folder"
KINDS = ("sounds", "spoken", "copies", "features", "answers")
AHEAD = 64  # clips that are worked on before the first of them is asked for

folder = files.cache_folder
Floats = NDArray[np.float32]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Sounds:
    """The samples of many clips, read from disk as they are needed."""

    samples: dict[str, Floats]
    """utterance id -> float32 `[T]`, memory-mapped"""
    digests: dict[str, str]
    """utterance id -> SHA-256 of its samples; equal for identical audio"""

    def __or__(self, other: "Sounds") -> "Sounds":
        """Both together."""
        return Sounds(self.samples | other.samples, self.digests | other.digests)


def decode(utterances: Sequence[Utterance], *, track: Track = silent) -> Sounds:
    """Decode every clip once, in parallel.

    Raises:
        DataError: clips that cannot be used, or no room for the cache.
    """
    corpora = defaultdict(list)
    for utterance in utterances:
        corpora[utterance.corpus].append(utterance)
    sounds = Sounds({}, {})
    for name, clips in corpora.items():
        decoded = _decoded(clips, f"decoding {name}", track)
        sounds |= _stored(folder() / f"sounds-{_digest(map(_identity, clips))}", decoded)
    return sounds


def copies(
    sounds: Sounds,
    ids: Sequence[str],
    augmentations: Sequence[SoundAugmentation],
    *,
    seed: int,
    track: Track = silent,
) -> Sounds:
    """Make a copy of every clip for each augmentation, in parallel: `clip#copy1` and so on.

    Raises:
        DataError: no room for the cache.
    """

    def make(id: str) -> dict[str, Floats]:
        return augment.copies(sounds.samples[id], id, augmentations, seed=seed)

    kinds = [asdict(augmentation) for augmentation in augmentations]
    made_from = [kinds, seed, *([id, sounds.digests[id]] for id in ids)]
    made = track(_parallel(make, ids), "augmenting", len(ids))
    return _stored(
        folder() / f"copies-{_digest(made_from)}", (pair for one in made for pair in one.items())
    )


def spoken(sounds: Sounds, *, track: Track = silent) -> Sounds:
    """Keep of every clip what is spoken in it, in parallel; see `recordings.spoken`.

    Raises:
        DataError: no room for the cache.
    """
    found = _parallel(speech.only, sounds.samples.values())
    told = track(found, "finding speech", len(sounds.samples))
    made_from = [speech.VERSION, *sorted(sounds.digests.items())]
    store = folder() / f"spoken-{_digest(made_from)}"
    return _stored(store, zip(sounds.samples, told, strict=True))


def features(
    sounds: Sounds,
    ids: Sequence[str],
    front_end: Hearing,
    rule: WindowRule,
    *,
    track: Track = silent,
) -> Floats:
    """Compute the features of every fixed window, in parallel: `[W, *shape]`, clip after clip.

    Raises:
        DataError: no room for the cache.
    """

    def compute(id: str) -> Floats:
        samples = sounds.samples[id]
        cuts = windows.starts(len(samples), rule)
        return np.stack([front_end(windows.at(samples, start, rule)) for start in cuts])

    cuts = {name: size for name, size in asdict(rule).items() if name != "spoken"}  # of any sound
    made_from = [FEATURES_VERSION, cuts, front_end.to_dict()]
    store = folder() / f"features-{_digest([*made_from, *(sounds.digests[id] for id in ids)])}.npy"
    count = sum(len(windows.starts(len(sounds.samples[id]), rule)) for id in ids)
    shape = (count, *front_end.shape(rule.length))
    mapped = _mapped(store, shape)
    if mapped is None:
        with _writing(store) as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for array in track(_parallel(compute, ids), "computing features", len(ids)):
                file.write(array.tobytes())
        mapped = np.load(store, mmap_mode="r")
    return mapped


def _mapped(store: Path, shape: tuple[int, ...]) -> Floats | None:
    """Map stored features; nothing where there are none, or a power cut has left others."""
    try:
        mapped: Floats = np.load(store, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return mapped if mapped.shape == shape and mapped.dtype == np.float32 else None


def kept() -> dict[str, list[Path]]:
    """What the cache holds: the files of each kind, which is how their names begin."""
    kinds: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for file in sorted(folder().glob("*-*")):
        kind = file.name.partition("-")[0]
        if kind in KINDS:
            kinds[kind].append(file)
    return kinds


def clear() -> None:
    """Delete all that `kept` names."""
    for file in chain.from_iterable(kept().values()):
        file.unlink(missing_ok=True)


def digest(samples: Floats) -> str:
    """Name a clip by its samples, whatever file they came from."""
    return hashlib.sha256(samples.tobytes()).hexdigest()


def _identity(clip: Utterance) -> list[Any]:
    """What a clip's file is, without reading it."""
    try:
        stat = clip.path.stat()
    except OSError as error:
        raise DataError(f"{clip.path}: {error.strerror}") from None
    return [clip.id, str(clip.path.resolve()), stat.st_size, stat.st_mtime_ns]


def _decoded(clips: Sequence[Utterance], label: str, track: Track) -> Iterator[tuple[str, Floats]]:
    """Every clip's id and samples; those that cannot be used are counted, and named at the end."""
    broken: list[AudioError] = []
    loaded = zip(clips, _parallel(_load, clips), strict=True)
    for clip, sound in track(loaded, label, len(clips)):
        if isinstance(sound, AudioError):
            broken.append(sound)
        else:
            yield clip.id, sound
    if broken:
        raise DataError(
            f"{len(broken)} of {len(clips)} clips of {clips[0].corpus} cannot be used, first: "
            f"{broken[0]}; intone corpora check names all"
        )


def _load(clip: Utterance) -> Floats | AudioError:
    try:
        return audio.load(clip.path).samples
    except AudioError as error:
        return error


def _stored(store: Path, sounds: Iterable[tuple[str, Floats]]) -> Sounds:
    """Map a store of sounds; where there is none yet, write it first, the index last."""
    index_file, samples_file = store.with_suffix(".json"), store.with_suffix(".f32")
    if not _is_whole(index_file, samples_file):
        index = {}
        position = 0
        with _writing(samples_file) as file:
            for id, samples in sounds:
                file.write(samples.tobytes())
                index[id] = (position, position + len(samples), digest(samples))
                position += len(samples)
        with _writing(index_file) as file:
            file.write(json.dumps(index).encode())
    index = files.read_json(index_file)
    mapped = np.memmap(samples_file, dtype=np.float32, mode="r")
    return Sounds(
        {id: mapped[start:stop] for id, (start, stop, _) in index.items()},
        {id: name for id, (_, _, name) in index.items()},
    )


def _is_whole(index_file: Path, samples_file: Path) -> bool:
    """Whether a store is there, with as many samples as its index says."""
    try:
        index = files.read_json(index_file)
        count = max((stop for _, stop, _ in index.values()), default=0)
        return samples_file.stat().st_size == 4 * count
    except (OSError, DataError, ValueError, TypeError, AttributeError):
        return False


def _parallel(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Work on items in threads, a bounded number ahead; results come in the items' order."""
    with ThreadPoolExecutor() as pool:
        waiting = iter(items)
        futures = [pool.submit(work, item) for item in islice(waiting, AHEAD)]
        while futures:
            yield futures.pop(0).result()
            futures += [pool.submit(work, item) for item in islice(waiting, 1)]


def _digest(parts: Iterable[Any]) -> str:
    text = json.dumps([VERSION, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _writing(path: Path) -> AbstractContextManager[BinaryIO]:
    """Write a file of the cache; see `files.writing`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path.parent}: {error.strerror}; {ADVICE}") from None
    return files.writing(path, ADVICE)
