"""The report that `intone evaluate` writes: its figures, its words, its safety."""

import csv
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import numpy as np
import pytest
import soundfile
from sklearn import metrics

from conftest import PITCHES, TINY_RECIPE, made_voice
from intone import corpora, experiment, export, runs
from intone.assessment.assessing import assess
from intone.assessment.subjects import load
from intone.cli import app
from intone.evaluation import Interval
from intone.recipe import Recipe
from intone.report import evaluation_page, schema, words
from intone.runs import Run

HOSTILE = ("<script>alert({})", '"><img src=x onerror=alert({})>', "a & b $x$ {}")
EMOTIONS = {"angry": "angry", "neutral": "neutral", "sad": "<b>gr$i$m</b>"}


class Reader(HTMLParser):
    """Elements, texts and tables of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._caption = ""
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag == "table":
            self._caption, self._rows = "", []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data):
        self.text += data
        if "caption" in self._open:
            self._caption += data
        elif {"td", "th"} & {*self._open}:
            self._rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A table of two corpora, whose clips and one of whose labels are named to do harm."""
    root = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(5)
    with (root / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "emotion", "speaker", "sex", "sentence", "corpus"])
        for number in range(64):
            speaker, emotion = number % 16, [*PITCHES][number % 3]
            name = HOSTILE[number % 3].format(number) + ".wav"
            voice = made_voice(PITCHES[emotion] * rng.uniform(0.6, 1.6), 0.5, rng)
            soundfile.write(root / name, voice, 16_000)
            sex = "female" if speaker % 2 else "male"
            said = [f"s{speaker}", sex, "kids" if number % 5 else "dogs"]
            rows.writerow([name, EMOTIONS[emotion], *said, "one" if speaker < 8 else "two"])
    return root / "labels.csv"


@pytest.fixture(scope="module")
def finished(place, tmp_path_factory) -> Run:
    recipe = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    recipe.write_text(TINY_RECIPE.replace("a tiny net", "<u>a tiny net</u>"))
    clips = corpora.read("table", place)
    subject = experiment.prepare(Recipe.load(recipe, ["training.epochs=5"]), clips)
    run = Run(tmp_path_factory.mktemp("runs") / "tiny <em>")
    sources = {"data": [f"table={place}"], "speaker": None}
    runs.train(subject, run, sources=sources, command="intone train tiny")
    return run


@pytest.fixture(scope="module")
def model(finished) -> Path:
    record, _ = runs.load_record(finished.folder)
    clips = corpora.read("table", Path(finished.manifest["sources"]["data"][0].partition("=")[2]))
    subject = experiment.prepare(finished.recipe, clips)
    path = finished.folder / "model.onnx"
    export.export(subject, export.refit(subject, record), record, path, name="tiny")
    return path


@pytest.fixture(scope="module")
def report(finished, place, tmp_path_factory):
    """The page as read, its JSON, and its folder."""
    folder = tmp_path_factory.mktemp("out") / "the report"
    arguments = ["evaluate", finished.folder, "--data", f"table={place}", "--listen", "6"]
    app([*map(str, arguments), "--output", str(folder)], standalone_mode=False)
    data = json.loads((folder / "report.json").read_text())
    return Reader((folder / "report.html").read_text()), data, folder


