"""What a run is on disk, and the compact record of it that documents are made from.

A run is a recipe on corpora, fitted for every fold and seed:

    runs/x/run.json                 recipe, data, splits, versions, hardware, command
    runs/x/fold-0-seed-0/           checkpoint.pt while it trains; then net.pt, fit.json, scores.npz
                                    (and autoencoder.pt, where the recipe trains one)
    runs/x/record.json, record.npz  the record: out-of-fold report and probabilities

Everything is written aside and renamed, so a killed run goes on where it stopped.
"""

import fcntl
import hashlib
import json
import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intone import calibration, corpora, evaluation, experiment, files, nets, speed, training
from intone.augment import original
from intone.corpora import Utterance
from intone.errors import DataError, LeakError
from intone.evaluation import Report, Scores
from intone.experiment import Experiment, Fitted
from intone.progress import Track, silent
from intone.recipe import Recipe
from intone.splits import Split
from intone.training import Epoch, Fit

FORMAT_VERSION = 1
FIT_FILES = ("net.pt", "split.json", "fit.json", "scores.npz")
"""What a finished fit leaves."""
TIMED_CLIPS = 20
"""About so many are timed for the record."""


@dataclass(frozen=True)
class Run:
    """A folder that holds a run."""

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """What the run is: recipe, data, labels, splits, and how it was started.

        Raises:
            DataError: the folder holds no run.
        """
        try:
            manifest: dict[str, Any] = files.read_json(self.folder / "run.json")
            return manifest
        except OSError:
            raise DataError(
                f"{self.folder}: holds no run; intone train RECIPE --output {self.folder} makes one"
            ) from None

    @property
    def recipe(self) -> Recipe:
        """The recipe as it was run, changes included."""
        return Recipe.parse(self.manifest["recipe"], str(self.folder / "run.json"))

    def fit_folder(self, split: Split, seed: int) -> Path:
        """Where the fit of this fold and seed lies."""
        return self.folder / f"fold-{split.fold}-seed-{seed}"


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
    manifest = {**_manifest(subject, command), "sources": sources}
    _claim(run, manifest, resume)
    with _alone(run):
        for seed in subject.recipe.training.seeds:
            for number, split in enumerate(chosen, 1):
                folder = run.fit_folder(split, seed)
                if not all((folder / name).exists() for name in FIT_FILES):
                    weights = _weights_of(start_from, split, seed) if start_from else None
                    label = f"fit {number} of {len(chosen)}, seed {seed}"
                    _fit(subject, split, seed, folder, track, weights, label)
        return _record(subject, run, chosen)


def load_record(path: Path) -> tuple[dict[str, Any], list[Scores]]:
    """Read a record: a run's folder, or a `.json` with its `.npz` beside it.

    Returns the record and, for each seed, the out-of-fold scores.

    Raises:
        DataError: there is no record.
    """
    stem = path / "record" if path.is_dir() else path.with_suffix("")
    try:
        record = files.read_json(stem.with_suffix(".json"))
        arrays = files.read_arrays(stem.with_suffix(".npz"))
    except OSError:
        begun = (path / "run.json").exists()
        advice = "is not finished; type its intone train command again, with --resume"
        raise DataError(f"{path}: {advice if begun else 'holds no run and no record'}") from None
    speakers = tuple(str(name) or None for name in arrays["speakers"])
    return record, [
        Scores(
            ids=tuple(map(str, arrays["ids"])),
            labels=tuple(record["labels"]),
            truth=arrays["truth"],
            probabilities=_normalised(arrays["probabilities"][number]),
            speakers=speakers,
        )
        for number in range(len(record["seeds"]))
    ]


def report(record: Mapping[str, Any], scores: Sequence[Scores]) -> Report:
    """Evaluate a record anew: all seeds pooled, so that each figure is the mean over seeds."""
    protocol, done = record["protocol"], record["folds"]
    if len(done) < record["of_folds"]:
        protocol += f", only {len(done)} of {record['of_folds']} folds"
    return evaluation.evaluate(pooled(scores), protocol=protocol, stamp=record["stamp"])


def environment() -> dict[str, Any]:
    """The versions and the hardware that a result depends on."""
    packages = ("intone", "torch", "numpy", "onnxruntime", "soundfile", "soxr")
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "bfloat16": training.has_bfloat16(training.tune_hardware()),
        "commit": _commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


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


