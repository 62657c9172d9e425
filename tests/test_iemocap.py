"""IEMOCAP, on a made tree of its exact layout."""

from collections import Counter

import pytest

from intone import corpora
from intone.corpora import Utterance
from intone.emotions import MAPPINGS, canonical
from intone.errors import DataError
from intone.leak_guard import guard
from intone.protocols import Protocol, split
from made_iemocap import CODES, DIALOGS, RECORDINGS, make_iemocap


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return make_iemocap(tmp_path_factory.mktemp("IEMOCAP") / "IEMOCAP_full_release")


@pytest.fixture
def own_tree(tmp_path):
    return make_iemocap(tmp_path)


def evaluations(root, session=1):
    return root / f"Session{session}" / "dialog" / "EmoEvaluation"


def test_an_utterance_has_all_that_the_corpus_says_of_it(tree):
    first = corpora.read("iemocap", tree)[0]
    folder = tree / "Session1" / "sentences" / "wav" / "Ses01F_impro01"
    assert first == Utterance(
        id="iemocap/Ses01F_impro01_F000",
        path=folder / "Ses01F_impro01_F000.wav",
        corpus="iemocap",
        emotion="neutral",
        speaker="iemocap/01F",
        sex="female",
        sentence="Excuse me, F000\u2019s café.",
        session="iemocap/1",
        valence_arousal_dominance=(2.5, 1.0, 3.3333),
    )


def test_every_recording_with_a_label_is_a_clip_and_nothing_else(tree):
    clips = corpora.read("iemocap", tree)
    assert len(clips) == RECORDINGS
    assert not any(clip.id.endswith(("F900", "M901", "MXX0")) for clip in clips)
    assert not any(clip.path.name.startswith("._") for clip in clips)
    dialogs = {clip.path.parent.name.replace("Ses01", "{}") for clip in clips}
    assert {*DIALOGS} <= dialogs


def test_the_speaker_is_the_session_and_the_letter_of_the_last_part(tree):
    clips = corpora.read("iemocap", tree)
    assert Counter(clip.speaker for clip in clips) == {
        f"iemocap/0{session}{letter}": RECORDINGS // 10
        for session in range(1, 6)
        for letter in "FM"
    }
    man = next(clip for clip in clips if clip.id == "iemocap/Ses03F_script01_1b_M002")
    assert (man.speaker, man.sex, man.session) == ("iemocap/03M", "male", "iemocap/3")


def test_all_eleven_codes_have_a_name(tree):
    counts = Counter(clip.emotion for clip in corpora.read("iemocap", tree))
    assert set(counts) == {canonical(code) for code in CODES} == {*corpora.info("iemocap").emotions}
    assert canonical("xxx") == "undecided"


def test_the_folder_above_will_do_and_so_will_one_session(tree):
    above = [clip.id for clip in corpora.read("iemocap", tree.parent)]
    assert above == [clip.id for clip in corpora.read("iemocap", tree)]
    one = corpora.read("iemocap", tree / "Session2")
    assert {clip.session for clip in one} == {"iemocap/2"}
    assert len(one) == RECORDINGS // 5


def test_without_transcriptions_nothing_is_known_to_be_said(own_tree):
    (own_tree / "Session1/dialog/transcriptions/Ses01F_impro01.txt").unlink()
    silent = [clip for clip in corpora.read("iemocap", own_tree) if clip.sentence is None]
    assert {clip.path.parent.name for clip in silent} == {"Ses01F_impro01"}


def test_labels_in_utf8_are_read_as_such(own_tree):
    path = own_tree / "Session1/dialog/transcriptions/Ses01F_impro01.txt"
    path.write_text("Ses01F_impro01_F000 [006.2901-008.2357]: Olé – né.\n", encoding="utf-8")
    assert corpora.read("iemocap", own_tree)[0].sentence == "Olé – né."


def test_a_dialog_without_its_labels_is_refused(own_tree):
    path = evaluations(own_tree) / "Ses01F_impro01.txt"
    path.unlink()
    with pytest.raises(DataError, match="the labels of this dialog are missing") as error:
        corpora.read("iemocap", own_tree)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    "line",
    [
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tjoy\t[2.5000, 2.5000, 2.5000]",
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu",
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[high, 2.5000, 2.5000]",
    ],
)
def test_a_line_that_is_no_label_is_named(line, own_tree):
    path = evaluations(own_tree) / "Ses01F_impro01.txt"
    path.write_text(f"% heading\n\n{line}\n")
    with pytest.raises(DataError, match="line 3: not a label of IEMOCAP") as error:
        corpora.read("iemocap", own_tree)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_the_three_mappings(tree):
    clips = corpora.read("iemocap", tree)
    labels = {
        name: Counter(MAPPINGS[name].label(clip.emotion) for clip in clips)
        for name in ("iemocap4", "iemocap9", "iemocap11")
    }
    raw = Counter(clip.emotion for clip in clips)
    assert labels["iemocap11"] == raw
    assert labels["iemocap9"][None] == raw["other"] + raw["undecided"]
    assert labels["iemocap4"]["happy"] == raw["happy"] + raw["excited"]
    counts = corpora.info("iemocap").emotions
    four = sum(n for emotion, n in counts.items() if MAPPINGS["iemocap4"].label(emotion))
    assert four == 5531


def test_leave_one_session_out_hears_neither_of_its_speakers(tree):
    clips = {clip.id: clip for clip in corpora.read("iemocap", tree)}
    splits = split(Protocol(name="leave-one-session-out"), clips.values())
    assert [{clips[id].session for id in each.test} for each in splits] == [
        {f"iemocap/{session}"} for session in range(1, 6)
    ]
    for each in splits:
        assert guard(each, clips.values(), {}).stamp == "unseen speakers"
        sessions = [{clips[id].session for id in part} for part in (each.train, each.validation)]
        assert [len(part) for part in sessions] == [3, 1]
        assert not sessions[0] & sessions[1]
        assert each.notes == ()
