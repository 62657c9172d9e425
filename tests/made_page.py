"""The web page of a service in a real browser: Chromium, driven by Playwright.

Every page that is opened is watched: whatever it asks of elsewhere, or complains of on its console,
is a failure of the test that opened it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

import intone
from conftest import SPEECH

FOLDER = Path(intone.__file__).parent / "server" / "page"
EXAMPLE = FOLDER / "example.mp3"
CORPUS_CLIP = SPEECH / "ravdess" / "Actor_01" / "03-01-05-02-01-01-01.flac"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@contextmanager
def opened(
    browser: Browser, address: str, *, refusals: bool = False, ready: bool = True, **options: object
) -> Iterator[Page]:
    """Open the page of a service; `options` are those of a browser's context.

    With `refusals` the service may answer that it cannot, which browsers note on the console;
    without `ready` nobody waits until the page knows its model.
    """
    context = browser.new_context(**{"viewport": WIDE, "permissions": ["microphone"], **options})
    context.set_default_timeout(15_000)
    page = context.new_page()
    own = (address, f"blob:{address}")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on(
        "request", lambda asked: None if asked.url.startswith(own) else faults.append(asked.url)
    )
    page.goto(address)
    if ready:
        page.get_by_text("This server takes files").wait_for()
    try:
        yield page
    finally:
        context.close()
    assert [f for f in faults if not (refusals and f.startswith("Failed to load"))] == []


def hear(page: Page, sound: Path | dict[str, object]) -> None:
    """Give the page a file, and wait for the result."""
    page.set_input_files("#file", sound)
    page.locator("#headline").wait_for()


def headline(page: Page) -> str:
    return page.locator("#headline").inner_text()


def message(page: Page) -> Locator:
    """What is said to have gone wrong."""
    return page.get_by_role("alert")


def seconds(page: Page) -> float:
    """Where one is in the sound."""
    return float(page.get_by_role("slider", name="Position").input_value())


def saved(page: Page, title: str) -> bytes:
    """Download a file of the result."""
    with page.expect_download() as loading:
        page.get_by_role("link", name=title, exact=True).click()
    return Path(loading.value.path()).read_bytes()
