"""What corpora hold, as data: classes, voices, durations, levels, file formats, mean MFCCs.

Every clip is measured once; what is said of a corpus, and of all together, is summed from that.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone import corpora
from intone.audio import SAMPLE_RATE
from intone.cache import Sounds
from intone.corpora import CorpusInfo, Utterance
from intone.emotions import as_labelled
from intone.features import FrontEnd, Mfcc
from intone.progress import Track, silent
from intone.splits import Split

MFCC_CLIPS = 300
"""clips of a corpus and sex, at most, that mean MFCCs are taken of"""
TOGETHER = "all"
"""the name of all corpora together"""
UNKNOWN = "unknown"
"""the sex of a speaker of whom it is not known"""

_MEAN_MFCC = FrontEnd(features=(Mfcc(n_mfcc=40),), pool=("mean",))
_SILENCE = 2.0**-15  # one step of 16 bits: -90.3 dBFS

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, kw_only=True, order=True)
class Format:
    """How a file is stored."""

    container: str
    """as soundfile names it, or the file's suffix where soundfile cannot tell"""
    sample_rate: int | None
    """Hz"""
    channels: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What is measured of one clip."""

    utterance: Utterance
    format: Format
    seconds: float
    peak: float
    """the largest sample of the decoded clip, dBFS"""
    level: float
    """root mean square of the decoded clip, dBFS"""
    mfcc: NDArray[np.float32] | None
    """the mean over time of 40 coefficients, where the clip was drawn for it"""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Where values lie."""

    mean: float
    median: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Voices:
    """The speakers of one sex."""

    speakers: int
    clips: int
    mfcc: tuple[float, ...]
    """mean over time of each coefficient, averaged over `mfcc_clips`"""
    mfcc_clips: int


@dataclass(frozen=True, kw_only=True)
class CorpusStatistics:
    """What one corpus holds."""

    name: str
    title: str
    licence: str
    citation: str
    clips: int
    without_speaker: int
    """clips whose speaker is not known"""
    hours: float
    emotions: Mapping[str, int]
    voices: Mapping[str, Voices]
    """sex -> the speakers"""
    seconds: Spread
    peak: Spread
    """dBFS"""
    level: Spread
    """dBFS"""
    formats: tuple[tuple[Format, int], ...]
    """how files are stored, and how many, the most frequent first"""


@dataclass(frozen=True, kw_only=True)
class PartStatistics:
    """What one part of one fold of a protocol holds."""

    protocol: str
    fold: int
    part: str
    """train, validation or test"""
    clips: int
    hours: float
    seconds: Spread


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What each corpus holds, and all of them together, and the parts of a protocol's folds."""

    corpora: tuple[CorpusStatistics, ...]
    together: CorpusStatistics
    parts: tuple[PartStatistics, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Turn the statistics into plain values, for JSON."""
        return asdict(self)


def info(name: str) -> CorpusInfo:
    """Describe a corpus; one that a user's table names is the user's own."""
    if name in corpora.names():
        return corpora.info(name)
    return replace(corpora.info("table"), title=name, notes="")


def measure(
    utterances: Sequence[Utterance],
    sounds: Sounds,
    *,
    rng: np.random.Generator,
    track: Track = silent,
) -> list[Measured]:
    """Measure every clip; `rng` draws those that MFCCs are taken of."""
    drawn = _drawn(utterances, rng)

    def one(utterance: Utterance) -> Measured:
        samples = sounds.samples[utterance.id]
        return Measured(
            utterance=utterance,
            format=_format(utterance.path),
            seconds=len(samples) / SAMPLE_RATE,
            peak=_decibels(np.abs(samples).max()),
            level=_decibels(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))),
            mfcc=_MEAN_MFCC(samples) if utterance.id in drawn else None,
        )

    with ThreadPoolExecutor() as pool:
        return list(track(pool.map(one, utterances), "measuring", len(utterances)))


def summarise(clips: Sequence[Measured], splits: Sequence[Split] = ()) -> Statistics:
    """Say what each corpus holds, and all together, and each part of these splits."""
    groups = by_corpus(clips)
    own = tuple(_summary(name, info(name), group) for name, group in groups.items())
    title = replace(info("table"), title="all together", licence="", citation="")
    seconds = {clip.utterance.id: clip.seconds for clip in clips}
    return Statistics(
        corpora=own,
        together=_summary(TOGETHER, title, clips),
        parts=tuple(part for split in splits for part in _parts(split, seconds)),
    )


def _parts(split: Split, seconds: Mapping[str, float]) -> Iterator[PartStatistics]:
    for name, ids in (
        ("train", split.train),
        ("validation", split.validation),
        ("test", split.test),
    ):
        values = [seconds[id] for id in ids]
        yield PartStatistics(
            protocol=split.protocol,
            fold=split.fold,
            part=name,
            clips=len(ids),
            hours=sum(values) / 3600,
            seconds=_spread(values),
        )


def by_corpus(clips: Iterable[Measured]) -> dict[str, list[Measured]]:
    """Part clips by their corpus, in the order that they came."""
    return _grouped((clip.utterance.corpus, clip) for clip in clips)


def _drawn(utterances: Iterable[Utterance], rng: np.random.Generator) -> set[str]:
    """Draw the clips of known sex that MFCCs are taken of."""
    groups = _grouped(((clip.corpus, clip.sex), clip.id) for clip in utterances if clip.sex)
    drawn: set[str] = set()
    for ids in groups.values():
        drawn.update(rng.permutation(ids)[:MFCC_CLIPS].tolist())
    return drawn


def _format(path: Path) -> Format:
    try:
        header = soundfile.info(path)
    except soundfile.SoundFileError:  # a container that PyAV decodes
        return Format(container=path.suffix[1:].upper(), sample_rate=None, channels=None)
    return Format(container=header.format, sample_rate=header.samplerate, channels=header.channels)


def _summary(name: str, described: CorpusInfo, clips: Sequence[Measured]) -> CorpusStatistics:
    emotions = Counter(clip.utterance.emotion for clip in clips)
    sexes = _grouped((clip.utterance.sex or UNKNOWN, clip) for clip in clips)
    return CorpusStatistics(
        name=name,
        title=described.title,
        licence=described.licence,
        citation=described.citation,
        clips=len(clips),
        without_speaker=sum(clip.utterance.speaker is None for clip in clips),
        hours=sum(clip.seconds for clip in clips) / 3600,
        emotions={emotion: emotions[emotion] for emotion in as_labelled(emotions).labels},
        voices={sex: _voices(sexes[sex]) for sex in sorted(sexes)},
        seconds=_spread([clip.seconds for clip in clips]),
        peak=_spread([clip.peak for clip in clips]),
        level=_spread([clip.level for clip in clips]),
        formats=tuple(Counter(clip.format for clip in clips).most_common()),
    )


def _voices(clips: Sequence[Measured]) -> Voices:
    means = [clip.mfcc for clip in clips if clip.mfcc is not None]
    return Voices(
        speakers=len({clip.utterance.speaker for clip in clips} - {None}),
        clips=len(clips),
        mfcc=tuple(np.stack(means).mean(axis=0, dtype=np.float64).tolist()) if means else (),
        mfcc_clips=len(means),
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(
        mean=float(np.mean(values)),
        median=float(np.median(values)),
        least=min(values),
        most=max(values),
    )


def _grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    groups = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)


def _decibels(amplitude: float) -> float:
    """Set an amplitude in decibels of full scale; what is less than a step of 16 bits is one."""
    return float(20 * np.log10(max(amplitude, _SILENCE)))
