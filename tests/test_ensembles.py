"""Runs become one: on their probabilities, fold by fold, and as one model file."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from intone import corpora, ensembles, experiment, export, files, nets, runs, runtime, scoring
from intone.ensembles import distillation, members
from intone.ensembles.joined import join
from intone.errors import DataError, LeakError, ModelError
from intone.evaluation import Report
from intone.runs import Run
from intone.training import DivergedError
from intone.windows import WindowRule
from made_runs import BRIGHT, CALM, MLP, SPEAKER, made_recipe, made_run

TINY_NET = {
    "inputs": {
        "frames": {
            "features": [{"kind": "log_mel", "n_mels": 32}],
            "n_fft": 1024,
            "hop_length": 480,
        }
    },
    "net": {"name": "SingleCNN"},
    "training": {"epochs": 2, "learning_rate": 1e-2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def calm(made_corpus, folder) -> Run:
    return made_run(made_corpus, folder / "calm", made_recipe(CALM))


@pytest.fixture(scope="module")
def bright(made_corpus, folder) -> Run:
    return made_run(made_corpus, folder / "bright", made_recipe(BRIGHT))


@pytest.fixture(scope="module")
def net(made_corpus, folder) -> Run:
    return made_run(made_corpus, folder / "net", made_recipe(**TINY_NET))


@pytest.fixture(scope="module")
def alone(made_corpus, folder) -> list[Path]:
    """Three runs, each of which knows one label against the rest."""
    return [
        made_run(
            made_corpus,
            folder / f"only-{label}",
            made_recipe(BRIGHT, labels={"one_vs_rest": label}, net={"name": "LinearSVM"}),
        ).folder
        for label in ("sad", "angry", "neutral")
    ]


def combine(folders, method, *changes: str) -> ensembles.Ensemble:
    return ensembles.learn(folders, method, ensembles.parse(method, changes))


def stored(run: Run, fold: int) -> dict[str, np.ndarray]:
    return files.read_arrays(run.folder / f"fold-{fold}-seed-0" / "scores.npz")


def test_the_average_is_the_mean_of_the_members_out_of_fold_answers(calm, bright, tmp_path):
    made = combine([calm.folder, bright.folder], "average")
    record = ensembles.write(made, tmp_path / "e")
    expected = np.concatenate(
        [
            (stored(calm, fold)["test_probabilities"] + stored(bright, fold)["test_probabilities"])
            / 2
            for fold in range(2)
        ]
    )
    again, [scores] = runs.load_record(tmp_path / "e")
    np.testing.assert_allclose(scores.probabilities, expected, atol=2e-3)
    assert runs.report(again, [scores]) == Report.from_dict(record["report"])
    assert len(set(scores.ids)) == 96
    for key in ("data", "protocol", "stamp", "splits", "seeds", "folds", "labels"):
        assert again[key] == runs.load_record(calm.folder)[0][key]


def test_weights_are_learned_on_each_fold_s_validation_part_alone(calm, bright):
    made = combine([calm.folder, bright.folder], "genetic", "population=10", "generations=5")
    for fold in range(2):
        learned = made.learned[fold, 0]
        answers = made.members.answers("validation", fold, 0)
        split = files.read_json(calm.folder / f"fold-{fold}-seed-0" / "split.json")
        assert set(answers.ids) == set(split["validation"])
        macro_f1 = ensembles.genetic.macro_f1(learned.weights[None], answers.stacked, answers.truth)
        assert macro_f1[0] == pytest.approx(learned.evolution.best[:, -1].max())


def test_what_happens_in_the_test_part_changes_no_weight(calm, bright, tmp_path):
    changed = tmp_path / "calm"
    shutil.copytree(calm.folder, changed)
    for fold in range(2):
        path = changed / f"fold-{fold}-seed-0" / "scores.npz"
        arrays = files.read_arrays(path)
        arrays["test_probabilities"] = arrays["test_probabilities"][:, ::-1]
        files.write_arrays(path, arrays)
    for method in ("genetic", "stacking"):
        before = combine([calm.folder, bright.folder], method)
        after = combine([changed, bright.folder], method)
        answers = before.members.answers("test", 0, 0).members
        np.testing.assert_array_equal(before.learned[0, 0](answers), after.learned[0, 0](answers))


def test_stacking_by_logistic_regression_is_scikit_learn_s(calm, bright):
    made = combine([calm.folder, bright.folder], "stacking", "net.name=LogisticRegression")
    heard, tested = (made.members.answers(part, 1, 0) for part in ("validation", "test"))
    oracle = LogisticRegression(max_iter=1000).fit(np.hstack(heard.members), heard.truth)
    expected = oracle.predict_proba(np.hstack(tested.members))
    np.testing.assert_allclose(made.learned[1, 0](tested.members), expected, atol=2e-5)


def test_the_meta_model_of_report_a_reads_seven_answers():
    net = nets.build("MetaMLP", classes=7, shapes={"vector": (7,)})
    assert nets.parameters(net) == 7 * 512 + 512 + 512 * 7 + 7
    assert [type(layer).__name__ for layer in net.hidden] == ["Linear", "ReLU", "Dropout"]
    assert net.hidden[2].p == 0.4


def test_nets_that_know_one_label_are_stacked_to_know_all(alone, tmp_path):
    made = combine(alone, "stacking")
    assert made.members.labels == ("neutral", "sad", "angry")
    assert made.members.names == ("only-neutral", "only-sad", "only-angry")
    answers = made.members.answers("validation", 0, 0)
    assert [own.shape[1] for own in answers.members] == [1, 1, 1]
    emotions = [id.split("/")[1] for id in answers.ids]
    assert [made.members.labels[place] for place in answers.truth] == emotions
    record = ensembles.write(made, tmp_path / "e")
    assert record["report"]["uar"]["value"] > 0.6
    assert record["recipe"]["labels"]["one_vs_rest"] is None
    assert record["mapping"] == "as-labelled (version 1): neutral, sad, angry"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": {"changes": {"sad": False}}}, "its labels are neutral, angry, not neutral, s"),
        ({"labels": {"one_vs_rest": "sad"}}, "one of them knows all labels, the other one against"),
        ({"protocol": {"name": "unseen-speakers", "folds": 4}}, "its folds are others"),
        ({"training": {"epochs": 1, "seeds": [0, 1]}}, r"its seeds: \[0, 1\], not \[0\]"),
    ],
)
def test_members_that_do_not_go_together_are_refused(calm, made_corpus, tmp_path, changes, message):
    other = made_run(made_corpus, tmp_path / "other", made_recipe(**changes))
    with pytest.raises(DataError, match=f"other: cannot join calm: {message}"):
        members.read([calm.folder, other.folder])


def test_other_splits_are_refused_and_so_are_other_clips(calm, made_corpus, folder, tmp_path):
    other = made_run(made_corpus, tmp_path / "other", made_recipe(), seed=3)
    with pytest.raises(DataError, match="its folds are others"):
        members.read([calm.folder, other.folder])
    copied = tmp_path / "copied"
    shutil.copytree(calm.folder, copied)
    record = files.read_json(copied / "record.json")
    for change, message in (
        ({"clips": "0"}, "its clips or their labels are others"),
        ({"stamp": "leaky"}, "its stamp: leaky, not unseen speakers"),
    ):
        files.write_json(copied / "record.json", {**record, **change})
        with pytest.raises(DataError, match=message):
            members.read([calm.folder, copied])


def test_what_is_no_run_to_combine_is_told(calm, bright, alone, tmp_path):
    with pytest.raises(DataError, match="needs two runs or more"):
        members.read([calm.folder])
    with pytest.raises(DataError, match="a run is named twice"):
        members.read([calm.folder, calm.folder])
    made = combine([calm.folder, bright.folder], "average")
    ensembles.write(made, tmp_path / "e")
    with pytest.raises(DataError, match="is an ensemble; name its members instead"):
        members.read([calm.folder, tmp_path / "e"])
    with pytest.raises(DataError, match="holds a run already"):
        ensembles.write(made, tmp_path / "e")
    with pytest.raises(DataError, match="joined by --method stacking"):
        combine(alone, "average")
    with pytest.raises(DataError, match="needs one for each"):
        combine(alone[:2], "stacking")
    with pytest.raises(DataError, match="LSTMDense cannot be a meta model"):
        combine([calm.folder, bright.folder], "stacking", "net.name=LSTMDense")


def test_what_fails_leaves_no_folder_behind(calm, bright, tmp_path):
    folders = [calm.folder, bright.folder]
    with pytest.raises(DivergedError, match="lower training.learning_rate"):
        combine(folders, "stacking", "training.learning_rate=1e30")
    made = combine(folders, "average")
    lost = ensembles.weighted.Weighted(np.array([0.5, np.nan]))
    with pytest.raises(DataError, match="the probabilities must be finite"):
        ensembles.write(replace(made, learned=dict.fromkeys(made.learned, lost)), tmp_path / "e")
    assert not list((tmp_path / "e").iterdir())
    ensembles.write(made, tmp_path / "e")
    assert Run(tmp_path / "e").manifest["ensemble"]["method"] == "average"


def test_damaged_members_are_named_before_the_work(calm, bright, tmp_path):
    copied = tmp_path / "calm"
    shutil.copytree(calm.folder, copied)
    record = files.read_json(copied / "record.json")
    for change, message in (
        ({"report": None}, r"record.json: is damaged \(report: .*; make it anew"),
        ({"recipe": {}}, f"{copied}: title: is missing"),
    ):
        files.write_json(copied / "record.json", record | change)
        with pytest.raises(DataError, match=message):
            members.read([bright.folder, copied])
    files.write_json(copied / "record.json", record)
    path = copied / "fold-1-seed-0" / "scores.npz"
    arrays = files.read_arrays(path)
    files.write_arrays(path, arrays | {"test_ids": arrays["validation_ids"]})
    with pytest.raises(DataError, match=f"{path}: is damaged; delete it, and go on with --resume"):
        combine([bright.folder, copied], "average")


@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("genetic", "populaton=3", "--method genetic: populaton: there is no such setting"),
        ("genetic", "mutation=2", "--method genetic: mutation: .*less than or equal to 1"),
        ("average", "x=1", "x: there is no such setting"),
        ("stacking", "training.epochs=0", "training.epochs: .*greater than 0"),
    ],
)
def test_settings_are_strict(method, change, message):
    with pytest.raises(DataError, match=message):
        ensembles.parse(method, [change])


def test_an_early_run_without_its_labels_borrows_those_of_its_record(calm, bright, tmp_path):
    early = tmp_path / "calm"
    shutil.copytree(calm.folder, early)
    for path in early.glob("fold-*/scores.npz"):
        arrays = files.read_arrays(path)
        kept = {key: value for key, value in arrays.items() if not key.endswith("truth")}
        files.write_arrays(path, kept)
    for part in ("validation", "test"):
        before = members.read([calm.folder, bright.folder]).answers(part, 1, 0)
        after = members.read([early, bright.folder]).answers(part, 1, 0)
        np.testing.assert_array_equal(before.truth, after.truth)


# One model file.

HALVES = ensembles.weighted.Weighted(np.array([0.5, 0.5]))


def clip(made_corpus: Path) -> Path:
    return made_corpus / "angry" / "s3-1.wav"


def exported(run: Run, made_corpus: Path) -> runtime.Model:
    path = run.folder / "model.onnx"
    if not path.exists():
        record, _ = runs.load_record(run.folder)
        clips = corpora.read("folder", made_corpus, speaker=SPEAKER)
        subject = experiment.prepare(run.recipe, clips)
        fitted = export.refit(subject, record)
        export.export(subject, fitted, record, path, name=run.folder.name)
    return runtime.load(path)


def joined_file(folders, method, made_corpus, output: Path, *changes: str):
    """Gives the file's model, those of its members, and what combines them."""
    record = ensembles.write(combine(folders, method, *changes), output)
    joined, learned = ensembles.relearn(Run(output).manifest)
    models = [
        replace(model, description=replace(model.description, temperature=1.0))
        for model in (exported(run, made_corpus) for run in joined.runs)
    ]
    made = join(  # what calibrates a member has no say: the weights learned from plain answers
        [replace(m, description=replace(m.description, temperature=1.5)) for m in models],
        learned,
        record,
        output / "model.onnx",
        name="joined",
        one_vs_rest=joined.one_vs_rest,
    )
    return made, models, learned