def describe_data(utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Per corpus: its name, licence, and how much of it was used."""
    found: dict[str, Any] = {}
    recorded = [u for u in utterances if original(u.id) == u.id]
    for name in sorted({utterance.corpus for utterance in recorded}):
        clips = [u for u in recorded if u.corpus == name]
        info = corpora.info(name) if name in corpora.names() else None
        found[name] = {
            "clips": len(clips),
            "speakers": len({u.speaker for u in clips if u.speaker}),
            "expected_clips": info and info.clips,
            "formats": dict(Counter(clip.path.suffix.lstrip(".").lower() for clip in clips)),
            "licence": info and info.licence,
        }
    return found


def _claim(run: Run, manifest: Mapping[str, Any], resume: bool) -> None:
    """Make the folder this run's, or see that it is."""
    path = run.folder / "run.json"
    if not path.exists():
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{run.folder}: {error.strerror}; choose another --output") from None
        files.write_json(path, manifest)
        return
    if not resume:
        raise DataError(f"{run.folder}: holds a run already; --resume goes on with it")
    recipe = run.recipe.model_dump(mode="json", exclude={"search"})  # also what it did not yet know
    before = {"unlabelled": {}, **run.manifest, "recipe": recipe}
    for key in ("recipe", "data", "unlabelled", "splits", "labels", "clips"):
        if before[key] != json.loads(json.dumps(manifest[key])):
            raise DataError(
                f"{run.folder}: holds a run with another {key}; choose another --output"
            )


def check_clips(subject: Experiment, record: Mapping[str, Any]) -> None:
    """See that the clips and their labels are those of the record.

    Raises:
        DataError: they have changed since.
    """
    if record.get("clips", digest_of_clips(subject)) != digest_of_clips(subject):
        raise DataError("the clips or their labels are not those of the run; train it anew")


def digest_of_clips(subject: Experiment) -> str:
    """Name the clips by what is learned of them: ids, labels and samples."""
    targets = subject.data.targets[: len(subject.utterances)].tolist()
    parts = [
        f"{clip.id}\0{target}\0{subject.digests[clip.id]}"
        for clip, target in zip(subject.utterances, targets, strict=True)
    ]
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


@contextmanager
def _alone(run: Run) -> Iterator[None]:
    """Keep other processes off the run; the lock goes with the process that holds it."""
    with (run.folder / "run.json").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"{run.folder}: another process trains this run; wait for it") from None
        yield


def _weights_of(run: Run, split: Split, seed: int) -> Path:
    """Find the weights of another run's fit, which must not have heard this split's test part."""
    folder = run.fit_folder(split, seed)
    try:
        heard = Split.from_dict(files.read_json(folder / "split.json"))
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


def _fit(
    subject: Experiment,
    split: Split,
    seed: int,
    folder: Path,
    track: Track,
    weights: Path | None,
    label: str,
) -> None:
    """Fit one fold and seed; its scores are written last."""
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
    save_fitted(fitted, folder)
    files.write_json(folder / "split.json", split.to_dict())
    scores = {}
    for name, ids in (("validation", split.validation), ("test", split.test)):
        if not ids:
            continue  # a protocol without validation
        part = experiment.part(subject, ids, fitted.scalers)
        scores[f"{name}_ids"] = np.array(ids)
        scores[f"{name}_truth"] = part.targets
        scores[f"{name}_probabilities"] = training.predict(fitted.net, part)
    files.write_arrays(folder / "scores.npz", scores)
    for checkpoint in folder.glob("*checkpoint.pt"):
        checkpoint.unlink()


def save_fitted(fitted: Fitted, folder: Path) -> None:
    """Write the weights of a net, and of its autoencoder, and how training went."""
    _save_weights(fitted.net, folder / "net.pt")
    if fitted.autoencoder is not None:
        _save_weights(fitted.autoencoder, folder / "autoencoder.pt")
    files.write_json(folder / "fit.json", asdict(fitted.fit))


def _save_weights(net: nn.Module, path: Path) -> None:
    training.save({name: value.cpu() for name, value in net.state_dict().items()}, path)


def load_fit(folder: Path) -> Fit:
    """Read how a fit went."""
    return _fit_of(files.read_json(folder / "fit.json"))


