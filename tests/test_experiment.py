"""From a folder of clips to a model file: training, records, export, the runtime."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from full_disk import full_disk
from intone import (
    audio,
    corpora,
    evaluation,
    experiment,
    export,
    runs,
    runtime,
    scoring,
    training,
    windows,
)
from intone.augment import original
from intone.augment.sound import Noise, Silence, Speed
from intone.calibration import Candidates
from intone.errors import DataError, IntoneError, LeakError, ModelError
from intone.experiment import Experiment
from intone.recipe import Recipe
from intone.runs import Run

SPEAKER = r"/(s\d)-"


@pytest.fixture(scope="session")
def subject(made_corpus: Path, tiny_recipe: Path) -> Experiment:
    clips = corpora.read("folder", made_corpus, speaker=SPEAKER)
    return experiment.prepare(Recipe.load(tiny_recipe), clips)


@pytest.fixture(scope="session")
def finished(subject: Experiment, made_corpus: Path, tmp_path_factory) -> Run:
    run = Run(tmp_path_factory.mktemp("runs") / "tiny")
    runs.train(subject, run, sources={"data": [f"folder={made_corpus}"], "speaker": SPEAKER})
    return run


@pytest.fixture(scope="session")
def model(subject: Experiment, finished: Run) -> runtime.Model:
    record, _ = runs.load_record(finished.folder)
    fitted = export.refit(subject, record)
    return export.export(
        subject,
        fitted,
        record,
        finished.folder / "model.onnx",
        name="tiny",
        candidates=Candidates(threshold=0.2, coverage=0.9),
    )


def test_learns_from_six_speakers_what_holds_for_the_others(finished):
    record, [scores] = runs.load_record(finished.folder)
    assert record["stamp"] == "unseen speakers"
    assert record["report"]["uar"]["value"] > 0.8
    assert len(set(scores.ids)) == len(scores.ids) == 96


def test_every_figure_of_a_record_follows_from_its_probabilities(finished):
    record, scores = runs.load_record(finished.folder)
    again = runs.report(record, scores)
    assert again == evaluation.Report.from_dict(record["report"])
    [one] = scores
    hits = one.probabilities.argmax(axis=1) == one.truth
    assert record["report"]["accuracy"]["value"] == pytest.approx(hits.mean())
    assert record["uar_by_seed"] == [pytest.approx(record["report"]["uar"]["value"])]


def test_a_record_holds_no_path_of_this_machine(finished, made_corpus):
    text = (finished.folder / "record.json").read_text()
    assert str(made_corpus) not in text
    assert str(finished.folder) not in text


def test_the_scaler_and_the_weights_come_from_the_training_part_alone(subject):
    split = subject.splits[0]
    fitted = experiment.fit(subject, split.train, seed=0, last_epoch=1)
    rows = np.isin(subject.data.owner, subject.places(split.train))
    heard = subject.data.fixed["frames"][rows]
    np.testing.assert_allclose(
        fitted.scalers["frames"].mean, heard.mean(axis=(0, 2), dtype=np.float64), rtol=1e-4
    )


class KilledError(Exception):
    """What stops a fit in the middle."""


def killed_after(epochs: int):
    def track(items, label, total):
        for number, item in enumerate(items):
            if number == epochs:
                raise KilledError
            yield item

    return track


def test_a_killed_fit_goes_on_as_if_it_had_never_stopped(subject, tmp_path):
    split = subject.splits[0]

    def fit(**options):
        return experiment.fit(subject, split.train, split.validation, seed=3, **options)

    whole = fit()
    with pytest.raises(KilledError):
        fit(checkpoint=tmp_path / "c.pt", track=killed_after(3))
    resumed = fit(checkpoint=tmp_path / "c.pt")
    assert [e.train_loss for e in resumed.fit.history] == [e.train_loss for e in whole.fit.history]
    for name, value in whole.net.state_dict().items():
        torch.testing.assert_close(resumed.net.state_dict()[name], value, rtol=0, atol=0)


def test_random_windows_do_not_depend_on_the_company_of_a_clip(subject):
    long = max(range(96), key=lambda clip: len(subject.data.sounds.samples[subject.data.ids[clip]]))

    def window(clips: list[int], epoch: int):
        part = subject.data.drawn(clips, {"frames": None}, seed=1, epoch=epoch, sound=[Noise()])
        return part.inputs(np.array([clips.index(long)]))["frames"]

    np.testing.assert_array_equal(window([long], 2), window([9, long, 2], 2))
    assert not np.array_equal(window([long], 2), window([long], 3))


@pytest.mark.parametrize("change", [Speed(low=0.5, high=0.5), Speed(low=2, high=2), Silence()])
def test_a_window_has_its_length_whatever_the_length_of_the_changed_clip(subject, change):
    part = subject.data.drawn([0, 1], {"frames": None}, seed=1, epoch=1, sound=[change] * 3)
    assert part.inputs(np.arange(2))["frames"].shape == (2, *subject.data.shapes["frames"])


def test_copies_are_trained_on_and_never_scored(subject, made_corpus):
    recipe = Recipe.parse(
        subject.recipe.model_dump() | {"augment": {"copies": [{"kind": "noise"}] * 2}}, "recipe"
    )
    more = experiment.prepare(recipe, subject.utterances)
    assert len(more.data.ids) == 3 * 96
    assert more.splits == subject.splits
    split = more.splits[0]
    fitted = experiment.fit(more, split.train, split.validation, seed=0, last_epoch=1)
    heard = [place for place, id in enumerate(more.data.ids) if original(id) in set(split.train)]
    assert len(heard) == 3 * len(split.train)
    expected = more.data.scalers(heard, ["frames"])["frames"]
    np.testing.assert_array_equal(fitted.scalers["frames"].mean, expected.mean)


def test_votes_are_learned_where_a_corpus_has_them(subject):
    voted = [
        replace(u, votes={"angry": 3, "sad": 1}) if n == 0 else u
        for n, u in enumerate(subject.utterances)
    ]
    recipe = Recipe.parse(
        subject.recipe.model_dump() | {"training": {"epochs": 1, "soft_labels": True}}, "recipe"
    )
    soft = experiment.prepare(recipe, voted)
    assert soft.mapping.labels == ("neutral", "sad", "angry")
    np.testing.assert_array_equal(soft.data.shares[0], [0, 0.25, 0.75])
    np.testing.assert_array_equal(soft.data.shares[1:].max(axis=1), 1)
    np.testing.assert_array_equal(soft.data.targets, subject.data.targets)


def test_retraining_ends_at_the_best_epoch_without_validation(subject):
    split = subject.splits[0]
    settings = subject.recipe.training.model_copy(update={"retrain": True})
    recipe = subject.recipe.model_copy(update={"training": settings})
    again = replace(subject, recipe=recipe)
    fitted = experiment.fit(again, split.train, split.validation, seed=1)
    plain = experiment.fit(subject, split.train, seed=1, last_epoch=fitted.fit.best_epoch)
    for name, value in plain.net.state_dict().items():
        torch.testing.assert_close(fitted.net.state_dict()[name], value, rtol=0, atol=0)


def test_a_finished_run_is_not_overwritten_and_another_recipe_is_refused(subject, finished):
    sources = {"data": [], "speaker": None}
    with pytest.raises(DataError, match="holds a run already; --resume goes on with it"):
        runs.train(subject, finished, sources=sources)
    other = experiment.prepare(
        subject.recipe.model_copy(update={"title": "another"}), subject.utterances
    )
    with pytest.raises(DataError, match="holds a run with another recipe"):
        runs.train(other, finished, sources=sources, resume=True)
    before = (finished.folder / "record.json").stat().st_mtime_ns
    runs.train(subject, finished, sources=sources, resume=True)
    assert (finished.folder / "record.json").stat().st_mtime_ns > before


def test_training_goes_on_from_saved_weights_of_the_same_split_only(subject, finished, tmp_path):
    settings = subject.recipe.training.model_copy(update={"epochs": 1, "learning_rate": 1e-6})
    recipe = subject.recipe.model_copy(update={"training": settings})
    again = replace(subject, recipe=recipe)
    sources = {"data": [], "speaker": None}
    fresh, going_on = Run(tmp_path / "fresh"), Run(tmp_path / "on")
    bare = runs.train(again, fresh, sources=sources)["report"]["cross_entropy"]["value"]
    on = runs.train(again, going_on, sources=sources, start_from=finished)
    assert on["report"]["cross_entropy"]["value"] < 0.5 * bare
    shuffled = experiment.prepare(recipe, subject.utterances, seed=1)
    with pytest.raises(LeakError, match="its fold 0 was split otherwise"):
        runs.train(shuffled, Run(tmp_path / "x"), sources=sources, start_from=finished)


def test_a_random_split_is_refused_until_it_is_declared(subject):
    recipe = Recipe.parse(
        subject.recipe.model_dump() | {"protocol": {"name": "random", "folds": 1}}, "recipe"
    )
    with pytest.raises(LeakError, match="speaker"):
        experiment.prepare(recipe, subject.utterances)
    allowed = experiment.prepare(recipe, subject.utterances, allow_leak=True)
    assert [split.stamp for split in allowed.splits] == ["speaker-dependent"]


def test_the_model_file_says_what_it_is(model, finished):
    description = model.description
    assert description.labels == ("neutral", "sad", "angry")
    assert description.expected["stamp"] == "unseen speakers"
    assert description.training["recipe"]["title"] == "a tiny net on a made corpus"
    assert len(description.training["clips"]) == 96
    assert model.self_test() <= description.tolerance


def test_a_clip_s_answer_is_the_same_alone_and_in_pieces_and_as_trained(model, subject):
    """Array, file and blocks give the same numbers, and they are those of torch."""
    for id in subject.data.ids[::16]:
        samples = subject.data.sounds.samples[id]
        heard = model.predict(np.asarray(samples), sample_rate=audio.SAMPLE_RATE)
        [path] = [u.path for u in subject.utterances if u.id == id]
        assert model.predict(path).probabilities == heard.probabilities
        assert len(heard.timeline) == len(windows.starts(len(samples), model.description.window))
        mean = np.mean([list(part.probabilities.values()) for part in heard.timeline], axis=0)
        np.testing.assert_allclose(list(heard.probabilities.values()), mean, atol=1e-12)


def test_the_model_agrees_with_torch_on_every_clip(model, subject, finished):
    record, _ = runs.load_record(finished.folder)
    fitted = export.refit(subject, record)
    assert record["temperature"] != 1
    with torch.no_grad():
        for value in fitted.net.head.parameters():
            value /= record["temperature"]
    part = experiment.part(subject, subject.data.ids, fitted.scalers)
    expected = training.predict(fitted.net, part)
    for id, row in zip(subject.data.ids, expected, strict=True):
        heard = model.predict(np.asarray(subject.data.sounds.samples[id]), sample_rate=16_000)
        np.testing.assert_allclose(list(heard.probabilities.values()), row, atol=1e-5)


def test_embed_gives_the_input_of_the_last_layer(model, subject):
    embedding = model.embed(
        np.asarray(subject.data.sounds.samples[subject.data.ids[0]]), sample_rate=16_000
    )
    assert embedding.shape == (64,)
    assert np.isfinite(embedding).all()


def test_a_model_is_not_scored_on_its_own_training_clips(model, subject, tmp_path):
    with pytest.raises(LeakError, match=r"trained on 96 of these 96 clips .* reached UAR \d"):
        scoring.evaluate(model.path, subject.utterances)


def test_a_model_is_scored_on_clips_it_has_not_heard(model, tmp_path):
    import soundfile

    from conftest import PITCHES, made_voice

    rng = np.random.default_rng(99)
    for emotion, pitch in PITCHES.items():
        (tmp_path / emotion).mkdir()
        for take in range(5):
            soundfile.write(tmp_path / emotion / f"{take}.wav", made_voice(pitch, 1.0, rng), 16_000)
    report = scoring.evaluate(model.path, corpora.read("folder", tmp_path))
    assert report.clips == 15
    assert report.uar.value > 0.8


def rewritten(model: runtime.Model, path: Path, change) -> Path:
    """The model file with its description changed."""
    import onnx

    graph = onnx.load(model.path)
    data = json.loads(graph.metadata_props[0].value)
    change(data)
    graph.metadata_props[0].value = json.dumps(data)
    onnx.save(graph, path)
    return path


def test_files_that_are_no_models_are_refused_in_words(model, tmp_path):
    import onnx

    with pytest.raises(ModelError, match="there is no such model file"):
        runtime.load(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(ModelError, match="not an ONNX file"):
        runtime.load(tmp_path / "text.onnx")
    graph = onnx.load(model.path)
    del graph.metadata_props[:]
    onnx.save(graph, tmp_path / "bare.onnx")
    with pytest.raises(ModelError, match="not a model of Intone"):
        runtime.load(tmp_path / "bare.onnx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.update(format_version=99), "made by a newer Intone .format_version 99"),
        (lambda data: data.update(features_version=99), "newer Intone .features_version 99"),
        (lambda data: data.update(surprise=1), "unknown setting surprise"),
        (lambda data: data.pop("window"), "description is damaged"),
        (lambda data: data.pop("labels"), "setting labels is missing"),
        (lambda data: data.update(labels=["a", "b"]), "description is damaged"),
        (lambda data: data.update(labels=None), "description is damaged"),
        (lambda data: data.update(labels=["a", "a", "b"]), "damaged .*labels"),
        (lambda data: data.update(temperature=0.0), "damaged .*temperature"),
        (lambda data: data.update(temperature=float("nan")), "damaged .*temperature"),
        (lambda data: data.update(task="x"), "damaged .*task"),
        (lambda data: data.update(sample_rate=8000), "damaged .*sample_rate"),
        (lambda data: data.update(self_test=[0.5]), "damaged .*self_test"),
        (lambda data: data.update(tolerance="x"), "description is damaged"),
        (lambda data: data.update(expected={}), "damaged .*expected"),
        (lambda data: data.update(training={}), "damaged .*training"),
        (lambda data: data.update(inputs={}), "its graph does not fit"),
        (lambda data: data.update(inputs=[]), "description is damaged"),
        (lambda data: data.update(window=[]), "description is damaged"),
        (lambda data: data["window"].update(hop=0), "hop is 0"),
        (lambda data: data["window"].update(hop=1.5), "whole numbers"),
        (lambda data: data["window"].update(length=10**9), "at most"),
        (lambda data: data["inputs"]["frames"]["front_end"].update(n_fft=10**9), "n_fft"),
        (lambda data: data["inputs"]["frames"]["front_end"].update(hop_length=999), "not fit"),
        (lambda data: data["inputs"]["frames"]["scaler"].update(mean=[1e39] * 32), "numbers"),
        (lambda data: data["candidates"].update(threshold=1.5), "threshold 1.5 for coverage 0.9"),
        (lambda data: data.update(candidates=[]), "setting coverage, threshold is missing"),
    ],
)
def test_a_description_that_does_not_fit_is_refused_in_words(model, tmp_path, change, message):
    with pytest.raises(ModelError, match=message):
        runtime.load(rewritten(model, tmp_path / "changed.onnx", change))


DAMAGED = b"\x80\x04not what it was"


@pytest.mark.parametrize("name", ["net.pt", "split.json", "fit.json", "scores.npz"])
def test_a_lost_file_of_a_fit_is_made_again_and_a_damaged_one_is_named(
    subject, finished, tmp_path, name
):
    run = Run(tmp_path / "run")
    shutil.copytree(finished.folder, run.folder)
    sources = {"data": [], "speaker": None}
    lost = run.folder / "fold-1-seed-0" / name
    lost.unlink()
    runs.train(subject, run, sources=sources, resume=True)
    assert lost.exists()
    again, before = runs.load_record(run.folder), runs.load_record(finished.folder)
    assert again[0]["report"] == before[0]["report"]
    lost.write_bytes(DAMAGED)
    read_by_resume = name in ("fit.json", "scores.npz")
    again = run if read_by_resume else Run(tmp_path / "x")
    options = {"resume": True} if read_by_resume else {"start_from": run, "folds": [1]}
    with pytest.raises(DataError, match="is damaged; delete it, and go on with --resume"):
        runs.train(subject, again, sources=sources, **options)


@pytest.mark.parametrize("name", ["record.json", "record.npz", "run.json"])
def test_a_damaged_record_is_named(finished, tmp_path, name):
    shutil.copytree(finished.folder, tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(DAMAGED)
    with pytest.raises(DataError, match=f"{name}: is damaged"):
        runs.load_record(tmp_path / "run") if "record" in name else Run(tmp_path / "run").manifest


def test_a_damaged_checkpoint_is_named(subject, tmp_path):
    split = subject.splits[0]
    (tmp_path / "c.pt").write_bytes(DAMAGED)
    with pytest.raises(DataError, match=r"c\.pt: is damaged"):
        experiment.fit(subject, split.train, split.validation, seed=3, checkpoint=tmp_path / "c.pt")


def test_changed_labels_are_another_run(subject, finished):
    """The same clips, counts and splits, but what is learned of two clips has changed places."""
    first, last = subject.utterances[0], subject.utterances[-1]
    swapped = [
        replace(u, emotion={first.id: last.emotion, last.id: first.emotion}.get(u.id, u.emotion))
        for u in subject.utterances
    ]
    other = experiment.prepare(subject.recipe, swapped)
    other = replace(other, splits=subject.splits)
    with pytest.raises(DataError, match="holds a run with another clips"):
        runs.train(other, finished, sources={}, resume=True)
    with pytest.raises(DataError, match="are not those of the run"):
        runs.check_clips(other, runs.load_record(finished.folder)[0])


def test_two_processes_do_not_train_one_run(subject, finished):
    with runs.alone(finished), pytest.raises(DataError, match="another process trains this run"):
        runs.train(subject, finished, sources={"data": [], "speaker": None}, resume=True)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_windows_too_short_for_a_net_are_told_before_the_work(subject):
    recipe = Recipe.parse(
        subject.recipe.model_dump() | {"window": {"length": 4_000, "hop": 4_000}}, "recipe"
    )
    with pytest.raises(DataError, match="SingleCNN cannot read inputs .* make window.length long"):
        experiment.prepare(recipe, subject.utterances)


VECTOR = {"inputs": {"vector": {"features": [{"kind": "mfcc"}], "pool": ["mean"]}}}


def test_what_a_net_gives_is_looked_at_before_the_work(subject, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "made_answers.py").write_text(
        """