def heard(model: runtime.Model, path: Path) -> np.ndarray:
    return np.array([*model.predict(path).probabilities.values()], np.float32)


def test_a_file_of_a_net_and_an_estimator_answers_their_weighted_mean(
    net, bright, made_corpus, tmp_path
):
    folders = [net.folder, bright.folder]
    made, models, learned = joined_file(folders, "genetic", made_corpus, tmp_path / "e")
    for path in (clip(made_corpus), made_corpus / "sad" / "s7-0.wav"):
        expected = learned.weights @ np.stack([heard(model, path) for model in models])
        np.testing.assert_allclose(heard(made, path), expected, atol=1e-5)
    assert set(made.description.inputs) == {"frames0", "vector1"}
    assert made.self_test() <= made.description.tolerance
    assert made.embed(clip(made_corpus)).shape == (64 + 6,)
    assert made.description.training["ensemble"]["members"] == ["net", "bright"]
    with pytest.raises(LeakError, match="trained on 96 of these 96 clips"):
        scoring.evaluate(made.path, corpora.read("folder", made_corpus))


def test_a_file_of_stacked_members_that_hear_the_same_has_one_input(alone, made_corpus, tmp_path):
    made, models, learned = joined_file(alone, "stacking", made_corpus, tmp_path / "e")
    assert [*made.description.inputs] == ["vector0"]
    assert made.labels == ("neutral", "sad", "angry")
    [short] = made.predict(clip(made_corpus)).timeline[:1]
    own = [
        np.array([[*model.predict(clip(made_corpus)).timeline[0].probabilities.values()]])
        for model in models
    ]
    expected = learned([one[:, :1] for one in own])
    np.testing.assert_allclose([*short.probabilities.values()], expected[0], atol=1e-5)


