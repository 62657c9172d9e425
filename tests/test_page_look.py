import re
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from intone.report import style
from made_page import EXAMPLE, FOLDER, NARROW, WIDE, hear

pytest_plugins = ["made_browser"]


def test_what_the_model_is_worth_is_said(page, model):
    expected, about = model.description.expected, page.inner_text("#about")
    uar = expected["uar"]
    interval = f"{100 * uar['value']:.1f} % ({100 * uar['low']:.1f} to {100 * uar['high']:.1f})"
    assert f"UAR {interval}, protocol unseen-speakers, stamped unseen speakers." in about
    assert "Of 100 clips of each emotion it finds 76 on average; a guess finds 14." in about
    assert "in 90 of 100 clips the right one is among those that it names" in about
    assert "does not know what anyone feels" in about
    assert "Do not use it to judge people" in about
    page.get_by_text("What it learned from").click()
    rows = page.locator("#training tbody tr").all_inner_texts()
    assert len(rows) == len(model.description.training["data"])
    assert any("CREMA-D, rebuilt audio" in row for row in rows)


PART = {"start": 0, "end": 2, "candidates": [], "unsure": None}


def _made(*emotions: str) -> dict[str, Any]:
    """A timeline whose utterances sound so; `sad/happy` is one that is unsure."""
    parts = []
    for emotion in emotions:
        first, *others = emotion.split("/")
        shares = {first: 0.5, **dict.fromkeys(others, 0.3), "calm": 0.2}
        part = {**PART, "emotion": first, "probabilities": shares}
        parts.append({**part, "candidates": [first, *others], "unsure": bool(others)})
    return {"seconds": 100.0, "utterances": parts}


@pytest.mark.parametrize(
    ("utterances", "said", "support"),
    [
        ([], "No speech found", "Only speech is judged, so there is no answer."),
        (["sad"], "Sad", "One utterance: sad 50 %, then calm 20 %. Speech in 0:02 of 1:40."),
        (["sad/happy"], "Unsure: sad or happy", "One utterance: sad 50 %, then happy 30 %."),
        (["sad"] * 3, "Sad throughout", "All 3 utterances."),
        (["sad", "sad", "angry"], "Mostly sad", "2 of 3 utterances; 1 angry."),
        (["sad", "angry"], "Mixed: sad and angry", "1 of 2 utterances each."),
        (["sad", "sad", "calm", "angry"], "Most often sad", "2 of 4 utterances; 1 calm, 1 angry."),
        (["sad", "sad/calm", "angry/calm"], "Mostly unsure", "2 of 3 utterances, leaning to sad;"),
        (["sad/calm", "sad/calm"], "Unsure throughout", "All 2 utterances, leaning to sad."),
        (["sad", "happy/calm"], "Most often sad", "1 of 2 utterances; 1 unsure."),
    ],
)
def test_the_answer_is_in_plain_words(any_page, utterances, said, support):
    answer = any_page.evaluate(
        "async made => (await import('/static/words.js')).overall(made)", _made(*utterances)
    )
    assert answer["headline"] == said
    assert answer["support"].replace("\u00a0", " ").startswith(support)


def test_what_is_too_short_to_be_seen_apart_is_averaged(any_page):
    shares = [0.9, 0.2, 0.6, 0.3]
    parts = [
        {**PART, "start": start, "end": end, "emotion": "sad" if share > 0.5 else "calm"}
        | {"probabilities": {"sad": share, "calm": 1 - share}}
        for (start, end), share in zip([(0, 1), (1, 4), (4, 5), (12, 13)], shares, strict=True)
    ]
    first, second = any_page.evaluate(
        "async parts => (await import('/static/parts.js')).averaged(parts, 10)", parts
    )
    assert (first["start"], first["end"], first["emotion"]) == (0, 10, "calm")
    assert first["probabilities"]["sad"] == pytest.approx((0.9 + 3 * 0.2 + 0.6) / 5)
    assert (second["start"], second["end"], second["emotion"]) == (10, 20, "calm")


def test_it_fits_every_screen(page, tmp_path):
    for step in ("start", "result"):
        if step == "result":
            hear(page, EXAMPLE)
        assert _unnamed(page) == []
        for size, scheme in product((WIDE, NARROW), ("light", "dark")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=tmp_path / f"{step}-{size['width']}-{scheme}.png", full_page=True)
            wide = page.evaluate("() => document.scrollingElement.scrollWidth")
            assert wide <= size["width"], f"{step} is {wide} wide"


def _unnamed(page: Page) -> list[str]:
    """The controls that say nothing of themselves to those who do not see them."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, a, select, input:not([hidden]), [role]")]
          .filter(control => control.checkVisibility())
          .filter(control => !["alert", "status"].includes(control.role))
          .filter(control => !(control.ariaLabel || control.textContent.trim()
            || control.labels?.length || control.getAttribute("aria-labelledby")))
          .map(control => control.outerHTML)"""
    )


def test_segments_are_readable_in_every_colour(page):
    hear(page, EXAMPLE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        contrasts = page.evaluate(CONTRASTS, [*style.EMOTIONS, "own word"])
        assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


CONTRASTS = """emotions => Object.fromEntries(emotions.map(emotion => {
  const segment = document.createElement("button");
  segment.className = "segment";
  segment.dataset.emotion = emotion;
  document.querySelector(".strip").append(segment);
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const { color, backgroundColor } = getComputedStyle(segment);
  const [a, b] = [light(color), light(backgroundColor)];
  segment.remove();
  return [emotion, Math.max(a, b) / Math.min(a, b)];
}))"""


def test_the_colours_are_those_of_the_reports():
    sheet = (FOLDER / "style.css").read_text()
    light = sheet[: sheet.index("@media")]
    own = dict(re.findall(r"--(\w+): (#\w{6});", light))
    assert {name: own.get(name) for name in style.EMOTIONS} == style.EMOTIONS
    for name in style.EMOTIONS:
        assert f'[data-emotion="{name}"] {{ --emotion: var(--{name}); }}' in sheet
    assert (own["ink"], own["muted"], own["paper"]) == (style.INK, style.MUTED, style.PAPER)


def test_nothing_is_inline_and_nothing_comes_from_elsewhere():
    index = (FOLDER / "index.html").read_text()
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script>", index) == []
    for path in FOLDER.iterdir():
        if path.suffix != ".mp3":
            addresses = re.findall(r"\w+://[^\s\"]+", path.read_text())
            assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path.name
            assert "innerHTML" not in path.read_text()
