"""What a net is asked: the loss it learns by, and how its logits become probabilities."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Task = Literal["one of many", "label by label", "reconstruction"]


def loss(
    task: Task, outputs: Tensor, targets: Tensor, *, weights: Tensor | None, smoothing: float
) -> Tensor:
    """Mean loss of logits `[B, C]` against shares of the labels `[B, C]`, each row summing to 1.

    `one of many` is cross-entropy; `label by label` is binary cross-entropy on each label, as in
    Query2Label (report C). `weights [C]` count a label's part of the loss for more or less.
    `reconstruction` knows no labels: it is the squared error of the outputs against the input.
    """
    if task == "reconstruction":
        return functional.mse_loss(outputs, targets)
    if task == "one of many":
        return functional.cross_entropy(outputs, targets, weight=weights, label_smoothing=smoothing)
    smoothed = targets * (1 - smoothing) + smoothing / targets.shape[1]
    return functional.binary_cross_entropy_with_logits(outputs, smoothed, weight=weights)


def probabilities(task: Task, logits: Tensor) -> Tensor:
    """Logits `[B, C]` -> probabilities that sum to 1.

    `label by label` gives each label's own probability as a share of their sum.
    """
    if task == "one of many":
        return logits.softmax(dim=1)
    own = torch.sigmoid(logits)
    return own / own.sum(dim=1, keepdim=True)
