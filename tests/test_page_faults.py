import json

import pytest
from playwright.sync_api import expect

from made_page import EXAMPLE, hear, message, opened
from made_service import served

pytest_plugins = ["made_browser"]


def test_a_name_is_text_and_no_sound_is_said_to_be_none(page):
    name = "<img src=x onerror=alert(1)>.wav"
    page.set_input_files("#file", {"name": name, "mimeType": "audio/wav", "buffer": b"nothing"})
    expect(message(page)).to_contain_text(f"{name}: not readable as audio")
    assert page.locator("img").count() == 0
    page.get_by_role("button", name="Close").click()
    expect(message(page)).to_be_empty()


def test_a_busy_or_lost_server_is_said_and_asked_again(browser, service):
    with opened(browser, service, refusals=True) as page:
        busy = {"status": 429, "title": "", "type": "about:blank", "detail": "busy; wait 2 s"}
        refuse = {"status": 429, "content_type": "application/problem+json"}
        page.route("**/v1/timeline*", lambda it: it.fulfill(**refuse, body=json.dumps(busy)))
        page.set_input_files("#file", EXAMPLE)
        expect(message(page)).to_contain_text("busy; wait 2 s")
        page.unroute("**/v1/timeline*")
        page.route("**/v1/timeline*", lambda it: it.abort())
        page.get_by_role("button", name="Try again").click()
        expect(message(page)).to_contain_text("The server does not answer")
        page.unroute("**/v1/timeline*")
        page.route("**/v1/timeline*", lambda it: it.fulfill(body="event: progress\ndata: {}\n\n"))
        page.get_by_role("button", name="Try again").click()
        expect(message(page)).to_contain_text("The connection broke off")
        page.unroute("**/v1/timeline*")
        page.get_by_role("button", name="Try again").click()
        page.locator("#headline").wait_for()
        expect(message(page)).to_be_empty()


def test_files_that_are_too_large_are_not_sent(browser, model):
    with served(model, body_bytes=10_000) as address, opened(browser, address) as page:
        page.on("request", lambda asked: pytest.fail("sent") if asked.post_data_buffer else None)
        page.set_input_files("#file", EXAMPLE)
        expect(message(page)).to_contain_text("example.mp3: 0.1 MB, and this server takes 0.0 MB")


def test_the_token_is_asked_for_and_used_everywhere(browser, model):
    with (
        served(model, token="a-secret.1") as address,
        opened(browser, address, refusals=True, ready=False) as page,
    ):
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("The server did not take that one")
        dialog.get_by_label("Token").fill("a-secret.1")
        dialog.get_by_role("button", name="Continue").click()
        page.get_by_text("This server takes files").wait_for()
        page.get_by_role("button", name="Record").first.click()
        page.get_by_role("button", name="Stop").click()
        page.locator("#headline").wait_for()
        hear(page, EXAMPLE)
        assert page.evaluate("() => [localStorage.length, document.cookie]") == [0, ""]


def test_without_a_token_it_says_so(browser, model):
    with (
        served(model, token="secret") as address,
        opened(browser, address, refusals=True, ready=False) as page,
    ):
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(message(page)).to_contain_text("Without its token this server hears nothing")
