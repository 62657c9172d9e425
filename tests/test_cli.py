"""The command line as people meet it: answers, one-line errors, exit codes."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import soundfile

import intone
from broken import make_broken
from conftest import made_voice
from intone import audio, runtime
from intone.recipe import shipped
from made_iemocap import make_iemocap

EXAMPLES = Path(intone.__file__).parent / "models" / "examples"


def lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n") if text else []


# --- predict --------------------------------------------------------------------------------------


def test_predict_names_the_emotion_of_each_file_and_where_the_model_comes_from(run):
    code, out, err = run("predict", EXAMPLES)
    assert code == 0
    head, *rows = lines(out)
    assert head.split()[:2] == ["file", "emotion"]
    assert [Path(row.split()[0]).name for row in rows] == ["agitated.wav", "calm.wav"]
    assert all(row.split()[1] in runtime.load().labels for row in rows)
    assert "trained on" in err
    assert "UAR" in err


def test_json_and_csv_say_the_same_and_probabilities_sum_to_one(run):
    [spoken] = json.loads(run("predict", EXAMPLES / "calm.wav", "--format", "json")[1])
    _, out, _ = run("predict", EXAMPLES / "calm.wav", "--format", "csv")
    [row] = csv.DictReader(io.StringIO(out))
    assert row["emotion"] == spoken["emotion"]
    assert sum(spoken["probabilities"].values()) == pytest.approx(1)
    for label, share in spoken["probabilities"].items():
        assert float(row[label]) == pytest.approx(share, abs=1e-6)
    assert spoken["emotion"] == intone.predict(EXAMPLES / "calm.wav").emotion


def test_standard_input_is_heard(monkeypatch, run):
    sound = (EXAMPLES / "calm.wav").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sound)))
    code, out, _ = run("predict", "-", "--format", "json")
    [piped], [filed] = (
        json.loads(out),
        json.loads(run("predict", EXAMPLES / "calm.wav", "--format", "json")[1]),
    )
    assert code == 0
    assert piped["probabilities"] == filed["probabilities"]


def test_output_is_written_whole_or_not_at_all(run, tmp_path):
    code, out, _ = run("predict", EXAMPLES, "--format", "csv", "--output", tmp_path / "a.csv", "-q")
    assert (code, out) == (0, "")
    assert len(lines((tmp_path / "a.csv").read_text())) == 3
    code, _, err = run("predict", EXAMPLES, "--output", tmp_path / "no" / "a.csv")
    assert code == 2
    assert "make it first" in err
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_broken_files_are_one_line_each_and_the_good_among_them_are_answered(run, tmp_path):
    broken = make_broken(tmp_path)
    good = [tmp_path / "good one.wav", tmp_path / "zz good.wav"]
    for path in good:
        path.write_bytes((EXAMPLES / "calm.wav").read_bytes())
    named = [tmp_path / name for name in broken]
    code, out, err = run("predict", *named, *good, "--format", "json", "-q")
    assert code == 2
    assert [answer["source"] for answer in json.loads(out)] == [str(path) for path in good]
    said = [line for line in lines(err) if line.startswith("intone: ")]
    assert len(said) == len(broken) >= 30
    assert "Traceback" not in err
    for line, word in zip(said, broken.values(), strict=True):
        assert word in line


def test_the_originals_are_all_read_and_answered(run, speech):
    files = audio.find([speech / "originals"])
    code, out, _ = run("predict", speech / "originals", "--format", "json", "-q")
    assert code == 0
    assert len(json.loads(out)) == len(files) == 52


def test_verify_passes_for_the_bundled_model_and_fails_for_a_changed_one(run, tmp_path):
    import onnx

    code, out, _ = run("verify")
    assert code == 0
    assert "as made" in out
    graph = onnx.load(runtime.load().path)
    data = json.loads(graph.metadata_props[0].value)
    data["self_test"] = data["self_test"][::-1]
    graph.metadata_props[0].value = json.dumps(data)
    onnx.save(graph, tmp_path / "changed.onnx")
    code, out, _ = run("verify", tmp_path / "changed.onnx")
    assert code == 1
    assert "NOT as made" in out


# --- from clips to a model file -------------------------------------------------------------------


def test_a_folder_of_clips_becomes_a_model_file(run, made_corpus, tiny_recipe, tmp_path):
    data = ["--data", f"folder={made_corpus}", "--speaker", r"/(s\d)-"]
    code, out, err = run("train", tiny_recipe, *data, "--output", tmp_path / "run")
    assert code == 0, err
    assert "unseen speakers" in out
    record = (tmp_path / "run" / "record.json").read_text()
    assert "--data folder=DIR" in record
    assert str(tmp_path) not in record
    code, again, _ = run("evaluate", tmp_path / "run")
    assert code == 0
    assert again == out
    told = json.loads((tmp_path / "run" / "report" / "report.json").read_text())
    assert told["report"]["clips"] == 96
    code, _, err = run("export", tmp_path / "run")
    assert code == 0, err
    model = tmp_path / "run" / "model.onnx"
    code, out, _ = run("predict", made_corpus / "sad", "--model", model, "--format", "json")
    assert code == 0
    assert {answer["emotion"] for answer in json.loads(out)} == {"sad"}
    code, _, err = run("evaluate", model, *data)
    assert code == 2
    assert "was trained on 96 of these 96 clips" in err


def test_weights_to_start_from_are_named_without_their_place(
    run, made_corpus, tiny_recipe, tmp_path
):
    train = ["train", tiny_recipe, "--data", f"folder={made_corpus}", "--speaker", r"/(s\d)-", "-q"]
    short = ["--set", "training.epochs=1", "--fold", "0"]
    assert run(*train, *short, "--output", tmp_path / "first")[0] == 0
    begun = ["--start-from", tmp_path / "first", "--output", tmp_path / "second"]
    code, _, err = run(*train, *short, *begun)
    assert code == 0, err
    record = json.loads((tmp_path / "second" / "record.json").read_text())
    assert record["command"].endswith("--start-from first")


def test_others_train_on_our_splits_and_we_score_what_they_predict(
    run, made_corpus, tiny_recipe, tmp_path
):
    data = ["--data", f"folder={made_corpus}", "--speaker", r"/(s\d)-"]
    code, out, err = run("split", tiny_recipe, *data, "-q")
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len([row for row in rows if row["part"] == "test"]) == 96
    assert not err
    to_file = ["--output", tmp_path / "splits.json", "--set", "protocol.folds=20"]
    code, _, err = run("split", tiny_recipe, *data, *to_file)
    assert code == 0
    folds, note, *_ = err.splitlines()
    assert folds.endswith("folds: unseen speakers")
    assert note.startswith("Note: ")
    assert note.endswith("separate speakers.")
    assert len(json.loads((tmp_path / "splits.json").read_text())) == 2

    short = ["--set", "training.epochs=1", "--output", tmp_path / "run"]
    _, ours, _ = run("train", tiny_recipe, *data, *short, "-q")
    answers = tmp_path / "answers.csv"
    assert run("evaluate", tmp_path / "run", "--predictions", answers)[0] == 0
    code, theirs, _ = run("split", tiny_recipe, *data, "--score", answers, "-q")
    assert code == 0
    assert theirs == ours
    answers.write_text("".join(answers.read_text().splitlines(keepends=True)[:-1]))
    code, _, err = run("split", tiny_recipe, *data, "--score", answers, "-q")
    assert code == 2
    assert "1 of 96 clips have no line" in err


def test_clips_without_speakers_are_stamped(run, made_corpus, tiny_recipe, tmp_path):
    options = ["--set", "training.epochs=1", "--output", tmp_path / "run"]
    code, out, err = run("train", tiny_recipe, "--data", f"folder={made_corpus}", *options)
    assert code == 0, err
    assert "speakers unknown" in out


def test_a_leaky_split_needs_to_be_allowed_and_is_stamped(run, made_corpus, tiny_recipe, tmp_path):
    data = ["--data", f"folder={made_corpus}", "--speaker", r"/(s\d)-"]
    options = ["--set", "protocol.name=random", "--set", "training.epochs=1"]
    output = ["--output", tmp_path / "run"]
    code, _, err = run("train", tiny_recipe, *data, *options, *output)
    assert code == 2
    assert "--allow-leak" in err
    assert not (tmp_path / "run").exists()
    code, out, err = run("train", tiny_recipe, *data, *options, *output, "--allow-leak")
    assert code == 0, err
    assert "speaker-dependent" in out


@pytest.mark.parametrize("recipe", [name for name in shipped() if name.startswith("c/")])
def test_report_c_runs_on_iemocap_s_layout_leaving_a_session_out(
    run, recipe, tmp_path, rng, random_encoders
):
    root = make_iemocap(tmp_path / "IEMOCAP")
    for path in root.rglob("*.wav"):
        soundfile.write(path, made_voice(150, 0.5, rng), 16_000)
    data = ["--data", f"iemocap={root}"]
    short = ["--set", "training.epochs=1", "--output", tmp_path / "run", "-q"]
    code, out, err = run("train", recipe, *data, *short)
    assert code == 0, err
    assert out.startswith("leave-one-session-out, unseen speakers")
    record = json.loads((tmp_path / "run" / "record.json").read_text())
    assert len(record["labels"]) == (11 if recipe == "c/c2" else 4)
    assert record["folds"] == [0, 1, 2, 3, 4]


# --- usage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predikt"], "No such command"),
        (["predict"], "Missing argument"),
        (["predict", "--fromat", "csv", "x.wav"], "No such option"),
        (["predict", "x.wav", "--format", "xml"], "xml"),
        (["predict", "no/such.wav"], "no such file"),
        (["predict", "x.wav", "--model", "no.onnx"], "there is no such model file"),
        (["train", "b/b1-ravdess"], "Missing option '--data'"),
        (["train", "no-recipe", "--data", "ravdess=x"], "no such recipe file"),
        (["train", "b/b1-ravdess", "--data", "ravdess"], "write it as NAME=DIR"),
        (["train", "b/b1-ravdess", "--data", "mars=x"], "no corpus mars"),
        (["train", "b/b1-ravdess", "--data", "ravdess=no-such-dir"], "no-such-dir: no such folder"),
        (["recipes", "--show", "b/b99"], "no such recipe file"),
        (["recipes", "--picture", "a.svg"], "add --show NAME"),
        (["recipes", "--show", "b/b1-ravdess", "--picture", "a.pdf"], "written as .svg or .png"),
        (["recipes", "--show", "b/b1-ravdess", "--picture", "no/a.svg"], "cannot be written"),
        (["evaluate", "no-run"], "holds no run and no record"),
        (["evaluate", "x.onnx"], "there is no such model file"),
        (["export", "no-run"], "holds no run"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(run, arguments, message):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert len(lines(err)) == 1


def test_help_lists_every_verb_and_recipes_every_recipe(run):
    code, out, _ = run("--help")
    assert code == 0
    for verb in ("predict", "train", "evaluate", "export", "verify", "corpora", "recipes"):
        assert f"  {verb} " in out
    assert run() == run("--help")
    assert [line.split()[0] for line in lines(run("recipes")[1])[1:]] == list(shipped())


def test_recipes_counts_parameters_where_torch_is(run, monkeypatch):
    head, *rows = lines(run("recipes")[1])
    assert "  parameters  " in head
    assert "  27,624  " in next(row for row in rows if row.startswith("b/b1-ravdess "))
    monkeypatch.setitem(sys.modules, "torch", None)
    code, out, _ = run("recipes")
    assert code == 0
    assert "parameters" not in out
    assert [line.split()[0] for line in lines(out)[1:]] == list(shipped())


def test_a_recipe_is_shown_with_its_network(run):
    code, out, err = run("recipes", "--show", "b/b1-ravdess")
    assert code == 0, err
    assert max(map(len, lines(out))) <= 80
    about, table, total, drawing = out.split("\n\n")[1:]
    settings = dict(row.split(maxsplit=1) for row in lines(about) if not row.startswith(" "))
    assert settings["report"] == "B1"
    assert settings["labels"].startswith("ravdess8: neutral, calm, happy,")
    assert settings["protocol"] == "ravdess-emobox"
    assert settings["window"] == "3 s, every 1.5 s"
    assert settings["frames"] == "128x94: mfcc (n_mfcc 128)"
    assert settings["training"].startswith("epochs 60, learning_rate 0.01, schedule cosine,")
    assert "batch_size" not in about
    assert lines(table)[-1].split() == ["head", "dense", "512", "->", "8", "8", "4,104"]
    assert total == "27,624 parameters; 27,848 as Keras, and so the report, counts"
    assert lines(drawing)[-1].split() == ["●", "dense", "512", "->", "8", "8"]


def test_a_report_that_counts_as_torch_is_not_counted_as_keras(run):
    assert "\n740,100 parameters\n" in run("recipes", "--show", "c/c4-mel")[1]


@pytest.mark.parametrize("name", ["net.svg", "net.png"])
def test_a_network_is_drawn(run, tmp_path, name):
    code, _, err = run("recipes", "--show", "b/b1-ravdess", "--picture", tmp_path / name)
    assert code == 0, err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    drawn = (tmp_path / name).read_bytes()
    if name == "net.png":
        assert drawn.startswith(b"\x89PNG")
    else:
        texts = [node.text for node in ElementTree.fromstring(drawn).iter() if node.text]
        assert {"conv 16 → 32", "16 × 64 × 47", "27,624 parameters"} <= set(texts)


def test_without_matplotlib_a_picture_says_what_to_install(run, tmp_path, monkeypatch):
    for module in ("pictures", "network_picture"):
        monkeypatch.delitem(sys.modules, f"intone.report.{module}", raising=False)
        monkeypatch.delattr(f"intone.report.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = run("recipes", "--show", "b/b1-ravdess", "--picture", tmp_path / "a.svg")
    assert (code, out) == (2, "")
    assert err == "intone: this needs matplotlib: pip install 'intone[report]'\n"
    assert not list(tmp_path.iterdir())


def test_help_is_there_before_torch_could_be_imported():
    """`intone --help` imports nothing heavy; its time is checked by `benchmarks/runtime.py`."""
    code = "import sys; sys.argv = ['intone', '--help']; from intone.cli import main\n"
    code += "try: main()\nexcept SystemExit: print('torch' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m intone predict {EXAMPLES} | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
