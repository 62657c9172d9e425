"""A made recording with known truth, heard as a timeline: what it finds, how fast, in what memory.

    python benchmarks/timeline.py --minutes 30

Clips of EMO-DB stand in turns of one speaker and one emotion, with quiet, noise or made music in
between, and faint room noise everywhere. The truth of speech is a clip without the silence at its
ends. `intone predict --timeline` hears it in a process of its own, on one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone import audio, runtime
from intone.audio import SAMPLE_RATE
from intone.corpora import Utterance, emodb
from intone.recordings.timeline import KINDS
from intone.runtime import Model

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)
FRAME = 0.01  # seconds, of what detection is scored by
ROOM = 10 ** (-65 / 20)  # level of the noise that is everywhere
PEAK = 0.3  # of every clip
PAUSES = (0.3, 1.2)  # seconds within a turn, at least and at most
GAPS = (1.0, 6.0)  # seconds between turns

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """What is in a part of the recording: speech with its emotion, or none."""

    start: float
    end: float
    kind: str
    """the emotion of a clip; else silence, noise or music"""
    clip: Path | None = None


def turns(clips: Sequence[Utterance], rng: np.random.Generator) -> Iterator[list[Utterance]]:
    """One to three clips of one speaker and emotion, without end; each clip before any again."""
    while True:
        left = [clips[i] for i in rng.permutation(len(clips))]
        while left:
            first = left[0]
            same = [c for c in left if (c.speaker, c.emotion) == (first.speaker, first.emotion)]
            turn = same[: rng.integers(1, 4)]
            left = [clip for clip in left if clip not in turn]
            yield turn


def noise(seconds: float, level: float, rng: np.random.Generator) -> Sound:
    """Noise whose power falls with frequency, as a room's."""
    count = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 10.0), count)
    return (level * pink / pink.std()).astype(np.float32)


def music(seconds: float, rng: np.random.Generator) -> Sound:
    """Plucked chords over a beat."""
    count = round(seconds * SAMPLE_RATE)
    sound = np.zeros(count)
    beat = round(SAMPLE_RATE * 60 / rng.uniform(80, 140))
    decay = np.exp(-np.arange(2 * beat) / (0.5 * beat))
    for start in range(0, count, beat):
        root = 110 * 2 ** (rng.choice([0, 3, 5, 7, 10]) / 12)
        stretch = np.arange(min(2 * beat, count - start))
        for note in root * 2 ** (np.array([0, 4, 7, 12]) / 12):
            for overtone in range(1, 6):
                tone = np.sin(2 * np.pi * note * overtone * stretch / SAMPLE_RATE) / overtone
                sound[start : start + len(stretch)] += tone * decay[: len(stretch)]
        hit = (
            rng.standard_normal(min(800, count - start))
            * np.exp(-np.arange(800) / 120)[: count - start]
        )
        sound[start : start + len(hit)] += 2 * hit
    return (0.1 * sound / np.abs(sound).max()).astype(np.float32)


def spoken(samples: Sound) -> tuple[int, int]:
    """Where a clip's speech begins and ends: within 40 dB of its loudest 20 ms."""
    frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    power = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(power > 1e-4 * power.max())
    return int(loud[0]) * 320, (int(loud[-1]) + 1) * 320


def pieces(
    clips: Sequence[Utterance], rng: np.random.Generator
) -> Iterator[tuple[Sound, str, Path | None]]:
    """Sound after sound, without end: its samples, what it is, and which clip."""
    for turn in turns(clips, rng):
        for place, clip in enumerate(turn):
            if place:
                yield noise(rng.uniform(*PAUSES), ROOM, rng), "quiet", None
            samples = audio.load(clip.path).samples
            start, end = spoken(samples)
            yield PEAK * samples[start:end] / np.abs(samples).max(), clip.emotion, clip.path
        seconds = rng.uniform(*GAPS)
        match rng.integers(3):
            case 0:
                yield noise(seconds, ROOM, rng), "quiet", None
            case 1:
                yield noise(seconds, 10 ** (rng.uniform(-45, -30) / 20), rng), "noise", None
            case 2:
                yield music(seconds, rng), "music", None


def make(path: Path, minutes: float, clips: Sequence[Utterance], seed: int) -> list[Stretch]:
    """Write the recording, and give its truth."""
    rng = np.random.default_rng(seed)
    truth: list[Stretch] = []
    position = 0
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        for samples, kind, clip in pieces(clips, rng):
            file.write(samples + noise(len(samples) / SAMPLE_RATE, ROOM, rng)[: len(samples)])
            end = position + len(samples)
            truth.append(Stretch(position / SAMPLE_RATE, end / SAMPLE_RATE, kind, clip))
            position = end
            if position >= minutes * 60 * SAMPLE_RATE:
                break
    return truth


