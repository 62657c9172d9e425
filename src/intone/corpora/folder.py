"""A user's own clips: one sub-folder an emotion."""

import re
from collections.abc import Callable
from pathlib import Path

from intone import emotions
from intone.corpora import CorpusInfo, Utterance, collect
from intone.errors import DataError

INFO = CorpusInfo(
    title="labelled folders",
    language="any",
    licence="your own",
    citation="your own",
    url="no one to ask",
    pattern="emotion/anything.wav",
    example="angry/clip1.wav",
    notes="A speaker expression such as '(spk[0-9]+)', searched for in each file's path within the "
    "folder, makes splits by speaker possible.",
)


def read(root: Path, speaker: str | None = None) -> list[Utterance]:
    """List the clips under `root`, each labelled by the first folder it lies in.

    `speaker` is a regular expression; its first group, found in a clip's path within `root`,
    names the speaker.

    Raises:
        DataError: no such folder, no clip in it, or an expression that does not fit a clip.
    """
    speaker_of = _finder(speaker)

    def parse(path: Path) -> Utterance | None:
        inside = path.relative_to(root)
        if len(inside.parts) < 2:
            return None
        return Utterance(
            id=f"folder/{inside.as_posix()}",
            path=path,
            corpus="folder",
            emotion=emotions.named(inside.parts[0]),
            speaker=speaker_of(inside.as_posix()),
        )

    return collect(root, parse, INFO)


def _finder(expression: str | None) -> Callable[[str], str | None]:
    """Turn the user's expression into a function: path within the root -> speaker."""
    if expression is None:
        return lambda inside: None
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise DataError(f"speaker expression {expression}: {error}") from None
    if pattern.groups == 0:
        raise DataError(f"speaker expression {expression}: put the speaker in parentheses")

    def find(inside: str) -> str:
        match = pattern.search(inside)
        if match is None or not match[1]:
            raise DataError(f"{inside}: speaker expression {expression} finds no speaker in it")
        return f"folder/{match[1]}"

    return find
