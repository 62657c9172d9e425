"""What the page on long recordings says of cost and worth is what the benchmarks measured."""

import tomllib
from pathlib import Path

from intone.report import recordings

ROOT = Path(__file__).parent.parent
RECORD = ROOT / "results" / "recordings.toml"
PAGE = ROOT / "docs" / "timelines.md"


def test_the_figures_of_the_page_are_those_of_the_record():
    measured = tomllib.loads(RECORD.read_text())
    before, heading, section = PAGE.read_text().partition(recordings.HEADING)
    assert heading + section == recordings.section(measured).rstrip("\n") + "\n"
    assert "| UAR" not in before  # nothing is typed


def test_a_page_is_written_anew_from_its_heading_on(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{recordings.HEADING}\nold figures\n")
    recordings.main([str(RECORD), str(page)])
    written = page.read_text()
    recordings.main([str(RECORD), str(page)])
    assert page.read_text() == written
    assert written.startswith(f"# Before\n\n{recordings.HEADING}")
    assert "old figures" not in written


def test_every_figure_tells_what_it_was_measured_on_and_with_what():
    measured = tomllib.loads(RECORD.read_text())
    assert {*measured} == {"timeline", "stream", "batch", "baseline"}
    for name, told in measured.items():
        assert told["command"].startswith(f"python benchmarks/{name}.py")
        assert "/" not in told["command"].removeprefix("python benchmarks/")
        assert told["commit"]
        assert told["processor"]
    assert measured["timeline"]["stamp"] == measured["baseline"]["stamp"] == "unseen speakers"


def test_what_was_promised_of_them_is_held():
    measured = tomllib.loads(RECORD.read_text())
    hours, live, many = (measured[name] for name in ("timeline", "stream", "batch"))
    assert hours["minutes"] >= 180
    assert hours["times_real_time"] >= 25
    assert hours["memory_at_most"] < 300
    assert live["clips"]["files"] >= 200
    assert live["long"]["files"] >= 20
    assert live["clips"]["difference"] == live["long"]["difference"] == 0
    assert live["wait"][-1] <= 300
    assert (many["files"], many["broken"], many["lost"]) == (10_000, 50, 0)
    assert many["answers"] == many["answered"] == many["files"] - many["broken"]
    assert many["named"] == many["broken"]