def test_the_figures_are_scikit_learn_s_in_the_data_and_on_the_page(report, finished):
    read, data, _ = report
    _, [scores] = runs.load_record(finished.folder)
    truth, answers = scores.truth, scores.probabilities.argmax(axis=1)
    every = range(len(scores.labels))
    told = data["report"]
    assert told["accuracy"]["value"] == pytest.approx(metrics.accuracy_score(truth, answers))
    assert told["uar"]["value"] == pytest.approx(metrics.balanced_accuracy_score(truth, answers))
    assert told["confusion"] == metrics.confusion_matrix(truth, answers, labels=every).tolist()
    shown = re.sub(r"\s+", " ", read.text)
    assert f"UAR {100 * metrics.balanced_accuracy_score(truth, answers):.1f} %" in shown
    assert f"Accuracy {100 * metrics.accuracy_score(truth, answers):.1f} %" in shown
    macro = metrics.f1_score(truth, answers, average="macro", labels=every, zero_division=0)
    assert f"Macro F1 {100 * macro:.1f} %" in shown

    rates = metrics.precision_recall_fscore_support(truth, answers, labels=every, zero_division=0)
    _, *rows = read.tables["Precision, recall and F1 of each class, %"]
    for row, label, precision, recall, f1, support in zip(rows, scores.labels, *rates, strict=True):
        percents = [f"{100 * rate:.1f}" for rate in (precision, recall, f1)]
        assert row == [label, *percents, str(support)]
    _, *counts = read.tables["Number of answers, truth by row, answer by column"]
    assert [[int(cell) for cell in row[1:]] for row in counts] == told["confusion"]


def test_groups_calibration_and_speakers_are_those_of_the_answers(report, finished, place):
    read, data, _ = report
    _, [scores] = runs.load_record(finished.folder)
    by_trait = {one["trait"]: one for one in data["breakdowns"]}
    assert [*by_trait] == ["corpus", "sex", "sentence"]  # all clips are equally long
    sexes = {clip.id: clip.sex for clip in corpora.read("table", place)}
    female = np.array([sexes[id] == "female" for id in scores.ids])
    uar = metrics.balanced_accuracy_score(
        scores.truth[female], scores.probabilities.argmax(1)[female]
    )
    rows = {tuple(row[:2]): row for row in read.tables["UAR by group"]}
    assert rows["sex", "female"][2:5] == ["32", "8", f"{100 * uar:.1f}"]
    assert by_trait["sex"]["permuted"] == "speakers within corpora"
    assert by_trait["corpus"]["permuted"] == "speakers"
    assert by_trait["sentence"]["permuted"] == "groups within speakers"
    assert len(read.tables["UAR of each speaker, over the classes heard of them"]) == 17
    right = scores.probabilities.argmax(1) == scores.truth
    assert data["reliability"]["accuracy"] == pytest.approx(right.mean())
    record = json.loads((finished.folder / "record.json").read_text())
    shares = np.log(scores.probabilities.astype(float)) / record["temperature"]
    tempered = np.exp(shares) / np.exp(shares).sum(axis=1, keepdims=True)
    assert data["tempered"]["confidence"] == pytest.approx(tempered.max(axis=1).mean(), abs=1e-5)
    assert f"divides the logits by {record['temperature']:.2f}" in read.text
    answered = read.tables["Answering only where it is surest"][1]
    assert answered == ["100", f"{100 * right.mean():.1f}", f"{100 * (1 - right.mean()):.1f}"]


def test_every_picture_of_scores_says_what_they_are_worth(report):
    read, data, folder = report
    stamped = f">{data['report']['stamp']}</text>"
    drawn = [*(folder / "pictures").glob("*.svg")]
    without = {path.stem for path in drawn if stamped not in path.read_text()}
    assert without == {"learning-rates"}
    assert len(drawn) > 8
    assert read.text.count("unseen speakers") >= len(drawn) - 1


def test_a_run_s_nets_are_asked_about_changed_sound(report):
    read, data, _ = report
    assert (data["stress"]["clips"], data["stress"]["of_clips"]) == (6, 64)
    assert len(read.tables["UAR in each condition"]) == 1 + len(data["stress"]["conditions"]) == 20
    assert 1 <= len(data["explanations"]) <= 6
    assert {*data["lacking"]} == {"gaps", "perception"}
    assert "6 of 64 clips, drawn at random" in read.text
    assert "2 fits of up to 5 epochs, best at epoch" in read.text


