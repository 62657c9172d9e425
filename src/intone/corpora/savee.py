"""SAVEE: four men, seven emotions; `DC/a01.wav` in some copies and `DC_a01.wav` in others."""

import re
from pathlib import Path

from intone.corpora import CorpusInfo, Utterance, collect

INFO = CorpusInfo(
    title="SAVEE",
    language="English (British)",
    licence="research only, after registration",
    citation="Haq, S., & Jackson, P. J. B. (2009). Speaker-dependent audio-visual emotion "
    "recognition. Proceedings of AVSP 2009, 53-58.",
    url="http://kahlan.eps.surrey.ac.uk/savee/",
    pattern="speaker/emotion+number.wav or speaker_emotion+number.wav",
    example="DC/sa01.wav",
    clips=480,
    speakers=4,
    emotions={
        "neutral": 120,
        "happy": 60,
        "sad": 60,
        "angry": 60,
        "fearful": 60,
        "disgust": 60,
        "surprised": 60,
    },
    notes="Men only. All read the same sentences, most of which belong to one emotion: on unseen "
    "speakers the words still tell it. Sadness is 'sa' and surprise 'su': neither is 'a' or 's'.",
)

_NAME = re.compile(r"(DC|JE|JK|KL)_((sa|su|a|d|f|h|n)\d\d)")
_EMOTIONS = {
    "sa": "sad",
    "su": "surprised",
    "a": "angry",
    "d": "disgust",
    "f": "fearful",
    "h": "happy",
    "n": "neutral",
}


def parse(path: Path) -> Utterance | None:
    """Read speaker, emotion and sentence number, the speaker from the name or its folder."""
    name = path.stem if "_" in path.stem else f"{path.parent.name}_{path.stem}"
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    speaker, sentence, emotion = match.groups()
    return Utterance(
        id=f"savee/{name}",
        path=path,
        corpus="savee",
        emotion=_EMOTIONS[emotion],
        speaker=f"savee/{speaker}",
        sex="male",
        sentence=sentence,
    )


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`."""
    return collect(root, parse, INFO)
