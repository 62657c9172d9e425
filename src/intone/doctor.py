"""The dataset doctor: what is wrong with a copy of a corpus, or with a user's own labels.

Every check gives findings, one a file or one a set of files that belong together. What the official
corpus is known to show becomes a note; findings that say the same are then joined.
"""

import csv
import hashlib
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import soundfile

from intone import audio, corpora
from intone.corpora import CorpusInfo, Parser, Utterance
from intone.emotions import MAPPINGS
from intone.errors import AudioError
from intone.progress import Track, silent

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_Oddities: TypeAlias = set[tuple[str, str]]
"""kind of finding and file stem: what official files are known to show"""

_MANIFESTS = Path(__file__).parent / "corpora" / "manifests"
_OFFICIAL_SUFFIX = ".wav"
_SILENCE = "digital silence"  # as audio says it
_HEARD: dict[str, tuple[Severity, str]] = {
    _SILENCE: ("error", "nothing is heard in it"),
    "clipping": ("note", "it was too loud for its recorder or its format"),
}
_CONTAINERS = {
    ".wav": {"WAV", "WAVEX", "RF64"},
    ".flac": {"FLAC"},
    ".ogg": {"OGG"},
    ".opus": {"OGG"},
    ".mp3": {"MP3"},
    ".aif": {"AIFF"},
    ".aiff": {"AIFF"},
}
_UNLIKELY = 1e-3  # below this chance, a label that no clip carries is worth a word


@dataclass(frozen=True)
class Finding:
    """One thing that people should know about their data."""

    kind: str
    severity: Severity
    message: str
    files: tuple[str, ...] = ()
    """relative to what was checked; official names where files are missing"""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What is here of one corpus, beside what the whole corpus holds."""

    corpus: str
    clips: int
    speakers: Mapping[str, int]
    """speaker -> number of clips, where speakers are known"""
    emotions: Mapping[str, int]
    whole_clips: int | None
    """None for a user's own data"""
    whole_speakers: int | None
    whole_emotions: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """What the doctor found: first what is here, then what is wrong with it."""

    corpus: str
    root: str
    clips: int
    seconds: float
    """of all clips that can be read"""
    holdings: tuple[Holding, ...]
    findings: tuple[Finding, ...]
    """errors first"""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True)
class Official:
    """One file of an official corpus, from its manifest."""

    file: str
    bytes: int
    sha256: str
    """the first 16 hexadecimal digits"""


@dataclass(frozen=True, kw_only=True)
class _Clip:
    """A clip: what is said of it, what its file name says, and what was heard in it."""

    said: Utterance
    """by the corpus, folder or table that is examined"""
    named: Utterance | None
    """by the one corpus that can read the file name"""
    file: str
    official: Official | None
    fault: str = ""
    """why its sound cannot be used; nothing below is known then"""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    digest: bytes = b""
    """of the decoded samples"""
    is_official: bool = False
    """byte by byte"""
    container: str = ""
    """'' where soundfile alone cannot tell; the next two are 0 then"""
    sample_rate: int = 0
    channels: int = 0

    @property
    def origin(self) -> str:
        """The corpus it is from."""
        return self.named.corpus if self.named else self.said.corpus

    @property
    def speaker(self) -> str | None:
        """Who speaks, where anyone says so."""
        return self.said.speaker or (self.named.speaker if self.named else None)


def check(name: str, root: Path, *, speaker: str | None = None, track: Track = silent) -> Checkup:
    """Examine a copy of the corpus `name`, or a user's own `folder` or `table`.

    `speaker` is the expression that `folder` takes.

    Raises:
        DataError: as `corpora.read`: there is nothing to examine.
    """
    utterances = corpora.read_all([(name, root)], speaker=speaker)
    base = root if root.is_dir() else root.parent
    parsers = corpora.parsers()
    manifests = {corpus: manifest(corpus) for corpus in parsers}
    oddities = _oddities()

    def examine(utterance: Utterance) -> _Clip:
        named = _named(utterance, parsers)
        official = manifests[named.corpus].get(named.id) if named else None
        file = _shown(utterance.path, base)
        return _listen(_Clip(said=utterance, named=named, file=file, official=official))

    with ThreadPoolExecutor() as pool:
        heard = pool.map(examine, utterances)
        clips = list(track(heard, "listening", len(utterances)))

    origins = _by_origin(clips)
    holdings = tuple(_holding(origin, origins[origin]) for origin in sorted(origins))
    findings = [
        *(_files(root, clips, parsers[name], manifests[name]) if name in parsers else ()),
        *_labels(clips),
        *_odd_names(clips, oddities),
        *_sounds(clips),
        *_copies(clips),
    ]
    for holding in holdings:
        findings += _rates(origins[holding.corpus])
        findings += _bytes(origins[holding.corpus])
        if not manifests.get(name):  # which would say the same, file by file
            findings += _counts(holding, complete=name == holding.corpus)
    return Checkup(
        corpus=name,
        root=str(root),
        clips=len(clips),
        seconds=sum(clip.seconds for clip in clips),
        holdings=holdings,
        findings=_joined(_judged(finding, oddities) for finding in findings),
    )


