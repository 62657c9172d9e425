"""A model learns the labels of clips of one's own, and says honestly how well."""

import numpy as np
import pytest
import soundfile

import intone
from intone import adaptation, corpora, runtime
from intone.errors import DataError, LeakError

SPEAKER = r"/(s\d)-"


@pytest.fixture
def clips(made_corpus):
    return corpora.read("folder", made_corpus, speaker=SPEAKER)


@pytest.fixture
def model():
    return intone.load()


def test_the_file_answers_as_the_estimator_does(model, clips, tmp_path):
    made = adaptation.adapt(model, clips)
    adapted = adaptation.write(made, tmp_path / "own.onnx", name="own")
    assert adapted.labels == ("angry", "neutral", "sad")
    assert adapted.self_test() < 1e-5
    some = [clips[0].path, clips[50].path, clips[90].path]
    estimator = adaptation.EmotionClassifier()
    estimator.fit([clip.path for clip in clips], [clip.emotion for clip in clips])
    heard = [list(adapted.predict(path).probabilities.values()) for path in some]
    np.testing.assert_allclose(heard, estimator.predict_proba(some), atol=1e-4)
    assert adapted.description.training["adapted_from"] == model.name


def test_its_figures_are_of_unseen_speakers(model, clips):
    report = adaptation.adapt(model, clips).report
    assert (report.stamp, report.speakers, report.clips) == ("unseen speakers", 8, 96)
    assert report.uar.value > 0.6  # pitch alone tells these three apart
    shuffled = np.random.default_rng(0).permutation([clip.emotion for clip in clips])
    lost = [
        corpora.Utterance(**{**vars(clip), "emotion": str(emotion)})
        for clip, emotion in zip(clips, shuffled, strict=True)
    ]
    assert adaptation.adapt(model, lost).report.uar.value < 0.55


def test_nobody_knows_the_speakers(model, made_corpus):
    report = adaptation.adapt(model, corpora.read("folder", made_corpus)).report
    assert report.stamp == "speakers unknown"


def test_a_single_speaker_is_split_at_random_and_stamped(model, clips):
    own = [clip for clip in clips if clip.path.stem.startswith("s1")]
    assert adaptation.adapt(model, own).report.stamp == "speaker-dependent"


def test_two_labels_share_one_output(model, clips, tmp_path):
    two = [clip for clip in clips if clip.emotion != "sad"]
    adapted = adaptation.write(adaptation.adapt(model, two), tmp_path / "two.onnx", name="two")
    assert adapted.labels == ("angry", "neutral")


def test_one_label_is_refused(model, clips):
    with pytest.raises(DataError, match="all clips are sad; adapting needs at least two labels"):
        adaptation.adapt(model, [clip for clip in clips if clip.emotion == "sad"])


@pytest.mark.parametrize(
    ("emotions", "speaker", "words"),
    [
        (
            {"s1": "sad", "s2": "angry"},
            SPEAKER,
            r"are \w+ \(those of folder/s[12]\); give more clips",
        ),
        ({"s1": "sad", "s2": "angry"}, None, r"are \w+ \(those of folder/\w+/s[12]-0.wav\)"),
    ],
)
def test_a_fold_of_one_label_is_refused(model, made_corpus, emotions, speaker, words):
    chosen = [
        clip
        for clip in corpora.read("folder", made_corpus, speaker=speaker)
        if emotions.get(clip.path.stem.partition("-")[0]) == clip.emotion
        and (speaker or clip.path.stem.endswith("-0"))
    ]
    with pytest.raises(DataError, match=f"all clips that a fold learns from {words}"):
        adaptation.adapt(model, chosen)


def test_clips_that_the_model_knows_are_refused(model, clips, tmp_path):
    adapted = adaptation.write(adaptation.adapt(model, clips), tmp_path / "own.onnx", name="own")
    with pytest.raises(LeakError, match="own was trained on 96 of these 96 clips"):
        adaptation.adapt(adapted, clips)
    assert adaptation.adapt(adapted, clips, allow_leak=True).report.stamp == "leaky"


def test_the_verb(run, made_corpus, tmp_path):
    output = tmp_path / "own.onnx"
    data = ["--data", f"folder={made_corpus}", "--speaker", SPEAKER, "--output", str(output)]
    code, out, _ = run("adapt", *data)
    assert code == 0
    assert "unseen speakers" in out
    soundfile.write(tmp_path / "x.wav", np.full(16_000, 0.1), 16_000)
    assert runtime.load(output).predict(tmp_path / "x.wav").emotion in ("angry", "neutral", "sad")
