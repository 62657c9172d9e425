import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intone import corpora
from intone.corpora import Utterance
from intone.errors import DataError, IntoneError, LeakError
from intone.leak_guard import guard, leaks
from intone.protocols import EMOBOX, LUNA, PROTOCOLS, Protocol, split
from intone.splits import Split, to_csv, to_json

EMOTIONS = ("neutral", "happy", "sad", "angry")
WHOLE = (  # protocols that test every clip once
    *("unseen-speakers", "random", "leave-one-speaker-out", "leave-one-corpus-out"),
    *("unseen-sentences", "unseen-speakers-and-sentences"),
)


def clip(corpus: str, speaker: str | None, number: int, **changes) -> Utterance:
    made = Utterance(
        id=f"{corpus}/{speaker}-{number:03d}",
        path=Path(f"{number}.wav"),
        corpus=corpus,
        emotion=EMOTIONS[number % 4],
        speaker=speaker and f"{corpus}/{speaker}",
        sex=speaker and ("male" if int(speaker) % 2 else "female"),
        sentence=f"sentence {number // 4}",
    )
    return replace(made, **changes)


def corpus(name: str, speakers: int, clips: int) -> list[Utterance]:
    return [clip(name, f"{s:02d}", n) for s in range(1, speakers + 1) for n in range(clips)]


def speakers(ids, clips) -> set[str | None]:
    by_id = {clip.id: clip.speaker for clip in clips}
    return {by_id[id] for id in ids}


def emotions(ids, clips) -> Counter[str]:
    by_id = {clip.id: clip.emotion for clip in clips}
    return Counter(by_id[id] for id in ids)


# Properties of every protocol, on random data.


@st.composite
def data(draw, unknown=True):
    """Clips of up to three corpora, with duplicates across clips and augmented copies."""
    numbers = draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    counts = st.integers(4, 9)
    clips = [
        clip(f"corpus{c}", f"{s:02d}", n)
        for c, many in enumerate(numbers)
        for s in range(1, many + 1)
        for n in range(draw(counts))
    ]
    if unknown and draw(st.booleans()):
        clips += [clip("wild", None, n) for n in range(draw(counts))]
    originals = st.sampled_from(clips)
    copied = draw(st.lists(originals, max_size=5, unique_by=lambda clip: clip.id))
    clips += [replace(clip, id=f"{clip.id}#copy1") for clip in copied]
    audio = {clip.id: clip.id for clip in clips}
    for left, right in draw(st.lists(st.tuples(originals, originals), max_size=3)):
        audio[left.id] = audio[right.id]
    return draw(st.permutations(clips)), audio


def split_or_refuse(protocol, clips, audio, seed=0):
    """Split, or give no fold where the data does not allow the protocol."""
    try:
        return split(protocol, clips, seed=seed, audio=audio)
    except DataError:
        return []


@settings(deadline=None, max_examples=60)
@given(data(), st.integers(1, 6), st.integers(0, 3))
def test_unseen_speakers_leaks_nothing(made, folds, seed):
    clips, audio = made
    for each in split_or_refuse(Protocol(folds=folds), clips, audio, seed):
        assert leaks(each, clips, audio) == []
        heard = speakers(each.train + each.validation, clips) - {None}
        assert not heard & speakers(each.test, clips)
        bases = [{id.partition("#")[0] for id in part} for part in (each.train, each.test)]
        assert not bases[0] & bases[1]
        sounds = [{audio[id] for id in part} for part in (each.train, each.test)]
        assert not sounds[0] & sounds[1]
        unknown = any(clip.speaker is None for clip in clips)
        assert each.stamp == ("speakers unknown" if unknown else "unseen speakers")


@settings(deadline=None, max_examples=60)
@given(data(), st.integers(2, 6))
def test_random_keeps_copies_and_identical_audio_together(made, folds):
    clips, audio = made
    for each in split_or_refuse(Protocol(name="random", folds=folds), clips, audio):
        assert [line for line in leaks(each, clips, audio) if "speakers" not in line] == []
        assert each.stamp != "leaky"


