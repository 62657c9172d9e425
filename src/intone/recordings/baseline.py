"""A speaker's own baseline: answers relative to how a person usually sounds.

A model that finds a person's neutral speech sad will find all of their speech too sad. How far its
answers to the baseline are from its usual answers to neutral clips is taken back from all answers;
a quarter of the way, for what it mishears in neutral speech it mishears less elsewhere.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from intone.errors import AudioError, ModelError

if TYPE_CHECKING:
    from intone.description import Description

STRENGTH = 0.25  # in log-probability; chosen on out-of-fold answers to RAVDESS
USUAL = "neutral"

Floats = NDArray[np.float64]


def usual(description: "Description") -> Floats:
    """How often a model answers each label to neutral clips of speakers unheard: `[C]`.

    Raises:
        ModelError: the model file does not say it.
    """
    confusion = description.expected.get("confusion")
    if USUAL not in description.labels or confusion is None:
        raise ModelError(
            f"model {description.name}: a baseline needs the label {USUAL} and its confusions; "
            "take another model, or export it again"
        )
    return np.asarray(confusion[description.labels.index(USUAL)], np.float64)


def factors(usual: Floats, rows: Floats, name: str) -> Floats:
    """What probabilities are to be multiplied by: `[C]`.

    `usual` is the model's, `rows` are a baseline's windows `[W, C]`, and `name` is what it is
    called. Both are drawn a little towards others: a label is never ruled out by its absence.

    Raises:
        AudioError: nobody speaks in the baseline.
    """
    if not len(rows):
        raise AudioError(f"{name}: no speech found in it; a baseline is a person speaking")
    expected = (usual + 1) / (usual + 1).sum()
    own = (rows.sum(axis=0) + expected) / (len(rows) + 1)
    return np.asarray((expected / own) ** STRENGTH)


def applied(rows: Floats, factors: Floats) -> Floats:
    """Probabilities `[W, C]` -> the same, relative to the baseline."""
    weighted = rows * factors
    return np.asarray(weighted / weighted.sum(axis=1, keepdims=True))
