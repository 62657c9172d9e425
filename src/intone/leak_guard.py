"""The leak guard: what of the test part was heard before, and what a split is worth for it."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from intone.augment import original
from intone.corpora import Utterance
from intone.errors import DataError, LeakError
from intone.splits import Split


def leaks(split: Split, utterances: Iterable[Utterance], audio: Mapping[str, str]) -> list[str]:
    """Say what is heard in training or validation and tested too, a line a kind.

    `audio` maps utterance ids to a hash of their samples.

    Raises:
        DataError: the split names a clip that is not among the utterances.
    """
    return judge(split, utterances, audio)[0]


def guard(
    split: Split,
    utterances: Iterable[Utterance],
    audio: Mapping[str, str],
    *,
    unlabelled: Sequence[Utterance] = (),
    allow_leak: bool = False,
) -> Split:
    """Stamp a split with what it is worth; `unlabelled` clips are heard in every fold's training.

    Raises:
        LeakError: what is tested is heard in training, and `allow_leak` is not given.
        DataError: the split names a clip that is not among the utterances.
    """
    found, stamp = judge(split, utterances, audio, unlabelled)
    if found and not allow_leak:
        remedy = "unseen-speakers" + (" and other unlabelled clips" if unlabelled else "")
        raise LeakError(
            f"protocol {split.protocol}, fold {split.fold}: {'; '.join(found)}; choose "
            f"{remedy}, or go on with --allow-leak and every figure is stamped '{stamp}'"
        )
    return replace(split, stamp=stamp)


def judge(
    split: Split,
    utterances: Iterable[Utterance],
    audio: Mapping[str, str],
    unlabelled: Sequence[Utterance] = (),
) -> tuple[list[str], str]:
    """Find what a split leaks, in words, and the stamp that it deserves."""
    known = {clip.id: clip.speaker for clip in utterances}
    try:
        speaker = {
            id: known[id] if id in known else known[original(id)]
            for id in (*split.train, *split.validation, *split.test)
        }
    except KeyError as error:
        raise DataError(f"the split names the clip {error}, which the data does not hold") from None
    speaker |= {clip.id: clip.speaker for clip in unlabelled}
    heard = (*split.train, *split.validation, *(clip.id for clip in unlabelled))
    speakers = _shared(heard, split.test, speaker.get)
    clips = _shared(split.train, split.test, original)
    chosen = _shared(split.validation, split.test, original)
    sounds = _shared(heard, split.test, audio.get)
    found = [
        *_line("speakers in training and in test", [f"{speaker[id]}" for _, id in speakers]),
        *_line("clips or copies of them in training and in test", [id for _, id in clips]),
        *_line("the test part chooses the epoch, by clips of validation", [id for _, id in chosen]),
        *_line("identical audio in training and in test", [f"{a} = {b}" for a, b in sounds]),
    ]
    if clips or chosen or sounds:
        return found, "leaky"
    if speakers:
        return found, "speaker-dependent"
    return found, "speakers unknown" if None in speaker.values() else "unseen speakers"


def _shared(
    heard: Sequence[str], tested: Sequence[str], key: Callable[[str], Hashable]
) -> list[tuple[str, str]]:
    """Pair a clip that is heard with one that is tested, for each key they share."""
    first = {key(id): id for id in heard}
    second = {key(id): id for id in tested}
    return [(first[k], id) for k, id in second.items() if k in first and k is not None]


def _line(kind: str, found: list[str]) -> list[str]:
    shown = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
    return [f"{kind}: {len(found)} ({shown})"] if found else []
