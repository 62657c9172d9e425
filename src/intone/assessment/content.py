"""Everything that a report shows, as data: what a run or a model is worth, where, and why.

An `Assessment` is plain values all through. What could not be measured is named under `lacking`,
with what to do about it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from intone.assessment.breakdowns import Breakdown, Voice
from intone.assessment.explanation import Explanation
from intone.assessment.honesty import Gap
from intone.assessment.human import Human
from intone.assessment.listening import Speed
from intone.assessment.perception import Perception
from intone.assessment.reconstruction import Reconstruction
from intone.assessment.reliability import Reliability
from intone.assessment.stress import Stress
from intone.evaluation import Report

FORMAT_VERSION = 1

Use = Literal["trained and tested on", "trained on", "tested on"]


@dataclass(frozen=True, kw_only=True)
class Mistaken:
    """A clip that was answered wrong, and how sure."""

    clip: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Two classes, one of which is often answered for the other."""

    truth: str
    answer: str
    count: int
    share: float
    """of the answers to clips of that truth"""
    clips: tuple[Mistaken, ...]
    """those that were answered so surest"""


@dataclass(frozen=True, kw_only=True)
class FitCurve:
    """How one fit learned, or its autoencoder."""

    name: str
    best_epoch: int
    seconds: float
    history: tuple[Mapping[str, float | None], ...]
    """epoch, train_loss, validation_loss, validation_accuracy, validation_uar, seconds"""
    learning_rates: tuple[float, ...]
    """of each epoch"""


@dataclass(frozen=True, kw_only=True)
class Held:
    """One of the corpora, and how much of it was used."""

    name: str
    title: str
    use: Use
    clips: int
    speakers: int
    expected_clips: int | None
    licence: str | None
    verdict: str | None = None
    """what the dataset doctor says of the copy at hand"""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How the figures came about."""

    command: str
    recipe: Mapping[str, Any]
    mapping: str
    data: tuple[Held, ...]
    splits: tuple[str, ...]
    """the SHA-256 of each fold's manifest"""
    seeds: tuple[int, ...]
    notes: tuple[str, ...]
    environment: Mapping[str, Any]
    """versions, hardware, commit, date"""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What a run or a model is worth, with all that is known of why."""

    format_version: int = FORMAT_VERSION
    kind: Literal["run", "record", "model"]
    name: str
    title: str
    corpora: tuple[str, ...]
    """titles of those that the scored clips are of"""
    report: Report
    parameters: int
    human: Human | None
    speed: Speed | None
    confusions: tuple[Confusion, ...]
    voices: tuple[Voice, ...]
    breakdowns: tuple[Breakdown, ...]
    gaps: tuple[Gap, ...]
    reliability: Reliability | None
    temperature: float | None
    """what a model file of the run divides its logits by, fitted to the validation parts; None
    where it is done already, or unknown"""
    tempered: Reliability | None
    """how far confidence can be trusted when they are divided"""
    stress: Stress | None
    explanations: tuple[Explanation, ...]
    fits: tuple[FitCurve, ...]
    pretraining: tuple[FitCurve, ...]
    """how the autoencoder of each fit learned before, where the recipe has one"""
    reconstructions: tuple[Reconstruction, ...]
    """what that of the first fit makes of windows of its validation clips"""
    perception: Perception | None
    provenance: Provenance
    lacking: Mapping[str, str]
    """what is not there -> what to do"""

    def to_dict(self) -> dict[str, Any]:
        """Turn all of it into plain values, for JSON."""
        return asdict(self)
