"""A sweep trains every combination, each as a run of its own, and goes on where it was."""

import json

import pytest

RECIPE = """
title = "a made run"
window = { length = 16_000, hop = 8_000 }
protocol = { name = "unseen-speakers", folds = 2 }
inputs.vector = { features = [{ kind = "mfcc", n_mfcc = 3 }], pool = ["mean"] }
net = { name = "LogisticRegression", options = { c = 0.01 } }
training = { epochs = 1 }
"""


@pytest.fixture
def words(made_corpus, tmp_path) -> list:
    (tmp_path / "mine.toml").write_text(RECIPE)
    (tmp_path / "other.toml").write_text(RECIPE.replace("n_mfcc = 3", "n_mfcc = 5"))
    data = ["--data", f"folder={made_corpus}", "--speaker", r"/(s\d)-"]
    recipes = [tmp_path / "mine.toml", tmp_path / "other.toml"]
    return ["sweep", *recipes, *data, "--output", tmp_path / "out", "-q"]


def test_the_command_trains_a_grid_and_prints_its_table(run, words, tmp_path):
    words += ["--set", "net.options.c=0.001,10", "--fold", "1"]
    code, out, err = run(*words)
    assert code == 0, err
    first, head, *lines = out.splitlines()
    assert first == "unseen-speakers, only 1 of 2 folds, unseen speakers"
    assert head.split() == ["recipe", "c", "0.001", "c", "10"]
    assert [line.split()[0] for line in lines[:2]] == ["mine", "other"]
    assert all(line.count("*") == 1 for line in lines[:2])
    record = json.loads((tmp_path / "out" / "mine" / "c=10" / "record.json").read_text())
    assert record["recipe"]["net"]["options"] == {"c": 10}
    assert f"{100 * record['report']['accuracy']['value']:.2f} (" in lines[0]
    assert record["command"].startswith("intone sweep")
    assert (tmp_path / "out" / "index.html").exists()

    code, _, err = run(*words)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "--resume goes on with it" in err
    lost = tmp_path / "out" / "other" / "c=10"
    (lost / "fold-1-seed-0" / "net.pt").unlink()
    (lost / "record.json").unlink()
    assert run(*words, "--resume")[1] == out
    assert (lost / "record.json").exists()


def test_nets_that_know_one_label_each_are_trained_by_one_command(run, words, tmp_path):
    del words[2]  # the second recipe
    code, _, err = run(*words, "--set", "labels.one_vs_rest=angry,neutral,sad", "--fold", "0")
    assert code == 0, err
    for label in ("angry", "neutral", "sad"):
        folder = tmp_path / "out" / "mine" / f"one_vs_rest={label}"
        record = json.loads((folder / "record.json").read_text())
        assert record["labels"] == [label, f"not {label}"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("net.options.c", "write it as section.key=value"),
        ("training.epoch=1,2", "training.epoch: there is no such setting"),
        ("labels.one_vs_rest=angry,bored", "bored cannot be learned against the rest"),
    ],
)
def test_what_does_not_fit_is_a_line(run, words, change, message):
    code, _, err = run(*words, "--set", change, "--fold", "0")
    assert (code, len(err.splitlines())) == (2, 1)
    assert message in err
