"""CREMA-D: 91 actors, twelve sentences, six emotions."""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
    notes="Age, sex, race and ethnicity come from VideoDemographics.csv, votes of listeners who "
    "only heard the clip from tabulatedVotes.csv, in the folder or beside it. Three pairs of "
    "identical audio carry different labels; 1076_MTI_SAD_XX is silent.",
    oddities={
        "digital silence": ("1076_MTI_SAD_XX",),
        "conflicting labels": (
            *("1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
            *("1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
            *("1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
        ),
    },
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
_HEARD_ONLY = "1"  # how the numbers of such ratings begin: 2 is seen only, 3 both
REBUILT_INDEX = "rebuilt_index.csv"
"""what stands in or beside a folder of rebuilt audio, and only there"""


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
    """List the clips under `root`, with what the tables say of actors and votes where they are.

    Raises:
        DataError: no such folder, no clip in it, audio that was rebuilt, or a table that does not
            fit.
    """
    clips = collect(root, parse, INFO)
    for folder in sorted({clip.path.parent for clip in clips}):
        if beside(folder, REBUILT_INDEX):
            raise DataError(
                f"{folder}: this audio is rebuilt, for {REBUILT_INDEX} is beside it; "
                f"read it as crema_d_rebuilt={folder}"
            )
    return described(clips, root)


def described(clips: Iterable[Utterance], root: Path) -> list[Utterance]:
    """Add what the tables in or beside `root` say of each clip's actor and votes.

    Raises:
        DataError: a table that does not fit.
    """
    actors, votes = _actors(root), _votes(root)
    return [
        replace(clip, votes=votes.get(clip.path.stem, {}), **actors.get(clip.speaker, {}))
        for clip in clips
    ]


def beside(folder: Path, name: str) -> Path | None:
    """Find a file in the folder or beside it."""
    places = (folder / name, folder.resolve().parent / name)
    return next((path for path in places if path.is_file()), None)


def _actors(root: Path) -> dict[str | None, dict[str, Any]]:
    with _table(root, "VideoDemographics.csv") as rows:
        return {
            f"crema_d/{row['ActorID']}": {
                "age": int(row["Age"]),
                "sex": row["Sex"].lower(),
                "traits": {"race": row["Race"], "ethnicity": row["Ethnicity"]},
            }
            for row in rows
        }


def _votes(root: Path) -> dict[str, dict[str, int]]:
    with _table(root, "tabulatedVotes.csv") as rows:
        return {
            row["fileName"]: {emotion: int(row[code[0]]) for code, emotion in _EMOTIONS.items()}
            for row in rows
            if row[""].startswith(_HEARD_ONLY)
        }


@contextmanager
def _table(root: Path, name: str) -> Iterator[Iterable[dict[str, str]]]:
    """Open a table in or beside `root`; where there is none, it has no rows."""
    table = beside(root, name)
    if table is None:
        yield ()
        return
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            yield csv.DictReader(file)
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(f"{table}: not the table of CREMA-D ({error})") from None
