from collections import Counter
from pathlib import Path

import pytest

from intone import corpora
from intone.corpora import CorpusInfo
from intone.emotions import EMOTIONS
from intone.errors import DataError
from made_iemocap import make_iemocap

NAMED = list(corpora.parsers())
FOLDERS = [name for name in corpora.names() if name != "table"]


def make(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def make_example(name: str, root: Path) -> Path:
    """Make the corpus's example, with the files around it that its labels need."""
    if name == "iemocap":
        return make_iemocap(root)
    if name == "crema_d_rebuilt":
        make(root, "rebuilt_index.csv")
    return make(root, corpora.info(name).example)


def stems(name: str, root: Path) -> list[str]:
    return [utterance.id.removeprefix(f"{name}/") for utterance in corpora.read(name, root)]


def write_table(folder: Path, text: str) -> Path:
    make(folder, "clips/a.wav", "clips/b.wav")
    (folder / "clips.csv").write_text(text, encoding="utf-8")
    return folder / "clips.csv"


# Every corpus, found by its file.


def test_the_folder_is_the_registry():
    files = Path(corpora.__file__).parent.glob("[!_]*.py")
    assert corpora.names() == sorted(file.stem for file in files)
    assert {
        *("ravdess", "ravdess_song", "tess", "savee", "crema_d", "crema_d_rebuilt", "emodb"),
        *("iemocap", "folder", "table"),
    } <= {*corpora.names()}


def test_names_that_carry_labels_are_parsed():
    assert {*NAMED} == {"ravdess", "ravdess_song", "tess", "savee", "crema_d", "emodb"}


@pytest.mark.parametrize("name", corpora.names())
def test_info_is_complete(name):
    info = corpora.info(name)
    assert isinstance(info, CorpusInfo)
    required = ("title", "language", "licence", "citation", "url", "pattern", "example")
    assert all(getattr(info, key) for key in required)
    assert set(info.emotions) <= set(EMOTIONS)
    assert sum(info.emotions.values()) == (info.clips or 0)
    assert (info.clips is None) == (info.speakers is None)


@pytest.mark.parametrize("name", FOLDERS)
def test_the_example_parses(name, tmp_path):
    clips = corpora.read(name, make_example(name, tmp_path))
    example = tmp_path / corpora.info(name).example
    (utterance,) = [clip for clip in clips if clip.path == example]
    assert utterance.id.startswith(f"{name}/")
    assert utterance.corpus == name
    assert utterance.emotion in EMOTIONS
    assert utterance.speaker is None or utterance.speaker.split("/")[0] in corpora.names()


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("suffix", [".flac", ".opus", ".ogg", ".mp3", ".aif", ".WAV"])
def test_any_sound_file_with_the_stem_is_a_clip(name, suffix, tmp_path):
    example = Path(corpora.info(name).example).with_suffix(suffix)
    assert len(corpora.read(name, make(tmp_path, str(example)))) == 1


@pytest.mark.parametrize("name", NAMED)
def test_what_is_no_clip_is_skipped(name, tmp_path):
    example = Path(corpora.info(name).example)
    make(
        tmp_path,
        str(example),
        "README.wav",
        str(example.with_suffix(".txt")),
        str(example.with_name(f"._{example.name}")),
        f".cache/{example}",
    )
    assert [utterance.path for utterance in corpora.read(name, tmp_path)] == [tmp_path / example]
    parse = corpora.parsers()[name]
    unparsed = [path.name for path in corpora.sound_files(tmp_path) if parse(path) is None]
    assert unparsed == ["README.wav"]


@pytest.mark.parametrize("name", NAMED)
def test_a_second_copy_in_the_tree_counts_once(name, tmp_path):
    example = corpora.info(name).example
    make(tmp_path, f"a/{example}", f"b/{example}")
    assert [clip.path for clip in corpora.read(name, tmp_path)] == [tmp_path / "a" / example]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_without_clips_is_refused_with_the_expected_names(name, tmp_path):
    with pytest.raises(DataError) as error:
        corpora.read(name, make(tmp_path, "song.wav"))
    message = str(error.value)
    assert str(tmp_path) in message
    assert corpora.info(name).pattern in message
    assert "\n" not in message
    with pytest.raises(DataError, match="no such folder"):
        corpora.read(name, tmp_path / "absent")


@pytest.mark.parametrize(
    ("name", "folder", "clips"),
    [
        ("ravdess", "ravdess", 1440),
        ("tess", "tess", 2800),
        ("savee", "savee", 480),
        ("emodb", "emodb", 535),
        ("crema_d_rebuilt", "crema_d/rebuilt", 7429),
    ],
)
def test_the_real_folders(speech, name, folder, clips):
    info = corpora.info(name)
    found = corpora.read(name, speech / folder)
    assert len({clip.id for clip in found}) == len(found) == clips
    assert [clip.id for clip in found] == sorted(clip.id for clip in found)
    assert len({clip.speaker for clip in found}) == info.speakers
    assert all(clip.sex and clip.sentence and clip.path.is_file() for clip in found)
    assert Counter(clip.emotion for clip in found) == info.emotions


SAVEE_SAYS = {
    **{"a01": "common 1", "su03": "common 3", "n02": "common 2", "n16": "common 1"},
    **{"n04": "n04", "n15": "n15", "a04": "a04", "n19": "a04", "n20": "a05", "n22": "d05"},
    **{"n25": "su04", "n27": "sa04", "n30": "h05", "h05": "h05", "f15": "f15"},
    **{"n31": "n31", "n99": "n99", "a00": "a00"},  # not the corpus's own
}


@pytest.mark.parametrize(
    ("name", "count"), [("ravdess", 3), ("tess", 4), ("savee", 3), ("emodb", 2), ("crema_d", 40)]
)
def test_each_corpus_finds_its_own_in_a_mixed_folder(speech, name, count):
    assert len(corpora.read(name, speech / "originals")) == count


# Single corpora.


def test_ravdess_reads_the_seven_numbers(tmp_path):
    make(
        tmp_path,
        "Actor_12/03-01-08-02-02-01-12.wav",
        "Actor_01/03-01-01-01-01-02-01.wav",
        "Actor_01/03-02-03-01-01-02-01.wav",  # song
        "Actor_01/01-01-01-01-01-02-01.mp4",  # video
        "Actor_25/03-01-01-01-01-02-25.wav",  # there is no such actor
    )
    neutral, surprised = corpora.read("ravdess", tmp_path)
    assert neutral.id == "ravdess/03-01-01-01-01-02-01"
    assert (neutral.emotion, neutral.sex, neutral.intensity) == ("neutral", "male", "normal")
    assert surprised.emotion == "surprised"
    assert surprised.speaker == "ravdess/12"
    assert (surprised.sex, surprised.intensity) == ("female", "strong")
    assert surprised.sentence == "dogs are sitting by the door"
    (sung,) = corpora.read("ravdess_song", tmp_path)
    assert (sung.id, sung.emotion) == ("ravdess_song/03-02-03-01-01-02-01", "happy")
    assert sung.speaker == neutral.speaker == "ravdess/01"


def test_tess_knows_its_oddly_named_file(tmp_path):
    make(tmp_path, "OA_bite_neutral.wav", "OAF_back_ps.wav", "YAF_back_fear.wav")
    make(tmp_path, "YAF_back_love.wav")
    found = {u.id: (u.speaker, u.emotion, u.sentence) for u in corpora.read("tess", tmp_path)}
    assert found == {
        "tess/OAF_back_ps": ("tess/OAF", "surprised", "back"),
        "tess/OA_bite_neutral": ("tess/OAF", "neutral", "bite"),
        "tess/YAF_back_fear": ("tess/YAF", "fearful", "back"),
    }


def test_savee_names_what_is_said_alike_where_it_is_alike():
    said = {name: corpora.parsers()["savee"](Path(f"KL_{name}.wav")) for name in SAVEE_SAYS}
    assert {name: clip and clip.sentence for name, clip in said.items()} == SAVEE_SAYS


def test_savee_reads_both_layouts_alike(tmp_path):
    nested = make(tmp_path / "nested", "DC/a01.wav", "DC/sa01.wav", "KL/su15.wav", "KL/n30.wav")
    flat = make(tmp_path / "flat", "DC_a01.wav", "DC_sa01.wav", "KL_su15.wav", "KL_n30.wav")
    read = [
        [(u.id, u.emotion, u.speaker, u.sentence) for u in corpora.read("savee", root)]
        for root in (nested, flat)
    ]
    assert read[0] == read[1]
    assert [u[1] for u in read[0]] == ["angry", "sad", "neutral", "surprised"]
    assert read[0][1] == ("savee/DC_sa01", "sad", "savee/DC", "common 1")


@pytest.mark.parametrize("table", ["VideoDemographics.csv", "AudioWAV/VideoDemographics.csv"])
def test_crema_d_takes_age_and_sex_from_its_table(table, tmp_path):
    make(tmp_path, "AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_SAD_HI.wav")
    heading = '"ActorID","Age","Sex","Race","Ethnicity"'
    (tmp_path / table).write_text(f'{heading}\n1001,51,"Male","Caucasian","Not Hispanic"\n')
    first, second = corpora.read("crema_d", tmp_path / "AudioWAV")
    assert (first.sex, first.age, first.intensity) == ("male", 51, None)
    assert first.traits == {"race": "Caucasian", "ethnicity": "Not Hispanic"}
    assert (second.sex, second.age, second.intensity) == (None, None, "high")
    assert (second.speaker, second.traits, second.votes) == ("crema_d/1002", {}, {})


def test_crema_d_takes_the_votes_of_those_who_only_heard(tmp_path):
    make(tmp_path, "AudioWAV/1001_DFA_ANG_XX.wav")
    (tmp_path / "tabulatedVotes.csv").write_text(
        '"","A","D","F","H","N","S","fileName","numResponses"\n'
        '"100014",6,2,0,0,1,0,"1001_DFA_ANG_XX",9\n'
        '"200014",1,8,0,0,0,0,"1001_DFA_ANG_XX",9\n'
        '"300014",0,9,0,0,0,0,"1001_DFA_ANG_XX",9\n'
    )
    (clip,) = corpora.read("crema_d", tmp_path / "AudioWAV")
    cast = {emotion: votes for emotion, votes in clip.votes.items() if votes}
    assert cast == {"angry": 6, "disgust": 2, "neutral": 1}


def test_real_votes_agree_with_the_actors_as_published(speech):
    clips = corpora.read("crema_d_rebuilt", speech / "crema_d")
    agreed = sum(clip.votes[clip.emotion] for clip in clips)
    assert agreed / sum(sum(clip.votes.values()) for clip in clips) == pytest.approx(
        0.400, abs=5e-4
    )
    hispanic = {clip.speaker for clip in clips if clip.traits["ethnicity"] == "Hispanic"}
    assert len(hispanic) == 10


def test_crema_d_needs_no_table_but_refuses_a_wrong_one(tmp_path):
    make(tmp_path, "1001_DFA_ANG_XX.wav")
    assert corpora.read("crema_d", tmp_path)[0].sex is None
    (tmp_path / "VideoDemographics.csv").write_text("actor,age\n1001,51\n")
    with pytest.raises(DataError, match=r"VideoDemographics\.csv: not the table"):
        corpora.read("crema_d", tmp_path)
    (tmp_path / "VideoDemographics.csv").unlink()
    (tmp_path / "tabulatedVotes.csv").write_text('"",A,fileName\n100001,many,1001_DFA_ANG_XX\n')
    with pytest.raises(DataError, match=r"tabulatedVotes\.csv: not the table"):
        corpora.read("crema_d", tmp_path)


@pytest.mark.parametrize("index", ["rebuilt_index.csv", "rebuilt/rebuilt_index.csv"])
def test_rebuilt_audio_goes_by_its_own_name_alone(index, tmp_path):
    make(tmp_path, "rebuilt/1001_DFA_ANG_XX.opus", "recorded/AudioWAV/1002_DFA_ANG_XX.wav")
    make(tmp_path, index)
    for root in (tmp_path, tmp_path / "rebuilt"):
        with pytest.raises(DataError, match=r"this audio is rebuilt.*crema_d_rebuilt=.*/rebuilt$"):
            corpora.read("crema_d", root)
    (clip,) = corpora.read("crema_d_rebuilt", tmp_path / "rebuilt")
    assert (clip.id, clip.corpus) == ("crema_d_rebuilt/1001_DFA_ANG_XX", "crema_d_rebuilt")
    assert clip.speaker == "crema_d/1001"
    with pytest.raises(DataError, match="not known to be rebuilt"):
        corpora.read("crema_d_rebuilt", tmp_path / "recorded")
    with pytest.raises(DataError, match="not known to be rebuilt"):
        corpora.read("crema_d_rebuilt", tmp_path)
    recorded = ("crema_d", tmp_path / "recorded")
    assert len(corpora.read_all([recorded])) == 1
    with pytest.raises(DataError, match="crema_d_rebuilt and crema_d must never be mixed"):
        corpora.read_all([recorded, ("crema_d_rebuilt", tmp_path / "rebuilt")])


def test_crema_d_prefers_wav_to_mp3(tmp_path):
    make(tmp_path, "AudioMP3/1001_DFA_ANG_XX.mp3", "AudioWAV/1001_DFA_ANG_XX.wav")
    assert corpora.read("crema_d", tmp_path)[0].path.suffix == ".wav"


def test_emodb_letters_are_german(tmp_path):
    make(tmp_path, *(f"08b09{letter}a.wav" for letter in "WLEAFTN"), "99a01Fa.wav")
    found = {clip.id[-2]: clip.emotion for clip in corpora.read("emodb", tmp_path)}
    assert found == {
        "W": "angry",
        "L": "bored",
        "E": "disgust",
        "A": "fearful",
        "F": "happy",
        "T": "sad",
        "N": "neutral",
    }


# A user's own data.


def test_folder_names_emotions_by_sub_folder(tmp_path):
    make(tmp_path, "Anger/one.wav", "Anger/deep/one.mp3", "sarcastic/x.wav", "loose.wav")
    found = [(clip.id, clip.emotion, clip.speaker) for clip in corpora.read("folder", tmp_path)]
    assert found == [
        ("folder/Anger/deep/one.mp3", "angry", None),
        ("folder/Anger/one.wav", "angry", None),
        ("folder/sarcastic/x.wav", "sarcastic", None),
    ]


def test_folder_keeps_two_formats_of_one_name_apart(tmp_path):
    make(tmp_path, "sad/one.wav", "sad/one.flac")
    assert stems("folder", tmp_path) == ["sad/one.flac", "sad/one.wav"]


def test_folder_finds_speakers_by_an_expression(tmp_path):
    make(tmp_path, "angry/spk1_a.wav", "sad/spk22_b.wav")
    found = corpora.read("folder", tmp_path, speaker=r"spk(\d+)_")
    assert [clip.speaker for clip in found] == ["folder/1", "folder/22"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (r"spk(\d+)", r"angry/x\.wav: .* finds no speaker"),
        (r"spk\d+", "in parentheses"),
        (r"spk(", "unterminated"),
    ],
)
def test_folder_refuses_an_expression_that_does_not_fit(expression, words, tmp_path):
    with pytest.raises(DataError, match=words):
        corpora.read("folder", make(tmp_path, "angry/x.wav"), speaker=expression)


