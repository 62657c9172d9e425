"""What all `test_page*.py` share: one browser and one service, as a plugin of pytest."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import soundfile
from playwright.sync_api import Browser, Page, sync_playwright

import intone
from intone.calibration import Candidates
from intone.runtime import Model
from made_page import CORPUS_CLIP, EXAMPLE, opened
from made_service import served


@pytest.fixture(scope="session")
def spoken(tmp_path_factory) -> Path:
    """What is spoken into the microphone: a clip of a corpus where there is one, or made speech."""
    samples, rate = soundfile.read(CORPUS_CLIP if CORPUS_CLIP.exists() else EXAMPLE)
    path = tmp_path_factory.mktemp("spoken") / "spoken.wav"
    soundfile.write(path, samples, rate)
    return path


@pytest.fixture(scope="session")
def browser(spoken: Path) -> Iterator[Browser]:
    path = os.environ.get("INTONE_CHROMIUM") or which("chromium")
    if path is None:
        pytest.skip("needs Chromium (apt-get install chromium, or set INTONE_CHROMIUM)")
    microphone = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={spoken}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=microphone)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def model() -> Model:
    """The bundled model, made unsure of one segment of the example, and of one utterance."""
    model = intone.load()
    claimed = Candidates(threshold=0.235, coverage=0.9)
    return replace(model, description=replace(model.description, candidates=claimed))


@pytest.fixture(scope="session")
def service(model: Model) -> Iterator[str]:
    with served(model) as address:
        yield address


@pytest.fixture
def page(browser: Browser, service: str) -> Iterator[Page]:
    with opened(browser, service) as page:
        yield page


@pytest.fixture(scope="session")
def any_page(browser: Browser, service: str) -> Iterator[Page]:
    """A page for what leaves no trace on it."""
    with opened(browser, service) as page:
        yield page


@pytest.fixture(scope="session")
def timeline(model: Model) -> dict[str, Any]:
    """What the model hears in the example."""
    return {**model.timeline(EXAMPLE).to_dict(), "source": EXAMPLE.name}
