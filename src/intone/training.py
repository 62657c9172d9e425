"""The one loop that trains every net."""

import ctypes
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from intone import dataset
from intone.dataset import Part
from intone.progress import Track, silent
from intone.recipe import Training

SCORING_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of the learning curve."""

    epoch: int
    train_loss: float
    validation_loss: float | None
    validation_uar: float | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What training leaves besides the net's weights."""

    best_epoch: int
    history: tuple[Epoch, ...]

    @property
    def seconds(self) -> float:
        """Time spent in epochs, over all sessions of a resumed fit."""
        return sum(epoch.seconds for epoch in self.history)


def fit(
    net: nn.Module,
    train: Callable[[int], Part],
    validation: Part | None,
    settings: Training,
    *,
    seed: int,
    last_epoch: int | None = None,
    checkpoint: Path | None = None,
    track: Track = silent,
    label: str = "training",
) -> Fit:
    """Train `net` in place, and leave it with its best weights.

    `train` gives the training windows of an epoch. The best epoch is the one with the best
    `settings.monitor` on the validation part; without one, training runs to `last_epoch` (or
    through all its epochs), whose weights are kept. Dice are thrown anew each epoch from (seed,
    epoch), so a fit that goes on from `checkpoint` continues as if it had never stopped.
    """
    device = tune_hardware()
    net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    best: dict[str, Any] = {"value": float("inf"), "epoch": 0, "weights": _weights(net)}
    history: list[Epoch] = []
    if checkpoint is not None and checkpoint.exists():
        best, history = _resume(checkpoint, net, optimizer)

    last = last_epoch or settings.epochs
    for epoch in track(range(1, last + 1), label, last):
        if epoch <= len(history) or epoch - best["epoch"] > settings.patience:
            continue
        began = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(settings, epoch)
        loss = _train_epoch(net, optimizer, train(epoch), settings.batch_size, [seed, epoch])
        value, uar = (None, None) if validation is None else _validate(net, validation)
        history.append(
            Epoch(
                epoch=epoch,
                train_loss=loss,
                validation_loss=value,
                validation_uar=uar,
                seconds=time.perf_counter() - began,
            )
        )
        watched = _watched(history[-1], settings.monitor)
        if watched < best["value"]:
            best = {"value": watched, "epoch": epoch, "weights": _weights(net)}
        if checkpoint is not None:
            _save(checkpoint, net, optimizer, best, history)

    net.load_state_dict(best["weights"])
    return Fit(best_epoch=best["epoch"], history=tuple(history))


def predict(net: nn.Module, part: Part) -> NDArray[np.float32]:
    """Give the probabilities of each clip, averaged over its windows: `[N, C]`."""
    net.eval()
    rows = []
    with torch.inference_mode():
        for start in range(0, len(part.owner), SCORING_BATCH):
            batch = _batch(part, np.arange(start, min(start + SCORING_BATCH, len(part.owner))), net)
            rows.append(net(**batch).float().softmax(dim=1).cpu().numpy())
    return dataset.pool(np.concatenate(rows), part.owner)


def learning_rate(settings: Training, epoch: int) -> float:
    """The learning rate of an epoch, counted from 1: constant, or falling along a cosine."""
    if settings.schedule == "constant":
        return settings.learning_rate
    return settings.learning_rate * (1 + cos(pi * (epoch - 1) / settings.epochs)) / 2


def tune_hardware() -> torch.device:
    """Choose the device and set what makes it fast.

    On a CPU, glibc is told to keep large blocks: by default every activation is mapped from
    the system and given back, at the price of a page fault for each 4 KiB.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    try:
        libc = ctypes.CDLL("libc.so.6")
        trim_threshold, mmap_threshold = -1, -3
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, 1 << 30)
    except (OSError, AttributeError):
        pass  # another C library: nothing to tune
    return torch.device("cpu")


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 arithmetic is native, and so faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return torch.cpu._is_avx512_bf16_supported()


def _train_epoch(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    part: Part,
    batch_size: int,
    entropy: list[int],
) -> float:
    """One pass over the windows in random order; returns the mean loss."""
    net.train()
    torch.manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))
    order = np.random.default_rng(entropy).permutation(len(part.owner))
    device = next(net.parameters()).device
    total = 0.0
    for rows in np.array_split(order, max(1, round(len(order) / batch_size))):
        targets = torch.from_numpy(part.targets[part.owner[rows]]).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            logits = net(**_batch(part, rows, net))
        loss = functional.cross_entropy(logits.float(), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(order)


def _validate(net: nn.Module, part: Part) -> tuple[float, float]:
    """Cross-entropy and UAR over the clips of a part."""
    probabilities = predict(net, part)
    clips = np.arange(len(part.targets))
    loss = -np.log(np.maximum(probabilities[clips, part.targets], 1e-7)).mean()
    hit = probabilities.argmax(axis=1) == part.targets
    recalls = [hit[part.targets == label].mean() for label in np.unique(part.targets)]
    return float(loss), float(np.mean(recalls))


def _watched(epoch: Epoch, monitor: str) -> float:
    """The value that is best when it is lowest; without validation, the newest epoch wins."""
    if epoch.validation_loss is None or epoch.validation_uar is None:
        return float(-epoch.epoch)
    return epoch.validation_loss if monitor == "loss" else -epoch.validation_uar


def _batch(part: Part, rows: NDArray[np.int64], net: nn.Module) -> dict[str, Tensor]:
    device = next(net.parameters()).device
    return {name: torch.from_numpy(array).to(device) for name, array in part.inputs(rows).items()}


def _weights(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _save(
    path: Path,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    best: dict[str, Any],
    history: list[Epoch],
) -> None:
    aside = path.with_suffix(".part")
    torch.save(
        {
            "net": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "best": best,
            "history": [asdict(epoch) for epoch in history],
        },
        aside,
    )
    aside.replace(path)


def _resume(
    path: Path, net: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[dict[str, Any], list[Epoch]]:
    state = torch.load(path, weights_only=True)
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    return state["best"], [Epoch(**row) for row in state["history"]]