@settings(deadline=None, max_examples=60)
@given(data(), st.sampled_from(WHOLE))
def test_every_clip_is_tested_once_and_parts_share_nothing(made, name):
    clips, audio = made
    splits = split_or_refuse(Protocol(name=name, folds=3), clips, audio)
    ids = sorted(clip.id for clip in clips)
    if splits:
        assert sorted(id for each in splits for id in each.test) == ids
    for fold, each in enumerate(splits):
        assert each.fold == fold
        parts = sorted(each.train + each.validation + each.test)
        assert parts == ids or name == "unseen-speakers-and-sentences"
        assert len({*parts}) == len(parts)
        assert each.train
        assert each.validation
        assert each.test


@settings(deadline=None, max_examples=30)
@given(data(), st.sampled_from(WHOLE))
def test_splits_depend_on_the_seed_and_not_on_the_order(made, name):
    clips, audio = made
    protocol = Protocol(name=name, folds=2)
    once = split_or_refuse(protocol, clips, audio, seed=1)
    assert split_or_refuse(protocol, clips[::-1], audio, seed=1) == once


@settings(deadline=None, max_examples=30)
@given(data(unknown=False))
def test_validation_never_takes_a_corpus_out_of_training(made):
    clips, audio = made
    for each in split_or_refuse(Protocol(folds=3), clips, audio):
        present = {id.split("/")[0] for id in each.train + each.validation}
        assert {id.split("/")[0] for id in each.train} == present


def test_another_seed_gives_another_split():
    clips = corpus("one", 20, 4)
    digests = {split(Protocol(), clips, seed=seed)[0].digest for seed in range(4)}
    assert len(digests) == 4


# Balance.


def test_folds_are_balanced_by_speakers_sex_and_emotion():
    clips = corpus("one", 24, 12)
    for each in split(Protocol(), clips, seed=3):
        tested = speakers(each.test, clips)
        assert len(tested) in (4, 5)
        women = sum(int(name[-2:]) % 2 == 0 for name in tested)
        assert women in (2, 3)
        assert len(set(emotions(each.test, clips).values())) == 1
        assert len(speakers(each.validation, clips)) in (4, 5)


def test_speakers_of_different_lengths_fill_even_folds():
    clips = [clip("one", f"{s:02d}", n) for s in range(1, 13) for n in range(4 * s)]
    sizes = [len(each.test) for each in split(Protocol(folds=4), clips)]
    assert sum(sizes) == len(clips)
    assert max(sizes) - min(sizes) <= 12  # speakers have 4 to 48 clips


def test_each_corpus_of_a_union_is_spread_over_the_folds():
    clips = corpus("many", 24, 8) + corpus("few", 4, 8) + corpus("two", 2, 200)
    splits = split(Protocol(), clips)
    tested = [Counter(name.split("/")[0] for name in speakers(s.test, clips)) for s in splits]
    assert sorted(count["two"] for count in tested) == [0, 0, 0, 1, 1]
    assert sorted(count["few"] for count in tested) == [0, 1, 1, 1, 1]
    assert sorted(count["many"] for count in tested) == [4, 5, 5, 5, 5]


def test_random_folds_are_stratified_by_emotion():
    clips = corpus("one", 4, 50)
    for each in split(Protocol(name="random"), clips):
        counts = emotions(each.test, clips).values()
        assert sum(counts) == 40
        assert max(counts) - min(counts) <= 2
        assert len(each.validation) == pytest.approx(20, abs=2)


def test_random_holdout_has_the_fractions_that_were_asked_for():
    clips = corpus("one", 4, 100)
    (each,) = split(Protocol(name="random", folds=1, test=0.05, validation=0.05), clips)
    assert len(each.test) == pytest.approx(20, abs=2)
    assert len(each.validation) == pytest.approx(20, abs=2)
    assert each.stamp == "speaker-dependent"


