"""Features beside librosa's: log-mel, a bag of five features, and a 48 kHz file to that bag.

All contestants take turns on every clip, in one process and on one thread, so that whatever else
the machine does slows all alike. The first round warms up and is not counted.

    python benchmarks/features.py --clips 40 --rounds 9
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import librosa
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from intone import audio
from intone.audio import SAMPLE_RATE
from intone.features import Chroma, FrontEnd, LogMel, Mfcc, Rms, ZeroCrossingRate

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)
HIGH_RATE = 48_000

Sound = NDArray[np.float32]
Contestants = dict[str, Callable[[Any], object]]

log_mel = FrontEnd(features=(LogMel(),))
bag = FrontEnd(features=(LogMel(), Mfcc(), Chroma(), ZeroCrossingRate(), Rms()))


def librosa_log_mel(y: Sound) -> Sound:
    decibels: Sound = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE))
    return decibels


def librosa_bag(y: Sound) -> list[Sound]:
    """Five separate calls; without `tuning=0` chroma would be slower still, and another feature."""
    return [
        librosa_log_mel(y),
        librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=40),
        librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE, tuning=0),
        librosa.feature.zero_crossing_rate(y),
        librosa.feature.rms(y=y),
    ]


def librosa_shared_bag(y: Sound) -> list[Sound]:
    """The same five from one STFT, by their `S=` arguments."""
    magnitude = np.abs(librosa.stft(y))
    power = magnitude**2
    decibels = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE))
    return [
        decibels,
        librosa.feature.mfcc(S=decibels, sr=SAMPLE_RATE, n_mfcc=40),
        librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE, tuning=0),
        librosa.feature.zero_crossing_rate(y),
        librosa.feature.rms(S=magnitude),
    ]


def librosa_load(path: Path) -> Sound:
    return librosa.load(path, sr=SAMPLE_RATE)[0]


def race(contestants: Contestants, inputs: Sequence[Any], rounds: int) -> NDArray[np.float64]:
    """Median CPU and wall milliseconds per input: [contestants, 2]."""
    spent = np.zeros((rounds + 1, len(contestants), 2))
    for turn in spent:
        for item in inputs:
            for row, run in zip(turn, contestants.values(), strict=True):
                cpu, wall = time.process_time(), time.perf_counter()
                run(item)
                row += time.process_time() - cpu, time.perf_counter() - wall
    milliseconds: NDArray[np.float64] = np.median(spent[1:], axis=0) * 1000 / len(inputs)
    return milliseconds


def show(title: str, contestants: Contestants, inputs: Sequence[Any], rounds: int) -> None:
    """Race, and print a table; the first contestant is Intone."""
    times = race(contestants, inputs, rounds)
    print(f"\n{title:<34}{'CPU ms':>10}{'wall ms':>10}{'CPU ratio':>12}{'wall ratio':>12}")
    for name, own in zip(contestants, times, strict=True):
        cpu, wall = own / times[0]
        print(f"  {name:<32}{own[0]:>10.3f}{own[1]:>10.3f}{cpu:>12.2f}{wall:>12.2f}")


def sounds(count: int) -> list[Sound]:
    """Clips of the speech folder, evenly spread over it, or made ones where it is absent."""
    paths = sorted(p for p in SPEECH.rglob("*") if p.suffix in {".flac", ".opus"})
    if not paths:
        rng = np.random.default_rng(0)
        return [rng.normal(0, 0.1, 3 * SAMPLE_RATE).astype(np.float32) for _ in range(count)]
    return [audio.load(path).samples for path in paths[:: max(1, len(paths) // count)][:count]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()

    clips = sounds(options.clips)
    seconds = np.mean([len(clip) for clip in clips]) / SAMPLE_RATE
    print(f"{len(clips)} clips of {seconds:.2f} s on average; {options.rounds} rounds, 1 thread")
    show(
        "log-mel 128",
        {"intone": log_mel, "librosa": librosa_log_mel},
        clips,
        options.rounds,
    )
    show(
        "log-mel, MFCC, chroma, ZCR, RMS",
        {"intone": bag, "librosa, shared STFT": librosa_shared_bag, "librosa": librosa_bag},
        clips,
        options.rounds,
    )
    with TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.wav") for number in range(len(clips))]
        for file, clip in zip(files, clips, strict=True):
            soundfile.write(file, soxr.resample(clip, SAMPLE_RATE, HIGH_RATE), HIGH_RATE)
        show(
            "48 kHz WAV file to the same",
            {
                "intone": lambda file: bag(audio.load(file).samples),
                "librosa, shared STFT": lambda file: librosa_shared_bag(librosa_load(file)),
                "librosa": lambda file: librosa_bag(librosa_load(file)),
            },
            files,
            options.rounds,
        )


if __name__ == "__main__":
    main()
