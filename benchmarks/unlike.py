"""How often a prediction warns where nobody speaks, and where somebody does: results/default.toml.

    python benchmarks/unlike.py PACKAGES runs/default runs/default-unseen-corpus --keep

PACKAGES holds the packages of the system's registry that are named below, each unpacked into a
folder of its name (apt-get download NAME; dpkg-deb -x NAME*.deb PACKAGES/NAME). Two detectors hear
the same: `speech`, which is what Intone does, finds no utterance; `distance` is what it might do,
the Mahalanobis distance to the embeddings of the training clips, farther than that of 99 % of the
validation clips. The kinds of `CHOOSING` said which is better; the others are what is reported.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from numpy.typing import NDArray

from default_model import told
from intone import audio, cache, corpora, experiment, runs
from intone.assessment.stress import talk
from intone.audio import SAMPLE_RATE
from intone.cache import Sounds
from intone.errors import AudioError
from intone.experiment import Experiment
from intone.export import Graph
from intone.recordings.spoken import Spoken
from intone.recordings.vad import Detector, SpeechRule
from intone.runs import Run
from intone.windows import starts
from kept import DEFAULT_MODEL, keep

Floats = NDArray[np.float32]

CHOOSING = {
    "music": ("asc-music", "drascula-music", "frozen-bubble-data"),
    "sounds": ("gnome-audio", "oxygen-sounds"),
}
REPORTED = {
    "music": (
        *("hyperrogue-music", "pathological", "singularity-music", "supertux-data"),
        *("warzone2100-music", "wesnoth-1.16-music"),
    ),
    "sounds": ("lomiri-sounds", "yaru-theme-sound"),
}
PROMPTS = [f"asterisk-core-sounds-{language}-wav" for language in ("en", "es", "fr", "it", "ru")]
NO_PROMPT = ("silence", "beep", "tone", "monkeys", "confbridge", "spy-")  # in names of prompts
PIECES, PROMPTS_EACH, MADE = 150, 120, 40  # of a package, of a language, of a made kind
SECONDS = (1.5, 4.0)
MUSIC_FROM = 20  # seconds; what is shorter is a sound


@dataclass(frozen=True, eq=False)
class Ear:
    """A fit as a distance: how far a clip's embedding is from those of its training clips."""

    net: Graph
    scale: Callable[[Floats], Floats]
    mean: NDArray[np.float64]
    precision: NDArray[np.float64]

    def __call__(self, features: Floats, owner: NDArray[np.int64]) -> NDArray[np.float64]:
        """Features of windows `[W, D]` and whose they are `[W]` -> distances `[N]`."""
        off = self.embedded(features, owner) - self.mean
        return np.asarray(np.einsum("nd,de,ne->n", off, self.precision, off))

    def embedded(self, features: Floats, owner: NDArray[np.int64]) -> NDArray[np.float64]:
        """The mean embedding of each clip's windows: `[N, H]`."""
        with torch.inference_mode():
            _, heard = self.net(torch.from_numpy(np.stack([*map(self.scale, features)])))
        sums = np.zeros((owner.max() + 1, heard.shape[1]))
        np.add.at(sums, owner, heard.numpy())
        return sums / np.bincount(owner)[:, None]


def ear(run: Run, subject: Experiment, fold: int) -> Ear:
    """Read a fit, and where its training clips lie."""
    fitted = runs.load_fitted(run.fit_folder(subject.splits[fold], 0), subject, 0)
    [scaler] = fitted.scalers.values()
    graph = Graph(fitted.net.eval(), {})
    bare = Ear(graph, scaler or np.asarray, np.zeros(1), np.eye(1))
    trained = bare.embedded(*features(subject, subject.splits[fold].train))
    return Ear(graph, bare.scale, trained.mean(axis=0), np.linalg.inv(np.cov(trained.T)))


def features(subject: Experiment, ids: Sequence[str]) -> tuple[Floats, NDArray[np.int64]]:
    """What the net reads of these clips, unscaled: `[W, D]`, and whose it is."""
    [name] = subject.recipe.inputs
    part = experiment.part(subject, ids, {name: None})
    return np.asarray(part.inputs(np.arange(len(part.owner)))[name]), part.owner


