"""Live speech: the same answers as the file's, whatever the pieces, and how soon they are there.

    python benchmarks/stream.py --clips 200 --long 20

Real clips, and minutes made of them with pauses, are heard three times: as a file, as the file in
blocks, and live, in pieces of random size. Then the long ones come in pieces of 20 ms: an answer's
wait is the sound that came after its window's last sample until it was there, and the processor
time that computing it took. One core, one thread.
"""

import argparse
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone import audio, runtime
from intone.recordings.stream import Stream
from intone.recordings.timeline import Timeline
from intone.runtime import Model
from kept import RECORDINGS, keep

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)
PIECE = 0.02  # seconds
LIMIT = 0.3  # seconds

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]


def make_long(path: Path, clips: list[Path], rng: np.random.Generator) -> None:
    """Write a minute of clips with pauses, in stereo at 48 kHz."""
    parts: list[Sound] = []
    while sum(map(len, parts)) < 60 * 16_000:
        samples = audio.load(clips[rng.integers(len(clips))]).samples
        pause = 1e-3 * rng.standard_normal(round(rng.uniform(0.1, 2) * 16_000))
        parts += [0.5 * samples / np.abs(samples).max(), pause.astype(np.float32)]
    sound = np.repeat(np.concatenate(parts), 3)  # at 48 kHz
    soundfile.write(path, np.stack([sound, 0.5 * sound], axis=1), 48_000)


def live(model: Model, path: Path, rng: np.random.Generator) -> Timeline:
    """Hear a file's samples, at its own rate, in pieces of random size."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    stream = Stream(model, sample_rate=rate)
    position = 0
    while position < len(samples):
        size = int(np.exp(rng.uniform(0, np.log(2 * rate))))
        stream.push(samples[position : position + size])
        position += size
    stream.finish()
    return stream.timeline()


def in_blocks(model: Model, path: Path, rng: np.random.Generator) -> Timeline:
    """Hear a file's blocks of random length."""
    stream = Stream(model)
    for block in audio.blocks(path, seconds=rng.uniform(0.05, 5)):
        stream.push(block)
    stream.finish()
    return stream.timeline()


def difference(one: Timeline, other: Timeline) -> float:
    """How far the farthest probability or time of two timelines is apart."""
    assert len(one.windows) == len(other.windows)
    return max(
        (
            abs(a - b)
            for mine, theirs in zip(one.windows, other.windows, strict=True)
            for a, b in zip(
                (mine.start, mine.end, *mine.probabilities.values()),
                (theirs.start, theirs.end, *theirs.probabilities.values()),
                strict=True,
            )
        ),
        default=0.0,
    )


def waits(model: Model, path: Path) -> list[tuple[float, float]]:
    """Of each answer: seconds from its window's last sample until it is there, and computing."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    stream = Stream(model, sample_rate=rate)
    step = round(PIECE * rate)
    found = []
    for position in range(0, len(samples), step):
        began = time.process_time()
        heard = stream.push(samples[position : position + step])
        took = time.process_time() - began
        now = min(position + step, len(samples)) / rate
        found += [(now - window.end + took, took) for window in heard]
    return found


def differences(model: Model, files: list[Path], rng: np.random.Generator) -> dict[str, float]:
    """How far what is heard in blocks and live is from what is heard in the file, at most."""
    windows, farthest = 0, 0.0
    for path in files:
        whole = model.timeline(path)
        windows += len(whole.windows)
        for other in (in_blocks(model, path, rng), live(model, path, rng)):
            farthest = max(farthest, difference(whole, other))
    return {"files": len(files), "windows": windows, "difference": farthest}


def told(seconds: Floats) -> list[int]:
    """Median, 95 of 100, and at most, in milliseconds."""
    return [round(1000 * float(np.quantile(seconds, share))) for share in (0.5, 0.95, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--long", type=int, default=20)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--keep", action="store_true", help=f"write into {RECORDINGS.name}")
    options = parser.parse_args()
    model = runtime.load(options.model)
    rng = np.random.default_rng(0)
    every = audio.find([SPEECH / name for name in ("ravdess", "savee", "emodb")])
    clips = [every[i] for i in rng.permutation(len(every))[: options.clips]]
    with TemporaryDirectory() as folder:
        long = [Path(folder) / f"{number}.wav" for number in range(options.long)]
        for path in long:
            make_long(path, clips, rng)
        alike = {"clips": differences(model, clips, rng), "long": differences(model, long, rng)}
        until_there, computing = np.array([one for path in long for one in waits(model, path)]).T
    figures = {
        **alike,
        "answers": len(until_there),
        "wait": told(until_there),
        "computing": told(computing),
        "late": int((until_there > LIMIT).sum()),
    }
    print(json.dumps(figures, indent=1))
    if options.keep:
        keep(RECORDINGS, "stream", figures)


if __name__ == "__main__":
    main()
