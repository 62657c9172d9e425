"""The results page: every figure on it comes from a committed record, byte for byte."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from intone import reproduction
from intone.errors import DataError
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
    rows = {line.split(" | ")[0]: line for line in made[0].splitlines() if line.startswith("| ")}
    assert "rebuilt audio" in rows["| CREMA-D, rebuilt audio"].split(" | ")[5]
    assert "missing" in rows["| IEMOCAP"]
    assert "missing" in rows["| CREMA-D"]
    assert " complete " in rows["| RAVDESS"]


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
