import csv
import json
import lzma
import os
import runpy
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from intone import corpora, doctor
from intone.doctor import Finding
from intone.emotions import EMOTIONS

MANIFESTS = Path(doctor.__file__).parent / "corpora" / "manifests"
WITH_MANIFEST = sorted(path.name.removesuffix(".csv.xz") for path in MANIFESTS.iterdir())
SPEAKERS = ("DC", "JE", "JK", "KL")
CONVERTED = ("note", "re-encoded")


def write(path: Path, seed: int, *, rate: int = 16_000, channels: int = 1, **format: str) -> Path:
    """A tenth of a second and more of noise, its own for every seed."""
    noise = np.random.default_rng(seed).normal(scale=0.1, size=(rate // 8, channels))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise, rate, **format)
    return path


def link(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, copy_function=os.symlink)
    return target


def found(name: str, root: Path) -> dict[tuple[str, str], list[tuple[str, ...]]]:
    """(severity, kind) -> the files of each finding."""
    checkup = doctor.check(name, root)
    kinds: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for finding in checkup.findings:
        kinds.setdefault((finding.severity, finding.kind), []).append(finding.files)
    assert checkup.passed == all(severity != "error" for severity, _ in kinds)
    return kinds


def of_kind(checkup: doctor.Checkup, kind: str) -> list[Finding]:
    return [finding for finding in checkup.findings if finding.kind == kind]


@pytest.fixture(scope="session")
def whole_savee(tmp_path_factory) -> Path:
    """Every file of SAVEE by name, with made noise in it."""
    root = tmp_path_factory.mktemp("savee")
    for seed, official in enumerate(doctor.manifest("savee").values()):
        write(root / official.file, seed)
    return root


@pytest.fixture
def savee(whole_savee, tmp_path) -> Path:
    """A copy of it to damage."""
    return link(whole_savee, tmp_path / "savee")


# The manifests.


def test_manifests_are_small():
    assert {"ravdess", "tess", "savee", "crema_d", "emodb"} == {*WITH_MANIFEST}
    assert sum(path.stat().st_size for path in MANIFESTS.iterdir()) < 200_000


@pytest.mark.parametrize("name", WITH_MANIFEST)
def test_a_manifest_lists_what_info_counts(name):
    info, parse, officials = corpora.info(name), corpora.parsers()[name], doctor.manifest(name)
    read = {id: parse(Path(official.file)) for id, official in officials.items()}
    assert all(utterance is not None and utterance.id == id for id, utterance in read.items())
    assert len(read) == info.clips
    assert Counter(utterance.emotion for utterance in read.values()) == info.emotions
    assert len({utterance.speaker for utterance in read.values()}) == info.speakers
    assert all(len(bytes.fromhex(official.sha256)) == 8 for official in officials.values())
    odd = {stem for stems in info.oddities.values() for stem in stems}
    assert {f"{name}/{stem}" for stem in odd} <= set(officials)


@pytest.mark.parametrize("name", WITH_MANIFEST)
def test_a_manifest_is_what_its_script_makes_of_the_full_list(speech, name):
    script = Path(__file__).parent.parent / "scripts" / "make_manifests.py"
    compact = runpy.run_path(str(script))["compact"]
    full = speech / "manifests" / f"{name}.csv"
    with lzma.open(MANIFESTS / f"{name}.csv.xz", "rt", encoding="utf-8", newline="") as file:
        assert file.read() == compact(full)
    officials = doctor.manifest(name)
    for row in csv.DictReader(full.open(encoding="utf-8")):
        official = officials[f"{name}/{Path(row['file']).stem}"]
        assert row["sha256"].startswith(official.sha256)
        assert int(row["bytes"]) == official.bytes


def test_the_oddities_are_those_of_the_full_lists(speech):
    rows = {
        name: list(csv.DictReader((speech / "manifests" / f"{name}.csv").open()))
        for name in WITH_MANIFEST
    }

    def stems(name: str, column: str, usual: str) -> set[str]:
        return {Path(row["file"]).stem for row in rows[name] if row[column] != usual}

    known = {name: corpora.info(name).oddities for name in WITH_MANIFEST}
    assert stems("ravdess", "channels", "1") == {*known["ravdess"]["stereo"]}
    assert stems("tess", "container", "WAV") == {*known["tess"]["container"]}
    assert stems("tess", "sample_rate", "24414") == {*known["tess"]["sample rate"]}
    twice = {}
    for name in WITH_MANIFEST:
        hashes = Counter(row["sha256"] for row in rows[name])
        twice[name] = {Path(row["file"]).stem for row in rows[name] if hashes[row["sha256"]] > 1}
    assert twice.pop("ravdess") == {*known["ravdess"]["identical audio"]}
    assert twice.pop("crema_d") == {*known["crema_d"]["conflicting labels"]}
    assert not any(twice.values())


# A copy of a corpus.


def test_a_whole_copy_passes_with_a_note(whole_savee):
    checkup = doctor.check("savee", whole_savee)
    assert checkup.passed
    message = "480 of 480 clips, so their bytes are not compared"
    assert checkup.findings == (Finding("re-encoded", "note", message),)
    (holding,) = checkup.holdings
    assert (holding.corpus, holding.clips, holding.whole_clips) == ("savee", 480, 480)
    assert holding.emotions == holding.whole_emotions == corpora.info("savee").emotions
    assert holding.speakers == {f"savee/{name}": 120 for name in SPEAKERS}
    assert checkup.seconds == pytest.approx(480 * 0.125)


def test_a_damaged_copy_shows_its_faults_and_no_others(savee):
    (savee / "DC_a01.wav").unlink()
    (savee / "JE_h02.wav").rename(savee / "happy-2.wav")
    (savee / "JK_f03.wav").unlink()
    shutil.copy(savee / "JK_n03.wav", savee / "JK_f03.wav")
    truncated = (savee / "KL_sa04.wav").read_bytes()[:-999]
    (savee / "KL_sa04.wav").unlink()
    (savee / "KL_sa04.wav").write_bytes(truncated)
    for damaged in ("KL_su05.wav", "KL_n06.wav", "KL_n07.wav"):
        (savee / damaged).unlink()
    write(savee / "KL_su05.wav", 1000, channels=2)
    soundfile.write(savee / "KL_n06.wav", np.zeros(16_000), 16_000)
    soundfile.write(savee / "KL_n07.wav", np.full(100, 0.1), 16_000)
    write(savee / "DC_a99.wav", 1001)
    assert found("savee", savee) == {
        ("error", "missing"): [("DC_a01.wav", "JE_h02.wav")],
        ("error", "extra"): [("DC_a99.wav",)],
        ("error", "conflicting labels"): [("JK_f03.wav", "JK_n03.wav")],
        ("error", "unusable"): [("KL_n07.wav",), ("KL_sa04.wav",)],
        ("error", "digital silence"): [("KL_n06.wav",)],
        ("warning", "stereo"): [("KL_su05.wav",)],
        ("warning", "unknown name"): [("happy-2.wav",)],
        CONVERTED: [()],
    }


def test_messages_say_what_is_wrong(savee):
    (savee / "DC_a01.wav").unlink()
    shutil.copy(savee / "DC_sa01.wav", savee / "DC_a01.wav")
    (savee / "DC_h01.wav").unlink()
    (savee / "DC_h01.wav").write_bytes(b"no sound at all")
    checkup = doctor.check("savee", savee)
    (conflict,) = of_kind(checkup, "conflicting labels")
    assert conflict.message == "one sound labelled angry and sad"
    (unusable,) = of_kind(checkup, "unusable")
    assert unusable.message.startswith("not readable as audio")
    assert str(savee) not in unusable.message


def test_form_is_compared_with_the_other_clips(savee):
    for file in ("DC_a01.wav", "DC_a02.wav", "DC_a03.wav", "DC_a04.wav"):
        (savee / file).unlink()
    write(savee / "DC_a01.wav", 1001, rate=48_000)
    write(savee / "DC_a02.wav", 1002, rate=8_000)
    write(savee / "DC_a03.wav", 1003, format="AIFF")
    loud = np.tile([1.0, 1.0, -1.0, -1.0], 4_000)
    soundfile.write(savee / "DC_a04.wav", loud, 16_000)
    checkup = doctor.check("savee", savee)
    said = {finding.files: (finding.kind, finding.message) for finding in checkup.findings[:-1]}
    assert said == {
        ("DC_a01.wav",): ("sample rate", "48000 Hz, where most clips have 16000 Hz"),
        ("DC_a02.wav",): ("sample rate", "8000 Hz, so nothing above 4000 Hz is in it"),
        ("DC_a03.wav",): ("container", "AIFF by content, .wav by name"),
        ("DC_a04.wav",): ("clipping", "it was too loud for its recorder or its format"),
    }
    assert checkup.passed


def test_one_sound_twice_is_told_by_label_and_speaker(savee):
    for copy, of in (("DC_n02", "DC_n01"), ("KL_d01", "JE_d01")):
        (savee / f"{copy}.wav").unlink()
        shutil.copy(savee / f"{of}.wav", savee / f"{copy}.wav")
    kinds = found("savee", savee)
    assert kinds[("warning", "identical audio")] == [("DC_n01.wav", "DC_n02.wav")]
    assert kinds[("error", "conflicting speakers")] == [("JE_d01.wav", "KL_d01.wav")]
    assert len(kinds) == 3


def test_copies_in_the_tree_and_other_formats_are_notes(savee):
    shutil.copy(savee / "DC_a01.wav", savee / "DC_a01.flac")
    (savee / "more").mkdir()
    shutil.copy(savee / "DC_a02.wav", savee / "more" / "DC_a02.wav")
    kinds = found("savee", savee)
    assert kinds.pop(("note", "second copy")) == [("DC_a01.flac", "more/DC_a02.wav")]
    assert [*kinds] == [CONVERTED]


def test_what_the_official_corpus_shows_is_a_note(tmp_path):
    for seed, pair in enumerate(("1006_TIE_{}_XX HAP NEU", "1013_WSI_{}_XX DIS ANG")):
        stem, *codes = pair.split()
        for code in codes:
            write(tmp_path / f"{stem.format(code)}.wav", 10 + seed)
    soundfile.write(tmp_path / "1076_MTI_SAD_XX.wav", np.zeros(16_000), 16_000)
    soundfile.write(tmp_path / "1076_MTI_ANG_XX.wav", np.zeros(16_000), 16_000)
    kinds = found("crema_d", tmp_path)
    assert len(kinds.pop(("error", "missing"))[0]) == 7442 - 6
    assert kinds == {
        ("note", "conflicting labels"): [("1006_TIE_HAP_XX.wav", "1006_TIE_NEU_XX.wav")],
        ("error", "conflicting labels"): [("1013_WSI_ANG_XX.wav", "1013_WSI_DIS_XX.wav")],
        ("note", "digital silence"): [("1076_MTI_SAD_XX.wav",)],
        ("error", "digital silence"): [("1076_MTI_ANG_XX.wav",)],
        CONVERTED: [()],
    }


def test_without_a_manifest_numbers_are_compared(tmp_path):
    write(tmp_path / "03-02-01-01-01-01-01.wav", 0)
    checkup = doctor.check("ravdess_song", tmp_path)
    assert {finding.message for finding in of_kind(checkup, "class count")} == {
        f"ravdess_song: {clips} of 1 clips are {emotion}, in the whole corpus {whole} of 1012"
        for emotion, whole in corpora.info("ravdess_song").emotions.items()
        for clips in [int(emotion == "neutral")]
    }
    (speakers,) = of_kind(checkup, "speaker count")
    assert speakers.message == "1 here, in the whole corpus 23"
    assert {finding.severity for finding in checkup.findings} == {"error"}


# A user's own labels, and the faults of two of the reports.


def table(path: Path, clips: dict[str, str], corpus: str = "") -> Path:
    rows = "".join(f"{file},{emotion},{corpus}\n" for file, emotion in clips.items())
    path.write_text(f"path,emotion,corpus\n{rows}", encoding="utf-8")
    return path


def savee_labels(root: Path) -> dict[str, str]:
    return {str(clip.path): clip.emotion for clip in corpora.read("savee", root)}


@pytest.mark.parametrize("corpus", ["savee", ""])
def test_report_a_read_sa_as_a(whole_savee, tmp_path, corpus):
    labels = {
        file: "angry" if emotion == "sad" else emotion
        for file, emotion in savee_labels(whole_savee).items()
    }
    checkup = doctor.check("table", table(tmp_path / "a.csv", labels, corpus))
    (wrong,) = of_kind(checkup, "wrong label")
    assert wrong.severity == "error"
    assert wrong.message == (
        "named sad, labelled angry, as every sad clip is: was one code read as another?"
    )
    assert {Path(file).stem[3:5] for file in wrong.files} == {"sa"}
    assert len(wrong.files) == 60
    assert [(found.severity, found.message) for found in of_kind(checkup, "class count")] == [
        ("error", "savee: 120 of 480 clips are angry, in the whole corpus 60 of 480"),
        ("warning", "savee: 0 of 480 clips are sad, in the whole corpus 60 of 480"),
    ]
    assert {finding.kind for finding in checkup.findings} == {
        *("wrong label", "class count", "re-encoded")
    }


def test_report_b_labelled_all_of_savee_surprise(whole_savee, tmp_path):
    labels = dict.fromkeys(savee_labels(whole_savee), "surprise")
    checkup = doctor.check("table", table(tmp_path / "b.csv", labels, "savee"))
    wrong = of_kind(checkup, "wrong label")
    assert sorted(len(finding.files) for finding in wrong) == [60, 60, 60, 60, 60, 120]
    counts = of_kind(checkup, "class count")
    assert [found.severity for found in counts] == ["error", *["warning"] * 6]
    assert "480 of 480 clips are surprised, in the whole corpus 60" in counts[0].message


def test_class_counts_speak_where_file_names_do_not(whole_savee, tmp_path):
    labels = {}
    for number, (file, emotion) in enumerate(savee_labels(whole_savee).items()):
        if number % 5 < 4:
            (tmp_path / f"{number}.wav").symlink_to(file)
            labels[f"{number}.wav"] = "angry" if emotion == "sad" else emotion
    checkup = doctor.check("table", table(tmp_path / "a.csv", labels, "savee"))
    assert not checkup.passed
    assert [(found.severity, found.message) for found in checkup.findings] == [
        ("error", "savee: 96 of 384 clips are angry, in the whole corpus 60 of 480"),
        ("warning", "savee: 0 of 384 clips are sad, in the whole corpus 60 of 480"),
    ]


def test_a_part_of_a_corpus_labelled_as_it_is_passes(whole_savee, tmp_path):
    labels = dict(list(savee_labels(whole_savee).items())[::3])
    checkup = doctor.check("table", table(tmp_path / "part.csv", labels))
    assert {finding.kind for finding in checkup.findings} == {"re-encoded"}
    assert (checkup.holdings[0].corpus, checkup.holdings[0].clips) == ("savee", 160)
    assert checkup.holdings[0].speakers == {f"savee/{name}": 40 for name in SPEAKERS}


def test_single_wrong_labels_in_folders_are_found_and_declared_foldings_are_not(tmp_path):
    for seed, file in enumerate(
        (
            "happy/03-01-03-01-01-01-05.wav",
            "happy/03-01-03-02-01-01-05.wav",
            "sad/03-01-03-01-02-01-05.wav",
            "sad/mine.wav",
            "neutral/03-01-02-01-01-01-05.wav",  # calm: reports A and B fold it so
        )
    ):
        write(tmp_path / file, seed)
    checkup = doctor.check("folder", tmp_path)
    assert checkup.findings[:2] == (
        Finding(
            "wrong label",
            "error",
            "named happy, labelled sad",
            ("sad/03-01-03-01-02-01-05.wav",),
        ),
        Finding(
            "folded label",
            "note",
            "named calm, labelled neutral",
            ("neutral/03-01-02-01-01-01-05.wav",),
        ),
    )
    assert [(held.corpus, held.clips) for held in checkup.holdings] == [
        ("folder", 1),
        ("ravdess", 4),
    ]
    assert checkup.holdings[0].whole_clips is None


def test_any_label_may_stand_in_a_user_s_own_data(tmp_path):
    for seed, emotion in enumerate((*EMOTIONS, "sarcastic")):
        write(tmp_path / emotion / "a.wav", seed)
    checkup = doctor.check("folder", tmp_path)
    assert checkup.findings == ()
    assert checkup.holdings[0].emotions["sarcastic"] == 1


# The real corpora.


@pytest.mark.parametrize(("name", "kinds"), [("savee", {"clipping"}), ("emodb", set())])
def test_the_real_folders_pass_with_notes(speech, name, kinds):
    checkup = doctor.check(name, speech / name)
    assert checkup.passed
    assert {finding.severity for finding in checkup.findings} == {"note"}
    assert {finding.kind for finding in checkup.findings} == {"re-encoded", *kinds}


@pytest.mark.parametrize(
    ("name", "clips", "notes"),
    [
        (
            "ravdess",
            3,
            {
                "stereo": ("03-01-02-01-01-02-01.wav",),
                "identical audio": ("03-01-03-01-02-01-07.wav", "03-01-03-01-02-02-07.wav"),
            },
        ),
        (
            "tess",
            4,
            {
                "container": ("YAF_neat_fear.wav",),
                "sample rate": ("OAF_food_fear.wav",),
                "odd name": ("OA_bite_neutral.wav",),
            },
        ),
        ("savee", 3, {}),
        ("emodb", 2, {}),
        ("crema_d", 40, {}),
    ],
)
def test_the_originals_are_official_to_the_byte(speech, name, clips, notes):
    checkup = doctor.check(name, speech / "originals")
    assert checkup.clips == clips
    assert {f.kind: f.files for f in checkup.findings if f.severity == "note"} == notes
    assert {f.kind for f in checkup.findings if f.severity != "note"} == {"missing", "unknown name"}
    (missing,) = of_kind(checkup, "missing")
    assert len(missing.files) == corpora.info(name).clips - clips


def test_a_byte_that_differs_is_found(speech, tmp_path):
    for file in ("DC_a01.wav", "DC_sa01.wav", "DC_su01.wav"):
        shutil.copyfile(speech / "originals" / file, tmp_path / file)
    changed = bytearray((tmp_path / "DC_sa01.wav").read_bytes())
    changed[5000] ^= 1
    (tmp_path / "DC_sa01.wav").write_bytes(changed)
    with (tmp_path / "DC_su01.wav").open("ab") as file:
        file.write(b"\0\0")
    kinds = found("savee", tmp_path)
    assert kinds.pop(("error", "missing"))
    assert kinds == {("error", "altered"): [("DC_sa01.wav", "DC_su01.wav")]}


def test_a_damaged_real_copy_shows_its_faults_and_no_others(speech, tmp_path):
    for path in (speech / "savee").glob("KL_*"):  # a quarter of it, to be quick
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "KL_d01.opus").unlink()
    (tmp_path / "KL_d02.opus").rename(tmp_path / "disgust two.opus")
    (tmp_path / "KL_d03.opus").unlink()
    (tmp_path / "KL_d03.opus").symlink_to(speech / "savee" / "KL_n03.opus")
    data = (tmp_path / "KL_d04.opus").read_bytes()
    (tmp_path / "KL_d04.opus").unlink()
    (tmp_path / "KL_d04.opus").write_bytes(data[: len(data) // 2])
    for file in ("KL_d05.opus", "KL_d06.opus"):
        (tmp_path / file).unlink()
    write(tmp_path / "KL_d05.flac", 0, channels=2)
    soundfile.write(tmp_path / "KL_d06.flac", np.zeros(16_000), 16_000)
    (tmp_path / "KL_d77.opus").symlink_to(speech / "emodb" / "03a01Fa.opus")
    kinds = found("savee", tmp_path)
    ((*missing,),) = kinds.pop(("error", "missing"))
    assert {file for file in missing if file.startswith("KL")} == {"KL_d01.wav", "KL_d02.wav"}
    assert len(missing) == 360 + 2
    assert kinds == {
        ("error", "extra"): [("KL_d77.opus",)],
        ("error", "conflicting labels"): [("KL_d03.opus", "KL_n03.opus")],
        ("error", "unusable"): [("KL_d04.opus",)],
        ("error", "digital silence"): [("KL_d06.flac",)],
        ("warning", "stereo"): [("KL_d05.flac",)],
        ("warning", "unknown name"): [("disgust two.opus",)],
        CONVERTED: [()],
    }


# What users type.


def test_corpora_still_lists(run):
    code, out, err = run("corpora")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["name", *corpora.names()]


def test_check_says_what_is_here_and_what_is_wrong(run, savee):
    for number in range(1, 8):
        (savee / f"DC_h0{number}.wav").unlink()
    code, out, err = run("corpora", "check", "savee", savee)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].split() == ["savee", "here", "in", "all"]
    assert "  happy        53      60" in lines
    assert "  113 to 120 clips a speaker" in lines
    start = lines.index("errors")
    assert lines[start + 1 : start + 3] == [
        "  missing (7 files): in the corpus, but not here",
        "    DC_h01.wav, DC_h02.wav, DC_h03.wav, DC_h04.wav, DC_h05.wav and 2 more",
    ]
    assert lines[-1] == "473 clips, 1.0 min: 1 error"


def test_check_shows_some_of_many_findings(run, savee):
    for number in range(10):
        file = savee / f"DC_n{number + 1:02}.wav"
        file.unlink()
        soundfile.write(file, np.full(100 + 50 * number, 0.1), 16_000)
    code, out, _ = run("corpora", "check", "savee", savee)
    assert code == 1
    assert out.count("too short") == 8
    assert "  and 2 more of this kind; --json shows all" in out.splitlines()


def test_check_of_a_whole_copy_exits_with_0_and_quiet_leaves_notes_out(run, whole_savee):
    code, out, _ = run("corpora", "check", "savee", whole_savee)
    assert code == 0
    assert "re-encoded: 480 of 480 clips" in out
    assert out.endswith("480 clips, 1.0 min: nothing is wrong\n")
    code, out, _ = run("corpora", "check", "savee", whole_savee, "--quiet")
    assert (code, "re-encoded" in out) == (0, False)


def test_check_as_json_is_the_checkup(run, savee):
    (savee / "DC_a01.wav").unlink()
    code, out, _ = run("corpora", "check", "savee", savee, "--json")
    data = json.loads(out)
    assert (code, data["passed"], data["clips"]) == (1, False, 479)
    assert data["holdings"][0]["emotions"]["angry"] == 59
    assert data["findings"][0] == {
        "kind": "missing",
        "severity": "error",
        "message": "in the corpus, but not here",
        "files": ["DC_a01.wav"],
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("savee", "absent"), "absent: no such folder"),
        (("save", "."), "no corpus save; there are"),
        (("table", "absent.csv"), "No such file"),
    ],
)
def test_what_cannot_be_examined_is_one_line(run, arguments, words):
    code, out, err = run("corpora", "check", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_speakers_of_a_folder_are_counted_by_the_users_expression(run, made_corpus):
    code, out, _ = run("corpora", "check", "folder", made_corpus, "--speaker", r"/(s\d)-", "-q")
    assert code == 0
    assert "speakers     8" in out
    assert "12 clips a speaker" in out
