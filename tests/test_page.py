import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from intone.report import answers, timeline_text
from made_page import CORPUS_CLIP, EXAMPLE, headline, hear, message, saved, seconds

pytest_plugins = ["made_browser"]


def test_a_file_is_heard_and_shown(page, model, timeline):
    hear(page, EXAMPLE)
    assert headline(page) == "Most often neutral"
    assert "2 of 4 utterances; 1 angry, 1 unsure. Speech in 10.0 of 16.2 s." in page.inner_text(
        "#result"
    )
    drawn = page.locator(".segment")
    assert drawn.count() == len(timeline["segments"]) == 4
    share = round(100 * timeline["segments"][0]["probabilities"]["neutral"])
    said = drawn.first.get_attribute("aria-label")
    assert said == f"neutral, {share}\u00a0%, 0:00.9 to 0:03.9"
    assert page.locator(".quiet").count() == 5
    rows = [row.split("\t") for row in page.locator("tbody tr").all_inner_texts()]
    heard = [row for row in rows if len(row) == 6]
    assert heard[0][3] == "neutral"
    assert heard[1][3] == "unsure: fearful or surprised"
    assert heard[2][3] == "angry"
    for row, segment in zip(heard, timeline["segments"], strict=True):
        share = segment["probabilities"][segment["emotion"]]
        assert row[4].strip() == f"{100 * share:.0f}\u00a0%"
    strip = [drawn.nth(place).inner_text() for place in range(4)]
    assert strip == ["neutral", "unsure", "angry", "neutral"]
    lanes = page.locator(".lanes g")
    assert [lane.get_attribute("data-emotion") for lane in lanes.all()] == [*model.labels]
    won = [bool(lane.locator(".won").get_attribute("d")) for lane in lanes.all()]
    assert won == [label in ("neutral", "angry", "fearful") for label in model.labels]
    expect(page.locator("#headline")).to_be_focused()


def test_real_speech_is_heard(page, speech):
    hear(page, CORPUS_CLIP)
    assert headline(page).startswith("Angry")
    assert page.locator(".segment").count() == 1


def test_it_plays_whole_and_segment_by_segment(page, timeline):
    hear(page, EXAMPLE)
    cursor = page.locator(".cursor")
    expect(cursor).to_be_hidden()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(cursor).to_be_visible()
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Pause").click()
    moved = seconds(page)
    assert 0.2 < moved < 10
    assert cursor.bounding_box()["x"] > page.locator(".track").bounding_box()["x"] + 5

    row, segment = page.locator("tbody tr").nth(1), timeline["segments"][1]
    page.locator(".segment").nth(1).click()
    expect(row).to_have_attribute("aria-current", "true")
    expect(page.locator(".now")).to_contain_text("fearful")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    assert row.get_attribute("aria-current") is None
    assert round(segment["end"], 1) <= seconds(page) < segment["end"] + 0.2