def manifest(name: str) -> dict[str, Official]:
    """List the official files of a corpus by utterance id; empty where no manifest is bundled."""
    path = _MANIFESTS / f"{name}.csv.xz"
    if not path.is_file():
        return {}
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        return {
            f"{name}/{Path(row['file']).stem}": Official(
                row["file"], int(row["bytes"]), row["sha256"]
            )
            for row in csv.DictReader(file)
        }


# What a clip is.


def _named(utterance: Utterance, parsers: Mapping[str, Parser]) -> Utterance | None:
    """Read the file name as the clip's corpus does; a user's own, as the only corpus that can."""
    if _published(utterance.corpus):
        parse = parsers.get(utterance.corpus)
        return parse(utterance.path) if parse else None
    readings = [named for parse in parsers.values() if (named := parse(utterance.path))]
    return readings[0] if len(readings) == 1 else None


def _listen(clip: _Clip) -> _Clip:
    path = clip.said.path
    try:
        sound = audio.load(path)
    except AudioError as error:
        return replace(clip, fault=str(error).removeprefix(f"{path}: "))
    clip = replace(
        clip,
        warnings=sound.warnings,
        seconds=sound.seconds,
        digest=hashlib.sha256(sound.samples.data).digest(),
        is_official=clip.official is not None and _is_official(path, clip.official),
    )
    try:
        header = soundfile.info(path)
    except soundfile.SoundFileError:
        return clip
    return replace(
        clip,
        container=header.format,
        sample_rate=header.samplerate,
        channels=header.channels,
    )


def _is_official(path: Path, official: Official) -> bool:
    if path.stat().st_size != official.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(official.sha256)


def _shown(path: Path, base: Path) -> str:
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


# What is here.


def _by_origin(clips: Iterable[_Clip]) -> dict[str, list[_Clip]]:
    groups = defaultdict(list)
    for clip in clips:
        groups[clip.origin].append(clip)
    return groups


def _published(name: str) -> CorpusInfo | None:
    """Describe a corpus whose size is known; a user's own is none."""
    info = corpora.info(name) if name in corpora.names() else None
    return info if info and info.clips else None


def _holding(origin: str, clips: Sequence[_Clip]) -> Holding:
    whole = _published(origin)
    return Holding(
        corpus=origin,
        clips=len(clips),
        speakers=dict(Counter(clip.speaker for clip in clips if clip.speaker)),
        emotions=dict(Counter(clip.said.emotion for clip in clips)),
        whole_clips=whole.clips if whole else None,
        whole_speakers=whole.speakers if whole else None,
        whole_emotions=whole.emotions if whole else {},
    )


# What may be wrong with it.


def _files(
    root: Path, clips: Sequence[_Clip], parse: Parser, officials: Mapping[str, Official]
) -> Iterator[Finding]:
    """Compare the files of a named corpus with those that should be there."""
    here = {clip.said.id for clip in clips}
    for id, official in officials.items():
        if id not in here:
            yield Finding("missing", "error", "in the corpus, but not here", (official.file,))
    for clip in clips:
        if officials and not clip.official:
            message = "named like a clip, but not in the corpus"
            yield Finding("extra", "error", message, (clip.file,))
    used = {clip.said.path for clip in clips}
    for path in corpora.sound_files(root):
        file = _shown(path, root)
        if parse(path) is None:
            message = "not named like a clip of the corpus, so passed over"
            yield Finding("unknown name", "warning", message, (file,))
        elif path not in used:
            message = "a second file of a clip, so passed over"
            yield Finding("second copy", "note", message, (file,))


def _labels(clips: Sequence[_Clip]) -> Iterator[Finding]:
    """Compare each label with what the file name says."""
    read = [(clip, clip.named.emotion, clip.said.emotion) for clip in clips if clip.named]
    names = Counter(named for _, named, _ in read)
    pairs = Counter((named, label) for _, named, label in read)
    for clip, named, label in read:
        message = f"named {named}, labelled {label}"
        if named == label:
            continue
        if _counts_as(named, label):
            yield Finding("folded label", "note", message, (clip.file,))
            continue
        if pairs[named, label] == names[named] > 1:
            message += f", as every {named} clip is: was one code read as another?"
        yield Finding("wrong label", "error", message, (clip.file,))


def _counts_as(emotion: str, label: str) -> bool:
    """Whether it is the label, or a mapping of Intone declares that it counts as it."""
    return emotion == label or any(m.label(emotion) == label for m in MAPPINGS.values())


def _counts(holding: Holding, *, complete: bool) -> Iterator[Finding]:
    """Compare numbers of clips and speakers with the corpus's own, of which a table has a part."""
    whole = holding.whole_emotions
    if not whole:
        return
    for emotion in dict.fromkeys([*whole, *holding.emotions]):
        found, expected = holding.emotions.get(emotion, 0), whole.get(emotion, 0)
        most = sum(count for other, count in whole.items() if _counts_as(other, emotion))
        chance_of_none = (1 - expected / sum(whole.values())) ** holding.clips
        message = (
            f"{holding.corpus}: {found} of {holding.clips} clips are {emotion}, "
            f"in the whole corpus {expected} of {holding.whole_clips}"
        )
        if found > most or (complete and found != expected):
            yield Finding("class count", "error", message)
        elif not found and chance_of_none < _UNLIKELY:
            yield Finding("class count", "warning", message)
    if complete and len(holding.speakers) != holding.whole_speakers:
        message = f"{len(holding.speakers)} here, in the whole corpus {holding.whole_speakers}"
        yield Finding("speaker count", "error", message)