def test_a_single_fold_of_unseen_speakers():
    clips = corpus("one", 20, 4)
    (each,) = split(Protocol(folds=1, test=0.3), clips)
    assert len(speakers(each.test, clips)) == 6
    assert each.stamp == "unseen speakers"
    for few in (corpus("two", 2, 40), corpus("one", 1, 40) + corpus("two", 2, 40)):
        (each,) = split(Protocol(folds=1), few)
        assert len(speakers(each.test, few)) == 1


# Validation where speakers are few.


def test_two_speakers_give_two_folds_and_validation_holds_out_sentences():
    clips = corpus("two", 2, 80)
    splits = split(Protocol(), clips)
    sentence = {clip.id: clip.sentence for clip in clips}
    assert [len(each.test) for each in splits] == [80, 80]
    for each in splits:
        assert not {sentence[id] for id in each.validation} & {sentence[id] for id in each.train}
        assert len(each.validation) == 16  # a tenth of the corpus
        assert each.notes == (
            "2 folds instead of 5, for there are 2 separate speakers",
            "validation holds out sentences of two, not speakers",
        )
        assert each.stamp == "unseen speakers"


def test_without_sentences_validation_holds_out_clips():
    clips = [replace(clip, sentence=None) for clip in corpus("two", 2, 80)]
    for each in split(Protocol(), clips):
        assert "validation holds out clips of two, not speakers" in each.notes
        assert len(each.validation) == 16


def test_a_corpus_of_two_speakers_never_leaves_training():
    clips = corpus("many", 12, 8) + corpus("two", 2, 80)
    for each in split(Protocol(folds=4), clips):
        trained = speakers(each.train, clips)
        tested = speakers(each.test, clips)
        assert {"two/01", "two/02"} <= trained | tested
        held = [id for id in each.validation if id.startswith("two/")]
        assert len(held) == pytest.approx(16, abs=4)
        assert not speakers([id for id in each.validation if "many" in id], clips) & trained


def test_unknown_speakers_are_split_at_random_and_stamped():
    clips = [replace(clip, speaker=None) for clip in corpus("wild", 4, 20)]
    splits = split(Protocol(), clips)
    assert [len(each.test) for each in splits] == [16] * 5
    assert {each.stamp for each in splits} == {"speakers unknown"}
    assert "80 clips are split at random, for their speakers are unknown" in splits[0].notes
    assert guard(splits[0], clips, {}) == splits[0]


# Published lists.


@pytest.mark.parametrize(("name", "lists"), [("ravdess-emobox", EMOBOX), ("ravdess-luna", LUNA)])
def test_published_ravdess_folds_hold_their_actors(name, lists):
    clips = corpus("ravdess", 24, 4)
    splits = split(Protocol(name=name), clips)
    actors = [{f"ravdess/{actor}" for actor in each.split()} for each in lists]
    assert [speakers(each.test, clips) for each in splits] == actors
    assert sorted(" ".join(lists).split()) == [f"{actor:02d}" for actor in range(1, 25)]
    assert {each.stamp for each in splits} == {"unseen speakers"}


@pytest.mark.parametrize("name", ["ravdess-emobox", "ravdess-luna"])
@pytest.mark.parametrize(
    "clips",
    [
        corpus("tess", 24, 2),
        corpus("ravdess", 23, 2),
        corpus("ravdess", 24, 2) + corpus("tess", 2, 2),
    ],
    ids=["another corpus", "an actor missing", "a corpus more"],
)
def test_published_lists_are_for_ravdess_alone(name, clips):
    with pytest.raises(DataError, match="24 actors of RAVDESS"):
        split(Protocol(name=name), clips)


# Shares.


@pytest.mark.parametrize(
    ("test", "validation"), [(0.2, 0.1), (0.1, 0.1), (0.05, 0.05), (0.3, 0.7 * 0.05)]
)
def test_one_random_fold_has_the_shares_that_the_reports_have(test, validation):
    clips = corpus("one", 20, 60)
    (each,) = split(Protocol(name="random", folds=1, test=test, validation=validation), clips)
    assert len(each.test) == pytest.approx(test * 1200, abs=2)
    assert len(each.validation) == pytest.approx(validation * 1200, abs=2)