def load_fitted(folder: Path, subject: Experiment, seed: int) -> Fitted:
    """Read a fit's net; its scalers are fitted anew on the clips that it trained on."""
    split = Split.from_dict(files.read_json(folder / "split.json"))
    scaled = [name for name, spec in subject.recipe.inputs.items() if spec.scale]
    net = subject.net(seed)
    net.load_state_dict(training.load(folder / "net.pt"))
    scalers = subject.data.scalers(subject.heard(split.train), scaled)
    return Fitted(net, scalers, load_fit(folder))


def load_autoencoder(folder: Path, subject: Experiment, seed: int) -> nn.Module | None:
    """Read a fit's autoencoder, where it trained one."""
    path = folder / "autoencoder.pt"
    if not path.exists():
        return None
    autoencoder = subject.autoencoder(seed)
    autoencoder.load_state_dict(training.load(path))
    return autoencoder


def _fit_of(data: Mapping[str, Any]) -> Fit:
    before = data.get("pretraining")
    return Fit(
        best_epoch=data["best_epoch"],
        history=tuple(Epoch(**row) for row in data["history"]),
        pretraining=before and _fit_of(before),
    )


def _record(subject: Experiment, run: Run, splits: Sequence[Split]) -> dict[str, Any]:
    manifest = run.manifest
    seeds = manifest["seeds"]
    ids = [id for split in splits for id in split.test]
    places = subject.places(ids)
    probabilities = np.stack(
        [
            np.concatenate([_test_probabilities(run.fit_folder(split, seed)) for split in splits])
            for seed in seeds
        ]
    )
    fits = {
        (split.fold, seed): load_fit(run.fit_folder(split, seed))
        for seed in seeds
        for split in splits
    }
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
        "probabilities": probabilities,
    }
    return write_record(run.folder, record, scores)


def write_record(
    folder: Path, record: dict[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> dict[str, Any]:
    """Write a record with the report that its probabilities give; it is returned with it.

    `arrays` are `ids`, `truth` and `speakers` `[N]`, and `probabilities` `[seeds, N, C]`.
    """
    kept = {**arrays, "probabilities": arrays["probabilities"].astype(np.float16)}
    files.write_arrays(folder / "record.npz", kept)
    files.write_json(folder / "record.json", record)
    _, scores = load_record(folder)
    record["report"] = report(record, scores).to_dict()
    record["uar_by_seed"] = [
        evaluation.evaluate(one, protocol="", stamp="", draws=0).uar.value for one in scores
    ]
    files.write_json(folder / "record.json", record)
    return record


def validation_answers(run: Run) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """What all fits answered to their validation parts `[N, C]`, and the truth `[N]`.

    None for an early run, and where the protocol has no validation part.
    """
    stored = [files.read_arrays(path) for path in sorted(run.folder.glob("fold-*/scores.npz"))]
    if not stored or not all("validation_truth" in one for one in stored):
        return None
    probabilities, truth = (
        np.concatenate([one[f"validation_{name}"] for one in stored])
        for name in ("probabilities", "truth")
    )
    return probabilities, truth


def _temperature(run: Run) -> float:
    """What calibrates the answers of all fits to their validation parts; 1 where there are none."""
    answers = validation_answers(run)
    return calibration.temperature(*answers) if answers else 1.0


def _test_probabilities(folder: Path) -> NDArray[np.float32]:
    return files.read_arrays(folder / "scores.npz")["test_probabilities"]


def pooled(scores: Sequence[Scores]) -> Scores:
    """The answers of all seeds together."""
    return Scores(
        ids=tuple(id for one in scores for id in one.ids),
        labels=scores[0].labels,
        truth=np.concatenate([one.truth for one in scores]),
        probabilities=np.concatenate([one.probabilities for one in scores]),
        speakers=tuple(speaker for one in scores for speaker in one.speakers),
    )


def _normalised(probabilities: NDArray[np.float16]) -> NDArray[np.float32]:
    """Undo what rounding to float16 did to the sums."""
    exact = probabilities.astype(np.float32)
    normalised: NDArray[np.float32] = exact / exact.sum(axis=1, keepdims=True)
    return normalised


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of a source checkout, marked when its code differs; what it wrote is no code."""
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    git = ["git", "-C", str(checkout)]
    changed = [*git, "diff", "--quiet", "HEAD", "--", ".", ":!results", ":!docs"]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        return f"{head}-dirty" if subprocess.run(changed, check=False).returncode else head
    except (OSError, subprocess.CalledProcessError):
        return None
