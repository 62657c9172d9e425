"""IEMOCAP: ten actors in five sessions of two, improvised and from scripts."""

import re
from functools import cache
from pathlib import Path

from intone.corpora import CorpusInfo, Utterance, collect
from intone.errors import DataError

INFO = CorpusInfo(
    title="IEMOCAP",
    language="English (American)",
    licence="research only, granted to each user; never passed on",
    citation="Busso, C., Bulut, M., Lee, C.-C., Kazemzadeh, A., Mower, E., Kim, S., Chang, J. N., "
    "Lee, S., & Narayanan, S. S. (2008). IEMOCAP: Interactive emotional dyadic motion capture "
    "database. Language Resources and Evaluation 42(4), 335-359. "
    "https://doi.org/10.1007/s10579-008-9076-6",
    url="https://sail.usc.edu/iemocap/",
    pattern="SessionN/sentences/wav/dialog/utterance.wav, with labels in "
    "SessionN/dialog/EmoEvaluation/dialog.txt",
    example="Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
    clips=10039,
    speakers=10,
    emotions={
        "neutral": 1708,
        "happy": 595,
        "sad": 1084,
        "angry": 1103,
        "fearful": 40,
        "disgust": 2,
        "surprised": 107,
        "excited": 1041,
        "frustrated": 1849,
        "other": 3,
        "undecided": 2507,
    },
    notes="Undecided is xxx: listeners did not agree. A recording without a label, or a label "
    "without its recording, is passed over; a dialog without its file of labels is refused.",
)

_NAME = re.compile(r"(Ses0([1-5])[FM]_\w+)_([FM])\w+")  # dialog, session, speaker
_LABEL = re.compile(r"\[.+?\]\s+(\w+)\s+(\w+)\s+\[([\d.]+),\s*([\d.]+),\s*([\d.]+)\]\s*")
_SENTENCE = re.compile(r"(\w+) \[.+?\]:\s*(.*\S)")
_EMOTIONS = {
    "neu": "neutral",
    "hap": "happy",
    "sad": "sad",
    "ang": "angry",
    "fea": "fearful",
    "dis": "disgust",
    "sur": "surprised",
    "exc": "excited",
    "fru": "frustrated",
    "oth": "other",
    "xxx": "undecided",
}

Label = tuple[str, tuple[float, float, float]]


def read(root: Path) -> list[Utterance]:
    """List the labelled recordings under `root`, with what is said where transcriptions are.

    Raises:
        DataError: no such folder, no recording in it, or a file of labels that is missing or does
            not fit.
    """
    labels_of, sentences_of = cache(_labels), cache(_sentences)

    def parse(path: Path) -> Utterance | None:
        match = _NAME.fullmatch(path.stem)
        if match is None:
            return None
        dialog, session, letter = match.groups()
        texts = path.parent.parent.parent.parent / "dialog"
        label = labels_of(texts / "EmoEvaluation" / f"{dialog}.txt").get(path.stem)
        if label is None:
            return None
        return Utterance(
            id=f"iemocap/{path.stem}",
            path=path,
            corpus="iemocap",
            emotion=label[0],
            speaker=f"iemocap/0{session}{letter}",  # the dialog's letter is the recording's side
            sex="female" if letter == "F" else "male",
            sentence=sentences_of(texts / "transcriptions" / f"{dialog}.txt").get(path.stem),
            session=f"iemocap/{session}",
            valence_arousal_dominance=label[1],
        )

    return collect(root, parse, INFO)


def _labels(path: Path) -> dict[str, Label]:
    """Read the summary lines of a dialog's labels: those that start with a bracket."""
    if not path.is_file():
        raise DataError(
            f"{path}: the labels of this dialog are missing; IEMOCAP is read in its own tree"
        )
    labels = {}
    for number, line in enumerate(_lines(path), 1):
        if line.startswith("["):
            match = _LABEL.fullmatch(line)
            if match is None or match[2] not in _EMOTIONS:
                raise DataError(f"{path}, line {number}: not a label of IEMOCAP: {line.strip()}")
            utterance, code, valence, arousal, dominance = match.groups()
            ratings = float(valence), float(arousal), float(dominance)
            labels[utterance] = _EMOTIONS[code], ratings
    return labels


def _sentences(path: Path) -> dict[str, str]:
    """Read what is said in a dialog; nothing where there is no transcription."""
    lines = _lines(path) if path.is_file() else []
    return {match[1]: match[2] for match in map(_SENTENCE.match, lines) if match}


def _lines(path: Path) -> list[str]:
    """Read lines of UTF-8 or, where it is none, of Western Windows."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace").splitlines()