def test_one_fold_of_unseen_speakers_has_about_these_shares():
    clips = corpus("one", 20, 60)
    (each,) = split(Protocol(folds=1, test=0.3, validation=0.05), clips)
    parts = [len(speakers(part, clips)) for part in (each.train, each.validation, each.test)]
    assert parts == [13, 1, 6]


# Other things left out.


def with_sessions(clips: list[Utterance]) -> list[Utterance]:
    """Two speakers, 01 and 02, 03 and 04, ..., in each session."""
    return [
        replace(clip, session=f"{clip.corpus}/{(int(clip.speaker[-2:]) + 1) // 2}")
        for clip in clips
    ]


def test_leave_one_session_out_validates_on_another_session():
    clips = with_sessions(corpus("one", 10, 8))
    splits = split(Protocol(name="leave-one-session-out"), clips)
    assert len(splits) == 5
    session = {clip.id: clip.session for clip in clips}
    for number, each in enumerate(splits, 1):
        assert {session[id] for id in each.test} == {f"one/{number}"}
        held = {session[id] for id in each.validation}
        assert len(held) == 1
        assert not held & {session[id] for id in each.train}
        assert (each.stamp, each.notes) == ("unseen speakers", ())


def test_sessions_that_share_a_speaker_are_left_out_together():
    clips = with_sessions(corpus("one", 8, 8))
    guest = replace(clips[0], id="one/guest", session="one/3")
    tested = [
        {clip.session for clip in clips if clip.id in {*each.test}}
        for each in split(Protocol(name="leave-one-session-out"), [*clips, guest])
    ]
    assert tested == [{"one/1", "one/3"}, {"one/2"}, {"one/4"}]


def test_leave_one_corpus_out_tests_each_corpus():
    clips = corpus("a", 5, 20) + corpus("b", 3, 20) + corpus("c", 10, 20)
    splits = split(Protocol(name="leave-one-corpus-out"), clips)
    names = [
        [{id[0] for id in part} for part in (each.train, each.validation, each.test)]
        for each in splits
    ]
    assert names == [
        [{"b", "c"}, {"b", "c"}, {"a"}],
        [{"a", "c"}, {"a", "c"}, {"b"}],
        [{"a", "b"}, {"a", "b"}, {"c"}],
    ]
    assert {each.stamp for each in splits} == {"unseen speakers"}


def test_corpora_of_the_same_speakers_are_left_out_together():
    speech = corpus("ravdess", 6, 8)
    song = [replace(clip, id=f"ravdess_song/{clip.id}", corpus="ravdess_song") for clip in speech]
    with pytest.raises(DataError, match="two separate corpora"):
        split(Protocol(name="leave-one-corpus-out"), speech + song)
    splits = split(Protocol(name="leave-one-corpus-out"), speech + song + corpus("tess", 2, 40))
    assert [{id.split("/")[0] for id in each.test} for each in splits] == [
        {"ravdess", "ravdess_song"},
        {"tess"},
    ]


@pytest.mark.parametrize("test_on", [("b",), ("a", "c")])
def test_cross_corpus_trains_on_the_others(test_on):
    clips = corpus("a", 5, 20) + corpus("b", 4, 20) + corpus("c", 10, 20)
    (each,) = split(Protocol(name="cross-corpus", test_on=test_on), clips)
    assert {id[0] for id in each.test} == {*test_on}
    assert {id[0] for id in each.train + each.validation} == {*"abc"}.difference(test_on)
    assert each.stamp == "unseen speakers"


def test_cross_corpus_holds_out_a_tenth_of_what_it_trains_on():
    clips = corpus("many", 40, 4) + corpus("two", 2, 80)
    (each,) = split(Protocol(name="cross-corpus", test_on=("two",)), clips)
    assert len(speakers(each.validation, clips)) == 4


@pytest.mark.parametrize("test_on", [(), ("a", "b"), ("c",), ("a", "c")])
def test_cross_corpus_must_name_some_of_the_corpora_and_not_all(test_on):
    with pytest.raises(DataError, match=r"some, but not all, of the corpora given: a, b$"):
        split(Protocol(name="cross-corpus", test_on=test_on), corpus("a", 3, 8) + corpus("b", 3, 8))