def test_what_combines_members_of_a_file_is_learned_on_out_of_fold_answers(calm, bright, tmp_path):
    ensembles.write(combine([calm.folder, bright.folder], "genetic"), tmp_path / "e")
    joined, learned = ensembles.relearn(Run(tmp_path / "e").manifest)
    answers = joined.out_of_fold(0)
    assert len(answers.ids) == len(set(answers.ids)) == 96
    fitness = ensembles.genetic.macro_f1(learned.weights[None], answers.stacked, answers.truth)
    assert fitness[0] == pytest.approx(learned.evolution.best[:, -1].max())


def test_members_of_other_windows_make_no_file(calm, bright, made_corpus, tmp_path):
    record = ensembles.write(combine([calm.folder, bright.folder], "average"), tmp_path / "e")
    model = exported(calm, made_corpus)
    window = WindowRule(length=12_000, hop=6_000)
    other = replace(model, description=replace(model.description, window=window))
    with pytest.raises(DataError, match=r"calm/model.onnx: its windows are not those of"):
        join([model, other], HALVES, record, tmp_path / "e" / "model.onnx", name="x")
    assert not (tmp_path / "e" / "model.onnx").exists()


def test_a_file_that_answers_otherwise_is_not_written(calm, bright, made_corpus, tmp_path):
    record = ensembles.write(combine([calm.folder, bright.folder], "average"), tmp_path / "e")
    models = [exported(run, made_corpus) for run in (calm, bright)]

    class Wrong(ensembles.weighted.Weighted):
        def __call__(self, members):
            return super().__call__(members)[:, ::-1]

    with pytest.raises(ModelError, match="not written, its .* are off by"):
        join(models, Wrong(HALVES.weights), record, tmp_path / "e" / "m.onnx", name="x")
    assert not list((tmp_path / "e").glob("*.onnx*"))


