"""RAVDESS, the sung part: 23 of its actors, six emotions."""

from dataclasses import replace
from pathlib import Path

from intone.corpora import Utterance, collect, ravdess

INFO = replace(
    ravdess.INFO,
    title="RAVDESS, song",
    example="Actor_16/03-02-05-01-02-01-16.wav",
    clips=1012,
    speakers=23,
    emotions={
        "neutral": 92,
        "calm": 184,
        "happy": 184,
        "sad": 184,
        "angry": 184,
        "fearful": 184,
    },
    notes="Audio-only song (03-02-...), by the actors of the corpus ravdess except 18.",
    oddities={},
)


def parse(path: Path) -> Utterance | None:
    """Read the seven numbers of a file name."""
    return ravdess.parse_channel(path, "02", "ravdess_song")


def read(root: Path) -> list[Utterance]:
    """List the clips under `root`; their speakers are those of `ravdess`."""
    return collect(root, parse, INFO)