def test_table_reads_every_column(tmp_path):
    table = write_table(
        tmp_path,
        "path,emotion,speaker,sex,sentence,corpus,remark\n"
        "clips/b.wav,Anger,7,F,hello,calls,loud\n"
        "clips/a.wav,sarcastic,,,,,\n",
    )
    b, a = corpora.read("table", table)
    assert (b.id, b.path) == ("calls/clips/b.wav", tmp_path / "clips/b.wav")
    assert (b.corpus, b.emotion, b.speaker) == ("calls", "angry", "calls/7")
    assert (b.sex, b.sentence) == ("female", "hello")
    assert (a.id, a.corpus, a.emotion) == ("table/clips/a.wav", "table", "sarcastic")
    assert (a.speaker, a.sex, a.sentence) == (None, None, None)


def test_table_may_be_written_by_a_spreadsheet(tmp_path):
    table = write_table(tmp_path, "\ufeffpath,emotion\r\nclips/a.wav,sad\r\n")
    assert [clip.emotion for clip in corpora.read("table", table)] == ["sad"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,emotion\nclips/a.wav,sad\n", "line 1: no column path"),
        ("path;emotion\nclips/a.wav;sad\n", "line 1: no column emotion and path"),
        ("path,emotion\nclips/a.wav,sad\nclips/c.wav,sad\n", r"line 3: no file .*clips/c\.wav"),
        ("path,emotion\n,sad\n", "line 2: no file"),
        ("path,emotion\nclips/a.wav,\n", r"line 2: no emotion for clips/a\.wav"),
        ("path,emotion\nclips/a.wav\n", r"line 2: no emotion for clips/a\.wav"),
        ("path,emotion,sex\nclips/a.wav,sad,woman\n", "line 2: sex is .* not woman"),
        ("path,emotion\nclips/a.wav,sad,loud\n", "line 2: more values"),
        ("path,emotion\nclips/a.wav,sad\nclips/a.wav,angry\n", "line 3: .* twice"),
        ("path,emotion\n", "no line below"),
        ("", "line 1: no column"),
    ],
)
def test_table_names_the_line_that_does_not_fit(text, words, tmp_path):
    table = write_table(tmp_path, text)
    with pytest.raises(DataError, match=words) as error:
        corpora.read("table", table)
    assert str(error.value).startswith(str(table))
    assert "\n" not in str(error.value)