def test_nothing_that_users_wrote_becomes_a_part_of_the_page(report):
    read, data, folder = report
    shown = {clip["clip"] for one in data["confusions"] for clip in one["clips"]}
    assert any("<script>" in id for id in shown | {one["clip"] for one in data["explanations"]})
    assert len(read.all("script")) == 1
    assert read.all("img") == read.all("u") == read.all("em") == read.all("link") == []
    html = (folder / "report.html").read_text()
    assert "<b>gr" not in html
    assert not [name for _, own in read.elements for name in own if name.startswith("on")]
    assert "&lt;script&gt;alert(" in html
    assert "tiny <em>" in read.text
    assert "&lt;b&gt;gr$i$m&lt;/b&gt;" in (folder / "pictures" / "confusion.svg").read_text()


def test_clips_can_be_heard_where_they_are(report, place):
    read, _, folder = report
    heard = {(folder / unquote(audio["src"])).resolve() for audio in read.all("audio")}
    assert heard
    assert heard <= {*place.parent.glob("*.wav")}
    assert all(audio["aria-label"] and audio["preload"] == "none" for audio in read.all("audio"))


def test_the_page_is_whole_and_can_be_read_by_everybody(report):
    read, _, folder = report
    assert read.all("html")[0]["lang"] == "en"
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len({*ids})
    headings = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(headings))
    links = [link["href"] for link in read.all("a")]
    assert links == [f"#{section['id']}" for section in read.all("section")]
    assert all(drawn["role"] == "img" and drawn["aria-label"] for drawn in read.all("svg"))
    assert all(head["scope"] in ("row", "col") for head in read.all("th"))
    assert "" not in read.tables
    for tag, attributes in read.elements:
        assert not (attributes.get("src") or "").startswith(("http", "//")), tag
        assert not (attributes.get("href") or "#").startswith(("http", "//")), tag
    drawn = {path.name for path in (folder / "pictures").iterdir()}
    assert {"headline.svg", "headline.png", "confusion.svg", "stress.png", "why-1.svg"} <= drawn


def luminance(colour: str) -> float:
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_words_stand_out_in_light_and_dark_and_print():
    """WCAG's 4.5 to 1, for every colour that words have on what is behind them."""
    css = Path(evaluation_page.__file__).with_name("page.css").read_text()
    themes = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in css.split(":root {")[1:]]
    assert len(themes) == 3
    for theme in themes:
        colours = {name: value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:])
                   for name, value in theme.items()}  # fmt: skip
        for behind in ("paper", "card"):
            for name in ("ink", "muted", "link", "accent", "good", "fair", "bad"):
                light, dark = sorted(
                    [luminance(colours[name]), luminance(colours[behind])], reverse=True
                )
                assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{name} on {behind}"


def test_the_data_keep_to_the_schema_that_ships(report):
    _, data, folder = report
    shipped = json.loads(schema.FILE.read_text())
    assert shipped == schema.schema()
    jsonschema.Draft202012Validator.check_schema(shipped)
    jsonschema.validate(data, shipped)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "more": 1}, shipped)
    text = (folder / "report.json").read_text()
    assert "NaN" not in text
    assert str(folder.parent) not in text


def test_a_record_without_data_says_what_to_give(finished, tmp_path, run):
    for name in ("record.json", "record.npz"):
        (tmp_path / name).write_bytes((finished.folder / name).read_bytes())
    code, out, _ = run("evaluate", tmp_path / "record.json", "--output", tmp_path / "out", "-q")
    assert code == 0
    assert "unseen-speakers" in out or "unseen speakers" in out
    read = Reader((tmp_path / "out" / "report.html").read_text())
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    jsonschema.validate(data, schema.schema())
    assert [one["trait"] for one in data["breakdowns"]] == ["corpus"]
    assert {*data["lacking"]} == {"breakdowns", "gaps", "stress", "explanations", "perception"}
    for line in data["lacking"].values():
        assert line in read.text
    assert not read.all("audio")


