"""The results page: every figure on it comes from a committed record, byte for byte."""

import json
import shutil
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from intone import reproduction
from intone.errors import DataError, IntoneError
from intone.recipe import Recipe, shipped
from intone.report import result_rows, results
from intone.report.result import load

ROOT = Path(__file__).parent.parent
RECORDS = ROOT / "results"


@pytest.fixture(scope="module")
def made() -> tuple[str, dict[str, str]]:
    return results.page(RECORDS)


def test_the_committed_page_is_that_of_the_records(made):
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == made[0]


def test_the_committed_pictures_are_those_of_the_records(made):
    if f"matplotlib=={version('matplotlib')}\n" not in (ROOT / "constraints.txt").read_text():
        pytest.skip("pictures are drawn with the matplotlib of constraints.txt")
    folder = ROOT / "docs" / results.PICTURES
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert committed.keys() == made[1].keys()
    assert committed == made[1]


def test_every_picture_is_shown(made):
    text, pictures = made
    assert len(pictures) > 10
    for name in pictures:
        assert f"({results.PICTURES}/{name})" in text


def test_every_row_has_a_stamped_figure_or_a_reason(made):
    text, _ = made
    shown = load(RECORDS)
    for report in reproduction.reports().values():
        judged = {line.row: line for line in result_rows.lines(report, shown)}
        for row in report.rows:
            if row in judged:
                stamps = {result.report.stamp for result in judged[row].results}
                assert stamps <= {"unseen speakers", "speaker-dependent", "leaky"}
                assert f"| {row.id} | {row.system} |" in text
            else:
                assert row.note, row
                assert f"- {row.id}, {row.system}" in text


def test_every_command_can_be_typed():
    for result in (*load(RECORDS).values(), *load(RECORDS / "studies").values()):
        words = result.record["command"].split()
        assert words[0] == "intone"
        assert not any(word.startswith("/") or "=/" in word for word in words), result.name
        if words[1] == "train":
            shared = result.report.stamp != "unseen speakers"
            assert ("--allow-leak" in words) == shared, result.name


def test_rebuilt_and_missing_corpora_are_called_that(made):
    listed = made[0].partition("## Corpora")[2].partition("\n## ")[0]
    rows = {line.split(" | ")[0]: line for line in listed.splitlines() if line.startswith("| ")}
    assert "rebuilt audio" in rows["| CREMA-D, rebuilt audio"].split(" | ")[5]
    assert "missing" in rows["| IEMOCAP"]
    assert "missing" in rows["| CREMA-D"]
    assert " complete " in rows["| RAVDESS"]


def test_every_pair_of_corpora_stands_in_the_matrix(made):
    told = tomllib.loads((RECORDS / "across.toml").read_text(encoding="utf-8"))["four_emotions"]
    _, _, matrix = made[0].partition("## From one corpus to another")
    rows = [line.strip("| ").split(" | ") for line in matrix.splitlines() if line.startswith("| ")]
    body = {row[0]: row[1:] for row in rows[2 : len(told["clips"]) + 3]}
    assert all(len(cells) == len(told["clips"]) for cells in body.values())
    assert sum(cell == "–" for cells in body.values() for cell in cells) == len(told["clips"])
    first = told["rows"][0]
    assert f"{100 * first['uar'][0]:.1f}" in body["RAVDESS"][1]
    assert (first["trained"], first["tested"]) == ("ravdess", "savee")


@pytest.mark.parametrize(
    ("file", "head"),
    [("validation", "UAR, validation"), ("normalised", "UAR, voices on their own scales")],
)
def test_what_benchmarks_measured_stands_beside_the_records(file, head, made):
    tables = tomllib.loads((RECORDS / f"{file}.toml").read_text(encoding="utf-8"))
    _, _, study = made[0].partition("### Pre-trained encoders")
    study, _, _ = study.partition("\n### ")
    rows = [line[2:-2].split(" | ") for line in study.splitlines() if line.startswith("| ")]
    cells = [row[rows[0].index(head)].strip() for row in rows[2:]]
    kept = [uar for told in tables.values() for uar in told["uar"].values()]
    values = [uar if file == "validation" else uar[0] for uar in kept]
    assert sorted(cell.split()[0] for cell in cells if cell) == sorted(
        f"{100 * value:.1f}" for value in values
    )
    for told in tables.values():
        if file == "validation":
            assert f": {100 * told['nested'][0]:.1f}" in study
            assert told["command"] in study
            assert set(told["chosen"]) <= set(told["uar"])


def copied(tmp_path: Path, *names: str) -> Path:
    for name in names:
        for suffix in (".json", ".npz"):
            shutil.copy(RECORDS / f"{name}{suffix}", tmp_path)
    return tmp_path


def test_two_records_of_one_place_are_refused(tmp_path):
    folder = copied(tmp_path, "ravdess-d1")
    for suffix in (".json", ".npz"):
        shutil.copy(folder / f"ravdess-d1{suffix}", folder / f"ravdess-d1-again{suffix}")
    with pytest.raises(DataError, match="ravdess-d1-again and ravdess-d1 are of one row"):
        list(result_rows.lines(reproduction.find("D"), load(folder)))