def heard(subject: Experiment, clips: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """The same of any sound."""
    named = {str(number): clip for number, clip in enumerate(clips)}
    sounds = Sounds(named, {id: cache.digest(clip) for id, clip in named.items()})
    [spec] = subject.recipe.inputs.values()
    rule = subject.recipe.window
    counts = [len(starts(len(clip), rule)) for clip in clips]
    found = cache.features(sounds, [*named], spec.front_end, rule)
    return np.array(found), np.repeat(np.arange(len(clips)), counts)


def speech(clips: Sequence[Floats]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether nobody speaks in each clip, and the share of its frames that are no speech."""
    silent, shares = [], []
    for clip in clips:
        spoken, detector = Spoken(), Detector()
        frames = np.concatenate([detector.push(clip), detector.finish()])
        silent.append(not spoken.push(clip) + spoken.finish())
        shares.append(1 - np.mean(frames >= SpeechRule().threshold))
    return np.array(silent), np.array(shares)


def unlike(packages: Path, voices: list[Floats]) -> dict[str, list[Floats]]:
    """Sound that is no speech, by kind; babble is of voices, but nobody can be understood."""
    rng = np.random.default_rng(0)
    kinds = {kind: [make(rng) for _ in range(MADE)] for kind, make in _MADE.items()}
    kinds["babble"] = [_piece(talk(voices, rng), rng) for _ in range(MADE)]
    for purpose, named in (("choosing", CHOOSING), ("", REPORTED)):
        for kind, names in named.items():
            found = [clip for name in names for clip in _pieces(packages / name, kind, rng)]
            kinds[f"{kind}, {purpose}" if purpose else kind] = found
    return kinds


def prompts(packages: Path) -> Iterator[Floats]:
    """Telephone announcements of five languages, spoken and not acted."""
    rng = np.random.default_rng(0)
    for name in PROMPTS:
        files = [file for file in _files(packages / name) if not _is_no_prompt(file)]
        order = [_loaded(files[place]) for place in rng.permutation(len(files))]
        yield from [sound for sound in order if sound is not None][:PROMPTS_EACH]


def _is_no_prompt(file: Path) -> bool:
    return any(word in f"{file.parent.name}/{file.name}" for word in NO_PROMPT)


def _pieces(package: Path, kind: str, rng: np.random.Generator) -> Iterator[Floats]:
    """Pieces of a package's music, or its short sounds."""
    files = [file for file in _files(package) if "speech" not in file.parts]
    sounds = [found for file in files if (found := _loaded(file)) is not None]
    if kind == "sounds":
        short = [sound for sound in sounds if len(sound) < MUSIC_FROM * SAMPLE_RATE]
        yield from (sound[: round(SECONDS[1] * SAMPLE_RATE)] for sound in short)
        return
    long = [sound for sound in sounds if len(sound) >= MUSIC_FROM * SAMPLE_RATE]
    for number in range(PIECES):
        yield _piece(long[number % len(long)], rng)


def _files(package: Path) -> list[Path]:
    return sorted(file for file in package.rglob("*") if file.suffix in audio.SUFFIXES)


def _loaded(file: Path) -> Floats | None:
    try:
        return audio.load(file).samples
    except AudioError:
        return None  # a fraction of a second, or no sound


def _piece(sound: Floats, rng: np.random.Generator) -> Floats:
    length = _length(rng)
    at = int(rng.integers(len(sound) - length))
    return sound[at : at + length]


def _length(rng: np.random.Generator) -> int:
    return round(rng.uniform(*SECONDS) * SAMPLE_RATE)


def _noise(rng: np.random.Generator) -> Floats:
    """Noise whose power falls by 0 to 6 dB an octave: white, pink, brown and between."""
    length = _length(rng)
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 20)
    spectrum = np.fft.rfft(rng.standard_normal(length)) * frequency ** -rng.uniform(0, 1)
    noise = np.fft.irfft(spectrum, length)
    return np.asarray(0.05 * noise / noise.std(), np.float32)


def _tone(rng: np.random.Generator) -> Floats:
    """A tone with overtones that may glide, over faint noise."""
    length = _length(rng)
    pitch = np.linspace(*rng.uniform(60, 3000, 2), length)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    tone = sum(np.sin(n * phase) / n for n in range(1, int(rng.integers(2, 6))))
    return np.asarray(0.1 * tone + 1e-4 * rng.standard_normal(length), np.float32)


def _clicks(rng: np.random.Generator) -> Floats:
    clicks = 1e-4 * rng.standard_normal(_length(rng))
    clicks[:: int(SAMPLE_RATE / rng.uniform(2, 20))] += 0.5
    return np.asarray(clicks, np.float32)


def _silence(rng: np.random.Generator) -> Floats:
    """Faint noise, and every other time none at all."""
    level = rng.integers(2) * 10 ** rng.uniform(-5, -3)
    return np.asarray(level * rng.standard_normal(_length(rng)), np.float32)


_MADE = {"noise": _noise, "tones": _tone, "clicks": _clicks, "silence": _silence}


def auroc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """How often the first of a pair is larger, a tie counted as half."""
    from sklearn.metrics import roc_auc_score

    truth = np.repeat([1, 0], [len(positive), len(negative)])
    return float(roc_auc_score(truth, np.concatenate([positive, negative])))


def distances(
    run: Run, subject: Experiment, sounds: Mapping[str, tuple[Floats, NDArray[np.int64]]]
) -> tuple[dict[str, float], float]:
    """How often `distance` warns of each corpus's test clips and of other sound; and its AUROC."""
    warned: dict[str, list[Any]] = {}
    areas = []
    for split in subject.splits:
        distance = ear(run, subject, split.fold)
        limit = np.quantile(distance(*features(subject, split.validation)), 0.99)
        tested = distance(*features(subject, split.test))
        for id, own in zip(split.test, tested, strict=True):
            warned.setdefault(id.partition("/")[0], []).append(own > limit)
        others = {kind: distance(*given) for kind, given in sounds.items()}
        for kind, own in others.items():
            warned.setdefault(kind, []).append(np.mean(own > limit))
        areas.append(auroc(np.concatenate([others[kind] for kind in REPORTED]), tested))
    return {name: float(np.mean(own)) for name, own in warned.items()}, float(np.mean(areas))


def prepared(run: Run) -> Experiment:
    """The run's clips and features."""
    places = map(corpora.parse_data, run.manifest["sources"]["data"])
    return experiment.prepare(run.recipe, corpora.read_all(places), allow_leak=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("unseen", type=Path, help="the same recipe's run on corpora left out")
    parser.add_argument("--keep", action="store_true", help="write the figures to results/")
    options = parser.parse_args()
    subject = prepared(Run(options.run))
    samples = subject.data.sounds.samples
    voices = [np.asarray(samples[id]) for id in subject.splits[0].validation[::100]]
    others = {**unlike(options.packages, voices), "prompts": [*prompts(options.packages)]}
    given = {kind: heard(subject, clips) for kind, clips in others.items()}
    distant, area = distances(Run(options.run), subject, given)
    unseen, _ = distances(Run(options.unseen), prepared(Run(options.unseen)), given)

    spoken: dict[str, list[Floats]] = {}
    for clip in subject.utterances:
        spoken.setdefault(clip.corpus, []).append(np.asarray(samples[clip.id]))
    silent = {kind: speech(clips) for kind, clips in {**others, **spoken}.items()}
    rows = [
        {
            "kind": kind,
            "clips": len(warned),
            "speech": float(warned.mean()),
            "distance": distant[kind],
            **({"distance_unseen": unseen[kind]} if kind in spoken else {}),
        }
        for kind, (warned, _) in silent.items()
    ]
    areas = {
        "speech": auroc(
            np.concatenate([silent[kind][1] for kind in REPORTED]),
            np.concatenate([silent[name][1] for name in spoken]),
        ),
        "distance": area,
    }
    figures = told({"auroc": areas, "kinds": rows})
    print(figures)
    if options.keep:
        keep(DEFAULT_MODEL, "unlike", {"stamp": subject.stamp, **figures})


if __name__ == "__main__":
    main()
