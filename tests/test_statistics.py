import json

import librosa
import numpy as np
import pytest
import soundfile

from intone import cache, corpora
from intone.corpora import Utterance
from intone.report import statistics
from intone.report.statistics import Format, Statistics
from intone.splits import Split

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)  # whole periods, 1 s

CLIPS = (
    # file, emotion, speaker, sex, corpus, samples, rate
    ("a.wav", "angry", "1", "female", "calls", TONE, 16_000),
    ("b.flac", "angry", "1", "female", "calls", np.tile(TONE, 2), 16_000),
    ("c.wav", "sad", "2", "male", "calls", np.zeros((8_000, 2)), 8_000),
    ("d.wav", "sarcastic", "", "", "calls", np.tile(TONE, 4) / 5, 16_000),
    ("OAF_back_happy.wav", "happy", "OAF", "female", "tess", TONE, 16_000),
)


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> list[Utterance]:
    root = tmp_path_factory.mktemp("statistics")
    lines = ["path,emotion,speaker,sex,corpus"]
    for file, emotion, speaker, sex, corpus, samples, rate in CLIPS:
        soundfile.write(root / file, samples, rate)
        lines.append(f"{file},{emotion},{speaker},{sex},{corpus}")
    (root / "clips.csv").write_text("\n".join(lines))
    return corpora.read("table", root / "clips.csv")


@pytest.fixture(scope="session")
def measured(clips) -> list[statistics.Measured]:
    return statistics.measure(clips, cache.decode(clips), rng=np.random.default_rng(0))


@pytest.fixture(scope="session")
def summary(measured) -> Statistics:
    return statistics.summarise(measured)


def own(summary: Statistics, name: str) -> statistics.CorpusStatistics:
    return next(one for one in summary.corpora if one.name == name)


def test_classes_stand_in_the_vocabulary_s_order_and_users_words_last(summary):
    assert list(own(summary, "calls").emotions.items()) == [
        ("sad", 1),
        ("angry", 2),
        ("sarcastic", 1),
    ]
    assert summary.together.emotions == {"happy": 1, "sad": 1, "angry": 2, "sarcastic": 1}
    assert summary.together.clips == 5


def test_speakers_count_once_and_unknown_ones_not_at_all(summary):
    voices = own(summary, "calls").voices
    assert {sex: (one.speakers, one.clips) for sex, one in voices.items()} == {
        "female": (1, 2),
        "male": (1, 1),
        "unknown": (0, 1),
    }
    assert own(summary, "calls").without_speaker == 1
    assert summary.together.voices["female"].speakers == 2


def test_durations_are_those_of_the_decoded_clips(summary):
    spread = own(summary, "calls").seconds
    assert (spread.least, spread.median, spread.most) == (1, 1.5, 4)
    assert spread.mean == 2
    assert summary.together.hours == pytest.approx(9 / 3600)


def test_levels_are_of_full_scale_and_silence_is_the_floor(measured):
    found = {clip.utterance.path.name: (clip.peak, clip.level) for clip in measured}
    assert found["a.wav"] == pytest.approx((-6.02, -9.03), abs=0.01)
    assert found["d.wav"] == pytest.approx((-20.0, -23.01), abs=0.01)
    assert found["c.wav"] == pytest.approx((-90.31, -90.31), abs=0.01)


def test_files_are_described_as_they_are_stored(summary):
    assert own(summary, "calls").formats == (
        (Format(container="WAV", sample_rate=16_000, channels=1), 2),
        (Format(container="FLAC", sample_rate=16_000, channels=1), 1),
        (Format(container="WAV", sample_rate=8_000, channels=2), 1),
    )


def test_mean_mfccs_are_librosa_s(clips, summary):
    sounds = cache.decode(clips)
    women = [clip for clip in clips if clip.corpus == "calls" and clip.sex == "female"]
    means = [
        librosa.feature.mfcc(y=np.array(sounds.samples[clip.id]), sr=16_000, n_mfcc=40).mean(axis=1)
        for clip in women
    ]
    found = own(summary, "calls").voices["female"]
    assert found.mfcc_clips == 2
    np.testing.assert_allclose(found.mfcc, np.mean(means, axis=0), atol=2e-3)
    assert own(summary, "calls").voices["unknown"].mfcc == ()


def test_mfccs_are_of_so_many_clips_of_a_corpus_and_sex_and_drawn_by_the_seed(clips, monkeypatch):
    monkeypatch.setattr(statistics, "MFCC_CLIPS", 1)
    sounds = cache.decode(clips)
    draws = []
    for seed in (0, 0, 1, 2, 3, 4):
        measured = statistics.measure(clips, sounds, rng=np.random.default_rng(seed))
        draws.append([clip.utterance.path.name for clip in measured if clip.mfcc is not None])
    assert all({*draw} - {"a.wav", "b.flac"} == {"c.wav", "OAF_back_happy.wav"} for draw in draws)
    assert all(len(draw) == 3 for draw in draws)
    assert draws[0] == draws[1]
    assert {"a.wav", "b.flac"} <= set().union(*draws)


def test_a_corpus_of_a_users_table_goes_by_its_own_name_and_a_published_one_by_its_title(summary):
    assert own(summary, "calls").title == "calls"
    assert own(summary, "calls").licence == "your own"
    assert own(summary, "tess").title == corpora.info("tess").title
    assert own(summary, "tess").licence == "CC BY-NC-ND 4.0"


def test_the_parts_of_a_split_add_up_to_its_clips(measured):
    ids = [clip.utterance.id for clip in measured]
    split = Split(
        protocol="by hand", fold=2, train=tuple(ids[3:]), validation=(ids[2],), test=tuple(ids[:2])
    )
    train, validation, test = statistics.summarise(measured, [split]).parts
    assert (train.clips, validation.clips, test.clips) == (len(ids) - 3, 1, 2)
    assert (test.protocol, test.fold, test.part) == ("by hand", 2, "test")
    assert test.seconds.mean == pytest.approx((measured[0].seconds + measured[1].seconds) / 2)
    assert validation.hours == pytest.approx(measured[2].seconds / 3600)


def test_all_of_it_is_json(summary):
    data = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert data["corpora"][0]["emotions"]["angry"] == 2
    assert len(data["together"]["voices"]["female"]["mfcc"]) == 40
    assert data["corpora"][0]["formats"][1] == [
        {"container": "FLAC", "sample_rate": 16_000, "channels": 1},
        1,
    ]


def test_savee_lasts_as_report_a_says(speech):
    clips = corpora.read("savee", speech / "savee")
    measured = statistics.measure(clips, cache.decode(clips), rng=np.random.default_rng(0))
    (savee,) = statistics.summarise(measured).corpora
    assert savee.seconds.most == pytest.approx(7.138730, abs=1e-3)
    assert savee.seconds.least == pytest.approx(1.630930, abs=1e-3)
    assert savee.emotions == corpora.info("savee").emotions
    assert {*savee.voices} == {"male"}
    assert savee.voices["male"].speakers == 4