from torch import nn

class Net(nn.Module):
    def __init__(self, *, classes, vector_shape, gives):
        super().__init__()
        self.head = nn.Linear(vector_shape[0], classes)
        self.gives = gives
    def forward(self, vector):
        logits = self.head(vector)
        return {"two": logits[:, :2], "one": logits.sum(1), "pair": (logits, 1)}[self.gives]
"""
    )
    for gives, words in {
        "two": r"gives \[2, 2\] for 2 windows and 3 labels; .* \[2, 3\]",
        "one": r"gives \[2\] for 2 windows and 3 labels",
        "pair": "gives tuple for 2 windows and 3 labels",
        "none": r"KeyError: 'none' \(made_answers.py, line 11\)",
    }.items():
        net = {"net": {"name": "made_answers:Net", "options": {"gives": gives}}}
        with pytest.raises(DataError, match=words):
            experiment.prepare(_varied(subject, VECTOR | net), subject.utterances)


def _varied(subject: Experiment, changes: dict) -> Recipe:
    return Recipe.parse(subject.recipe.model_dump() | changes, "recipe")


def test_batch_norm_and_batches_of_one_are_told_before_the_work(subject):
    changes = {
        "net": {"name": "VectorCNN", "options": {"kernels": (4, 4, 4)}},
        "training": {"epochs": 1, "batch_size": 1},
    }
    with pytest.raises(DataError, match="VectorCNN cannot learn from one .* training.batch_size"):
        experiment.prepare(_varied(subject, changes), subject.utterances)


def test_training_parts_of_one_label_are_told_before_the_work(subject):
    speakers = dict(zip(["angry", "sad"], ["folder/s0", "folder/s1"], strict=True))
    apart = [clip for clip in subject.utterances if speakers.get(clip.emotion) == clip.speaker]
    changes = VECTOR | {"net": {"name": "LinearSVM"}, "protocol": {"folds": 2, "validation": 0}}
    with pytest.raises(
        DataError, match="LinearSVM .* give clips of each emotion from two speakers"
    ):
        experiment.prepare(_varied(subject, changes), apart)


def test_a_full_disk_leaves_no_half_of_a_model(model, tmp_path):
    before = model.path.read_bytes()
    graph = onnx.load_from_string(before)
    output = tmp_path / "m.onnx"
    output.write_bytes(before)
    with full_disk(), pytest.raises(IntoneError, match=r"m.onnx: cannot be written: .*make room"):
        export.write(graph, model.description, output, lambda _: 0.0)
    assert [*tmp_path.iterdir()] == [output]
    assert output.read_bytes() == before
    with pytest.raises(ModelError, match=r"m.onnx: not written, its answers are off by 1.0e\+00"):
        export.write(graph, model.description, output, lambda _: 1.0)
    assert [*tmp_path.iterdir()] == [output]
    export.write(graph, model.description, output, lambda _: 0.0)
    assert output.read_bytes() == before


def test_a_fold_that_is_not_there_is_refused(subject, tmp_path):
    with pytest.raises(DataError, match="no fold 7; the protocol has 0 to 1"):
        runs.train(subject, Run(tmp_path / "x"), sources={}, folds=[7, 0])


def test_a_run_of_some_folds_says_so(subject, finished):
    record, scores = runs.load_record(finished.folder)
    partial = {**record, "folds": [0]}
    assert runs.report(partial, scores).protocol == "unseen-speakers, only 1 of 2 folds"


def test_a_file_of_the_first_format_still_answers_and_claims_nothing(model, tmp_path):
    def first(data):
        data["format_version"] = 1
        del data["candidates"]

    signal = runtime.self_test_signal()
    before = runtime.load(rewritten(model, tmp_path / "first.onnx", first))
    old = before.predict(signal, sample_rate=16_000)
    new = model.predict(signal, sample_rate=16_000)
    assert old.probabilities == new.probabilities
    assert (old.candidates, old.unsure) == ((), None)
    assert new.candidates[0] == new.emotion
    assert new.unsure is (sorted(new.probabilities.values())[-2] >= 0.2)
    assert '"format_version": 2' in before.description.to_json()


def test_a_damaged_model_fails_its_self_test(model, tmp_path):
    def swap(data):
        data["self_test"] = data["self_test"][::-1]

    changed = runtime.load(rewritten(model, tmp_path / "changed.onnx", swap))
    assert changed.self_test() > 0.01


def test_the_bundled_model_passes_its_self_test():
    model = runtime.load()
    assert model.self_test() <= model.description.tolerance
    assert model.path.stat().st_size <= 16_000_000
