"""A model without a net: quick, and the same whatever model comes with Intone."""

from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np

import intone
from intone import audio
from intone.description import InputDescription
from intone.features import FrontEnd, LogMel
from intone.runtime import Model
from intone.windows import WindowRule

RATE = 16_000
LABELS = ("neutral", "happy", "angry")


@dataclass(frozen=True)
class Bands:
    """Answers with the levels of three bands of a log-mel spectrogram `[1, 3, frames]`."""

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        means = inputs["frames"].mean(axis=2) / 8
        return [{"logits": means, "embedding": means}[name] for name in names]


def made_model(**changes: Any) -> Model:
    """Windows of 2 s, every second; `changes` are those of its description."""
    bundled = intone.load()
    front_end = FrontEnd(features=(LogMel(n_mels=3),), n_fft=512, hop_length=320)
    description = replace(
        bundled.description,
        name="made",
        labels=LABELS,
        window=WindowRule(length=2 * RATE, hop=RATE),
        inputs={"frames": InputDescription(front_end=front_end, scaler=None)},
        temperature=1.0,
        candidates=None,
        expected={**bundled.description.expected, "confusion": [[6, 3, 1], [1, 8, 1], [2, 2, 6]]},
    )
    return replace(bundled, description=replace(description, **changes), _session=Bands())


def example(name: str) -> np.ndarray:
    """One of the made sentences that come with Intone: `calm`, 3.2 s, or `agitated`, 2.2 s."""
    return audio.load(str(files("intone.models") / "examples" / f"{name}.wav")).samples


def quiet(seconds: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return (1e-3 * noise).astype(np.float32)


def talk() -> np.ndarray:
    """18 s: a sentence, three in one breath, and one; pauses between, and quiet at the ends."""
    calm, agitated = example("calm")[: round(3.2 * RATE)], example("agitated")[: round(2.2 * RATE)]
    breath = [calm, agitated, calm]
    return np.concatenate([quiet(1), calm, quiet(0.9), *breath, quiet(1.5), agitated, quiet(0.6)])
