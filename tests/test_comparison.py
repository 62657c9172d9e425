"""Runs side by side: paired resamples of speakers, and McNemar's exact test."""

import json
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest

from intone import comparison, evaluation
from intone.errors import DataError
from intone.evaluation import Scores
from intone.report import comparison as words

ROOT = Path(__file__).parent.parent


def made(skill: float, *, seed: int = 0, speakers: int = 10, clips: int = 300) -> Scores:
    """Answers that are right the more often the greater the skill."""
    truth = np.arange(clips) % 3
    rng = np.random.default_rng([seed, 1])
    logits = rng.gumbel(size=(clips, 3)) + skill * np.eye(3)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scores(
        ids=tuple(f"made/{number}" for number in range(clips)),
        labels=("angry", "neutral", "sad"),
        truth=truth,
        probabilities=probabilities.astype(np.float32),
        speakers=tuple(f"made/s{number % speakers}" for number in range(clips)),
    )


def recorded(*scores: Scores) -> tuple[dict, list[Scores]]:
    record = {
        "protocol": "unseen-speakers",
        "stamp": "unseen speakers",
        "folds": [0, 1],
        "of_folds": 2,
        "parameters": 1234,
        "seconds": 90.0,
    }
    return record, list(scores)


def test_differences_are_those_of_the_reports_and_their_interval_is_paired():
    one, two = made(1.0), made(1.5, seed=1)
    found = comparison.differences(one, two)["uar"]
    uars = [evaluation.evaluate(s, protocol="", stamp="", draws=0).uar.value for s in (one, two)]
    assert found.value == pytest.approx(uars[1] - uars[0])
    assert found.low < found.value < found.high
    # the bootstrap, written out: the same speakers for both
    rng = np.random.default_rng(0)
    drawn = []
    hits = [s.probabilities.argmax(axis=1) == s.truth for s in (one, two)]
    speaker = np.arange(300) % 10
    for _ in range(2000):
        times = rng.multinomial(10, [0.1] * 10)[speaker]
        recalls = [
            [np.average(h[one.truth == c], weights=times[one.truth == c]) for c in range(3)]
            for h in hits
        ]
        drawn.append(np.mean(recalls[1]) - np.mean(recalls[0]))
    np.testing.assert_allclose([found.low, found.high], np.percentile(drawn, [2.5, 97.5]))


def test_a_run_does_not_differ_from_itself():
    one = made(1.0)
    for found in comparison.differences(one, one).values():
        assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert comparison.mcnemar(one, one) == comparison.McNemar(only_reference=0, only_this=0, p=1.0)


def test_what_is_far_apart_is_sure_and_what_is_alike_is_not():
    far, near = (comparison.differences(made(1.0), made(s, seed=3))["uar"] for s in (4.0, 1.0))
    assert far.low > 0
    assert far.p < 0.01
    assert near.low < 0 < near.high
    assert near.p > 0.05


def test_mcnemar_s_test_is_the_exact_binomial_one_whatever_the_order_of_clips():
    one, two = made(1.0), made(1.5, seed=1)
    shuffled = two.where(np.ones(300, bool))
    order = np.random.default_rng(0).permutation(300)
    shuffled = Scores(
        ids=tuple(two.ids[place] for place in order),
        labels=two.labels,
        truth=two.truth[order],
        probabilities=two.probabilities[order],
        speakers=tuple(two.speakers[place] for place in order),
    )
    found = comparison.mcnemar(one, shuffled)
    first, second = (s.probabilities.argmax(axis=1) == s.truth for s in (one, two))
    b, c = int((first & ~second).sum()), int((~first & second).sum())
    assert (found.only_reference, found.only_this) == (b, c)
    tail = sum(comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    assert found.p == pytest.approx(min(1.0, 2 * tail))


def test_few_speakers_get_a_difference_without_an_interval():
    found = comparison.differences(made(1.0, speakers=4), made(2.0, speakers=4))["uar"]
    assert found.value > 0
    assert (found.low, found.high, found.p) == (None, None, None)


def test_only_runs_of_the_same_clips_are_tested():
    other = made(1.0, clips=150)
    relabelled = replace(made(1.0), truth=(made(1.0).truth + 1) % 3)
    names = ["first", "second", "other", "relabelled"]
    records = [recorded(s) for s in (made(1.0), made(2.0, seed=1), other, relabelled)]
    rows = comparison.compare(names, records)
    assert [bool(row.differences) for row in rows] == [False, True, False, False]
    assert [row.mcnemar is None for row in rows] == [True, False, True, True]
    text = words.text(rows)
    assert "Against first:" in text
    assert "No tests for other, relabelled: other clips or labels." in text
    assert "unseen speakers" in text.splitlines()[1]
    with pytest.raises(DataError, match="needs two runs or more"):
        comparison.compare(names[:1], records[:1])


def test_seeds_count_as_their_mean():
    one, two = made(1.0), made(1.0, seed=5)
    [_, row] = comparison.compare(["a", "b"], [recorded(made(2.0, seed=9)), recorded(one, two)])
    uars = [evaluation.evaluate(s, protocol="", stamp="", draws=0).uar.value for s in (one, two)]
    assert row.report.uar.value == pytest.approx(np.mean(uars))
    mean = replace(one, probabilities=(one.probabilities + two.probabilities) / 2)
    assert row.mcnemar == comparison.mcnemar(made(2.0, seed=9), mean)


def test_the_command_compares_committed_records(run, tmp_path):
    records = [ROOT / "results" / f"ravdess-{name}.json" for name in ("b1", "svm")]
    code, out, err = run("compare", *records, "--output", tmp_path / "c.json")
    assert code == 0, err
    assert "Against ravdess-b1:" in out
    first, second = json.loads((tmp_path / "c.json").read_text())
    assert first["differences"] == {}
    apart = second["report"]["uar"]["value"] - first["report"]["uar"]["value"]
    assert second["differences"]["uar"]["value"] == pytest.approx(apart)
    assert f"{100 * apart:+.1f}" in out


def test_runs_that_were_split_otherwise_say_so(run):
    names = ("savee-base-6", "savee-words-6")
    records = [ROOT / "results" / "studies" / f"{name}.json" for name in names]
    code, out, err = run("compare", *records)
    assert code == 0, err
    assert "unseen speakers (leave-one-speaker-out)" in out
    assert "unseen speakers (unseen-speakers-and-sentences)" in out
    _, alike, _ = run("compare", records[0], records[0])
    assert "(" not in alike.splitlines()[1]
