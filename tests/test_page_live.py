import json
import urllib.request

import pytest
from playwright.sync_api import expect

from made_page import message, saved, seconds

pytest_plugins = ["made_browser"]


def test_live_speech_is_heard_while_it_is_spoken(page, model, service):
    page.get_by_role("button", name="Record").first.click()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    meter = page.get_by_role("meter", name="Level in decibels")
    levels = set()
    for _ in range(40):
        levels.add(int(meter.get_attribute("aria-valuenow")))
        if page.locator("#live .segment").count():
            break
        page.wait_for_timeout(200)
    assert max(levels) > -30 > min(levels), "the meter does not move"
    assert page.locator("#live .names b", has_text="%").count() == len(model.labels)
    assert page.locator("#live .lanes .won[d^=M]").count() > 0
    assert page.locator("#status").inner_text() != ""
    page.get_by_role("button", name="Stop").click()
    page.locator("#headline").wait_for()

    live = json.loads(saved(page, "JSON"))
    recording = saved(page, "Recording")
    assert live["source"].startswith("recording ")
    asked = urllib.request.Request(
        f"{service}/v1/timeline", recording, {"Content-Type": "audio/wav"}, method="POST"
    )
    with urllib.request.urlopen(asked) as answered:
        as_file = json.load(answered)
    for part in ("segments", "utterances", "windows", "peaks", "seconds"):
        assert live[part] == as_file[part], part

    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(300)
    assert seconds(page) > 0


def test_a_recording_can_be_discarded(page):
    page.get_by_role("button", name="Record").first.click()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("heading", name="How does it sound?")).to_be_visible()


def test_what_breaks_off_while_one_speaks_is_not_lost(page):
    refusal = {"type": "problem", "status": 503, "title": "", "detail": "the service stops"}

    def break_off(socket) -> None:
        socket.on_message(lambda _: None)
        page.wait_for_timeout(800)
        socket.send(json.dumps(refusal))
        socket.close(code=1012)

    page.route_web_socket("**/v1/stream*", break_off)
    page.get_by_role("button", name="Record").first.click()
    expect(message(page)).to_contain_text("Recorded, but not heard to the end: the service stops")
    page.get_by_role("button", name="Hear the recording").click()
    page.locator("#headline").wait_for()
    assert page.locator("#result .kind").inner_text().startswith("recording ")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("NotAllowedError", "The microphone was not allowed; allow it for this page"),
        ("NotFoundError", "No microphone was found; connect one"),
    ],
)
def test_without_a_microphone_it_says_so(page, fault, said):
    page.evaluate(
        """fault => {
          navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", fault); };
        }""",
        fault,
    )
    page.get_by_role("button", name="Record").first.click()
    expect(message(page)).to_contain_text(said)