def hear(
    recording: Path, model: Path | None, smoothing: str
) -> tuple[dict[str, Any], float, list[float]]:
    """Run the command: the timeline, CPU seconds, and its memory in MiB, ten times a second."""
    output = recording.with_suffix(".json")
    command = [sys.executable, "-m", "intone", "predict", str(recording), "--timeline", "--quiet"]
    command += ["--smoothing", smoothing, "--output", str(output)]
    if model is not None:
        command += ["--model", str(model)]
    process = subprocess.Popen(command)
    memory = []
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
        memory.append(int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20)
        time.sleep(0.1)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    [timeline] = json.loads(output.read_text())
    return timeline, usage.ru_utime + usage.ru_stime, memory


def uar(pairs: Sequence[tuple[str, str | None]]) -> float:
    """The mean over true emotions of how many are found; chance is one label of the model's."""
    found = defaultdict(list)
    for truth, answer in pairs:
        found[truth].append(truth == answer)
    return float(np.mean([np.mean(hits) for hits in found.values()]))


def by_clip(
    truth: Sequence[Stretch], parts: Sequence[dict[str, Any]]
) -> list[tuple[str, str | None]]:
    """What each clip is answered for most of its time; None where it is not heard at all."""
    pairs = []
    for stretch in truth:
        if stretch.clip is not None:
            seconds: Counter[str] = Counter()
            for part in parts:
                shared = min(part["end"], stretch.end) - max(part["start"], stretch.start)
                if shared > 0:
                    seconds[part["emotion"]] += shared
            pairs.append((stretch.kind, max(seconds, key=seconds.__getitem__, default=None)))
    return pairs


def detection(truth: Sequence[Stretch], parts: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares of frames: of speech that is missed, and of all else that is taken for speech."""
    count = round(truth[-1].end / FRAME)
    kinds = np.full(count, "speech", dtype=object)
    for stretch in truth:
        if stretch.clip is None:
            kinds[round(stretch.start / FRAME) : round(stretch.end / FRAME)] = stretch.kind
    heard = np.zeros(count, bool)
    for part in parts:
        heard[round(part["start"] / FRAME) : round(part["end"] / FRAME)] = True
    speech = kinds == "speech"
    taken = {kind: float(heard[kinds == kind].mean()) for kind in ("quiet", "noise", "music")}
    return {
        "missed speech": float((~heard[speech]).mean()),
        **{f"speech heard in {kind}": share for kind, share in taken.items()},
        "error rate": float((heard != speech).sum() / speech.sum()),
    }


def report(recording: Path, truth: Sequence[Stretch], model: Model, path: Path | None) -> None:
    clips = [stretch for stretch in truth if stretch.clip is not None]
    minutes = truth[-1].end / 60
    speech = sum(stretch.end - stretch.start for stretch in clips) / 60
    heard = "heard in training" if "emodb" in model.description.training["data"] else "unheard"
    print(f"{minutes:.1f} min, {speech:.1f} of speech: {len(clips)} clips of EMO-DB ({heard})")
    alone = {one: model.predict(one).emotion for one in {clip.clip for clip in clips} if one}
    print(f"UAR {uar([(c.kind, alone[c.clip]) for c in clips if c.clip]):.3f}  clip by clip, clean")
    for kind in KINDS:
        timeline, seconds, memory = hear(recording, path, kind)
        print(f"UAR {uar(by_clip(truth, timeline['segments'])):.3f}  segments, smoothing {kind}")
    print(f"UAR {uar(by_clip(truth, timeline['utterances'])):.3f}  utterances")
    print(json.dumps({k: round(v, 4) for k, v in detection(truth, timeline["utterances"]).items()}))
    quarters = [round(memory[len(memory) * i // 5]) for i in range(1, 5)]
    print(
        f"{truth[-1].end / seconds:.0f} times real time (CPU), every {timeline['hop']} s; "
        f"{max(memory):.0f} MiB at most, {quarters} on the way"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    model = runtime.load(options.model)
    clips = [c for c in emodb.read(SPEECH / "emodb") if c.emotion in model.labels]
    with TemporaryDirectory() as folder:
        recording = Path(folder) / "recording.wav"
        truth = make(recording, options.minutes, clips, options.seed)
        report(recording, truth, model, options.model)


if __name__ == "__main__":
    main()
