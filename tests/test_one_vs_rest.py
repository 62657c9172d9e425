"""One label against the rest: as a mapping, and as a recipe says it."""

import pytest

from intone.emotions import EMOTIONS, MAPPINGS
from intone.errors import DataError
from intone.recipe import Recipe


@pytest.mark.parametrize("name", ["ekman7", "ravdess8", "iemocap4"])
def test_a_clip_is_of_the_label_or_not_and_what_was_left_out_stays_out(name):
    mapping = MAPPINGS[name]
    for label in mapping.labels:
        against = mapping.against_rest(label)
        assert against.labels == (label, f"not {label}")
        for emotion in EMOTIONS:
            before = mapping.label(emotion)
            expected = before if before in (label, None) else f"not {label}"
            assert against.label(emotion) == expected


def test_votes_for_the_rest_are_added_up():
    against = MAPPINGS["ekman7"].against_rest("sad")
    shares = against.soft_label({"sad": 1, "calm": 1, "angry": 1, "happy": 1})
    assert shares == {"sad": 0.25, "not sad": 0.75}


@pytest.mark.parametrize("name", ["ekman7", "ravdess8-by-sex"])
def test_other_labels_are_refused(name):
    with pytest.raises(DataError, match="bored cannot be learned against the rest"):
        MAPPINGS[name].against_rest("bored")
    with pytest.raises(DataError, match="where labels are not split by sex"):
        MAPPINGS["ravdess8-by-sex"].against_rest("female_sad")


def test_a_recipe_says_it_after_its_changes(tiny_recipe):
    changes = ["labels.mapping=ekman7", "labels.one_vs_rest=neutral", "labels.changes.calm=false"]
    mapping = Recipe.load(tiny_recipe, changes).mapping([])
    assert mapping.labels == ("neutral", "not neutral")
    assert mapping.label("calm") is None
    assert mapping.name == "ekman7, without calm, neutral or not"