def test_table_must_be_a_text_file(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        corpora.read("table", tmp_path / "absent.csv")
    with pytest.raises(DataError, match="directory"):
        corpora.read("table", tmp_path)
    (tmp_path / "clips.csv").write_bytes(b"path,emotion\n\xff\xfe,sad\n")
    with pytest.raises(DataError, match="UTF-8"):
        corpora.read("table", tmp_path / "clips.csv")


# What users type.


def test_parse_data_takes_name_and_place_apart():
    assert corpora.parse_data("ravdess=/data/a=b") == ("ravdess", Path("/data/a=b"))
    assert corpora.parse_data("tess=~/tess") == ("tess", Path.home() / "tess")


@pytest.mark.parametrize("argument", ["ravdess", "ravdess=", "/data/ravdess"])
def test_parse_data_says_how_to_write_it(argument):
    with pytest.raises(DataError, match="NAME=DIR"):
        corpora.parse_data(argument)


def test_unknown_names_and_options_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"no corpus ravdes; there are crema_d, .*ravdess"):
        corpora.info("ravdes")
    with pytest.raises(DataError, match="no corpus x"):
        corpora.parse_data("x=y")
    with pytest.raises(DataError, match="ravdess has no option speaker"):
        corpora.read("ravdess", tmp_path, speaker="(a)")


def test_read_all_joins_corpora_and_refuses_a_clip_given_twice(tmp_path):
    make(tmp_path / "own", "angry/spk1.wav")
    make(tmp_path / "tess", "OAF_back_ps.wav")
    places = [("tess", tmp_path / "tess"), ("folder", tmp_path / "own")]
    joined = corpora.read_all(places, speaker=r"(spk\d)")
    assert [clip.speaker for clip in joined] == ["tess/OAF", "folder/spk1"]
    with pytest.raises(DataError, match="tess/OAF_back_ps is in"):
        corpora.read_all([places[0], places[0]])
