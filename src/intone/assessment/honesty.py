"""The honesty gap: one recipe, split at random, by sentences, by speakers and by corpora.

Each step takes something away that training had heard of the test clips. What is lost from step to
step is what the model knew of the voices, the words and the microphones, and not of emotion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intone import experiment, runs
from intone.corpora import Utterance
from intone.errors import DataError
from intone.evaluation import Interval, Report
from intone.progress import Track, silent
from intone.protocols import Protocol
from intone.recipe import Recipe
from intone.runs import Run

STEPS = {
    "random": "random split",
    "unseen-sentences": "unseen sentences",
    "unseen-speakers": "unseen speakers",
    "leave-one-corpus-out": "unseen corpus",
}
"""Protocol -> what training has not heard, from least to most honest."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The recipe under one protocol; where the clips do not allow it, `lacking` says why."""

    protocol: str
    title: str
    uar: Interval | None = None
    lost: float | None = None
    """UAR of the step before that has one, minus this one"""
    stamp: str = ""
    folds: int = 0
    notes: tuple[str, ...] = ()
    lacking: str = ""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One recipe under all protocols, and the points that it loses on the way."""

    recipe: str
    title: str
    chance: float
    steps: tuple[Step, ...]


def train(
    name: str,
    recipe: Recipe,
    utterances: Sequence[Utterance],
    folder: Path,
    *,
    sources: dict[str, Any],
    command: str = "",
    seed: int = 0,
    track: Track = silent,
) -> Gap:
    """Train the recipe under every protocol, each as a run in `folder` that can be resumed.

    Raises:
        DataError: not even a random split can be made, or the folder holds other runs.
    """
    steps: list[Step] = []
    chance = 0.0
    last: Interval | None = None
    for protocol, title in STEPS.items():
        under = recipe.model_copy(
            update={
                "protocol": Protocol(name=protocol, folds=max(2, recipe.protocol.folds)),
                "allow_leak": True,
            }
        )
        try:
            subject = experiment.prepare(under, utterances, allow_leak=True, seed=seed, track=track)
        except DataError as error:
            if protocol == "random":
                raise
            steps.append(Step(protocol=protocol, title=title, lacking=str(error)))
            continue
        record = runs.train(
            subject,
            Run(folder / protocol),
            sources=sources,
            command=command,
            resume=True,
            track=track,
        )
        report = Report.from_dict(record["report"])
        steps.append(
            Step(
                protocol=protocol,
                title=title,
                uar=report.uar,
                lost=last.value - report.uar.value if last else None,
                stamp=report.stamp,
                folds=len(record["folds"]),
                notes=tuple(record["notes"]),
            )
        )
        chance, last = report.chance, report.uar
    return Gap(recipe=name, title=recipe.title, chance=chance, steps=tuple(steps))
