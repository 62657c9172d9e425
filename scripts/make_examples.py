"""Make the bundled examples: one sentence spoken calmly and agitatedly by espeak-ng.

python scripts/make_examples.py
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile
import soxr

FOLDER = Path(__file__).parent.parent / "src" / "intone" / "models" / "examples"
SAMPLE_RATE = 16_000
SENTENCE = "I told you that the train leaves at seven o'clock"


@dataclass(frozen=True)
class Delivery:
    """How the sentence is spoken, in the units of espeak-ng's options."""

    pitch: int  # 0 to 99
    span: int  # pitch range in percent of the voice's own
    rate: int  # words per minute
    loudness: int  # amplitude, 0 to 200
    end: str  # the mark whose intonation closes the sentence


DELIVERIES = {
    "calm": Delivery(pitch=35, span=60, rate=140, loudness=50, end="."),
    "agitated": Delivery(pitch=90, span=200, rate=200, loudness=130, end="!"),
}


def main() -> None:
    """Write every delivery as 16 kHz mono WAV with 16-bit samples."""
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is not installed; get it with: apt-get install espeak-ng")
    for name, delivery in DELIVERIES.items():
        path = FOLDER / f"{name}.wav"
        make(delivery, path)
        print(path)


def make(delivery: Delivery, path: Path) -> None:
    """Speak the sentence and write it to `path`."""
    with TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        subprocess.run(command(delivery, spoken), check=True)
        samples, rate = soundfile.read(spoken, dtype="float32")
    soundfile.write(path, soxr.resample(samples, rate, SAMPLE_RATE), SAMPLE_RATE, "PCM_16")


def command(delivery: Delivery, output: Path) -> list[str]:
    """Give the espeak-ng command; the pitch range can only be set in SSML (-m)."""
    return [
        *("espeak-ng", "-v", "en-us", "-m", "-w", str(output)),
        *("-p", str(delivery.pitch), "-s", str(delivery.rate), "-a", str(delivery.loudness)),
        f'<prosody range="{delivery.span}%">{SENTENCE}{delivery.end}</prosody>',
    ]


if __name__ == "__main__":
    main()