def test_a_study_of_a_missing_record_is_refused(tmp_path):
    folder = copied(tmp_path, "ravdess-d1")
    (folder / "studies.toml").write_text(
        'groups = []\n[[studies]]\nheading = "x"\nabout = "y"\n'
        'variants = [{ name = "one", record = "gone" }]\n'
    )
    with pytest.raises(DataError, match="a study names the record gone, which is not there"):
        results.page(folder)


def test_records_are_known_by_the_recipes_that_come_with_intone():
    shown = load(RECORDS)
    assert shown["ravdess-d1"].recipe == "d/d1-ravdess"
    assert shown["ravdess-svm"].recipe == "baseline/svm"


def stage(train: list[float], validation: list[float]) -> dict:
    """How an autoencoder learned, best where validation's error was lowest; a minute an epoch."""
    history = [
        {"epoch": epoch, "train_loss": heard, "validation_loss": unheard, "seconds": 60.0}
        for epoch, (heard, unheard) in enumerate(zip(train, validation, strict=True), 1)
    ]
    return {"history": history, "best_epoch": 1 + validation.index(min(validation))}


def autoencoders(folder: Path, name: str, *changes: str, unlabelled: dict | None = None) -> None:
    """Write a record of D4 in which two fits' autoencoders learned by the book."""
    record = json.loads((RECORDS / "ravdess-d1.json").read_text())
    recipe = Recipe.load(shipped()["d/d4"], changes)
    stages = [stage([0.9, 0.5, 0.2], [0.8, 0.4, 0.6]), stage([0.9, 0.6, 0.3], [0.9, 0.7, 0.5])]
    record |= {
        "recipe": recipe.model_dump(mode="json", exclude={"search"}),
        "fits": [
            {**fit, "pretraining": one} for fit, one in zip(record["fits"], stages, strict=False)
        ],
        "folds": [0, 1],
        "of_folds": 5,
        "unlabelled": unlabelled or {},
        "command": f"intone train d/d4 --output {name}",
    }
    (folder / "studies").mkdir(exist_ok=True)
    (folder / "studies" / f"{name}.json").write_text(json.dumps(record))
    shutil.copy(RECORDS / "ravdess-d1.npz", folder / "studies" / f"{name}.npz")


RECONSTRUCTION = """
[[reconstructions]]
heading = "What autoencoders remake"
about = "Two of them."
variants = [{ name = "dense", record = "dense" }, { name = "GRU", record = "gru" }]
"""


def test_autoencoders_are_compared_by_their_errors_alone(tmp_path):
    autoencoders(tmp_path, "dense", unlabelled={"crema_d_rebuilt": {"clips": 7429}})
    autoencoders(tmp_path, "gru", "pretraining.net.name=GRUAutoencoder")
    (tmp_path / "studies.toml").write_text(RECONSTRUCTION)
    text, pictures = results.page(tmp_path)
    lines = [line for line in text.splitlines() if line.startswith(("| dense", "| GRU"))]
    errors = ["0.400", "0.450", "2-3 of 500", "unseen speakers"]  # of 0.5 and 0.3, of 0.4 and 0.5
    heard = "RAVDESS, 1,440 + CREMA-D, rebuilt audio, 7,429 unlabelled"
    assert [line.split(" | ")[:9] for line in lines] == [
        ["| dense", "13,387,524", *errors, heard, "2 of 5", "6"],
        ["| GRU", "115,260", *errors, "RAVDESS, 1,440", "2 of 5", "6"],
    ]
    assert [*pictures] == ["dense-losses.svg"]
    assert f"({results.PICTURES}/dense-losses.svg)" in text
    assert all(f">{name}</text>" in pictures["dense-losses.svg"] for name in ("dense", "GRU"))
    study, every = text.split("## Every record")
    assert "- `gru`: `intone train d/d4 --output gru`" in study
    assert "gru" not in every  # the score of a net that learned for one epoch means nothing


def test_a_study_of_reconstruction_needs_autoencoders_and_known_settings(tmp_path):
    autoencoders(tmp_path, "gru")
    for suffix in (".json", ".npz"):
        shutil.copy(RECORDS / f"ravdess-d1{suffix}", tmp_path / "studies" / f"dense{suffix}")
    (tmp_path / "studies.toml").write_text(RECONSTRUCTION)
    with pytest.raises(DataError, match="of reconstruction names dense, without an autoencoder"):
        results.page(tmp_path)
    for wrong, words in (("record", "reported"), ("[[reconstructions]]", "[[reconstruction]]")):
        (tmp_path / "studies.toml").write_text(RECONSTRUCTION.replace(wrong, words, 1))
        with pytest.raises(IntoneError, match=f"unknown setting {words.strip('[]')}; known are"):
            results.page(tmp_path)
