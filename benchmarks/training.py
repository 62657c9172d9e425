"""What the training loop's CPU settings gain over torch as it comes: clips per CPU second.

    python benchmarks/training.py --rounds 5

Every setting is measured in a process of its own (the allocator's cannot be undone), in turn in
every round. `as it comes` is float32 in torch's own memory format with glibc's own allocator.
"""

import argparse
import json
import subprocess
import sys
import time
from statistics import median

import torch
from torch.nn import functional

from intone import nets, training

NETS = {
    "B1 SingleCNN 128x94": ("SingleCNN", (128, 94)),
    "D1 CNN2D 60x216": ("CNN2D", (60, 216)),
}
SETTINGS = ("as it comes", "+ allocator", "+ channels last", "+ bfloat16")
"""each with those before it; the last is what the loop uses where the CPU has bfloat16"""
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.one:
        print(clips_per_second(*json.loads(options.one)))
        return
    for title, (name, shape) in NETS.items():
        speeds: dict[str, list[float]] = {setting: [] for setting in SETTINGS}
        for _ in range(options.rounds):
            for setting in SETTINGS:
                one = ["--one", json.dumps([name, shape, setting])]
                command = [sys.executable, __file__, "--threads", str(options.threads), *one]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                speeds[setting].append(float(done.stdout))
        base = median(speeds["as it comes"])
        print(f"\n{title}: clips per CPU second, medians of {options.rounds}")
        for setting, values in speeds.items():
            print(f"  {setting:17}{median(values):8.0f}  {median(values) / base:5.2f} times")


if __name__ == "__main__":
    main()
