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
    notes="Audio-only speech (03-01-...); song is the corpus ravdess_song. Odd actors are men.",
    oddities={
        "stereo": (
            "03-01-02-01-01-02-01",
            "03-01-08-01-02-02-01",
            "03-01-02-01-02-02-05",
            "03-01-03-01-02-01-20",
            "03-01-06-01-01-02-20",
        ),
        "identical audio": ("03-01-03-01-02-01-07", "03-01-03-01-02-02-07"),
    },
)

_NAME = re.compile(r"03-(0[12])-0([1-8])-0([12])-0([12])-0([12])-(0[1-9]|1\d|2[0-4])")
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
    return parse_channel(path, "01", "ravdess")


def parse_channel(path: Path, wanted: str, corpus: str) -> Utterance | None:
    """Read the seven numbers of a file name whose channel is 01, speech, or 02, song."""
    match = _NAME.fullmatch(path.stem)
    if match is None or match[1] != wanted:
        return None
    _channel, emotion, intensity, statement, _repetition, actor = match.groups()
    return Utterance(
        id=f"{corpus}/{path.stem}",
        path=path,
        corpus=corpus,
        emotion=_EMOTIONS[emotion],
        speaker=f"ravdess/{actor}",
        sex="male" if int(actor) % 2 else "female",
        sentence=_SENTENCES[statement],
        intensity=_INTENSITIES[intensity],
    )


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`."""
    return collect(root, parse, INFO)