# Distillation.


def test_a_student_learns_what_its_fold_s_members_answer_to_their_training_clips(
    calm, bright, made_corpus, tmp_path, monkeypatch
):
    clips = corpora.read("folder", made_corpus, speaker=SPEAKER)
    fits = {}
    fit = experiment.fit

    def noted(subject, train_ids, *given, **options):
        fits[tuple(train_ids)] = subject
        return fit(subject, train_ids, *given, **options)

    monkeypatch.setattr(experiment, "fit", noted)
    made = combine([calm.folder, bright.folder], "average")
    run = Run(tmp_path / "student")
    record = distillation.distill(
        made,
        made_recipe(BRIGHT, **MLP),
        lambda recipe: experiment.prepare(recipe, clips),
        run,
        sources={},
    )
    assert record["splits"] == runs.load_record(calm.folder)[0]["splits"]
    assert record["recipe"]["title"] == "a made run, taught by: Average ensemble of calm, bright"
    assert len(fits) == 2
    for train_ids, subject in fits.items():
        places = subject.places(train_ids)
        learned = subject.data.shares[places]
        np.testing.assert_allclose(learned.sum(axis=1), 1, rtol=1e-5)
        assert (learned.max(axis=1) < 1).all()
        others = [place for place in range(96) if place not in places]
        np.testing.assert_array_equal(subject.data.shares[others].max(axis=1), 1)
        # a fold's members are right about most clips that they trained on
        assert (learned.argmax(axis=1) == subject.data.targets[places]).mean() > 0.6
    student = experiment.prepare(run.recipe, clips)
    again = distillation.taught(student, run.folder)
    for place, id in enumerate(student.data.ids):
        told = [subject.data.shares[place] for ids, subject in fits.items() if id in ids]
        expected = np.mean(told, axis=0) if told else student.data.shares[place]
        np.testing.assert_allclose(again.data.shares[place], expected, rtol=1e-6)
    assert distillation.taught(student, calm.folder) is student


