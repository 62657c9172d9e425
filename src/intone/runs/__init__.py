"""What a run is on disk, and the compact record of it that documents are made from.

A run is a recipe on corpora, fitted for every fold and seed:

    runs/x/run.json                 recipe, data, splits, versions, hardware, command
    runs/x/fold-0-seed-0/           checkpoint.pt while it trains; then net.pt, fit.json, scores.npz
                                    (and autoencoder.pt, where the recipe trains one)
    runs/x/record.json, record.npz  the record: out-of-fold report and probabilities

Everything is written aside and renamed, so a killed run goes on where it stopped.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import calibration, experiment, files, nets, speed
from intone.errors import DataError, LeakError
from intone.experiment import Experiment
from intone.progress import Track, silent
from intone.runs.claims import Run, alone, claim
from intone.runs.fits import (
    Answered,
    answer,
    finished,
    load_answers,
    load_autoencoder,
    load_fit,
    load_fitted,
    load_split,
    save_fitted,
)
from intone.runs.provenance import check_clips, describe_data, digest_of_clips, environment
from intone.runs.records import (
    FORMAT_VERSION,
    load_record,
    pooled,
    report,
    write_record,
)
from intone.splits import Split

__all__ = [
    "FORMAT_VERSION",
    "Answered",
    "Run",
    "check_clips",
    "describe_data",
    "digest_of_clips",
    "environment",
    "load_answers",
    "load_autoencoder",
    "load_fit",
    "load_fitted",
    "load_record",
    "pooled",
    "report",
    "save_fitted",
    "train",
    "validation_answers",
    "write_record",
]

TIMED_CLIPS = 20
"""About so many are timed for the record."""


def train(
    subject: Experiment,
    run: Run,
    *,
    folds: Sequence[int] = (),
    sources: Mapping[str, Any],
    command: str = "",
    resume: bool = False,
    start_from: Run | None = None,
    track: Track = silent,
) -> dict[str, Any]:
    """Fit every fold (or only these) and seed, and write the record, which is returned.

    `sources` says where the clips were found, so that an export finds them again; it is kept in
    the run, and not in its record. With `start_from`, each fit goes on from the weights of that
    run's fit of the same fold and seed, which must have heard the same clips.

    Raises:
        DataError: the folder holds a run already and `resume` is off, or a different one.
    """
    known = range(len(subject.splits))
    if unknown := sorted(set(folds) - set(known)):
        raise DataError(f"no fold {unknown[0]}; the protocol has 0 to {known[-1]}")
    chosen = [split for split in subject.splits if not folds or split.fold in folds]
    seeds = subject.recipe.training.seeds
    fits = [(seed, number, split) for seed in seeds for number, split in enumerate(chosen, 1)]
    weights = {
        (split.fold, seed): _weights_of(start_from, split, seed)
        for seed, _, split in fits
        if start_from
    }
    manifest = {
        **_manifest(subject, command),
        "start_from": _digests_of_weights(start_from) if start_from else {},
        "sources": sources,
    }
    claim(run, manifest, resume)
    with alone(run):
        for seed, number, split in fits:
            folder = run.fit_folder(split, seed)
            if not finished(folder, split):
                label = f"fit {number} of {len(chosen)}, seed {seed}"
                _fit(subject, split, seed, folder, track, weights.get((split.fold, seed)), label)
        fitted = [
            split
            for split in subject.splits
            if split in chosen
            or all(finished(run.fit_folder(split, seed), split) for seed in seeds)
        ]
        return _record(subject, run, fitted)


def _manifest(subject: Experiment, command: str) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "recipe": subject.recipe.model_dump(mode="json", exclude={"search"}),
        "labels": list(subject.mapping.labels),
        "mapping": subject.mapping.describe(),
        "data": describe_data(subject.utterances),
        "unlabelled": describe_data(subject.unlabelled),
        "protocol": subject.splits[0].protocol,
        "clips": digest_of_clips(subject),
        "stamp": subject.stamp,
        "splits": [split.digest for split in subject.splits],
        "seeds": list(subject.recipe.training.seeds),
        "parameters": nets.parameters(subject.net(0)),
        "command": command,
        "environment": environment(),
    }


def _weights_of(run: Run, split: Split, seed: int) -> Path:
    """Find the weights of another run's fit, which must not have heard this split's test part."""
    folder = run.fit_folder(split, seed)
    try:
        heard = load_split(folder)
    except OSError:
        raise DataError(
            f"{run.folder}: holds no fit of fold {split.fold}, seed {seed}, to start from"
        ) from None
    if heard.digest != split.digest:
        raise LeakError(
            f"{run.folder}: its fold {split.fold} was split otherwise, so its weights may have "
            "heard the test part; start from a run with the same data, protocol and seed"
        )
    return folder / "net.pt"


def _digests_of_weights(run: Run) -> dict[str, str]:
    """Name all weights of a run by what they are, wherever the run lies."""
    return {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.folder.glob("fold-*/net.pt"))
    }


def _fit(
    subject: Experiment,
    split: Split,
    seed: int,
    folder: Path,
    track: Track,
    weights: Path | None,
    label: str,
) -> None:
    """Fit one fold and seed; nothing is kept of a fit that has no answers."""
    folder.mkdir(exist_ok=True)
    fitted = experiment.fit(
        subject,
        split.train,
        split.validation,
        seed=seed,
        weights=weights,
        checkpoint=folder / "checkpoint.pt",
        track=track,
        label=label,
    )
    scores = answer(subject, split, fitted)
    save_fitted(fitted, folder)
    files.write_json(folder / "split.json", split.to_dict())
    files.write_arrays(folder / "scores.npz", scores)
    for checkpoint in folder.glob("*checkpoint.pt"):
        checkpoint.unlink()


def _record(subject: Experiment, run: Run, splits: Sequence[Split]) -> dict[str, Any]:
    manifest = run.manifest
    seeds, classes = manifest["seeds"], len(manifest["labels"])
    folders = {
        (split.fold, seed): run.fit_folder(split, seed) for seed in seeds for split in splits
    }
    fits = {key: load_fit(folder) for key, folder in folders.items()}
    tested = {key: load_answers(folder, classes)["test"] for key, folder in folders.items()}
    ids = [id for split in splits for id in split.test]
    places = subject.places(ids)
    record = {
        **{key: value for key, value in manifest.items() if key != "sources"},
        "folds": [split.fold for split in splits],
        "of_folds": len(subject.splits),
        "notes": sorted({note for split in splits for note in split.notes}),
        "fits": [{"fold": fold, "seed": seed, **asdict(fit)} for (fold, seed), fit in fits.items()],
        "seconds": sum(fit.seconds for fit in fits.values()),
        "temperature": _temperature(run),
        "seconds_per_clip": speed.seconds_per_clip(subject, ids[:: 1 + len(ids) // TIMED_CLIPS]),
    }
    scores = {
        "ids": np.array(ids),
        "truth": subject.data.targets[places],
        "speakers": np.array([subject.utterances[p].speaker or "" for p in places]),
        "probabilities": np.stack(
            [
                np.concatenate([tested[split.fold, seed].of(split.test) for split in splits])
                for seed in seeds
            ]
        ),
    }
    return write_record(run.folder, record, scores)


def validation_answers(run: Run) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """What all fits answered to their validation parts `[N, C]`, and the truth `[N]`.

    None for an early run, and where the protocol has no validation part.
    """
    classes = len(run.manifest["labels"])
    folders = [path.parent for path in sorted(run.folder.glob("fold-*/scores.npz"))]
    stored = [load_answers(folder, classes).get("validation") for folder in folders]
    known = [one for one in stored if one is not None and one.truth is not None]
    if not known or len(known) < len(stored):
        return None
    truth = [one.truth for one in known if one.truth is not None]
    return np.concatenate([one.probabilities for one in known]), np.concatenate(truth)


def _temperature(run: Run) -> float:
    """What calibrates the answers of all fits to their validation parts; 1 where there are none."""
    answers = validation_answers(run)
    return calibration.temperature(*answers) if answers else 1.0
