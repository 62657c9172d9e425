"""Groups against scikit-learn, the permutation test against SciPy's."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from intone.assessment.breakdowns import Trait, breakdown, traits, voices
from intone.corpora import Utterance
from intone.evaluation import Scores

LABELS = ("neutral", "happy", "sad")


def made(skills: list[float], *, each: int = 10, classes: int = 3, seed: int = 0) -> Scores:
    """A speaker for each skill, with `each` clips of each class, right as often as skilled."""
    rng = np.random.default_rng(seed)
    truth = np.tile(np.repeat(np.arange(classes), each), len(skills))
    right = rng.random(len(truth)) < np.repeat(skills, each * classes)
    answers = np.where(right, truth, (truth + 1) % classes)
    speakers = np.repeat([f"made/{n:02}" for n in range(len(skills))], each * classes)
    return Scores(
        ids=tuple(f"made/{n:04}" for n in range(len(truth))),
        labels=LABELS[:classes],
        truth=truth,
        probabilities=np.eye(classes, dtype=np.float32)[answers],
        speakers=tuple(speakers.tolist()),
    )


def by_speaker(scores: Scores, name: str, first: int) -> Trait:
    """A trait that the first speakers have otherwise than the others."""
    names = sorted({*scores.speakers})
    early = {*names[:first]}
    pairs = zip(scores.ids, scores.speakers, strict=True)
    return Trait(name, {id: "early" if speaker in early else "late" for id, speaker in pairs})


def uar(scores: Scores, keep) -> float:
    return balanced_accuracy_score(scores.truth[keep], scores.probabilities.argmax(1)[keep])


def test_each_group_has_its_own_uar():
    scores = made([0.9] * 8 + [0.6] * 9)
    told = breakdown(scores, by_speaker(scores, "when", 8))
    early = np.repeat([True] * 8 + [False] * 9, 30)
    first, second = told.groups
    assert [first.name, second.name] == ["early", "late"]
    assert (first.clips, first.speakers, second.clips, second.speakers) == (240, 8, 270, 9)
    assert first.uar.value == pytest.approx(uar(scores, early))
    assert second.uar.value == pytest.approx(uar(scores, ~early))
    assert told.gap == pytest.approx(abs(uar(scores, early) - uar(scores, ~early)))
    assert told.labels == LABELS


@pytest.mark.parametrize("skills", [[0.8] * 8 + [0.55] * 8, [0.7] * 16])
def test_a_gap_between_speakers_is_tested_as_scipy_does(skills):
    scores = made(skills)
    told = breakdown(scores, by_speaker(scores, "when", 8))
    own = [voice.uar for voice in sorted(voices(scores, {}), key=lambda voice: voice.speaker)]

    def gap(first, second, axis):
        return np.abs(first.mean(axis=axis) - second.mean(axis=axis))

    oracle = stats.permutation_test(
        (own[:8], own[8:]), gap, alternative="greater", n_resamples=20_000, rng=0
    )
    assert told.permuted == "speakers"
    assert told.gap == pytest.approx(oracle.statistic)
    assert told.p_value == pytest.approx(oracle.pvalue, abs=0.03)


@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_a_gap_within_speakers_is_tested_as_scipy_does(shift):
    rng = np.random.default_rng(3)
    scores = made(rng.uniform(0.4, 0.9, 10).tolist())
    loud = np.tile(np.arange(10) < 5, 30)  # half of each speaker's clips of each class
    harder = loud & (rng.random(300) < shift)
    answers = np.where(harder, (scores.truth + 1) % 3, scores.probabilities.argmax(1))
    scores = Scores(
        scores.ids, LABELS, scores.truth, np.eye(3, dtype=np.float32)[answers], scores.speakers
    )
    names = dict(zip(scores.ids, np.where(loud, "loud", "soft").tolist(), strict=True))
    told = breakdown(scores, Trait("level", names))

    right = (answers == scores.truth).reshape(10, 3, 10)
    pairs = right[:, :, 5:].mean(axis=(1, 2)), right[:, :, :5].mean(axis=(1, 2))

    def gap(first, second, axis):
        return np.abs(first.mean(axis=axis) - second.mean(axis=axis))

    oracle = stats.permutation_test(pairs, gap, permutation_type="samples", alternative="greater")
    assert told.permuted == "groups within speakers"
    assert told.p_value == pytest.approx(oracle.pvalue, abs=0.03)
    assert (told.p_value < 0.05) == (shift > 0)


def test_a_gap_between_corpora_is_not_one_between_groups():
    """Ten easy voices, nine of them early, and ten hard ones, nine of them late."""
    pooled = made([0.9] * 10 + [0.5] * 10)
    names = [f"{'easy' if n < 300 else 'hard'}/{id}" for n, id in enumerate(pooled.ids)]
    scores = Scores(tuple(names), LABELS, pooled.truth, pooled.probabilities, pooled.speakers)
    early = {*(f"made/{n:02}" for n in range(1, 10)), "made/10"}
    when = {id: "early" if speaker in early else "late"
            for id, speaker in zip(scores.ids, scores.speakers, strict=True)}  # fmt: skip
    told = breakdown(scores, Trait("when", when))
    assert told.gap > 0.25
    assert told.permuted == "speakers within corpora"
    assert told.p_value > 0.2
    one_corpus = breakdown(pooled, Trait("when", dict(zip(pooled.ids, when.values(), strict=True))))
    assert one_corpus.gap == told.gap
    assert one_corpus.p_value < 0.01
    corpora = breakdown(scores, Trait("corpus", {id: id.partition("/")[0] for id in scores.ids}))
    assert corpora.permuted == "speakers"
    assert corpora.p_value < 0.01


def test_groups_are_compared_over_the_classes_that_all_have():
    scores = made([0.9] * 8 + [0.6] * 8)
    values = by_speaker(scores, "when", 8).values
    happy = {id for id, truth in zip(scores.ids, scores.truth, strict=True) if truth == 1}
    known = {id: group for id, group in values.items() if group == "late" or id not in happy}
    told = breakdown(scores, Trait("when", known))
    assert told.labels == ("neutral", "sad")
    assert [group.clips for group in told.groups] == [160, 160]
    assert told.unknown == 80
    late = np.array([values[id] == "late" and id not in happy for id in scores.ids])
    recalls = [(scores.probabilities.argmax(1) == scores.truth)[late & (scores.truth == label)]
               for label in (0, 2)]  # fmt: skip
    assert told.groups[1].uar.value == pytest.approx(np.mean(recalls))


def test_too_few_speakers_are_shown_and_not_compared():
    scores = made([0.9] * 9 + [0.3] * 7)
    told = breakdown(scores, by_speaker(scores, "when", 9))
    large, small = told.groups
    assert large.uar.low is not None
    assert small.uar.low is None
    assert small.uar.value < 0.5
    assert (told.gap, told.p_value, told.permuted) == (None, None, None)


def test_without_speakers_clips_are_dealt():
    known = made([0.9] * 8 + [0.5] * 8)
    scores = Scores(known.ids, LABELS, known.truth, known.probabilities, (None,) * len(known.ids))
    told = breakdown(scores, by_speaker(known, "when", 8))
    assert told.permuted == "clips"
    assert told.groups[0].speakers is None
    assert told.p_value < 0.01


def test_one_group_many_groups_and_no_common_class_are_no_breakdown():
    scores = made([0.9] * 8)
    assert breakdown(scores, Trait("same", dict.fromkeys(scores.ids, "one"))) is None
    assert breakdown(scores, Trait("all", {id: id for id in scores.ids})) is None
    apart = {id: str(truth) for id, truth in zip(scores.ids, scores.truth, strict=True)}
    assert breakdown(scores, Trait("truth", apart)) is None


def test_voices_are_sorted_and_have_their_own_uar():
    scores = made([0.2, 1.0, 0.6])
    best, middle, worst = voices(scores, {"made/01": "female"})
    assert (best.speaker, best.uar, best.clips, best.sex) == ("made/01", 1.0, 30, "female")
    assert (middle.speaker, middle.sex) == ("made/02", None)
    assert worst.uar == pytest.approx(uar(scores, np.arange(90) < 30))


def test_traits_are_what_the_corpora_tell():
    clips = [
        Utterance(
            id=f"crema_d_rebuilt/{n}",
            path=Path(f"{n}.wav"),
            corpus="crema_d_rebuilt",
            emotion="sad",
            speaker="crema_d/1001",
            sex="female" if n else None,
            age=(20, 30, 44, 74)[n],
            intensity=("high", "low", None, "medium")[n],
            traits={"race": "Asian"},
        )
        for n in range(4)
    ]
    told = {each.name: each for each in traits(clips, {clip.id: n for n, clip in enumerate(clips)})}
    assert {*told["corpus"].values.values()} == {"CREMA-D, rebuilt audio"}
    assert [*told["age"].values.values()] == ["under 30", "30 to 44", "30 to 44", "60 and over"]
    assert told["intensity"].order[:3] == ("low", "medium", "high")
    assert [len(told[name].values) for name in ("sex", "intensity", "race")] == [3, 3, 4]
    assert [*told["duration"].values.values()] == [
        *("under 0.8 s", "0.8 to 1.5 s", "1.5 to 2.2 s", "2.2 s and over")
    ]
    assert told["duration"].order[0] == "under 0.8 s"
    assert told["sentence"].values == {}
