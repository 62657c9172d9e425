"""Probabilities made honest, by what a run answered to its validation parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-7


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Which labels may be the truth; `Answer.candidates` says what is promised of them.

    Raises:
        ValueError: the two are not shares.
    """

    threshold: float
    """the least probability of a candidate"""
    coverage: float
    """the share of clips whose candidates hold the truth"""

    def __post_init__(self) -> None:
        if not (0 <= self.threshold <= 1 and 0 < self.coverage < 1):
            raise ValueError(f"threshold {self.threshold} for coverage {self.coverage}")


def temperature(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The divisor of logits that makes the truth likeliest: `[N, C]` and `[N]`.

    Source: Guo et al. (2017), "On Calibration of Modern Neural Networks".
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    logits = np.log(np.maximum(probabilities.astype(np.float64), _LEAST))
    own = logits[np.arange(len(truth)), truth]

    def cross_entropy(divisor: float) -> float:
        return float(np.mean(logsumexp(logits / divisor, axis=1) - own / divisor))

    return float(minimize_scalar(cross_entropy, bounds=(0.1, 10), method="bounded").x)


def tempered(probabilities: NDArray[np.float32], divisor: float) -> NDArray[np.float32]:
    """Probabilities `[N, C]` as they are when their logits are divided."""
    powers = np.maximum(probabilities.astype(np.float64), _LEAST) ** (1 / divisor)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def threshold(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], *, coverage: float
) -> float:
    """The least probability of a label that makes it a candidate: `[N, C]` and `[N]`.

    The candidates then hold the truth of a share `coverage` of clips that are exchangeable with
    these. Clips of one speaker resemble each other more, so that it is no promise for each speaker.

    Source: Sadinle, Lei and Wasserman (2019), "Least Ambiguous Set-Valued Classifiers".
    """
    own = np.sort(probabilities[np.arange(len(truth)), truth])
    rank = int((1 - coverage) * (len(own) + 1))
    return float(own[rank - 1]) if rank else 0.0


def candidates(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    divisor: float,
    coverage: float,
) -> Candidates:
    """Fit the threshold of candidates to a run's answers `[N, C]`, tempered, and `[N]`."""
    honest = tempered(probabilities, divisor)
    return Candidates(threshold=threshold(honest, truth, coverage=coverage), coverage=coverage)
