"""EMO-DB, the Berlin database: ten German speakers, seven emotions."""

import re
from pathlib import Path

from intone.corpora import CorpusInfo, Sex, Utterance, collect

INFO = CorpusInfo(
    title="EMO-DB",
    language="German",
    licence="none stated; freely offered for research",
    citation="Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W., & Weiss, B. (2005). A "
    "database of German emotional speech. Proceedings of Interspeech 2005, 1517-1520.",
    url="http://emodb.bilderbar.info",
    pattern="speaker+text+emotion+version.wav",
    example="wav/03a01Fa.wav",
    clips=535,
    speakers=10,
    emotions={
        "neutral": 79,
        "happy": 71,
        "sad": 62,
        "angry": 127,
        "fearful": 69,
        "disgust": 46,
        "bored": 81,
    },
    notes="The letter is the German word's: W for Wut (anger), A for Angst (fear), T for Trauer.",
)

_NAME = re.compile(r"(\d\d)([ab]\d\d)([WLEAFTN])[a-z]?")
_EMOTIONS = {
    "W": "angry",
    "L": "bored",
    "E": "disgust",
    "A": "fearful",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}
_SPEAKERS: dict[str, tuple[Sex, int]] = {
    "03": ("male", 31),
    "08": ("female", 34),
    "09": ("female", 21),
    "10": ("male", 32),
    "11": ("male", 26),
    "12": ("male", 30),
    "13": ("female", 32),
    "14": ("female", 35),
    "15": ("male", 25),
    "16": ("female", 31),
}


def parse(path: Path) -> Utterance | None:
    """Read speaker, text and emotion of a file name."""
    match = _NAME.fullmatch(path.stem)
    if match is None or match[1] not in _SPEAKERS:
        return None
    speaker, text, emotion = match.groups()
    sex, age = _SPEAKERS[speaker]
    return Utterance(
        id=f"emodb/{path.stem}",
        path=path,
        corpus="emodb",
        emotion=_EMOTIONS[emotion],
        speaker=f"emodb/{speaker}",
        sex=sex,
        sentence=text,
        age=age,
    )


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`."""
    return collect(root, parse, INFO)