def _odd_names(clips: Sequence[_Clip], oddities: _Oddities) -> Iterator[Finding]:
    for clip in clips:
        if ("odd name", Path(clip.file).stem) in oddities:
            message = "not named by the corpus's rule, and read all the same"
            yield Finding("odd name", "warning", message, (clip.file,))


def _sounds(clips: Sequence[_Clip]) -> Iterator[Finding]:
    """Pass on what was heard in each file, and what is odd about its form."""
    for clip in clips:
        files, suffix = (clip.file,), clip.said.path.suffix.lower()
        if clip.fault:
            yield Finding("unusable", "error", clip.fault, files)
        for warning in clip.warnings:
            kind = warning.partition(" in ")[0]
            severity, message = _HEARD.get(kind, ("warning", warning))
            yield Finding(kind, severity, message, files)
        if clip.channels > 1:
            message = f"{clip.channels} channels, of which the mean is heard"
            yield Finding("stereo", "warning", message, files)
        if clip.container and clip.container not in _CONTAINERS.get(suffix, {clip.container}):
            message = f"{clip.container} by content, {suffix} by name"
            yield Finding("container", "warning", message, files)


def _rates(clips: Sequence[_Clip]) -> Iterator[Finding]:
    """Find sample rates that cut off speech, or that are unlike the others of their corpus."""
    rates = Counter(clip.sample_rate for clip in clips if clip.sample_rate)
    for clip in clips:
        rate = clip.sample_rate
        if 0 < rate < audio.SAMPLE_RATE:
            message = f"{rate} Hz, so nothing above {rate // 2} Hz is in it"
            yield Finding("sample rate", "warning", message, (clip.file,))
        elif rate and rate != (usual := rates.most_common(1)[0][0]):
            message = f"{rate} Hz, where most clips have {usual} Hz"
            yield Finding("sample rate", "warning", message, (clip.file,))


def _bytes(clips: Sequence[_Clip]) -> Iterator[Finding]:
    """Compare the files of one corpus with the official ones, unless all have been converted."""
    comparable = [clip for clip in clips if clip.official and not clip.fault]
    differing = [clip for clip in comparable if not clip.is_official]
    altered = [clip for clip in differing if clip.said.path.suffix.lower() == _OFFICIAL_SUFFIX]
    if len(differing) == len(comparable):
        altered = []
    for clip in altered:
        yield Finding("altered", "error", "not the official file, byte by byte", (clip.file,))
    if converted := len(differing) - len(altered):
        message = f"{converted} of {len(clips)} clips, so their bytes are not compared"
        yield Finding("re-encoded", "note", message)


def _copies(clips: Sequence[_Clip]) -> Iterator[Finding]:
    """Find clips that sound alike, sample by sample; silence always does."""
    alike = defaultdict(list)
    for clip in clips:
        if not clip.fault and _SILENCE not in clip.warnings:
            alike[clip.digest].append(clip)
    for group in alike.values():
        files = tuple(clip.file for clip in group)
        labels = dict.fromkeys(clip.said.emotion for clip in group)
        speakers = dict.fromkeys(clip.speaker for clip in group if clip.speaker)
        if len(labels) > 1:
            message = f"one sound labelled {' and '.join(labels)}"
            yield Finding("conflicting labels", "error", message, files)
        if len(speakers) > 1:
            message = f"one sound spoken by {' and '.join(speakers)}"
            yield Finding("conflicting speakers", "error", message, files)
        if len(labels) < 2 and len(speakers) < 2 and len(group) > 1:
            yield Finding("identical audio", "warning", "one sound in several files", files)


# What is known, and what says the same.


def _oddities() -> _Oddities:
    infos = map(corpora.info, corpora.names())
    return {
        (kind, stem) for info in infos for kind, stems in info.oddities.items() for stem in stems
    }


def _judged(finding: Finding, oddities: _Oddities) -> Finding:
    """Make a note of what the official files are known to show."""
    stems = [Path(file).stem for file in finding.files]
    if not stems or any((finding.kind, stem) not in oddities for stem in stems):
        return finding
    return replace(finding, severity="note", message=f"{finding.message} (known of the corpus)")


def _joined(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join findings of one file each that say the same; errors come first."""
    groups: dict[Finding, list[str]] = defaultdict(list)
    for finding in findings:
        alone = len(finding.files) == 1
        groups[replace(finding, files=()) if alone else finding].extend(finding.files)
    joined = [replace(finding, files=tuple(files)) for finding, files in groups.items()]
    return tuple(sorted(joined, key=lambda found: (SEVERITIES.index(found.severity), found.kind)))
