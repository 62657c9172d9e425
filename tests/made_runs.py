"""Runs that take a second or two, of small nets on pooled features."""

from pathlib import Path
from typing import Any

from intone import corpora, experiment, runs
from intone.recipe import Recipe
from intone.runs import Run

SPEAKER = r"/(s\d)-"
CALM = {"kind": "mfcc", "n_mfcc": 3}
BRIGHT = {"kind": "mel", "n_mels": 6}


MLP = {
    "net": {"name": "MetaMLP", "options": {"hidden": 16}},
    "training": {"epochs": 3, "learning_rate": 1e-2, "batch_size": 8},
}
"""Changes of `made_recipe`: a net that learns epoch by epoch, and costs next to nothing"""


def made_recipe(feature: dict[str, Any] = CALM, **changes: Any) -> Recipe:
    """A recipe that hears the mean of a few features, and is not too good at it."""
    front = {"features": [feature], "pool": ["mean"], "n_fft": 1024, "hop_length": 480}
    return Recipe.parse(
        {
            "title": "a made run",
            "window": {"length": 16_000, "hop": 8_000},
            "protocol": {"name": "unseen-speakers", "folds": 2},
            "inputs": {"vector": front},
            "net": {"name": "LogisticRegression", "options": {"c": 0.01}},
            "training": {"epochs": 1},
            **changes,
        },
        "made",
    )


def made_run(corpus: Path, folder: Path, recipe: Recipe, *, seed: int = 0) -> Run:
    """Train a recipe on the made corpus."""
    clips = corpora.read("folder", corpus, speaker=SPEAKER)
    subject = experiment.prepare(recipe, clips, seed=seed)
    run = Run(folder)
    runs.train(
        subject,
        run,
        sources={"data": [f"folder={corpus}"], "unlabelled": [], "speaker": SPEAKER},
    )
    return run
