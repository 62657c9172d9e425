"""Make the example of the web page: four sentences spoken by espeak-ng, with pauses between them.

python scripts/make_page_example.py
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr

PATH = Path(__file__).parent.parent / "src" / "intone" / "server" / "page" / "example.mp3"
SAMPLE_RATE = 16_000
PAUSE = 0.9  # seconds
SENTENCES = [  # what is said, and espeak-ng's pitch, pitch range in percent, speed and amplitude
    ("I put the letter on the kitchen table this morning.", 35, 60, 140, 80),
    ("And then the door opened all by itself?", 99, 250, 210, 110),
    ("Nobody asked me whether I wanted to move!", 85, 250, 170, 130),
    ("Well, we can talk about it tomorrow.", 35, 60, 140, 60),
]


def main() -> None:
    """Speak every sentence and write them, joined, as MP3, which every browser plays."""
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is not installed; get it with: apt-get install espeak-ng")
    pause = np.zeros(round(PAUSE * SAMPLE_RATE), np.float32)
    parts = [part for sentence in SENTENCES for part in (pause, spoken(*sentence))]
    soundfile.write(PATH, np.concatenate([*parts, pause]), SAMPLE_RATE, format="MP3")
    print(PATH)


def spoken(text: str, pitch: int, span: int, rate: int, loudness: int) -> np.ndarray:
    """Speak a sentence; the pitch range can only be set in SSML (-m): float32 [T]."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        settings = ["-p", str(pitch), "-s", str(rate), "-a", str(loudness)]
        markup = f'<prosody range="{span}%">{text}</prosody>'
        command = ["espeak-ng", "-v", "en-us+f2", "-m", "-w", str(path), *settings, markup]
        subprocess.run(command, check=True)
        samples, own_rate = soundfile.read(path, dtype="float32")
    return np.asarray(soxr.resample(samples, own_rate, SAMPLE_RATE))


if __name__ == "__main__":
    main()
