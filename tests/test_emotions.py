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
        ("xxx", "undecided"),
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
    ravdess = (ekman[0], "calm", *ekman[1:])
    assert labels == {
        "ravdess8": ravdess,
        "ravdess8-by-sex": (
            *(f"female_{emotion}" for emotion in ravdess),
            *(f"male_{emotion}" for emotion in ravdess),
        ),
        "ekman7": ekman,
        "ekman7-without-calm": ekman,
        "crema6": ekman[:-1],
        "cross4": ("neutral", "happy", "sad", "angry"),
        "iemocap4": ("neutral", "happy", "sad", "angry"),
        "iemocap9": (*ekman, "excited", "frustrated"),
        "iemocap11": (*ekman, "excited", "frustrated", "other", "undecided"),
    }


def test_calm_is_folded_or_left_out_as_the_reports_do():
    assert MAPPINGS["ravdess8"].label("calm") == "calm"
    assert MAPPINGS["ekman7"].label("calm") == "neutral"
    assert MAPPINGS["ekman7-without-calm"].label("calm") is None
    assert MAPPINGS["ekman7"].label("sarcastic") is None


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=lambda mapping: mapping.name)
def test_mappings_speak_of_the_whole_vocabulary(mapping):
    assert tuple(mapping.table) == EMOTIONS
    known = {mapping.label(emotion, sex) for emotion in EMOTIONS for sex in ("female", "male")}
    assert known - {None} == set(mapping.labels)
    if not mapping.by_sex:
        assert all(mapping.label(label) == label for label in mapping.labels)


def test_describe_says_what_is_folded_and_left_out():
    assert MAPPINGS["ekman7"].describe() == (
        "ekman7 (version 1): neutral, happy, sad, angry, fearful, disgust, surprised; "
        "calm counts as neutral; left out: bored, excited, frustrated, contempt, other, undecided"
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


def test_sex_and_emotion_are_one_label():
    by_sex = MAPPINGS["ravdess8-by-sex"]
    assert by_sex.label("happy", "female") == "female_happy"
    assert by_sex.label("happy", None) is None
    assert by_sex.label("bored", "female") is None
    assert MAPPINGS["ravdess8"].label("happy", "female") == "happy"
    assert by_sex.describe().endswith("left out too: clips of unknown sex")
    changed = by_sex.with_changes({"calm": "neutral", "surprised": None})
    assert changed.label("calm", "male") == "male_neutral"
    assert len(changed.labels) == 12


def test_votes_become_a_soft_label():
    votes = {"neutral": 1, "calm": 2, "angry": 6, "surprised": 1, "bored": 3}
    assert MAPPINGS["ekman7-without-calm"].soft_label(votes) == {
        "neutral": 1 / 8,
        "happy": 0,
        "sad": 0,
        "angry": 6 / 8,
        "fearful": 0,
        "disgust": 0,
        "surprised": 1 / 8,
    }
    assert MAPPINGS["cross4"].soft_label({"calm": 3, "neutral": 0}) is None
    assert MAPPINGS["ekman7"].soft_label(votes)["neutral"] == 3 / 10
    shared = MAPPINGS["ravdess8-by-sex"].soft_label(votes, "male")
    assert list(shared) == list(MAPPINGS["ravdess8-by-sex"].labels)
    assert {label: share for label, share in shared.items() if share} == {
        "male_neutral": 0.1,
        "male_calm": 0.2,
        "male_angry": 0.6,
        "male_surprised": 0.1,
    }


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
