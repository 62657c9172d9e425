"""What the README says can be typed and run, and its figures are those of the record."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from intone import runs
from intone.report import card

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_of_the_readme_runs(code):
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize(
    "command",
    [line for block in blocks("sh") for line in block.splitlines() if line.startswith("intone ")],
)
def test_the_commands_of_the_readme_run(command):
    script = f"{sys.executable} -m {command}"
    subprocess.run(["bash", "-c", script], cwd=ROOT, check=True, capture_output=True)


def test_the_make_targets_of_the_readme_exist():
    targets = [line.split()[1] for block in blocks("sh") for line in block.splitlines()
               if line.startswith("make ")]  # fmt: skip
    makefile = (ROOT / "Makefile").read_text()
    assert targets == ["demo", "test"]
    assert all(f"\n{target}:" in makefile for target in targets)


def test_the_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) >= 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_card_and_the_figures_of_the_readme_are_those_of_the_records():
    text, shown = card.read(ROOT / "results")
    assert shown in README
    assert (ROOT / "src/intone/models/CARD.md").read_text() == text


def test_every_figure_of_every_record_follows_from_its_probabilities():
    for path in sorted((ROOT / "results").rglob("*.json")):
        record, scores = runs.load_record(path)
        assert runs.report(record, scores).to_dict()["uar"] == record["report"]["uar"], path.name