def test_unseen_sentences_are_not_heard_by_any_speaker():
    clips = corpus("one", 6, 40)
    sentence = {clip.id: clip.sentence for clip in clips}
    splits = split(Protocol(name="unseen-sentences"), clips)
    assert [len({sentence[id] for id in each.test}) for each in splits] == [2] * 5
    for each in splits:
        parts = [{sentence[id] for id in part} for part in (each.train, each.validation, each.test)]
        assert not parts[2] & (parts[0] | parts[1])
        assert not parts[0] & parts[1]
        assert each.stamp == "speaker-dependent"
        assert each.notes == ("validation holds out sentences of one, not speakers",)


def test_unseen_speakers_and_sentences_share_neither_with_what_is_heard():
    clips = corpus("one", 6, 40)
    sentence = {clip.id: clip.sentence for clip in clips}
    splits = split(Protocol(name="unseen-speakers-and-sentences", folds=3), clips)
    assert len(splits) == 9
    for each in splits:
        heard = each.train + each.validation
        assert not speakers(heard, clips) & speakers(each.test, clips)
        assert not {sentence[id] for id in heard} & {sentence[id] for id in each.test}
        assert len(speakers(heard, clips)) == 4
        assert len({sentence[id] for id in heard}) >= 6
        assert each.stamp == "unseen speakers"
        assert "validation shares its sentences with training" in each.notes


def test_words_that_tell_the_emotion_are_noted():
    clips = corpus("even", 4, 16)
    told = [
        replace(each, sentence=f"{each.emotion} {each.id[-3:]}") for each in corpus("told", 4, 16)
    ]
    words = "in told what is said tells the emotion"

    def noted(name: str) -> set[bool]:
        splits = split(Protocol(name=name, folds=2), clips + told)
        return {any(note.startswith(words) for note in each.notes) for each in splits}

    assert noted("leave-one-speaker-out") == {True, False}  # of the speakers of either corpus
    assert noted("unseen-speakers") == {True}
    assert noted("unseen-sentences") == noted("unseen-speakers-and-sentences") == {False}
    assert not any(
        "even" in note for each in split(Protocol(), clips + told) for note in each.notes
    )


def test_emotions_that_training_cannot_know_are_noted():
    clips = [clip("one", f"{s:02d}", n) for s in range(1, 5) for n in range(8)]
    clips += [clip("one", "05", n, emotion="bored") for n in range(100, 104)]
    splits = split(Protocol(name="leave-one-speaker-out"), clips)
    words = "training never hears bored, tested here"
    assert [words in each.notes for each in splits] == [False] * 4 + [True]
    as_neutral = {clip.id: clip.emotion.replace("bored", "neutral") for clip in clips}
    folded = split(Protocol(name="leave-one-speaker-out"), clips, labels=as_neutral)
    assert not any(words in each.notes for each in folded)
    assert [each.digest for each in folded] == [each.digest for each in splits]


def test_the_same_words_in_two_corpora_are_two_sentences():
    clips = corpus("a", 2, 8) + corpus("b", 2, 8)
    splits = split(Protocol(name="unseen-sentences", folds=4), clips)
    assert [len(each.test) for each in splits] == [8] * 4


def test_leave_one_speaker_out_tests_each_speaker():
    clips = corpus("one", 4, 8)
    splits = split(Protocol(name="leave-one-speaker-out"), clips)
    tested = [speakers(each.test, clips) for each in splits]
    assert tested == [{f"one/0{n}"} for n in range(1, 5)]
    assert all(len(speakers(each.validation, clips)) == 1 for each in splits)
    assert all(len(speakers(each.train, clips)) == 2 for each in splits)


# Refusals.


