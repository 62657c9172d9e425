"""What an answer costs: start, memory and time a file, in processes of their own, on one thread.

    python benchmarks/runtime.py --clips ../shared/speech/ravdess --rounds 7 --keep

Every contestant takes its turn in every round, so that whatever else the machine does slows all
alike; medians are printed. `first answer` is a whole process from its start.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

EXAMPLE = Path(__file__).parent.parent / "src/intone/models/examples/calm.wav"
INTONE = [sys.executable, "-m", "intone"]
CONTESTANTS = {
    "intone --help": [*INTONE, "--help"],
    "intone predict, first answer": [*INTONE, "predict", str(EXAMPLE)],
    "python -c 'import torch'": [sys.executable, "-c", "import torch"],
}


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a process: wall seconds, CPU seconds, and peak memory in MiB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    seconds = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - began, seconds, usage.ru_maxrss / 1024


def per_file(clips: Path, count: int) -> dict[str, float]:
    """Predict files with a model that is loaded already: milliseconds a file."""
    from intone import audio, runtime

    model = runtime.load()
    files = audio.find([clips])[:count]
    model.predict(files[0])
    wall, cpu = time.perf_counter(), time.process_time()
    seconds = sum(model.predict(file).seconds for file in files)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "files": len(files),
        "wall ms a file": 1000 * wall / len(files),
        "CPU ms a file": 1000 * cpu / len(files),
        "times real time (CPU)": seconds / cpu,
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, help="a folder of sound files")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", action="store_true", help="write the figures to results/")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    rounds = [
        {name: measure(command) for name, command in CONTESTANTS.items()}
        for _ in range(options.rounds)
    ]
    print(f"{'':30}{'wall s':>9}{'CPU s':>9}{'MiB':>7}   medians of {options.rounds}")
    medians = {}
    for name in CONTESTANTS:
        medians[name] = [median(column) for column in zip(*(r[name] for r in rounds), strict=True)]
        wall, cpu, memory = medians[name]
        print(f"{name:30}{wall:9.3f}{cpu:9.3f}{memory:7.0f}")
    first, torch = (medians[name][1] for name in list(CONTESTANTS)[1:])
    print(f"first answer takes {first / torch:.2f} of torch's import (CPU)")
    if options.clips:
        figures = per_file(options.clips, options.files)
        print(json.dumps({name: round(value, 1) for name, value in figures.items()}))
        if options.keep:
            from kept import DEFAULT_MODEL, keep  # which loads torch: not before it is measured

            _, seconds, memory = medians["intone predict, first answer"]
            answer = {"CPU seconds": round(seconds, 2), "peak MiB": round(memory)}
            clips = {name: round(value, 1) for name, value in figures.items() if "wall" not in name}
            keep(DEFAULT_MODEL, "cost", {"first answer": answer, "clips": clips})


if __name__ == "__main__":
    main()
