"""What a run's autoencoder makes of what it hears."""

from dataclasses import dataclass

import numpy as np

from intone import experiment, files, training
from intone.augment.augmentation import Floats
from intone.experiment import Experiment
from intone.runs import Run, load_autoencoder, load_fitted
from intone.splits import Split

SHOWN = 3
DIGITS = 2  # of standard deviations: finer than any colour

Image = tuple[tuple[float, ...], ...]
"""rows of frames, in standard deviations of each row"""


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """A window as an autoencoder hears it, and as it makes it again from its code."""

    clip: str
    original: Image
    remade: Image


def of_run(run: Run, subject: Experiment) -> tuple[Reconstruction, ...]:
    """Let the first fit's autoencoder remake the first windows of a few validation clips.

    They stand evenly among those clips. There are none where the fit has no autoencoder, or no
    validation part.

    Raises:
        DataError: the fit is missing or damaged.
    """
    seed = subject.recipe.training.seeds[0]
    folder = min(run.folder.glob(f"fold-*-seed-{seed}"))
    autoencoder = load_autoencoder(folder, subject, seed)
    clips = Split.from_dict(files.read_json(folder / "split.json")).validation
    if autoencoder is None or not clips:
        return ()
    places = np.unique(np.linspace(0, len(clips) - 1, SHOWN).round().astype(int))
    chosen = [clips[place] for place in places]
    part = experiment.part(subject, chosen, load_fitted(folder, subject, seed).scalers)
    _, first = np.unique(part.owner, return_index=True)
    originals, remade = (side[first] for side in training.reconstruct(autoencoder, part))
    return tuple(
        Reconstruction(clip=clip, original=_image(heard), remade=_image(made))
        for clip, heard, made in zip(chosen, originals, remade, strict=True)
    )


def _image(window: Floats) -> Image:
    """Set a window [rows, frames] as plain values; one without frames is a single column."""
    columns = window.reshape(len(window), -1).astype(float)
    return tuple(map(tuple, columns.round(DIGITS).tolist()))
