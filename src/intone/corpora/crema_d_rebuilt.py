"""CREMA-D, rebuilt audio: its clips as they sound after a spectrogram and back."""

from dataclasses import replace
from pathlib import Path

from intone.corpora import Utterance, collect, crema_d
from intone.errors import DataError

INFO = replace(
    crema_d.INFO,
    title="CREMA-D, rebuilt audio",
    pattern=f"{crema_d.INFO.pattern}, with {crema_d.REBUILT_INDEX} beside the folder",
    example="rebuilt/1001_DFA_ANG_XX.wav",
    clips=7429,
    emotions={
        "neutral": 1085,
        "happy": 1270,
        "sad": 1270,
        "angry": 1268,
        "fearful": 1267,
        "disgust": 1269,
    },
    notes="No recording: Griffin-Lim from 8-bit log-mel spectrograms of each clip's first 3 s. "
    "Pitch and spectrum survive; level, and what comes after 3 s, do not.",
    apart_from=("crema_d",),
)


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`; their speakers are those of `crema_d`.

    The names are CREMA-D's own, so that it takes the index to know rebuilt audio: no `parse` here.

    Raises:
        DataError: no such folder, no clip in it, audio that is not known to be rebuilt, or a table
            that does not fit.
    """
    clips = collect(root, _parse, INFO)
    for folder in sorted({clip.path.parent for clip in clips}):
        if crema_d.beside(folder, crema_d.REBUILT_INDEX) is None:
            raise DataError(
                f"{folder}: no {crema_d.REBUILT_INDEX} is beside it, so this is not known to be "
                f"rebuilt audio; read recordings as crema_d={folder}"
            )
    return crema_d.described(clips, root)


def _parse(path: Path) -> Utterance | None:
    clip = crema_d.parse(path)
    if clip is None:
        return None
    return replace(clip, id=f"crema_d_rebuilt/{path.stem}", corpus="crema_d_rebuilt")
