"""What the service costs beside a bare loop over the same model: throughput and latency.

    python benchmarks/server.py --rounds 5

Contestants take turns in every round, so that whatever else the machine does slows all alike: loops
that do nothing but `model.predict`, alone, in threads, and in processes, which is all that the
processors can give; and the service under hey (Debian: apt install hey), whose own work is on the
same processors. Its rate is divided by that of the loop alone for one client, and else by that of
the processes; medians of the rounds are printed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread

import numpy as np

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)
CLIP = SPEECH / "ravdess/Actor_01/03-01-03-01-01-01-01.flac"
SERVICE = Path(__file__).parent.parent / "results" / "service.toml"
CLIENTS = (1, 8, 64)
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Measured:
    """One turn of a contestant."""

    rate: float
    """answers a second"""
    cpu: float
    """milliseconds of processor time an answer, without the load generator's"""
    latencies: tuple[float, ...] = ()
    """milliseconds, in 50, 95 and 99 of 100"""


def loop(clip: Path, threads: int, seconds: float) -> None:
    """Predict over and over in threads; print the rate, and the processor time of an answer."""
    from intone import runtime

    model, sound = runtime.load(), clip.read_bytes()
    counts = [0] * threads
    model.predict(sound)

    def work(place: int) -> None:
        while time.perf_counter() < began + seconds:
            model.predict(sound)
            counts[place] += 1

    began, cpu = time.perf_counter(), time.process_time()
    workers = [Thread(target=work, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(sum(counts) / took, 1000 * cpu / sum(counts))


def measure_loops(clip: Path, processes: int, threads: int, seconds: float) -> Measured:
    """Run `loop` in processes of their own, all at once."""
    command = [sys.executable, __file__, "--clip", str(clip), "--seconds", str(seconds)]
    command += ["--loop", str(threads)]
    started = [
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    rates, cpu = zip(*(map(float, one.communicate()[0].split()) for one in started), strict=True)
    return Measured(sum(rates), sum(cpu) / processes)


def measure_service(
    process: subprocess.Popen[str], url: str, clip: Path, clients: int, seconds: float
) -> Measured:
    """Let clients ask over and over, each as soon as it has its answer."""
    command = ["hey", "-z", f"{seconds}s", "-c", str(clients), "-m", "POST", "-o", "csv"]
    command += ["-t", "0", "-T", "audio/flac", "-D", str(clip), f"{url}/v1/predict"]
    cpu = processor_time(process.pid)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu = processor_time(process.pid) - cpu
    rows = [line.split(",") for line in done.stdout.splitlines()[1:]]
    if any(row[6] != "200" for row in rows):
        sys.exit(f"the service refused: { ({row[6] for row in rows}) }")
    times = np.array([float(row[0]) for row in rows])
    ended = max(float(row[7]) + float(row[0]) for row in rows)
    quantiles = 1000 * np.quantile(times, [0.5, 0.95, 0.99])
    return Measured(len(rows) / ended, 1000 * cpu / len(rows), tuple(quantiles.tolist()))


def processor_time(pid: int) -> float:
    """Seconds that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def row(name: str, turns: list[Measured], beside: list[Measured]) -> str:
    """Set a contestant's medians, with its share of the loop beside it."""
    share = median(one.rate / other.rate for one, other in zip(turns, beside, strict=True))
    latencies = [median(column) for column in zip(*(one.latencies for one in turns), strict=True)]
    cells = [f"{median(one.rate for one in turns):.0f}", f"{share:.2f}"]
    cells += [f"{latency:.0f}" for latency in latencies] or ["", "", ""]
    cells += [f"{median(one.cpu for one in turns):.1f}"]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help=f"write into {SERVICE.name}")
    parser.add_argument("--loop", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        loop(options.clip, options.loop, options.seconds)
        return
    if shutil.which("hey") is None:
        sys.exit("this needs hey: apt install hey")
    command = [sys.executable, "-m", "intone", "serve", "--port", "0", "--quiet"]
    command += ["--threads", str(options.threads)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    many = options.threads
    loops: dict[tuple[int, int], list[Measured]] = {(1, 1): [], (1, many): [], (many, 1): []}
    asked: dict[int, list[Measured]] = {clients: [] for clients in CLIENTS}
    try:
        measure_service(process, url, options.clip, 1, 1)  # warm
        for _ in range(options.rounds):
            for (processes, threads), turns in loops.items():
                turns.append(measure_loops(options.clip, processes, threads, options.seconds))
            for clients, turns in asked.items():
                turns.append(measure_service(process, url, options.clip, clients, options.seconds))
    finally:
        process.terminate()
        process.wait()
    lines = [
        "| | answers/s | of the loop | p50, ms | p95 | p99 | CPU, ms |",
        "|---|---|---|---|---|---|---|",
        row("loop", loops[1, 1], loops[1, 1]),
        row(f"loop, {many} threads", loops[1, many], loops[many, 1]),
        row(f"loop, {many} processes", loops[many, 1], loops[many, 1]),
    ]
    for clients, turns in asked.items():
        beside = loops[1 if clients == 1 else many, 1]
        lines.append(row(f"service, {clients} client{'s' * (clients > 1)}", turns, beside))
    table = "\n".join(lines)
    print(table)
    if options.keep:
        from kept import keep  # brings all that trains

        keep(SERVICE, "server", {"table": table})


if __name__ == "__main__":
    main()
