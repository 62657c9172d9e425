"""Take the pictures of the web page: its made example, heard by the bundled model in Chromium.

python scripts/make_page_pictures.py
"""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
EXAMPLE = ROOT / "src" / "intone" / "server" / "page" / "example.mp3"
COLOURS = 128  # of a picture, which keeps it small
WIDE, LOW = {"width": 1180, "height": 740}, {"width": 1180, "height": 610}
NARROW = {"width": 360, "height": 700}


def main() -> None:
    """Take a result, a recording, and a result on a small screen in the dark."""
    path = shutil.which("chromium")
    if path is None:
        sys.exit("Chromium is not installed; get it with: apt-get install chromium")
    serve = [sys.executable, "-m", "intone", "serve", "--port", "0", "--quiet"]
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as service,
        sync_playwright() as playwright,
    ):
        spoken = Path(folder) / "spoken.wav"
        soundfile.write(spoken, *soundfile.read(EXAMPLE))
        arguments = [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={spoken}",
        ]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        address = service.stdout.readline().strip()
        take(browser, address, "page", play)
        take(browser, address, "page-live", record, viewport=LOW)
        take(browser, address, "page-narrow", hear, viewport=NARROW, color_scheme="dark")
        browser.close()
        service.terminate()


def hear(page: Page) -> None:
    """Hear the example."""
    page.get_by_role("button", name="Hear an example").click()
    page.locator("#headline").wait_for()
    page.wait_for_timeout(1500)


def play(page: Page) -> None:
    """Hear the example, and one segment of it by itself."""
    hear(page)
    page.locator(".segment").nth(1).click()
    page.wait_for_timeout(900)


def record(page: Page) -> None:
    """Speak the example."""
    page.get_by_role("button", name="Record").first.click()
    page.wait_for_timeout(17_500)


def take(browser: Browser, address: str, name: str, act, **options) -> None:
    """Take a picture of the page after something was done, in few colours."""
    page = browser.new_page(**{"viewport": WIDE, **options})
    page.goto(address)
    act(page)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = PICTURES / f"{name}.png"
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)
    page.close()


if __name__ == "__main__":
    main()
