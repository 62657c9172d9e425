"""What a speaker's own baseline is worth: the same clips, answered without it and relative to it.

    python benchmarks/baseline.py

A baseline is one neutral clip of the speaker, or four; all other clips of the speaker are judged,
ten draws. RAVDESS: out-of-fold answers of the committed records, so every speaker is unheard, and
what is usual is counted over the other speakers. EMO-DB: the bundled model, unless it has heard it.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from intone import baseline, runs, runtime
from intone.corpora import emodb
from intone.runtime import Model

ROOT = Path(__file__).parent.parent
SPEECH = Path(os.environ.get("INTONE_SPEECH", ROOT.parent / "shared" / "speech"))
DRAWS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """What a model says to clips: truth as the place of a label, and probabilities `[N, C]`."""

    labels: Sequence[str]
    truth: NDArray[np.int64]
    speakers: NDArray[np.str_]
    rows: Floats

    @property
    def neutral(self) -> NDArray[np.bool_]:
        return self.truth == self.labels.index(baseline.USUAL)

    def usual(self, speaker: str) -> Floats:
        """How neutral clips of all others are answered."""
        others = self.rows[self.neutral & (self.speakers != speaker)]
        return np.bincount(others.argmax(axis=1), minlength=len(self.labels)).astype(float)


def of_record(path: Path) -> Answers:
    """The out-of-fold answers to RAVDESS in a record, one a clip."""
    _, scores = runs.load_record(path)
    one = scores[0] if isinstance(scores, list) else scores
    own = np.array([id.startswith("ravdess/") for id in one.ids])
    speakers = np.array([str(speaker) for speaker in one.speakers])
    return Answers(one.labels, one.truth[own], speakers[own], one.probabilities[own].astype(float))


def of_emodb(model: Model) -> Answers:
    clips = [clip for clip in emodb.read(SPEECH / "emodb") if clip.emotion in model.labels]
    rows = [[*model.predict(clip.path).probabilities.values()] for clip in clips]
    truth = np.array([model.labels.index(clip.emotion) for clip in clips])
    speakers = np.array([str(clip.speaker) for clip in clips])
    return Answers(model.labels, truth, speakers, np.array(rows))


def uar(truth: NDArray[np.int64], rows: Floats) -> float:
    hits = rows.argmax(axis=1) == truth
    return float(np.mean([hits[truth == label].mean() for label in np.unique(truth)]))


def compare(answers: Answers, count: int, usual: Floats | None) -> Floats:
    """UAR without and with a baseline of `count` clips, one row a draw: `[draws, 2]`."""
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        kept, relative = [], []
        for speaker in np.unique(answers.speakers):
            own = np.flatnonzero(answers.speakers == speaker)
            heard = rng.permutation(own[answers.neutral[own]])[:count]
            expected = answers.usual(speaker) if usual is None else usual
            factors = baseline.factors(expected, answers.rows[heard], speaker)
            others = np.setdiff1d(own, heard)
            kept.append(others)
            relative.append(baseline.applied(answers.rows[others], factors))
        judged = np.concatenate(kept)
        truth = answers.truth[judged]
        draws.append([uar(truth, answers.rows[judged]), uar(truth, np.concatenate(relative))])
    return np.array(draws)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    model = runtime.load()
    contestants: list[tuple[str, Answers, Floats | None]] = [
        (f"RAVDESS, {path.stem}, unseen speakers", of_record(path), None)
        for path in sorted((ROOT / "results").glob("*.json"))
        if "ravdess" in path.stem or path.stem.startswith("default")
        if "random" not in path.stem
    ]
    if "emodb" not in model.description.training["data"]:
        answers = of_emodb(model)
        contestants.append(("EMO-DB, bundled model", answers, baseline.usual(model.description)))
    for name, answers, usual in contestants:
        for count in (1, 4):
            without, relative = compare(answers, count, usual).mean(axis=0)
            print(
                f"{name}: UAR {without:.3f}; with the speaker's own baseline, {count} neutral "
                f"clip{'s' * (count > 1)}: {relative:.3f}"
            )


if __name__ == "__main__":
    main()
