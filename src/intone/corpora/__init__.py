"""Corpora of emotional speech. One is found because its file stands in this folder.

A corpus is a module with `INFO` and `read(root) -> list[Utterance]`. Where file names carry the
labels it also has `parse(path) -> Utterance | None`, the reading of one name, and `read` is
`collect(root, parse, INFO)`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Literal

from intone import audio
from intone.errors import DataError

Sex = Literal["female", "male"]


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """One clip and what its corpus says about it."""

    id: str
    """unique across corpora, as `ravdess/03-01-05-01-01-01-01`"""
    path: Path
    corpus: str
    emotion: str
    """canonical where `emotions.EMOTIONS` has it, or else the user's own word"""
    speaker: str | None = None
    """unique across corpora, as `ravdess/01`"""
    sex: Sex | None = None
    sentence: str | None = None
    """what is said, comparable within the corpus"""
    session: str | None = None
    """what was recorded together; unique across corpora, as `iemocap/1`"""
    intensity: str | None = None
    age: int | None = None
    traits: Mapping[str, str] = field(default_factory=dict)
    """what else is known of the speaker, as `{"ethnicity": "Hispanic"}`"""
    votes: Mapping[str, int] = field(default_factory=dict)
    """emotion -> how many listeners chose it who only heard the clip"""
    valence_arousal_dominance: tuple[float, float, float] | None = None
    """listeners' mean ratings, each from 1 to 5"""


Parser = Callable[[Path], Utterance | None]
"""the reading of one file name: None if the corpus does not name its clips so"""


@dataclass(frozen=True, kw_only=True)
class CorpusInfo:
    """What people need to know about a corpus before they use it."""

    title: str
    language: str
    licence: str
    citation: str
    url: str
    """where to ask for it"""
    pattern: str
    """how its files are named"""
    example: str
    """one such file, relative to the root"""
    clips: int | None = None
    """None for a user's own data, which may have any number"""
    speakers: int | None = None
    emotions: Mapping[str, int] = field(default_factory=dict)
    """canonical emotion -> number of clips"""
    notes: str = ""
    apart_from: tuple[str, ...] = ()
    """corpora that must never be mixed with this one"""
    oddities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """kind of finding, as the doctor names it -> stems of the official files that show it"""


def names() -> list[str]:
    """Name every corpus of this folder."""
    return sorted(module.name for module in iter_modules(__path__))


def info(name: str) -> CorpusInfo:
    """Describe a corpus.

    Raises:
        DataError: there is no such corpus.
    """
    described: CorpusInfo = _module(name).INFO
    return described


def parsers() -> dict[str, Parser]:
    """Give the reading of one file name of every corpus whose names carry the labels."""
    modules = {name: _module(name) for name in names()}
    return {name: module.parse for name, module in modules.items() if hasattr(module, "parse")}


def read(name: str, root: Path, **options: Any) -> list[Utterance]:
    """List the clips of a corpus under `root`, sorted by id; `options` are the corpus's own.

    Raises:
        DataError: no such corpus, folder, clip or option.
    """
    module = _module(name)
    unknown = sorted(set(options) - set(signature(module.read).parameters))
    if unknown:
        raise DataError(f"corpus {name} has no option {', '.join(unknown)}")
    found: list[Utterance] = module.read(root, **options)
    return sorted(found, key=lambda utterance: utterance.id)


def read_all(places: Iterable[tuple[str, Path]], *, speaker: str | None = None) -> list[Utterance]:
    """List the clips of several corpora; `speaker` is the expression that `folder` takes.

    Raises:
        DataError: as `read`; a clip stands in two of the places; or two of the corpora must not
            be mixed.
    """
    places = list(places)
    _refuse_mixtures({name for name, _ in places})
    clips: dict[str, Utterance] = {}
    for name, root in places:
        options = {"speaker": speaker} if name == "folder" and speaker else {}
        for clip in read(name, root, **options):
            if clip.id in clips:
                raise DataError(f"{clip.path}: {clip.id} is in {clips[clip.id].path} already")
            clips[clip.id] = clip
    return list(clips.values())


def read_apart(
    labelled: Iterable[tuple[str, Path]],
    unlabelled: Iterable[tuple[str, Path]],
    *,
    speaker: str | None = None,
) -> tuple[list[Utterance], list[Utterance]]:
    """List the clips of labelled corpora and of those whose labels are not to be used.

    Raises:
        DataError: as `read_all` of both together.
    """
    labelled = list(labelled)
    known = read_all(labelled, speaker=speaker)
    return known, read_all([*labelled, *unlabelled], speaker=speaker)[len(known) :]


def parse_data(argument: str) -> tuple[str, Path]:
    """Take `ravdess=DIR` apart, as the options `--data` and `--unlabelled` are written.

    Raises:
        DataError: it is written otherwise, or there is no such corpus.
    """
    name, _, place = argument.partition("=")
    if not place:
        raise DataError(f"corpus {argument}: write it as NAME=DIR, as ravdess=data/ravdess")
    _module(name)
    return name, Path(place).expanduser()


def collect(root: Path, parse: Parser, info: CorpusInfo) -> list[Utterance]:
    """Parse the name of every sound file under `root`; names that do not parse are skipped.

    Of two files with one id the first by path counts, WAV before others: the archive of RAVDESS
    holds every clip twice, and that of CREMA-D as MP3 too.

    Raises:
        DataError: no such folder, or no file in it is named as the corpus names its clips.
    """
    found: dict[str, Utterance] = {}
    for path in sorted(sound_files(root), key=lambda path: path.suffix.lower() != ".wav"):
        utterance = parse(path)
        if utterance is not None:
            found.setdefault(utterance.id, utterance)
    if not found:
        raise DataError(
            f"{root}: no clip of {info.title} here; "
            f"its files are named {info.pattern}, for example {info.example}"
        )
    return list(found.values())


def sound_files(root: Path) -> list[Path]:
    """List every sound file under `root`, sorted, without hidden ones.

    Raises:
        DataError: there is no such folder.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")
    return [path for path in audio.find([root]) if path != root]


def _refuse_mixtures(given: set[str]) -> None:
    for name in sorted(given):
        for other in given.intersection(info(name).apart_from):
            raise DataError(
                f"{name} and {other} must never be mixed, for {name} is {info(name).title}; "
                "give one of them"
            )


def _module(name: str) -> ModuleType:
    if name not in names():
        raise DataError(f"no corpus {name}; there are {', '.join(names())}")
    return import_module(f"{__name__}.{name}")
