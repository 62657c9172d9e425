"""Metrics against scikit-learn, intervals against a bootstrap written out, the table as text."""

import json
from dataclasses import astuple, replace
from math import log
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from intone.errors import DataError, IntoneError
from intone.evaluation import METRICS, Interval, Report, Scores, evaluate
from intone.report.text import table

LABELS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted")


def made(*, seed=0, clips=60, classes=4, speakers=10, present=None, skill=1.0) -> Scores:
    """Softmax of noise that leans towards the truth; only `present` classes have clips."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(present or classes, size=clips)
    logits = rng.normal(size=(clips, classes))
    logits[np.arange(clips), truth] += skill
    return Scores(
        ids=tuple(f"clip{n}" for n in range(clips)),
        labels=LABELS[:classes],
        truth=truth,
        probabilities=softmax(logits),
        speakers=tuple(f"made/{n % speakers:02}" for n in range(clips)),
    )


def certain(truth, answer, speakers, labels=("calm", "angry", "sad")) -> Scores:
    """All the probability on the answer."""
    return Scores(
        ids=tuple(f"clip{n}" for n in range(len(truth))),
        labels=labels,
        truth=np.array(truth),
        probabilities=np.eye(len(labels), dtype=np.float32)[list(answer)],
        speakers=tuple(speakers),
    )


def softmax(logits):
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return (odds / odds.sum(1, keepdims=True)).astype(np.float32)


def judged(scores: Scores, **options) -> Report:
    return evaluate(scores, protocol="made", stamp="speaker-independent", **options)


def oracle(truth, probabilities) -> dict[str, float]:
    """The same metrics by scikit-learn."""
    answer, every = probabilities.argmax(1), range(probabilities.shape[1])
    shared = {"labels": every, "zero_division": 0}
    return {
        "uar": metrics.balanced_accuracy_score(truth, answer),
        "accuracy": metrics.accuracy_score(truth, answer),
        "macro_f1": metrics.f1_score(truth, answer, average="macro", **shared),
        "weighted_f1": metrics.f1_score(truth, answer, average="weighted", **shared),
        "cross_entropy": metrics.log_loss(truth, probabilities.astype(float), labels=every),
    }


@pytest.mark.filterwarnings("ignore::UserWarning:sklearn")
@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    clips=st.integers(1, 80),
    classes=st.integers(2, 6),
    present=st.integers(1, 6),
)
def test_metrics_are_those_of_scikit_learn(seed, clips, classes, present):
    scores = made(seed=seed, clips=clips, classes=classes, present=min(present, classes))
    report = judged(scores, draws=5)
    answer, every = scores.probabilities.argmax(1), range(classes)

    for metric, value in oracle(scores.truth, scores.probabilities).items():
        assert getattr(report, metric).value == pytest.approx(value, abs=1e-6), metric
    expected = metrics.precision_recall_fscore_support(
        scores.truth, answer, labels=every, zero_division=0
    )
    ours = [(one.precision, one.recall, one.f1, one.support) for one in report.per_class]
    np.testing.assert_allclose(np.transpose(ours), expected, atol=1e-12)
    assert [one.label for one in report.per_class] == list(scores.labels)
    np.testing.assert_array_equal(
        report.confusion, metrics.confusion_matrix(scores.truth, answer, labels=every)
    )


def test_a_class_without_clips_is_left_out_of_uar_but_counts_in_macro_f1():
    report = judged(certain(truth=[0, 0, 1, 1], answer=[0, 0, 1, 2], speakers="abcd"))
    assert report.uar.value == (1 + 0.5) / 2
    assert report.macro_f1.value == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert report.chance == 1 / 2  # of the classes that have clips


def test_equal_probabilities_answer_with_the_first_label():
    scores = replace(made(clips=2, classes=4), probabilities=np.full((2, 4), 0.25, np.float32))
    assert np.sum(judged(scores).confusion, axis=0).tolist() == [2, 0, 0, 0]


def test_a_certain_mistake_costs_no_more_than_the_floor():
    report = judged(certain(truth=[0, 0], answer=[0, 1], speakers="aa"))
    assert report.cross_entropy.value == pytest.approx(-log(1e-7) / 2)


@pytest.mark.filterwarnings("ignore::UserWarning:sklearn")
@pytest.mark.parametrize("known", [True, False])
def test_intervals_are_those_of_a_bootstrap_written_out(known):
    scores = made(clips=45, classes=3, speakers=9, skill=0.5)
    units = scores.speakers if known else scores.ids
    if not known:
        scores = replace(scores, speakers=(None,) * 45)
    names = sorted(set(units))
    members = [[n for n, unit in enumerate(units) if unit == name] for name in names]

    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(40):
        times = rng.multinomial(len(names), [1 / len(names)] * len(names))
        clips = [n for count, group in zip(times, members, strict=True) for n in group * count]
        drawn.append(oracle(scores.truth[clips], scores.probabilities[clips]))

    report = judged(scores, draws=40, seed=7)
    assert report.resampled == ("speakers" if known else "clips")
    assert report.speakers == (9 if known else None)
    for metric in METRICS:
        low, high = np.percentile([draw[metric] for draw in drawn], [2.5, 97.5])
        interval = getattr(report, metric)
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-6), metric


def test_a_class_that_one_speaker_holds_may_vanish_from_a_draw():
    truth = [*[0, 1] * 9, 2]
    speakers = [*(f"s{n // 2}" for n in range(18)), "s9"]
    report = judged(certain(truth, answer=truth, speakers=speakers), draws=200)
    assert report.uar == Interval(1.0, 1.0, 1.0)
    assert report.macro_f1.low == pytest.approx(2 / 3)


def test_intervals_over_speakers_cover_the_truth_where_intervals_over_clips_do_not():
    rng = np.random.default_rng(0)
    trials, speakers, clips = 150, 24, 20
    cover = {"speakers": 0, "clips": 0}
    for trial in range(trials):
        skill = np.repeat(rng.beta(3, 2, size=speakers), clips)  # each speaker's own accuracy
        right = rng.random(skill.size) < skill
        names = [f"s{n // clips:02}" for n in range(skill.size)]
        scores = certain(np.zeros(skill.size, int), np.where(right, 0, 1), names)
        for known in (scores, replace(scores, speakers=(None,) * skill.size)):
            report = judged(known, draws=200, seed=trial)
            accuracy = report.accuracy
            cover[report.resampled] += accuracy.low <= 3 / 5 <= accuracy.high
    assert 0.88 < cover["speakers"] / trials < 0.99
    assert cover["clips"] / trials < 0.75


def test_the_order_of_clips_does_not_matter(rng):
    scores = made(speakers=12)
    order = rng.permutation(len(scores.ids))
    mixed = Scores(
        ids=tuple(scores.ids[n] for n in order),
        labels=scores.labels,
        truth=scores.truth[order],
        probabilities=scores.probabilities[order],
        speakers=tuple(scores.speakers[n] for n in order),
    )
    first, second = judged(scores, draws=50), judged(mixed, draws=50)
    assert first.confusion == second.confusion
    for metric in METRICS:
        assert astuple(getattr(first, metric)) == pytest.approx(astuple(getattr(second, metric)))


@pytest.mark.parametrize("known", [True, False])
def test_a_clip_that_several_seeds_answer_is_drawn_as_one(known):
    one = made(speakers=12) if known else replace(made(), speakers=(None,) * 60)
    twice = Scores(
        ids=one.ids * 2,
        labels=one.labels,
        truth=np.tile(one.truth, 2),
        probabilities=np.tile(one.probabilities, (2, 1)),
        speakers=one.speakers * 2,
    )
    single, double = judged(one, draws=50), judged(twice, draws=50)
    assert (double.clips, double.answers) == (60, 120)
    for metric in METRICS:
        assert astuple(getattr(double, metric)) == pytest.approx(astuple(getattr(single, metric)))
    assert "60 clips (120 answers), " in table(double)


def test_no_draws_give_values_alone():
    scores = made(speakers=12)
    uar = judged(scores).uar
    assert uar.low < uar.value < uar.high
    assert judged(scores, draws=0).uar == Interval(uar.value, None, None)


def test_the_seed_decides_the_draws():
    scores = made(speakers=20)
    assert judged(scores, draws=50, seed=1) == judged(scores, draws=50, seed=1)
    assert judged(scores, draws=50, seed=1).uar != judged(scores, draws=50, seed=2).uar


def test_few_speakers_give_their_own_uar_and_no_interval():
    scores = certain(truth=[0, 0, 1, 0, 1, 1], answer=[0, 1, 1, 0, 0, 1], speakers="aaabbb")
    report = judged(scores)
    assert report.by_speaker == {"a": 0.75, "b": 0.75}
    assert report.accuracy == Interval(4 / 6, None, None)
    assert report.speakers == 2


@pytest.mark.parametrize(("speakers", "bounded"), [(7, False), (8, True)])
def test_eight_speakers_are_enough_for_an_interval(speakers, bounded):
    report = judged(made(speakers=speakers), draws=20)
    assert (report.uar.low is not None) == bounded
    assert len(report.by_speaker) == (0 if bounded else 7)


def test_one_unknown_speaker_makes_the_bootstrap_draw_clips():
    scores = made(speakers=3)
    report = judged(replace(scores, speakers=(None, *scores.speakers[1:])), draws=20)
    assert (report.speakers, report.resampled, report.by_speaker) == (None, "clips", {})
    assert report.uar.low < report.uar.value < report.uar.high


def test_a_handful_of_clips_without_speakers_gives_values_alone():
    report = judged(replace(made(clips=5), speakers=(None,) * 5))
    assert (report.accuracy.low, report.by_speaker) == (None, {})


@pytest.mark.parametrize("speakers", [3, 12])
def test_a_report_survives_json(speakers):
    report = judged(made(speakers=speakers), draws=20)
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_a_report_with_an_unknown_or_missing_key_is_refused_by_name():
    data = judged(made(), draws=20).to_dict()
    with pytest.raises(IntoneError, match="report: unknown setting mood"):
        Report.from_dict(data | {"mood": "good"})
    with pytest.raises(IntoneError, match="uar of the report: setting high is missing"):
        Report.from_dict(data | {"uar": {"value": 0.5, "low": 0.4}})
    with pytest.raises(IntoneError, match="report: setting stamp is missing"):
        Report.from_dict({key: value for key, value in data.items() if key != "stamp"})


GOOD = np.array([[0.5, 0.5], [0.1, 0.9]], np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": np.array([0])}, "scores of 2 ids and 2 labels do not fit: truth [1]"),
        ({"probabilities": GOOD[:, :1]}, "probabilities [2, 1]"),
        ({"speakers": ("s",)}, "1 speakers"),
        ({"truth": np.array([0, 2])}, "b: the truth is not an index into the 2 labels"),
        ({"truth": np.array([-1, 0])}, "a: the truth is not an index into the 2 labels"),
        ({"probabilities": GOOD * 1.01}, "a: the probabilities must be finite"),
        ({"probabilities": GOOD - [[0, 0], [0.2, -0.2]]}, "b: the probabilities must be"),
        ({"probabilities": GOOD * [[1], [np.nan]]}, "b: the probabilities must be finite"),
        ({"probabilities": GOOD * [[1], [np.inf]]}, "b: the probabilities must be finite"),
    ],
)
def test_scores_that_do_not_fit_are_refused_in_one_line(change, message):
    good = Scores(
        ids=("a", "b"),
        labels=("calm", "angry"),
        truth=np.array([0, 1]),
        probabilities=GOOD,
        speakers=("s", "s"),
    )
    with pytest.raises(DataError) as refusal:
        replace(good, **change)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_no_clips_are_refused():
    with pytest.raises(DataError, match="no clips to evaluate"):
        certain(truth=np.zeros(0, int), answer=[], speakers=[])


def fixed(speakers: int) -> Report:
    """A report of 24 clips whose every figure is settled: the bounds are set by hand."""
    truth = [0, 1, 2] * 8
    answer = [0, 1, 2] * 4 + [0, 1, 1] * 3 + [1, 1, 0]
    names = [f"made/{n * speakers // 24 + 1:02}" for n in range(24)]
    scores = certain(truth, answer, names, labels=("calm", "disgusted", "sad"))
    report = judged(replace(scores, probabilities=scores.probabilities * 0.7 + np.float32(0.1)))
    if report.by_speaker:
        return report
    values = {metric: getattr(report, metric).value for metric in METRICS}
    return replace(report, **{key: Interval(v, v - 0.1, v + 0.1) for key, v in values.items()})


def golden(text: str) -> str:
    return dedent(text).strip()


def test_the_table_with_intervals():
    assert table(fixed(speakers=8)) == golden(
        """
        made, speaker-independent
        24 clips, 8 speakers, 3 classes

        metric         value  95 % interval over speakers
        UAR            0.792               0.692 to 0.892
        accuracy       0.792               0.692 to 0.892
        macro F1       0.781               0.681 to 0.881
        weighted F1    0.781               0.681 to 0.881
        cross-entropy  0.656               0.556 to 0.756
        chance UAR     0.333

        class      precision  recall     F1  support
        calm           0.875   0.875  0.875        8
        disgusted      0.667   1.000  0.800        8
        sad            1.000   0.500  0.667        8

        Answers: truth by row, prediction by column.
                   calm  disgu.  sad
        calm          7       1    0
        disgusted     0       8    0
        sad           1       3    4
        """
    )


def test_the_table_of_few_speakers():
    assert table(fixed(speakers=2)) == golden(
        """
        made, speaker-independent
        24 clips, 2 speakers, 3 classes

        metric         value
        UAR            0.792
        accuracy       0.792
        macro F1       0.781
        weighted F1    0.781
        cross-entropy  0.656
        chance UAR     0.333

        Fewer than 8 speakers: no interval, but the UAR of each.
        speaker    UAR
        made/01  1.000
        made/02  0.583

        class      precision  recall     F1  support
        calm           0.875   0.875  0.875        8
        disgusted      0.667   1.000  0.800        8
        sad            1.000   0.500  0.667        8

        Answers: truth by row, prediction by column.
                   calm  disgu.  sad
        calm          7       1    0
        disgusted     0       8    0
        sad           1       3    4
        """
    )
