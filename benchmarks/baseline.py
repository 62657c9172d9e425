"""What a speaker's own baseline is worth: the same clips, answered without it and relative to it.

    python benchmarks/baseline.py

A baseline is one neutral clip of the speaker, or four; all other clips of the speaker are judged,
ten draws. The answers are the out-of-fold ones of the committed records, so that every speaker is
unheard, and what is usual is counted over the other speakers of the record. Intervals are 95 %, by
bootstrap over the speakers.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import calibration, evaluation, runs
from intone.evaluation import Scores
from intone.recordings import baseline
from kept import RECORDINGS, keep

RESULTS = Path(__file__).parent.parent / "results"
RECORDS = ("default", "default-unseen-corpus", "ravdess-attentive-resnet")
CORPORA = ("ravdess", "emodb")
STAMP = "unseen speakers"
CLIPS = (1, 4)
DRAWS = 10

Places = NDArray[np.intp]
Floats = NDArray[np.float64]


def usual(scores: Scores, neutral: NDArray[np.bool_]) -> Floats:
    """How often each label is answered to neutral clips: `[C]`."""
    answers = scores.probabilities[neutral].argmax(axis=1)
    return np.bincount(answers, minlength=len(scores.labels)).astype(float)


def relative(scores: Scores, judged: Places, count: int, seed: int) -> tuple[Scores, Scores]:
    """The answers to the judged clips but the baselines, without and relative to these."""
    rng = np.random.default_rng(seed)
    neutral = scores.truth == scores.labels.index(baseline.USUAL)
    speakers = np.array(scores.speakers)
    rows = scores.probabilities.astype(float)
    kept = []
    for speaker in np.unique(speakers[judged]):
        own = judged[speakers[judged] == speaker]
        heard = rng.permutation(own[neutral[own]])[:count]
        others = np.setdiff1d(own, heard)
        expected = usual(scores, neutral & (speakers != speaker))
        factors = baseline.factors(expected, rows[heard], speaker)
        rows[others] = baseline.applied(rows[others], factors)
        kept.append(others)
    keep = np.isin(np.arange(len(rows)), np.concatenate(kept))
    without = scores.where(keep)
    return without, replace(without, probabilities=rows[keep].astype(np.float32))


def compare(scores: Scores, judged: Places, count: int) -> dict[str, Any]:
    """UAR without and with baselines of `count` clips, and the gain with its interval."""
    drawn = [
        [_uars(answers) for answers in relative(scores, judged, count, seed)]
        for seed in range(DRAWS)
    ]
    without, own = np.mean(drawn, axis=0)
    gain = own - without
    low, high = np.percentile(gain[1:], [2.5, 97.5])
    rounded = [round(float(value), 4) for value in (gain[0], low, high)]
    return {"without": round(without[0], 4), "with": round(own[0], 4), "gain": rounded}


def _uars(scores: Scores) -> Floats:
    """UAR, and that of each resample of the speakers."""
    report = evaluation.evaluate(scores, protocol="", stamp=STAMP, draws=0)
    return np.append(report.uar.value, evaluation.resampled(scores)["uar"])


def rows() -> Iterator[dict[str, Any]]:
    """Every record's clips of every corpus that it has, by so many clips."""
    for name in RECORDS:
        record, [scores, *_] = runs.load_record(RESULTS / f"{name}.json")
        assert record["stamp"] == STAMP
        tempered = calibration.tempered(scores.probabilities, record.get("temperature", 1.0))
        scores = replace(scores, probabilities=tempered)
        for corpus in CORPORA:
            judged = np.flatnonzero([id.startswith(f"{corpus}/") for id in scores.ids])
            for count in CLIPS if len(judged) else ():
                about = {"record": name, "corpus": corpus, "protocol": record["protocol"]}
                yield {**about, "clips": count, **compare(scores, judged, count)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help=f"write into {RECORDINGS.name}")
    options = parser.parse_args()
    figures = {"stamp": STAMP, "draws": DRAWS, "rows": list(rows())}
    print(json.dumps(figures, indent=1))
    if options.keep:
        keep(RECORDINGS, "baseline", figures)


if __name__ == "__main__":
    main()
