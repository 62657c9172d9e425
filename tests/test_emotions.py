import pytest

from intone import emotions
from intone.emotions import EMOTIONS, MAPPINGS, as_labelled, canonical
from intone.errors import DataError


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("anger", "angry"),
        ("ang", "angry"),
        ("Happiness", "happy"),
        ("fear", "fearful"),
        ("ps", "surprised"),
        ("pleasant_surprise", "surprised"),
        (" Pleasant  Surprised ", "surprised"),
        ("SADNESS", "sad"),
        ("disgusted", "disgust"),
        ("boredom", "bored"),
        ("exc", "excited"),
        ("sarcastic", None),
        ("", None),
    ],
)
def test_users_words_have_canonical_names(word, name):
    assert canonical(word) == name


def test_every_name_is_its_own_and_no_alias_is_anothers():
    assert [canonical(name) for name in EMOTIONS] == list(EMOTIONS)
    words = [w for aliases in emotions._ALIASES.values() for w in aliases.split()] + list(EMOTIONS)
    assert len(words) == len(set(words))


def test_a_word_outside_the_vocabulary_names_itself():
    assert emotions.named("Sarcastic") == "sarcastic"
    assert emotions.named("Anger") == "angry"


def test_labels_of_the_named_mappings():
    labels = {name: mapping.labels for name, mapping in MAPPINGS.items()}
    ekman = ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    assert labels == {
        "ravdess8": (ekman[0], "calm", *ekman[1:]),
        "ekman7": ekman,
        "ekman7-without-calm": ekman,
        "crema6": ekman[:-1],
        "cross4": ("neutral", "happy", "sad", "angry"),
    }


def test_calm_is_folded_or_left_out_as_the_reports_do():
    assert MAPPINGS["ravdess8"].label("calm") == "calm"
    assert MAPPINGS["ekman7"].label("calm") == "neutral"
    assert MAPPINGS["ekman7-without-calm"].label("calm") is None
    assert MAPPINGS["ekman7"].label("sarcastic") is None


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=lambda mapping: mapping.name)
def test_mappings_speak_of_the_whole_vocabulary(mapping):
    assert tuple(mapping.table) == EMOTIONS
    assert set(mapping.table.values()) - {None} == set(mapping.labels)
    assert all(mapping.label(label) == label for label in mapping.labels)


def test_describe_says_what_is_folded_and_left_out():
    assert MAPPINGS["ekman7"].describe() == (
        "ekman7 (version 1): neutral, happy, sad, angry, fearful, disgust, surprised; "
        "calm counts as neutral; left out: bored, excited, frustrated, contempt, other"
    )
    assert as_labelled(["sad", "angry"]).describe() == "as-labelled (version 1): sad, angry"


def test_as_labelled_keeps_the_canonical_order_then_the_users_words():
    mapping = as_labelled(["sarcastic", "angry", "neutral", "amused", "angry"])
    assert mapping.labels == ("neutral", "angry", "amused", "sarcastic")
    assert mapping.label("sarcastic") == "sarcastic"
    assert mapping.label("happy") is None


def test_changes_fold_and_leave_out():
    changed = MAPPINGS["ravdess8"].with_changes({"calm": None, "excited": "happy"})
    assert changed.label("calm") is None
    assert changed.label("excited") == "happy"
    assert changed.labels == MAPPINGS["ekman7"].labels
    assert changed.name == "ravdess8, without calm, excited as happy"
    assert MAPPINGS["ravdess8"].label("calm") == "calm"


def test_a_change_may_name_the_users_own_word():
    mapping = as_labelled(["angry", "sarcastic"]).with_changes({"sarcastic": "angry"})
    assert mapping.labels == ("angry",)


def test_no_changes_leave_the_mapping_as_it_is():
    assert MAPPINGS["cross4"].with_changes({}) == MAPPINGS["cross4"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"clam": "neutral"}, "no emotion clam"), ({"calm": "relaxed"}, "cannot become relaxed")],
)
def test_unknown_changes_are_refused_by_name(changes, words):
    with pytest.raises(DataError, match=words) as error:
        MAPPINGS["ekman7"].with_changes(changes)
    assert "\n" not in str(error.value)
