"""Intended and perceived: what the actor meant, what listeners heard, what the model answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone.corpora import Utterance
from intone.emotions import Mapping as LabelMapping
from intone.evaluation import Interval, Scores, evaluate


@dataclass(frozen=True, kw_only=True)
class PerceivedClass:
    """One intended emotion: how often it was heard."""

    label: str
    clips: int
    listeners: float
    """share of the listeners' votes that name it"""
    model: float
    """share of its clips that the model names so"""


@dataclass(frozen=True, kw_only=True)
class Perception:
    """The actor's intention, the listeners and the model, on clips that listeners voted on."""

    clips: int
    listeners: float
    """the share of votes that name the intention, mean over the classes"""
    model: Interval
    """UAR of the model against the intention"""
    per_class: tuple[PerceivedClass, ...]
    led: int
    """clips of which one label has more votes than any other: all below is of these"""
    crowd: Interval
    """UAR of the leading vote against the intention"""
    model_and_crowd: Interval
    """UAR of the model against the leading vote"""
    agreed: int
    """clips whose leading vote is the intention"""
    intended_where_agreed: float
    """the share of those that the model names so too"""
    intended_where_not: float
    """the share of the others that the model names as intended"""
    heard_where_not: float
    """the share of the others that the model names as the listeners did"""


def votes(utterances: Sequence[Utterance], mapping: LabelMapping) -> dict[str, dict[str, float]]:
    """Give the listeners' shares of each clip's labels: clip id -> label -> share."""
    shared = {clip.id: mapping.soft_label(clip.votes, clip.sex) for clip in utterances}
    return {id: shares for id, shares in shared.items() if shares}


def perception(scores: Scores, votes: Mapping[str, Mapping[str, float]]) -> Perception | None:
    """Compare intention, listeners and model; None where no clip has a leading vote."""
    voted = [id in votes for id in scores.ids]
    if not any(voted):
        return None
    own = scores.where(voted)
    shares = np.array([[votes[id][label] for label in own.labels] for id in own.ids])
    named = own.probabilities.argmax(axis=1)
    classes = tuple(
        PerceivedClass(
            label=own.labels[label],
            clips=len({id for id, meant in zip(own.ids, own.truth, strict=True) if meant == label}),
            listeners=float(shares[own.truth == label, label].mean()),
            model=float((named[own.truth == label] == label).mean()),
        )
        for label in np.unique(own.truth)
    )
    leads = (shares == shares.max(axis=1, keepdims=True)).sum(axis=1) == 1
    if not leads.any():
        return None
    led, heard, answers = own.where(leads), shares[leads].argmax(axis=1), named[leads]
    agreed = heard == led.truth
    return Perception(
        clips=len({*own.ids}),
        listeners=float(np.mean([one.listeners for one in classes])),
        model=_uar(own, own.truth, named),
        per_class=classes,
        led=len({*led.ids}),
        crowd=_uar(led, led.truth, heard),
        model_and_crowd=_uar(led, heard, answers),
        agreed=len({*led.where(agreed).ids}) if agreed.any() else 0,
        intended_where_agreed=_share((answers == led.truth)[agreed]),
        intended_where_not=_share((answers == led.truth)[~agreed]),
        heard_where_not=_share((answers == heard)[~agreed]),
    )


def _uar(scores: Scores, truth: NDArray[Any], answers: NDArray[Any]) -> Interval:
    """Measure answers as if all the probability were on them."""
    certain = np.eye(len(scores.labels), dtype=np.float32)[answers]
    judged = replace(scores, truth=truth, probabilities=certain)
    return evaluate(judged, protocol="", stamp="").uar


def _share(right: NDArray[np.bool_]) -> float:
    """The share that is true; 0 of none."""
    return float(right.mean()) if len(right) else 0.0
