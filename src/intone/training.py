"""The one loop that trains every net."""

import ctypes
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from intone import dataset, files, nets, tasks
from intone.dataset import Part
from intone.dropout import quicken
from intone.errors import DataError
from intone.progress import Track, silent
from intone.recipe import Training

SCORING_BATCH = 64
_PACE = 10
"""a checkpoint is written once training has gone on for so many times as long as writing takes"""


class DivergedError(DataError):
    """A net whose numbers have grown beyond all bounds."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of the learning curve."""

    epoch: int
    train_loss: float
    seconds: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    validation_uar: float | None = None


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What training leaves besides the net's weights."""

    best_epoch: int
    history: tuple[Epoch, ...]
    pretraining: "Fit | None" = None
    """how the autoencoder was trained before, where the recipe has one"""

    @property
    def seconds(self) -> float:
        """Time spent in epochs, over both stages and all sessions of a resumed fit."""
        before = self.pretraining.seconds if self.pretraining else 0.0
        return before + sum(epoch.seconds for epoch in self.history)


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

    Raises:
        DivergedError: the loss of an epoch is not finite.
    """
    device = tune_hardware()
    net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    quicken(net)
    optimizer = _optimizer(net, settings)
    best: dict[str, Any] = {"value": float("inf"), "epoch": 0, "weights": _weights(net)}
    history: list[Epoch] = []
    if checkpoint is not None and checkpoint.exists():
        best, history = _resume(checkpoint, net, optimizer)

    due = 0.0  # when the next checkpoint is
    last = last_epoch or settings.epochs
    for epoch in track(range(1, last + 1), label, last):
        if epoch <= len(history) or epoch - best["epoch"] > settings.patience:
            continue
        began = time.perf_counter()
        for group, (_, share) in zip(optimizer.param_groups, nets.rates(net), strict=True):
            group["lr"] = learning_rate(settings, history) * share
        loss = _train_epoch(net, optimizer, train(epoch), settings, [seed, epoch])
        scores = _validate(net, validation) if validation is not None else {}
        seconds = time.perf_counter() - began
        history.append(Epoch(epoch=epoch, train_loss=loss, seconds=seconds, **scores))
        _refuse_divergence(net, history[-1])
        watched = _watched(history[-1], settings)
        if watched < best["value"]:
            best = {"value": watched, "epoch": epoch, "weights": _weights(net)}
        if checkpoint is not None and (now := time.perf_counter()) >= due:
            _save(checkpoint, net, optimizer, best, history)
            written = time.perf_counter()
            due = written + _PACE * (written - now)

    net.load_state_dict(best["weights"])
    return Fit(best_epoch=best["epoch"], history=tuple(history))


def solve(net: nn.Module, train: Part, validation: Part | None, *, seed: int) -> Fit:
    """Fit a net that solves itself, on all training windows at once."""
    began = time.perf_counter()
    inputs = train.inputs(np.arange(len(train.owner)))
    net.solve(**inputs, targets=train.targets[train.owner], seed=seed)  # type: ignore[operator]
    seconds = time.perf_counter() - began
    loss = _validate(net, train)["validation_loss"]
    scores = _validate(net, validation) if validation is not None else {}
    return Fit(best_epoch=1, history=(Epoch(epoch=1, train_loss=loss, seconds=seconds, **scores),))


def predict(net: nn.Module, part: Part) -> NDArray[np.float32]:
    """Give the probabilities of each clip, averaged over its windows: `[N, C]`."""
    task = nets.task(net)
    rows = [tasks.probabilities(task, logits).cpu().numpy() for _, logits in _answers(net, part)]
    return dataset.pool(np.concatenate(rows), part.owner)


def reconstruct(net: nn.Module, part: Part) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give every window as it is and as an autoencoder gives it back: `[W, *shape]` each."""
    pairs = [(_only(inputs), outputs) for inputs, outputs in _answers(net, part)]
    originals, reconstructions = (
        torch.cat(side).cpu().numpy() for side in zip(*pairs, strict=True)
    )
    return originals, reconstructions


def _answers(net: nn.Module, part: Part) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """The inputs of a part's windows and the net's outputs, batch by batch."""
    net.eval()
    device = next(net.parameters()).device
    for start in range(0, len(part.owner), SCORING_BATCH):
        chosen = np.arange(start, min(start + SCORING_BATCH, len(part.owner)))
        inputs = _batch(net, part, chosen, device)
        with torch.inference_mode():
            outputs = net(**inputs).float()
        yield inputs, outputs


def learning_rate(settings: Training, history: Sequence[Epoch]) -> float:
    """The learning rate of the epoch that follows these."""
    if len(history) < settings.warmup:
        return settings.learning_rate * (len(history) + 0.5) / settings.warmup
    if settings.schedule == "cosine":
        return settings.learning_rate * (1 + cos(pi * len(history) / settings.epochs)) / 2
    if settings.schedule == "exponential":
        return float(settings.learning_rate * settings.decay ** len(history))
    if settings.schedule == "plateau":
        return float(settings.learning_rate * settings.decay ** _plateaus(settings, history))
    return settings.learning_rate


def _plateaus(settings: Training, history: Sequence[Epoch]) -> int:
    """How often the watched value has not become better for `plateau` epochs."""
    best, since, found = float("inf"), 0, 0
    for epoch in history:
        value = _watched(epoch, settings)
        best, since = (value, 0) if value < best else (best, since + 1)
        if since == settings.plateau:
            found, since = found + 1, 0
    return found


