"""A small tree in the exact layout of IEMOCAP, with its traps; no sound of it is real."""

from pathlib import Path

CODES = ("neu", "hap", "sad", "ang", "fea", "dis", "sur", "exc", "fru", "oth", "xxx")
DIALOGS = ("{}F_impro01", "{}M_impro05a", "{}F_script01_1b")
RECORDINGS = 2 * 6 * 5 * len(DIALOGS)
"""utterances with a recording and a label: two speakers, six turns, five sessions, the dialogs"""


def make_iemocap(root: Path) -> Path:
    """Make five sessions of three dialogs; turns take the eleven codes one after the other."""
    turn = 0
    for number in range(1, 6):
        session = root / f"Session{number}"
        for pattern in DIALOGS:
            dialog = pattern.format(f"Ses0{number}")
            names = [f"{dialog}_{letter}{n:03d}" for n in range(6) for letter in "FM"]
            codes = {name: CODES[(turn + place) % 11] for place, name in enumerate(names)}
            turn += len(names)
            recordings = session / "sentences" / "wav" / dialog
            recordings.mkdir(parents=True)
            for name in [*names, f"{dialog}_F900", f"._{names[0]}"]:  # F900 has no label
                (recordings / f"{name}.wav").touch()
            text = session / "dialog"
            (text / "wav").mkdir(parents=True, exist_ok=True)
            (text / "wav" / f"{dialog}.wav").touch()
            _write(text / "EmoEvaluation" / f"{dialog}.txt", _labels(dialog, codes))
            _write(text / "EmoEvaluation" / f"._{dialog}.txt", "\x00\x05\x16\x07Mac OS X")
            _write(text / "EmoEvaluation" / "Categorical" / f"{dialog}_e2_cat.txt", "not a summary")
            _write(text / "transcriptions" / f"{dialog}.txt", _sentences(dialog, names))
    return root


def _labels(dialog: str, codes: dict[str, str]) -> str:
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    codes = codes | {f"{dialog}_M901": "ang"}  # without a recording
    for place, (name, code) in enumerate(codes.items()):
        times, ratings = f"{place}.2901 - {place + 2}.2357", f"2.5000, {1 + place % 4}.0000, 3.3333"
        lines += [
            f"[{times}]\t{name}\t{code}\t[{ratings}]",
            "C-E2:\tNeutral;\t()",
            "C-F1:\tOther;\t(d\xe9\xe7u)",
            "A-E3:\tval 3; act 2; dom  2;\t()",
            "",
        ]
    return "\r\n".join(lines)


def _sentences(dialog: str, names: list[str]) -> str:
    lines = [f"{name} [006.2901-008.2357]: Excuse me, {name[-4:]}\x92s caf\xe9." for name in names]
    lines += [f"{dialog}_MXX0 [008.2357-008.9000]: Mm.", "F: no turn at all"]
    return "\n".join(lines)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