def test_settings_are_checked():
    with pytest.raises(DataError, match=r"no protocol unseen; there are unseen-speakers, "):
        Protocol(name="unseen")
    with pytest.raises(DataError, match="folds"):
        Protocol(folds=0)
    for fractions in ({"test": 0.0}, {"validation": -0.1}, {"test": 0.6, "validation": 0.4}):
        with pytest.raises(DataError, match="less than 1 together"):
            Protocol(**fractions)
    assert {Protocol(name=name).name for name in PROTOCOLS} == set(PROTOCOLS)
    with pytest.raises(DataError, match="test_on is for cross-corpus alone"):
        Protocol(test_on=("tess",))


@pytest.mark.parametrize(
    ("name", "clips", "words"),
    [
        ("unseen-speakers", [], "two separate speakers"),
        ("unseen-speakers", corpus("one", 1, 20), "two separate speakers"),
        ("leave-one-speaker-out", corpus("one", 1, 20), "two separate speakers"),
        ("leave-one-speaker-out", [clip("wild", None, 1)], "the speaker of .* is unknown"),
        ("leave-one-session-out", corpus("one", 4, 8), "the session of one/01-000 is unknown"),
        ("leave-one-session-out", with_sessions(corpus("one", 2, 8)), "two separate sessions"),
        ("leave-one-corpus-out", corpus("one", 4, 8), "two separate corpora"),
        ("unseen-sentences", [clip("one", "01", 1, sentence=None)], "the sentence of .* unknown"),
        ("unseen-sentences", corpus("one", 4, 4), "two separate sentences"),
        ("unseen-speakers-and-sentences", corpus("one", 1, 8), "two separate speakers"),
        ("unseen-speakers-and-sentences", corpus("one", 4, 4), "two separate sentences"),
        ("unseen-speakers-and-sentences", [clip("wild", None, 1)], "the speaker of .* is unknown"),
        ("random", corpus("one", 1, 1), "two separate clips"),
        ("random", corpus("one", 1, 2), "no training, validation and test"),
    ],
)
def test_data_that_cannot_be_split_is_refused(name, clips, words):
    with pytest.raises(DataError, match=words):
        split(Protocol(name=name), clips)


def test_two_clips_with_one_id_are_refused():
    clips = corpus("one", 2, 4)
    with pytest.raises(DataError, match="two clips have the id one/01-000"):
        split(Protocol(), [*clips, clips[0]])


# The guard.

CLIPS = corpus("one", 3, 4)
CLEAN = Split(
    protocol="made by hand",
    fold=0,
    train=tuple(clip.id for clip in CLIPS if clip.speaker == "one/01"),
    validation=tuple(clip.id for clip in CLIPS if clip.speaker == "one/02"),
    test=tuple(clip.id for clip in CLIPS if clip.speaker == "one/03"),
)
SOUNDS = {clip.id: clip.id for clip in CLIPS}


def test_the_guard_stamps_a_clean_split():
    assert leaks(CLEAN, CLIPS, SOUNDS) == []
    assert guard(CLEAN, CLIPS, SOUNDS) == replace(CLEAN, stamp="unseen speakers")
    assert guard(CLEAN, CLIPS, SOUNDS, allow_leak=True).stamp == "unseen speakers"


@pytest.mark.parametrize(
    ("leaky", "audio", "words", "stamp"),
    [
        (
            replace(CLEAN, train=CLEAN.train + CLEAN.test[:1], test=CLEAN.test[1:]),
            SOUNDS,
            "speakers in training and in test: 1 (one/03)",
            "speaker-dependent",
        ),
        (
            replace(CLEAN, validation=CLEAN.validation + CLEAN.test[:1], test=CLEAN.test[1:]),
            SOUNDS,
            "speakers in training and in test: 1 (one/03)",
            "speaker-dependent",
        ),
        (
            replace(CLEAN, train=(*CLEAN.train, f"{CLEAN.test[0]}#copy1")),
            SOUNDS,
            "clips or copies of them in training and in test: 1 (one/03-000)",
            "leaky",
        ),
        (
            replace(CLEAN, test=(*CLEAN.test, f"{CLEAN.train[0]}#copy")),
            SOUNDS,
            "clips or copies of them in training and in test: 1 (one/01-000#copy)",
            "leaky",
        ),
        (
            replace(CLEAN, validation=CLEAN.validation + CLEAN.test),
            SOUNDS,
            "the test part chooses the epoch, by clips of validation: 4 "
            "(one/03-000, one/03-001, one/03-002, ...)",
            "leaky",
        ),
        (
            CLEAN,
            SOUNDS | {"one/01-002": "same", "one/03-001": "same"},
            "identical audio in training and in test: 1 (one/01-002 = one/03-001)",
            "leaky",
        ),
    ],
    ids=[
        *("speaker", "speaker in validation", "copy in training", "copy in test"),
        *("test as validation", "audio"),
    ],
)
def test_the_guard_refuses_a_leak_in_plain_words_or_stamps_it(leaky, audio, words, stamp):
    assert words in leaks(leaky, CLIPS, audio)
    with pytest.raises(LeakError) as error:
        guard(leaky, CLIPS, audio)
    assert words in str(error.value)
    assert "--allow-leak" in str(error.value)
    assert "\n" not in str(error.value)
    assert guard(leaky, CLIPS, audio, allow_leak=True) == replace(leaky, stamp=stamp)