def test_the_keyboard_is_enough(page, timeline):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Intone")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose a file")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the example
    expect(page.locator("#headline")).to_be_focused()
    segments = page.locator(".segment")
    for _ in range(20):
        page.keyboard.press("Tab")
        if segments.first.evaluate("segment => segment === document.activeElement"):
            break
    for key, place in (("ArrowRight", 1), ("End", 3), ("ArrowLeft", 2), ("Home", 0)):
        page.keyboard.press(key)
        expect(segments.nth(place)).to_be_focused()
    assert [each.get_attribute("tabindex") for each in segments.all()] == ["0", "-1", "-1", "-1"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(segments.nth(1)).to_have_class(re.compile("playing"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    assert timeline["segments"][1]["start"] <= seconds(page) < timeline["segments"][1]["end"]
    page.keyboard.press("Tab")
    slider = page.get_by_role("slider", name="Position")
    expect(slider).to_be_focused()
    page.keyboard.press("Home")
    assert seconds(page) == 0
    page.keyboard.press("ArrowRight")
    assert seconds(page) == pytest.approx(0.1)
    assert slider.get_attribute("aria-valuetext") == "0:00.1, no speech"


def test_downloads_are_what_the_command_line_writes(page, model, timeline):
    hear(page, EXAMPLE)
    assert json.loads(saved(page, "JSON")) == timeline
    columns = answers.names(model.labels, timeline=True)
    assert saved(page, "CSV").decode() == "".join(answers.csv([timeline], columns))
    assert saved(page, "WebVTT").decode() == timeline_text.webvtt([timeline])


@pytest.mark.parametrize("name", ['odd "name", with <b>&.wav', "a,b;c.wav"])
def test_downloads_escape_names(page, model, name, tmp_path):
    samples, rate = soundfile.read(EXAMPLE, frames=5 * 16_000)
    path = tmp_path / "plain.wav"
    soundfile.write(path, samples, rate)
    hear(page, {"name": name, "mimeType": "audio/wav", "buffer": path.read_bytes()})
    timeline = {**model.timeline(path).to_dict(), "source": name}
    columns = answers.names(model.labels, timeline=True)
    assert saved(page, "CSV").decode() == "".join(answers.csv([timeline], columns))
    assert saved(page, "WebVTT").decode() == timeline_text.webvtt([timeline])


def test_silence_is_shown_as_silence(page, tmp_path, rng):
    path = tmp_path / "silence.wav"
    soundfile.write(path, rng.normal(scale=0.002, size=48_000), 16_000)
    hear(page, path)
    assert headline(page) == "No speech found"
    assert page.locator(".strip").inner_text() == "no speech"
    assert page.locator(".segment, table .dot").count() == 0
    assert saved(page, "CSV").decode().count("\n") == 1


def test_warnings_are_shown(page, model, tmp_path):
    samples, rate = soundfile.read(EXAMPLE)
    whole = tmp_path / "whole.wav"
    soundfile.write(whole, samples, rate)
    cut = {"name": "cut.wav", "mimeType": "audio/wav", "buffer": whole.read_bytes()[:300_000]}
    hear(page, cut)
    [warning] = model.timeline(_file(tmp_path / "cut.wav", cut["buffer"])).warnings
    assert page.locator(".note.fair").inner_text().replace("\n", " ") == f"Note {warning}"


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_it_is_heard_another_way(page):
    hear(page, EXAMPLE)
    page.get_by_text("Hear it another way").click()
    page.get_by_label("Smoothing").select_option("none")
    page.get_by_label("An answer every").select_option("0.5")
    with page.expect_request("**/v1/timeline*") as asked:
        page.get_by_role("button", name="Hear it again").click()
    assert asked.value.url.endswith("?name=example.mp3&smoothing=none&hop=0.5")
    expect(page.get_by_text("Intone, every 0.5 s, not smoothed.")).to_be_visible()
    heard = json.loads(saved(page, "JSON"))
    assert heard["smoothing"]["kind"] == "none"
    assert heard["hop"] == 0.5
    page.get_by_text("Hear it another way").click()
    assert page.get_by_label("Smoothing").input_value() == "none"


def test_long_files_say_how_far_they_are_and_can_be_stopped(page, tmp_path):
    path = tmp_path / "long.flac"
    samples, rate = soundfile.read(EXAMPLE, dtype="int16")
    soundfile.write(path, np.tile(samples, 90), rate)
    page.set_input_files("#file", path)
    expect(page.locator("#busy")).to_contain_text("long.flac")
    expect(page.locator("#busy-words")).to_contain_text(re.compile(r"Heard \d+:\d\d of 24:\d\d"))
    assert 0 < page.locator("#busy-bar").evaluate("bar => bar.value") < 1
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Choose a file").first).to_be_focused()
    expect(message(page)).to_be_empty()


def test_one_can_look_closer(page):
    hear(page, EXAMPLE)
    times = page.locator(".axis text")
    assert times.all_text_contents()[1] == "0:02"
    before = page.locator(".track").bounding_box()["width"]
    page.get_by_role("button", name="Zoom in").click()
    assert page.locator(".track").bounding_box()["width"] == pytest.approx(2 * before, abs=1)
    assert "0:04" not in times.all_text_contents()[0]
    page.locator(".viewport").evaluate("view => { view.scrollLeft = 0; }")
    expect(times.nth(1)).to_have_text("0:01")
    page.get_by_role("button", name="Zoom out").click()
    expect(times.nth(1)).to_have_text("0:02")


def test_files_can_be_dropped(page):
    page.evaluate(
        """async () => {
          const sound = await (await fetch("static/example.mp3")).blob();
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([sound], "dropped.mp3"));
          const options = { dataTransfer, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("dragover", options));
          document.body.dispatchEvent(new DragEvent("drop", options));
        }"""
    )
    page.locator("#headline").wait_for()
    assert "dropped.mp3" in page.inner_text("#result .kind")