def _optimizer(net: nn.Module, settings: Training) -> torch.optim.Optimizer:
    groups = [{"params": group} for group, _ in nets.rates(net)]
    given = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimizer in ("rmsprop", "sgd"):
        given["momentum"] = settings.momentum
    made: torch.optim.Optimizer = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
        "sgd": torch.optim.SGD,
    }[settings.optimizer](groups, **given)
    return made


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
    settings: Training,
    entropy: list[int],
) -> float:
    """One pass over the windows in random order; returns the mean loss."""
    net.train()
    task = nets.task(net)
    rng = np.random.default_rng(entropy)
    torch.manual_seed(int(rng.integers(2**32)))
    device = next(net.parameters()).device
    weights = _class_weights(part.shares, device) if settings.class_weights else None
    order = rng.permutation(len(part.owner))
    total = 0.0
    for rows in np.array_split(order, max(1, round(len(order) / settings.batch_size))):
        inputs = _batch(net, part, rows, device)
        shares = torch.from_numpy(part.shares[part.owner[rows]]).to(device)
        if settings.mixup:
            inputs, shares = _mixed(inputs, shares, rng.beta(settings.mixup, settings.mixup))
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            outputs = net(**inputs)
        loss = tasks.loss(
            task,
            outputs.float(),
            _only(inputs) if task == "reconstruction" else shares,
            weights=weights,
            smoothing=settings.label_smoothing,
        )
        optimizer.zero_grad()
        (loss + _penalty(net, settings.l2)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(order)


def _class_weights(shares: NDArray[np.float32], device: torch.device) -> Tensor:
    """The inverse of each label's frequency `[C]`, 1 on average over clips; absent labels 0."""
    counts = torch.from_numpy(shares.sum(axis=0))
    present = (counts > 0).sum()
    return torch.where(counts > 0, counts.sum() / (present * counts), 0).to(device)


def _mixed(
    inputs: dict[str, Tensor], shares: Tensor, share: float
) -> tuple[dict[str, Tensor], Tensor]:
    """Mix each window with its neighbour in the batch, whose order is random already."""

    def mix(values: Tensor) -> Tensor:
        return share * values + (1 - share) * values.roll(1, dims=0)

    return {name: mix(values) for name, values in inputs.items()}, mix(shares)


def _penalty(net: nn.Module, l2: float) -> Tensor | float:
    """Keras's L2 on kernels: not on biases, and not on what normalises."""
    if not l2:
        return 0.0
    kernels = [value for value in net.parameters() if value.ndim > 1]
    return l2 * torch.stack([kernel.square().sum() for kernel in kernels]).sum()


def _validate(net: nn.Module, part: Part) -> dict[str, float]:
    """Cross-entropy, accuracy and UAR over the clips of a part; an autoencoder's squared error."""
    if nets.task(net) == "reconstruction":
        originals, reconstructions = reconstruct(net, part)
        return {"validation_loss": float(np.square(originals - reconstructions).mean())}
    probabilities = predict(net, part)
    clips = np.arange(len(part.targets))
    loss = -np.log(np.maximum(probabilities[clips, part.targets], 1e-7)).mean()
    hit = probabilities.argmax(axis=1) == part.targets
    recalls = [hit[part.targets == label].mean() for label in np.unique(part.targets)]
    return {
        "validation_loss": float(loss),
        "validation_accuracy": float(hit.mean()),
        "validation_uar": float(np.mean(recalls)),
    }


def _refuse_divergence(net: nn.Module, epoch: Epoch) -> None:
    if np.isfinite([epoch.train_loss, epoch.validation_loss or 0]).all():
        return
    section = "pretraining.training" if nets.task(net) == "reconstruction" else "training"
    raise DivergedError(
        f"training diverged in epoch {epoch.epoch}: the loss is not finite; "
        f"lower {section}.learning_rate"
    )


def _watched(epoch: Epoch, settings: Training) -> float:
    """The value that is best when it is lowest; without validation, the newest epoch wins."""
    value = {
        "loss": epoch.validation_loss,
        "accuracy": epoch.validation_accuracy,
        "uar": epoch.validation_uar,
    }[settings.monitor]
    if value is None:
        return -float(epoch.epoch)
    return value if settings.monitor == "loss" else -value


def _batch(
    net: nn.Module, part: Part, rows: NDArray[np.int64], device: torch.device
) -> dict[str, Tensor]:
    """Those inputs of these windows that the net reads."""
    made = part.inputs(rows)
    return {name: torch.from_numpy(made[name]).to(device) for name in nets.inputs(net)}


def _only(inputs: dict[str, Tensor]) -> Tensor:
    """The one input of an autoencoder."""
    [original] = inputs.values()
    return original


def _weights(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _save(
    path: Path,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    best: dict[str, Any],
    history: list[Epoch],
) -> None:
    state = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "best": best,
        "history": [asdict(epoch) for epoch in history],
    }
    save(state, path)


def _resume(
    path: Path, net: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[dict[str, Any], list[Epoch]]:
    state = load(path)
    try:
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        return state["best"], [Epoch(**row) for row in state["history"]]
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise DataError(f"{path}: is of another fit; {files.RESUME}") from None


def save(state: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values; the file has its name only once it is complete."""
    packed = io.BytesIO()
    torch.save(state, packed)
    with files.writing(path) as file:
        file.write(packed.getbuffer())


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        return state
    except FileNotFoundError:
        raise DataError(f"{path}: is missing; delete its folder, and go on with --resume") from None
    except Exception:  # a damaged pickle may fail in any way
        raise files.damaged(path) from None


def load_weights(net: nn.Module, path: Path) -> None:
    """Give a net the weights that `save` wrote.

    Raises:
        DataError: there is no such file, it is damaged, or holds the weights of another net.
    """
    try:
        net.load_state_dict(load(path))
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split()[:12])
        raise DataError(f"{path}: the weights of another net ({reason} ...)") from None