def test_the_guard_shows_three_of_many():
    clips = corpus("one", 9, 2)
    ids = tuple(clip.id for clip in clips)
    found = leaks(replace(CLEAN, train=ids[::2], validation=(), test=ids[1::2]), clips, {})
    assert found == ["speakers in training and in test: 9 (one/01, one/02, one/03, ...)"]


def test_a_split_of_other_data_is_refused():
    with pytest.raises(DataError, match=r"the clip 'one/03-000', which the data does not hold"):
        leaks(CLEAN, CLIPS[:8], {})


def test_random_splits_of_known_speakers_are_refused():
    clips = corpus("one", 4, 20)
    each = split(Protocol(name="random"), clips)[0]
    with pytest.raises(LeakError, match="speakers in training and in test: 4"):
        guard(each, clips, {})


# The manifest.


def test_a_manifest_survives_json():
    each = split(Protocol(), corpus("two", 2, 40))[0]
    assert Split.from_dict(json.loads(json.dumps(each.to_dict()))) == each
    with pytest.raises(IntoneError, match=r"manifest\.json: unknown setting tset"):
        Split.from_dict({"tset": []}, "manifest.json")


def test_splits_are_given_whole():
    splits = split(Protocol(), corpus("two", 2, 40))
    told = json.loads(to_json(splits))
    assert told["format_version"] == 1
    assert [Split.from_dict(row) for row in told["splits"]] == splits


def test_others_get_a_line_for_each_clip_of_each_fold():
    labels = {clip.id: clip.emotion for clip in CLIPS}
    lines = to_csv([CLEAN, replace(CLEAN, fold=1, train=(), validation=())], labels).splitlines()
    assert lines[:2] == ["fold,part,id,label", "0,train,one/01-000,neutral"]
    assert lines[5:6] == ["0,validation,one/02-000,neutral"]
    assert lines[9:] == [
        *(f"0,test,one/03-00{n},{EMOTIONS[n]}" for n in range(4)),
        *(f"1,test,one/03-00{n},{EMOTIONS[n]}" for n in range(4)),
    ]


def test_the_digest_names_the_content():
    shuffled = replace(CLEAN, train=CLEAN.train[::-1], stamp="unseen speakers", fold=3)
    assert shuffled.digest == CLEAN.digest
    assert replace(CLEAN, train=CLEAN.validation, validation=CLEAN.train).digest != CLEAN.digest


# Real corpora.


def test_real_unions_split_cleanly(speech):
    clips = [u for name in ("ravdess", "tess", "savee") for u in corpora.read(name, speech / name)]
    for each in split(Protocol(), clips):
        assert guard(each, clips, {}).stamp == "unseen speakers"
        assert len(speakers(each.validation, clips)) >= 6
        assert {id.split("/")[0] for id in each.train} == {"ravdess", "tess", "savee"}
    sizes = [emotions(each.test, clips)["neutral"] for each in split(Protocol(), clips)]
    assert sum(sizes) == 96 + 400 + 120
