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
    notes="Men only. All read the same sentences, and three in five clips say words that stand "
    "under one emotion alone: of unseen speakers, too, they tell it. Sadness is 'sa' and surprise "
    "'su': neither is 'a' or 's'.",
)

_NAME = re.compile(r"(DC|JE|JK|KL)_(sa|su|a|d|f|h|n)(\d\d)")
_EMOTIONS = {
    "sa": "sad",
    "su": "surprised",
    "a": "angry",
    "d": "disgust",
    "f": "fearful",
    "h": "happy",
    "n": "neutral",
}
_SPECIFIC = ("a", "d", "f", "su", "sa", "h")
"""whose sentences 4 and 5 neutral clips repeat from number 19 on, two of each"""


def parse(path: Path) -> Utterance | None:
    """Read speaker, emotion and sentence, the speaker from the name or its folder."""
    name = path.stem if "_" in path.stem else f"{path.parent.name}_{path.stem}"
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    speaker, emotion, number = match.groups()
    return Utterance(
        id=f"savee/{name}",
        path=path,
        corpus="savee",
        emotion=_EMOTIONS[emotion],
        speaker=f"savee/{speaker}",
        sex="male",
        sentence=_sentence(emotion, int(number)),
    )


def _sentence(emotion: str, number: int) -> str:
    """Name what is said by the first clips that say it.

    The corpus tells of three sentences that all emotions have, two of each emotion that neutral
    clips have, too, and ten of each alone. Which are which was found by what Whisper's last blocks
    hear alike in all four speakers: neutral clips from 16 on are repeats.
    """
    if emotion == "n" and 19 <= number <= 30:
        pair, second = divmod(number - 19, 2)
        return f"{_SPECIFIC[pair]}{4 + second:02d}"
    if emotion == "n" and 16 <= number <= 18:
        number -= 15
    return f"common {number}" if 1 <= number <= 3 else f"{emotion}{number:02d}"


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`."""
    return collect(root, parse, INFO)
