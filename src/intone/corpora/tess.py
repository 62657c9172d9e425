"""TESS: two women, 200 words, seven emotions."""

import re
from pathlib import Path

from intone.corpora import CorpusInfo, Utterance, collect

INFO = CorpusInfo(
    title="TESS",
    language="English (Canadian)",
    licence="CC BY-NC-ND 4.0",
    citation="Pichora-Fuller, M. K., & Dupuis, K. (2020). Toronto emotional speech set (TESS). "
    "Borealis. https://doi.org/10.5683/SP2/E8H2MF",
    url="https://doi.org/10.5683/SP2/E8H2MF",
    pattern="speaker_word_emotion.wav",
    example="OAF_back_angry.wav",
    clips=2800,
    speakers=2,
    emotions={
        "neutral": 400,
        "happy": 400,
        "sad": 400,
        "angry": 400,
        "fearful": 400,
        "disgust": 400,
        "surprised": 400,
    },
    notes="With two speakers, about 100 % on a random split means nothing.",
    oddities={
        "container": ("YAF_germ_angry", "YAF_neat_fear"),
        "sample rate": ("OAF_food_fear",),
        "odd name": ("OA_bite_neutral",),
    },
)

_NAME = re.compile(r"(OAF?|YAF)_([a-z]+)_([a-z]+)")  # one file is named OA_bite_neutral
_EMOTIONS = {
    "neutral": "neutral",
    "happy": "happy",
    "sad": "sad",
    "angry": "angry",
    "fear": "fearful",
    "disgust": "disgust",
    "ps": "surprised",  # pleasant surprise
}
_AGES = {"OAF": 64, "YAF": 26}


def parse(path: Path) -> Utterance | None:
    """Read speaker, word and emotion of a file name."""
    match = _NAME.fullmatch(path.stem)
    if match is None or match[3] not in _EMOTIONS:
        return None
    speaker = "YAF" if match[1] == "YAF" else "OAF"
    return Utterance(
        id=f"tess/{path.stem}",
        path=path,
        corpus="tess",
        emotion=_EMOTIONS[match[3]],
        speaker=f"tess/{speaker}",
        sex="female",
        sentence=match[2],
        age=_AGES[speaker],
    )


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`."""
    return collect(root, parse, INFO)
