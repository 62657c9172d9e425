"""One model, many ways to ask it: how far apart their answers to the same clips are.

    python benchmarks/agreement.py --clips 200

Clips: by file, in a batch of processes, and by the service. Timelines: by file, live in pieces of
random size, and over the service's WebSocket, at the file's own rate.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import httpx
import numpy as np
import soundfile
from websockets.sync.client import connect

from intone import audio, runtime
from intone.batch import Question, answers
from intone.recordings.stream import Stream

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)
PIECE = 50_000  # samples, at most


def samples_of(path: Path) -> tuple[np.ndarray, int]:
    """Read a file's own samples: float32 mono, and their rate."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate


def pieces(samples: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut a sound into pieces of random size."""
    cuts = np.cumsum(rng.integers(1, PIECE, 1 + 2 * len(samples) // PIECE))
    return np.split(samples, cuts[cuts < len(samples)])


def live(model: runtime.Model, path: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Hear a file as a stream."""
    samples, rate = samples_of(path)
    stream = Stream(model, sample_rate=rate)
    for piece in pieces(samples, rng):
        stream.push(piece)
    stream.finish()
    return stream.timeline().to_dict()


def over_the_socket(url: str, path: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Have the service hear a file as a stream."""
    samples, rate = samples_of(path)
    with connect(f"ws{url.removeprefix('http')}/v1/stream?rate={rate}&format=f32le") as stream:
        for piece in pieces(samples, rng):
            stream.send(piece.astype("<f4").tobytes())
        stream.send('{"type": "end"}')
        while (message := json.loads(stream.recv()))["type"] != "timeline":
            pass
    return message


def apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    """How far the farthest probability or time of two records is apart."""
    parts = ("windows", "utterances", "segments") if "windows" in one else ("timeline",)
    pairs = [(one, other)] if "probabilities" in one else []
    for part in parts:
        pairs += zip(one[part], other[part], strict=True)
    return max((abs(a - b) for mine, theirs in pairs for a, b in numbers(mine, theirs)), default=0)


def numbers(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[float, float]]:
    """Pair what two answers say in numbers."""
    found = [(one[key], other[key]) for key in ("start", "end", "seconds") if key in one]
    return found + [
        (share, other["probabilities"][label]) for label, share in one["probabilities"].items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    every = audio.find([SPEECH / name for name in ("ravdess", "savee", "emodb", "tess")])
    clips = [every[i] for i in rng.permutation(len(every))[: options.clips]]
    model = runtime.load()
    command = [sys.executable, "-m", "intone", "serve", "--port", "0", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    batch = answers(Question(), model, clips, jobs=2)
    farthest = dict.fromkeys(("batch", "service", "service, timeline", "live", "WebSocket"), 0.0)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            for clip, entry in zip(clips, batch, strict=True):
                alone, timeline = model.predict(clip).to_dict(), model.timeline(clip).to_dict()
                body = clip.read_bytes()
                [served] = client.post("/v1/predict", content=body).json()["predictions"]
                for way, expected, found in (
                    ("batch", alone, entry.records[0]),
                    ("service", alone, served),
                    (
                        "service, timeline",
                        timeline,
                        client.post("/v1/timeline", content=body).json(),
                    ),
                    ("live", timeline, live(model, clip, rng)),
                    ("WebSocket", timeline, over_the_socket(url, clip, rng)),
                ):
                    farthest[way] = max(farthest[way], apart(expected, found))
    finally:
        process.terminate()
        process.wait()
    print(f"{len(clips)} clips; the farthest probability or time from the file's:")
    for way, distance in farthest.items():
        print(f"{way:20}{distance:8.1e}")


if __name__ == "__main__":
    main()
