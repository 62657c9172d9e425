"""CREMA-D: 91 actors, twelve sentences, six emotions."""

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from intone.corpora import CorpusInfo, Utterance, collect
from intone.errors import DataError

INFO = CorpusInfo(
    title="CREMA-D",
    language="English (American)",
    licence="Open Database License (ODbL) 1.0",
    citation="Cao, H., Cooper, D. G., Keutmann, M. K., Gur, R. C., Nenkova, A., & Verma, R. "
    "(2014). CREMA-D: Crowd-sourced emotional multimodal actors dataset. IEEE Transactions on "
    "Affective Computing 5(4), 377-390. https://doi.org/10.1109/TAFFC.2014.2336244",
    url="https://github.com/CheyneyComputerScience/CREMA-D",
    pattern="actor_sentence_emotion_level.wav",
    example="AudioWAV/1001_DFA_ANG_XX.wav",
    clips=7442,
    speakers=91,
    emotions={
        "neutral": 1087,
        "happy": 1271,
        "sad": 1271,
        "angry": 1271,
        "fearful": 1271,
        "disgust": 1271,
    },
    notes="Age and sex come from VideoDemographics.csv, in the folder or beside it. Three pairs of "
    "identical audio carry different labels; 1076_MTI_SAD_XX is silent.",
)

_NAME = re.compile(r"(10\d\d)_([A-Z]{3})_(NEU|HAP|SAD|ANG|FEA|DIS)_(LO|MD|HI|XX?)")  # one has X
_EMOTIONS = {
    "NEU": "neutral",
    "HAP": "happy",
    "SAD": "sad",
    "ANG": "angry",
    "FEA": "fearful",
    "DIS": "disgust",
}
_LEVELS = {"LO": "low", "MD": "medium", "HI": "high"}


def parse(path: Path) -> Utterance | None:
    """Read actor, sentence, emotion and level of a file name."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return None
    actor, sentence, emotion, level = match.groups()
    return Utterance(
        id=f"crema_d/{path.stem}",
        path=path,
        corpus="crema_d",
        emotion=_EMOTIONS[emotion],
        speaker=f"crema_d/{actor}",
        sentence=sentence,
        intensity=_LEVELS.get(level),
    )


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`, with the actors' age and sex where their table is found.

    Raises:
        DataError: no such folder, no clip in it, or a table that does not fit.
    """
    clips = collect(root, parse, INFO)
    actors = _actors(root)
    return [replace(clip, **actors.get(clip.speaker, {})) for clip in clips]


def _actors(root: Path) -> Mapping[str | None, dict[str, Any]]:
    """Find what VideoDemographics.csv says: speaker -> age and sex."""
    tables = (folder / "VideoDemographics.csv" for folder in (root, root.resolve().parent))
    table = next((path for path in tables if path.is_file()), None)
    if table is None:
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            return {
                f"crema_d/{row['ActorID']}": {"age": int(row["Age"]), "sex": row["Sex"].lower()}
                for row in csv.DictReader(file)
            }
    except (KeyError, ValueError) as error:
        raise DataError(f"{table}: not the table of CREMA-D's actors ({error})") from None
