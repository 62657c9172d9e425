"""What was meant, what was heard and what is answered, on votes counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from intone import emotions
from intone.assessment.perception import perception, votes
from intone.corpora import Utterance
from intone.evaluation import Scores

LABELS = ("neutral", "angry", "sad")
# clip: truth, answer, votes for neutral, angry, sad
CLIPS = {
    "a": (0, 0, (6, 2, 2)),  # heard as meant, answered so
    "b": (0, 2, (1, 1, 8)),  # heard as sad, answered as heard
    "c": (1, 1, (5, 4, 1)),  # heard as neutral, answered as meant
    "d": (1, 0, (0, 9, 1)),  # heard as meant, answered otherwise
    "e": (2, 2, (5, 0, 5)),  # no leading vote
    "f": (2, 1, (0, 0, 0)),  # no vote
}


@pytest.fixture
def scores() -> Scores:
    truth, answers, _ = zip(*CLIPS.values(), strict=True)
    return Scores(
        ids=tuple(CLIPS),
        labels=LABELS,
        truth=np.array(truth),
        probabilities=np.eye(3, dtype=np.float32)[list(answers)],
        speakers=tuple(CLIPS),
    )


def clip(id: str, counts: tuple[int, ...]) -> Utterance:
    named = dict(zip(LABELS, counts, strict=True)) if any(counts) else {}
    return Utterance(id=id, path=Path(id), corpus="crema_d", emotion="sad", votes=named)


def test_shares_and_rates_are_those_counted_by_hand(scores):
    clips = [clip(id, counts) for id, (_, _, counts) in CLIPS.items()]
    shared = votes(clips, emotions.as_labelled(LABELS))
    assert [*shared] == [*"abcde"]
    told = perception(scores, shared)
    assert (told.clips, told.led, told.agreed) == (5, 4, 2)
    by_label = {one.label: one for one in told.per_class}
    assert by_label["neutral"].listeners == pytest.approx((0.6 + 0.1) / 2)
    assert by_label["angry"].listeners == pytest.approx((0.4 + 0.9) / 2)
    assert by_label["sad"].listeners == pytest.approx(0.5)
    assert told.listeners == pytest.approx((0.35 + 0.65 + 0.5) / 3)
    assert told.model.value == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert told.crowd.value == pytest.approx((1 / 2 + 1 / 2) / 2)
    # of a b c d the leading votes are neutral, sad, neutral, angry
    assert told.model_and_crowd.value == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert told.intended_where_agreed == pytest.approx(1 / 2)
    assert told.intended_where_not == pytest.approx(1 / 2)
    assert told.heard_where_not == pytest.approx(1 / 2)


def test_without_votes_there_is_nothing_to_tell(scores):
    assert perception(scores, {}) is None
    assert perception(scores, {"e": {"neutral": 0.5, "angry": 0.0, "sad": 0.5}}) is None


def test_listeners_of_crema_d_are_as_known(speech):
    """40.7 % of votes as the mean over the classes, as the corpus's own tables say."""
    from intone import corpora

    clips = corpora.read("crema_d_rebuilt", speech / "crema_d" / "rebuilt")
    mapping = emotions.MAPPINGS["crema6"]
    everybody = Scores(
        ids=tuple(one.id for one in clips),
        labels=mapping.labels,
        truth=np.array([mapping.labels.index(one.emotion) for one in clips]),
        probabilities=np.full((len(clips), 6), 1 / 6, np.float32),
        speakers=tuple(one.speaker for one in clips),
    )
    assert perception(everybody, votes(clips, mapping)).listeners == pytest.approx(0.407, abs=0.002)
