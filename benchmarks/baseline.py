"""What a speaker's own baseline is worth: the same clips, answered without it and relative to it.

    python benchmarks/baseline.py

A baseline is one neutral clip of the speaker, or four; all other clips of the speaker are judged,
ten draws. The answers are the out-of-fold ones of the committed records, so that every speaker is
unheard, and what is usual is counted over the other speakers of the record.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from intone import runs
from intone.evaluation import Scores
from intone.recordings import baseline

RESULTS = Path(__file__).parent.parent / "results"
STAMP = "unseen speakers"
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


def of_record(scores: Scores, corpus: str) -> tuple[Answers, NDArray[np.bool_]]:
    """The out-of-fold answers of a record, and which of them are to clips of a corpus."""
    speakers = np.array([str(speaker) for speaker in scores.speakers])
    rows = scores.probabilities.astype(float)
    own = np.array([id.startswith(f"{corpus}/") for id in scores.ids])
    return Answers(scores.labels, scores.truth, speakers, rows), own


def uar(truth: NDArray[np.int64], rows: Floats) -> float:
    hits = rows.argmax(axis=1) == truth
    return float(np.mean([hits[truth == label].mean() for label in np.unique(truth)]))


def compare(answers: Answers, judged: NDArray[np.bool_], count: int) -> Floats:
    """UAR without and with a baseline of `count` clips, one row a draw: `[draws, 2]`."""
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        kept, relative = [], []
        for speaker in np.unique(answers.speakers[judged]):
            own = np.flatnonzero(answers.speakers == speaker)
            heard = rng.permutation(own[answers.neutral[own]])[:count]
            factors = baseline.factors(answers.usual(speaker), answers.rows[heard], speaker)
            others = np.setdiff1d(own, heard)
            kept.append(others)
            relative.append(baseline.applied(answers.rows[others], factors))
        places = np.concatenate(kept)
        truth = answers.truth[places]
        draws.append([uar(truth, answers.rows[places]), uar(truth, np.concatenate(relative))])
    return np.array(draws)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for path in sorted(RESULTS.glob("*.json")):
        record, [scores, *_] = runs.load_record(path)
        for corpus in ("ravdess", "emodb"):
            answers, judged = of_record(scores, corpus)
            if record["stamp"] != STAMP or baseline.USUAL not in scores.labels or not judged.any():
                continue
            figures = [compare(answers, judged, count).mean(axis=0) for count in (1, 4)]
            shown = ", ".join(f"{without:.3f} -> {own:.3f}" for without, own in figures)
            print(f"{corpus}, {path.stem}, {record['protocol']}: UAR {shown} (1 and 4 clips)")


if __name__ == "__main__":
    main()