def test_a_student_of_other_splits_is_refused(calm, bright, made_corpus, tmp_path):
    clips = corpora.read("folder", made_corpus, speaker=SPEAKER)
    with pytest.raises(DataError, match="split otherwise than the members'"):
        distillation.distill(
            combine([calm.folder, bright.folder], "average"),
            made_recipe(BRIGHT, **MLP),
            lambda recipe: experiment.prepare(recipe, clips, seed=7),
            Run(tmp_path / "student"),
            sources={},
        )


# The command line.


def test_the_commands_combine_export_and_predict(run, calm, bright, made_corpus, tmp_path):
    output = tmp_path / "e"
    options = ["--method", "genetic", "--set", "generations=5", "--output", output]
    code, out, err = run("ensemble", calm.folder, bright.folder, *options)
    assert code == 0, err
    assert "unseen speakers" in out
    assert "weight (least-most over the fits)" in out
    assert (output / "pictures" / "convergence.svg").exists()
    record = json.loads((output / "record.json").read_text())
    assert record["command"].startswith("intone ensemble calm bright --method genetic")
    assert str(tmp_path) not in (output / "record.json").read_text()
    assert sum(record["fits"][0]["weights"].values()) == pytest.approx(1)
    assert run("export", output, "-q")[0] == 0
    assert run("verify", output / "model.onnx")[0] == 0
    code, out, _ = run("predict", clip(made_corpus), "--model", output / "model.onnx")
    assert code == 0
    assert run("evaluate", output)[0] == 0