def test_a_model_file_shows_what_its_run_reached_and_is_not_scored_on_what_it_heard(
    model, place, tmp_path, run
):
    code, _, err = run("evaluate", model, "--output", tmp_path / "out")
    assert code == 0, err
    read = Reader((tmp_path / "out" / "report.html").read_text())
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    jsonschema.validate(data, schema.schema())
    assert data["report"]["clips"] == 64
    assert "out-of-fold figures of the run that the model was made from" in read.text
    assert data["reliability"] is None
    code, _, err = run("evaluate", model, "--data", f"table={place}", "--output", tmp_path / "no")
    assert code == 2
    assert "was trained on 64 of these 64 clips" in err
    assert not (tmp_path / "no").exists()


def test_a_model_file_is_judged_on_clips_it_has_not_heard(model, made_corpus, tmp_path, run):
    clips = [path for path in made_corpus.rglob("*.wav") if "-0" in path.name]
    for path in clips:
        copy = tmp_path / "clips" / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    code, _, err = run(
        *("evaluate", model, "--data", f"folder={tmp_path / 'clips'}", "--speaker", r"/(s\d)-"),
        *("--listen", "4", "--output", tmp_path / "out", "-q"),
    )
    assert code == 0, err
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    jsonschema.validate(data, schema.schema())
    assert data["report"]["clips"] == 16  # angry and neutral: sad has another name there
    assert [(one["name"], one["use"]) for one in data["provenance"]["data"]] == [
        *(("one", "trained on"), ("two", "trained on"), ("folder", "tested on"))
    ]
    assert data["speed"]["milliseconds"] > 0


def test_listening_can_be_left_out(finished, place, tmp_path, run):
    arguments = ("--data", f"table={place}", "--listen", "0", "--output", tmp_path / "out", "-q")
    assert run("evaluate", finished.folder, *arguments)[0] == 0
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    assert data["stress"] is None
    assert data["lacking"]["stress"] == "Left out, as --listen 0 asks."
    assert len(data["breakdowns"]) == 3


def test_the_page_is_a_function_of_its_data(finished):
    assessed = assess(load(finished.folder), listen=0)
    first = evaluation_page.build(assessed, {}).html()
    assert first == evaluation_page.build(assessed, {}).html()
    assert "<audio" not in first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "add --honesty RECIPE"),
        (["--honesty", "b/b1"], "--honesty trains on clips: add --data NAME=DIR"),
        (["--honesty", "b/b99"], "no such recipe file"),
    ],
)
def test_what_is_missing_is_one_line(run, arguments, message):
    code, out, err = run("evaluate", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_wrong_data_and_wrong_labels_are_one_line(finished, place, made_corpus, tmp_path, run):
    files = ("record.json", "record.npz")
    for name in files:
        (tmp_path / name).write_bytes((finished.folder / name).read_bytes())
    record, output = tmp_path / "record.json", ("--output", tmp_path / "out")
    code, _, err = run("evaluate", record, "--data", f"folder={made_corpus}", *output)
    assert code == 2
    assert "none of the 64 clips that were scored is in the data" in err
    assert err.count("\n") == 1
    changed = place.with_name("changed.csv")
    changed.write_text(place.read_text().replace(",angry,", ",neutral,", 1))
    code, _, err = run("evaluate", record, "--data", f"table={changed}", *output)
    assert code == 2
    assert "is labelled neutral in the data, but was scored as angry" in err
    code, _, err = run("evaluate", record, "--output", record)
    assert code == 2
    assert "is a file; the report is a folder" in err


def test_a_model_without_data_has_no_answers_to_write(model, tmp_path, run):
    code, _, err = run(
        *("evaluate", model, "--predictions", tmp_path / "x.csv"), *("--output", tmp_path / "out")
    )
    assert code == 2
    assert "carries figures and no answers; add --data" in err


def test_figures_in_words():
    assert words.span(Interval(0.5, 0.41, 0.6)) == "50.0 % (41.0 to 60.0)"
    assert words.span(Interval(0.5, None, None)) == "50.0 %"
    assert words.points(-0.031) == "−3.1"
    assert words.points(0.031) == "+3.1"
    assert words.chance(0.0005) == "p < .001"
    assert words.chance(0.032) == "p = .032"
    assert words.chance(1.0) == "p = 1.000"
