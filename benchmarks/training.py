"""What the training loop's CPU settings gain over torch as it comes, and over Keras.

    python benchmarks/training.py --rounds 5 --keras ~/tf/bin/python

Every contestant runs in a process of its own (the allocator's settings cannot be undone), in turn
in every round, so that whatever else the machine does slows all alike; medians are printed, in
clips per CPU second. `as it comes` is float32 in torch's own memory format with glibc's own
allocator. `--keras` names a Python that has TensorFlow; see `keras_peer.py`.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import torch
from torch.nn import functional

from intone import nets, training
from intone.dropout import quicken

NETS = {
    "A1": ("CNN2DLSTM", (128, 251)),
    "B1": ("SingleCNN", (128, 94)),
    "B3": ("ParallelCNNTransformer", (128, 94)),
    "D1": ("CNN2D", (60, 216)),
}
SETTINGS = ("as it comes", "+ allocator", "+ channels last", "+ bfloat16", "+ dropout")
"""each with those before it; the last is what the loop uses where the CPU has bfloat16"""
POLICIES = {"Keras, float32": "float32", "Keras, bfloat16": "mixed_bfloat16"}
BATCH = 32
STEPS = 12


def clips_per_second(name: str, shape: tuple[int, int], setting: str) -> float:
    """Train on random input: clips per CPU second, after three steps to warm up."""
    level = SETTINGS.index(setting)
    torch.manual_seed(0)
    net = nets.build(name, classes=8, shapes={"frames": shape})
    if level >= 1:
        training.tune_hardware()
    if level >= 2:
        net.to(memory_format=torch.channels_last)
    if level >= 4:
        quicken(net)
    optimizer = torch.optim.Adam(net.parameters())
    frames, targets = torch.randn(BATCH, *shape), torch.randint(0, 8, (BATCH,))
    for step in range(STEPS + 3):
        if step == 3:
            began = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=level >= 3):
            loss = functional.cross_entropy(net(frames=frames), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return BATCH * STEPS / (time.process_time() - began)


def commands(row: str, keras: str | None, threads: int) -> dict[str, list[str]]:
    """Every contestant's command, by its title."""
    name, shape = NETS[row]
    found = {
        setting: [sys.executable, __file__, "--one", json.dumps([name, shape, setting])]
        for setting in SETTINGS
    }
    if keras and row != "B1":
        peer = str(Path(__file__).with_name("keras_peer.py"))
        found |= {title: [keras, peer, row, policy] for title, policy in POLICIES.items()}
    return {title: [*command, "--threads", str(threads)] for title, command in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=[*NETS])
    parser.add_argument("--keras", help="a Python that has TensorFlow")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.one:
        print(clips_per_second(*json.loads(options.one)))
        return
    for row in options.nets:
        contestants = commands(row, options.keras, options.threads)
        speeds: dict[str, list[float]] = {title: [] for title in contestants}
        for _ in range(options.rounds):
            for title, command in contestants.items():
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                speeds[title].append(float(done.stdout.split()[0]))
        middle = {title: median(values) for title, values in speeds.items()}
        print(f"\n{row}, {NETS[row][0]}: clips per CPU second, medians of {options.rounds}")
        for title, value in middle.items():
            print(f"  {title:17}{value:8.1f}  {value / middle['as it comes']:5.2f} times")
        for title in POLICIES.keys() & middle.keys():
            print(f"  the loop is {middle[SETTINGS[-1]] / middle[title]:.2f} times {title}")


if __name__ == "__main__":
    main()
