"""RAVDESS: 24 actors, eight emotions; the speech part."""

import re
from pathlib import Path

from intone.corpora import CorpusInfo, Utterance, collect

INFO = CorpusInfo(
    title="RAVDESS",
    language="English (North American)",
    licence="CC BY-NC-SA 4.0",
    citation="Livingstone, S. R., & Russo, F. A. (2018). The Ryerson Audio-Visual Database of "
    "Emotional Speech and Song (RAVDESS). PLoS ONE 13(5), e0196391. "
    "https://doi.org/10.1371/journal.pone.0196391",
    url="https://zenodo.org/record/1188976",
    pattern="modality-channel-emotion-intensity-statement-repetition-actor.wav",
    example="Actor_16/03-01-05-01-02-01-16.wav",
    clips=1440,
    speakers=24,
    emotions={
        "neutral": 96,
        "calm": 192,
        "happy": 192,
        "sad": 192,
        "angry": 192,
        "fearful": 192,
        "disgust": 192,
        "surprised": 192,
    },
    notes="Audio-only speech (03-01-...); song and video are passed over. Odd actors are men.",
)

_NAME = re.compile(r"03-01-0([1-8])-0([12])-0([12])-0([12])-(0[1-9]|1\d|2[0-4])")
_EMOTIONS = {
    "1": "neutral",
    "2": "calm",
    "3": "happy",
    "4": "sad",
    "5": "angry",
    "6": "fearful",
    "7": "disgust",
    "8": "surprised",
}
_INTENSITIES = {"1": "normal", "2": "strong"}
_SENTENCES = {"1": "kids are talking by the door", "2": "dogs are sitting by the door"}


def parse(path: Path) -> Utterance | None:
    """Read the seven numbers of a file name."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return None
    emotion, intensity, statement, _repetition, actor = match.groups()
    return Utterance(
        id=f"ravdess/{path.stem}",
        path=path,
        corpus="ravdess",
        emotion=_EMOTIONS[emotion],
        speaker=f"ravdess/{actor}",
        sex="male" if int(actor) % 2 else "female",
        sentence=_SENTENCES[statement],
        intensity=_INTENSITIES[intensity],
    )


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`."""
    return collect(root, parse, INFO)
