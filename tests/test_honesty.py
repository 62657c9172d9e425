"""One recipe under ever more honest splits: what is trained, what is lost, what cannot be had."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from intone import corpora
from intone.assessment import honesty
from intone.recipe import Recipe
from intone.report import trial_sections
from intone.runs import Run

SPEAKER = r"/(s\d)-"


@pytest.fixture(scope="module")
def recipe(tiny_recipe) -> Recipe:
    return Recipe.load(tiny_recipe, ["training.epochs=1"])


@pytest.fixture(scope="module")
def clips(made_corpus) -> list[corpora.Utterance]:
    """Two takes of each speaker as one corpus, the others as another; a sentence for each take."""
    read = corpora.read("folder", made_corpus, speaker=SPEAKER)
    takes = [int(clip.path.stem[-1]) for clip in read]
    return [
        replace(
            clip,
            corpus="one" if take < 2 else "two",
            speaker=f"{'one' if take < 2 else 'two'}{clip.speaker}",
            sentence=f"{take % 2}",
        )
        for clip, take in zip(read, takes, strict=True)
    ]


@pytest.fixture(scope="module")
def gap(recipe, clips, tmp_path_factory) -> tuple[honesty.Gap, Path]:
    folder = tmp_path_factory.mktemp("honesty")
    return honesty.train("tiny", recipe, clips, folder, sources={}), folder


def test_every_step_is_a_run_with_its_own_stamp_and_what_it_loses(gap):
    told, folder = gap
    assert [step.protocol for step in told.steps] == [*honesty.STEPS]
    assert [step.stamp for step in told.steps] == [
        *("speaker-dependent", "speaker-dependent", "unseen speakers", "unseen speakers")
    ]
    for before, step in zip((None, *told.steps), told.steps, strict=False):
        record = json.loads((folder / step.protocol / "record.json").read_text())
        assert step.uar.value == record["report"]["uar"]["value"]
        assert record["protocol"] == step.protocol
        assert step.lost == (before and pytest.approx(before.uar.value - step.uar.value))
    assert told.chance == pytest.approx(1 / 3)


def test_a_second_time_nothing_is_trained(gap, recipe, clips, monkeypatch):
    told, folder = gap
    monkeypatch.setattr("intone.training.fit", lambda *_, **__: pytest.fail("trained again"))
    assert honesty.train("tiny", recipe, clips, folder, sources={}) == told


def test_steps_that_the_clips_do_not_allow_say_why(recipe, clips, tmp_path):
    unsaid = [replace(clip, sentence=None, corpus="one") for clip in clips]
    told = honesty.train("tiny", recipe, unsaid, tmp_path, sources={})
    by_name = {step.protocol: step for step in told.steps}
    assert "the sentence of" in by_name["unseen-sentences"].lacking
    assert "two separate corpora" in by_name["leave-one-corpus-out"].lacking
    assert by_name["unseen-sentences"].uar is None
    speakers, random = by_name["unseen-speakers"], by_name["random"]
    assert speakers.lost == pytest.approx(random.uar.value - speakers.uar.value)
    remarks = "".join(trial_sections._remarks(told))
    assert "unseen sentences: protocol unseen-sentences: the sentence of" in remarks
    assert Run(tmp_path / "random").manifest["recipe"]["allow_leak"]


def test_the_recipe_s_honest_run_is_reported_on(run, tmp_path, tiny_recipe, made_corpus):
    table = tmp_path / "labels.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "emotion", "speaker"])
        for path in sorted(made_corpus.rglob("*-0.wav")):
            rows.writerow([path, path.parent.name, path.stem[:2]])
    code, out, err = run(
        *("evaluate", "--honesty", tiny_recipe, "--set", "training.epochs=1", "-q"),
        *("--data", f"table={table}", "--output", tmp_path / "out", "--listen", "0"),
    )
    assert code == 0, err
    assert out.startswith("unseen speakers")
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    [gap] = told["gaps"]
    assert [bool(step["uar"]) for step in gap["steps"]] == [True, False, True, False]
    honest = gap["steps"][2]["uar"]["value"]
    assert told["report"]["uar"]["value"] == honest
    command = f"intone evaluate --honesty {tiny_recipe} --set training.epochs=1 --data table=DIR"
    assert told["provenance"]["command"] == f"{command} --listen 0"
    assert (tmp_path / "out" / "honesty" / "tiny" / "random" / "record.json").exists()
    page = (tmp_path / "out" / "report.html").read_text()
    assert "points lost with each step" in page
