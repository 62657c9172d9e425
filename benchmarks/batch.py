"""Many files, some broken, in a run that is killed twice: every file once, every failure named.

    python benchmarks/batch.py --files 10000 --broken 50 --jobs 2

The files are links to real clips, the broken ones are cut in the middle.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from intone import audio
from kept import RECORDINGS, keep

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)


def fill(folder: Path, files: int, broken: int) -> None:
    """Link so many files, in folders of a thousand; some are cut clips instead."""
    rng = np.random.default_rng(0)
    clips = audio.find([SPEECH / name for name in ("ravdess", "savee", "emodb", "tess")])
    cut = set(rng.choice(files, broken, replace=False).tolist())
    for number in range(files):
        clip = clips[rng.integers(len(clips))]
        path = folder / f"{number // 1000:02}" / f"{number:06}{clip.suffix}"
        path.parent.mkdir(exist_ok=True)
        if number in cut:
            samples, rate = soundfile.read(clip, dtype="int16")
            soundfile.write(path.with_suffix(".wav"), samples, rate)
            path = path.with_suffix(".wav")
            path.write_bytes(path.read_bytes()[: len(samples)])
        else:
            path.symlink_to(clip)


def killed_at(command: list[str], journal: Path, entries: int) -> float:
    """Run until so many files are answered, then kill the process: seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    while not journal.exists() or journal.read_bytes().count(b"\n") <= entries:
        if process.poll() is not None:
            sys.exit("it ended before it was to be killed")
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--broken", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", action="store_true", help=f"write into {RECORDINGS.name}")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder, output = Path(name) / "clips", Path(name) / "answers.jsonl"
        folder.mkdir()
        fill(folder, options.files, options.broken)
        journal = Path(f"{output}.journal")
        command = [sys.executable, "-m", "intone", "predict", str(folder), "--quiet"]
        command += ["--jobs", str(options.jobs), "--output", str(output)]
        seconds = killed_at(command, journal, options.files // 3)
        seconds += killed_at([*command, "--resume"], journal, 2 * options.files // 3)
        began = time.perf_counter()
        done = subprocess.run([*command, "--resume"], stderr=subprocess.PIPE, text=True)
        seconds += time.perf_counter() - began
        answered = [json.loads(line)["source"] for line in output.open()]
        named = {line.split(": ")[1] for line in done.stderr.splitlines()}
    figures = {
        "files": options.files,
        "broken": options.broken,
        "jobs": options.jobs,
        "answers": len(answered),
        "answered": len(set(answered)),
        "named": len(named),
        "lost": options.files - len({*answered} | named),
        "seconds": round(seconds),
        "exit_code": done.returncode,
    }
    print(json.dumps(figures, indent=1))
    if options.keep:
        keep(RECORDINGS, "batch", figures)


if __name__ == "__main__":
    main()
