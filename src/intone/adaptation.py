"""A model adapted to clips of one's own: a new last layer on what it hears, in a minute.

What the model hears of a clip is its embedding, the input of its last layer. A logistic regression
on it knows the labels of the new clips, whatever they are, and is written as a model file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from intone import cache, emotions, evaluation, export, protocols, runtime
from intone.audio import SAMPLE_RATE, Source
from intone.corpora import Utterance
from intone.ensembles.assembly import Assembly
from intone.errors import DataError, LeakError
from intone.evaluation import Report, Scores
from intone.leak_guard import guard
from intone.progress import Track, silent
from intone.protocols import Protocol
from intone.runtime import Model
from intone.splits import worst_stamp

Floats = NDArray[np.float32]
C = 0.1  # the inverse penalty: embeddings have more values than people have clips


class EmotionClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A scikit-learn estimator on clips: fitted to labels of any kind, on a model's embeddings.

    Clips are whatever `Model.embed` takes: paths, bytes, or arrays with a `sample_rate`.

    Raises:
        AudioError: a clip cannot be used.
        ModelError: there is no such model file.
    """

    def __init__(self, model: str | Path | None = None, *, sample_rate: int | None = None) -> None:
        self.model = model
        self.sample_rate = sample_rate

    def fit(self, clips: Sequence[Source], labels: Sequence[str]) -> "EmotionClassifier":
        """Fit to clips `[N]` and their labels `[N]`."""
        self.head_ = head().fit(self.embed(clips), labels)
        self.classes_ = self.head_.classes_
        return self

    def predict_proba(self, clips: Sequence[Source]) -> NDArray[np.float64]:
        """Clips `[N]` -> probabilities `[N, C]`, in the order of `classes_`."""
        return np.asarray(self.head_.predict_proba(self.embed(clips)))

    def predict(self, clips: Sequence[Source]) -> NDArray[Any]:
        """Clips `[N]` -> labels `[N]`."""
        return np.asarray(self.head_.predict(self.embed(clips)))

    def embed(self, clips: Sequence[Source]) -> Floats:
        """Clips `[N]` -> embeddings `[N, D]`."""
        model = runtime.load(self.model)
        return np.stack([model.embed(clip, sample_rate=self.sample_rate) for clip in clips])


def head() -> Any:
    """The classifier on embeddings: a regularised logistic regression on standardised values."""
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=C, class_weight="balanced", max_iter=1000)
    )


@dataclass(frozen=True, eq=False)
class Adaptation:
    """A model's new last layer, and what it is worth on speakers it was not fitted to."""

    model: Model
    head: Any
    report: Report
    description: dict[str, Any]
    """what the new model file says of its training"""


def adapt(
    model: Model,
    utterances: Sequence[Utterance],
    *,
    allow_leak: bool = False,
    seed: int = 0,
    track: Track = silent,
) -> Adaptation:
    """Fit a new last layer to labelled clips, and score it by cross-validation.

    Folds are of unseen speakers where speakers are known and more than one.

    Raises:
        DataError: clips cannot be used, or a fold has fewer than two labels to learn.
        LeakError: the model was trained on some of them, and `allow_leak` is off.
    """
    mapping = emotions.as_labelled(u.emotion for u in utterances)
    labels = np.array([u.emotion for u in utterances])
    if len(mapping.labels) < 2:
        raise DataError(f"all clips are {labels[0]}; adapting needs at least two labels")
    sounds = cache.decode(utterances, track=track)
    own = [sounds.digests[u.id][: export.DIGEST_LENGTH] for u in utterances]
    known_before = len({*own} & {*model.description.training["clips"]})
    if known_before and not allow_leak:
        raise LeakError(
            f"{model.name} was trained on {known_before} of these {len(own)} clips, so what it "
            "hears in them says little of others; --allow-leak goes on, and stamps the figures"
        )
    heard = track((sounds.samples[u.id] for u in utterances), "hearing", len(utterances))
    embeddings = np.stack([model.embed(sound, sample_rate=SAMPLE_RATE) for sound in heard])
    speakers = {u.speaker for u in utterances}
    splits = [
        guard(split, utterances, sounds.digests, allow_leak=len(speakers) == 1)
        for split in protocols.split(
            _protocol(speakers), utterances, seed=seed, audio=sounds.digests
        )
    ]
    place = {u.id: number for number, u in enumerate(utterances)}
    order: list[int] = []
    rows = []
    for split in track(splits, "cross-validating", len(splits)):
        train, test = ([place[id] for id in part] for part in (split.train, split.test))
        _require_two_labels([utterances[number] for number in train])
        fitted = head().fit(embeddings[train], labels[train])
        probabilities = np.zeros((len(test), len(mapping.labels)), np.float32)
        known = [mapping.labels.index(label) for label in fitted.classes_]
        probabilities[:, known] = fitted.predict_proba(embeddings[test])
        order += test
        rows.append(probabilities)
    report = evaluation.evaluate(
        Scores(
            ids=tuple(utterances[number].id for number in order),
            labels=mapping.labels,
            truth=np.array([mapping.labels.index(labels[number]) for number in order]),
            probabilities=np.concatenate(rows),
            speakers=tuple(utterances[number].speaker for number in order),
        ),
        protocol=splits[0].protocol,
        stamp="leaky" if known_before else worst_stamp(splits),
    )
    return Adaptation(
        model, head().fit(embeddings, labels), report, _training(model, utterances, own)
    )


def write(made: Adaptation, output: Path, *, name: str) -> Model:
    """Write the adapted model as a model file.

    Raises:
        ModelError: its answers differ from those of the estimator by more than the tolerance.
    """
    base = made.model
    scaler, regression = (step for _, step in made.head.steps)
    weight, bias = regression.coef_, regression.intercept_
    if len(weight) == 1:  # two labels share one logistic output
        weight, bias = np.stack([-weight[0], weight[0]]) / 2, np.array([-bias[0], bias[0]]) / 2
    weight = weight / scaler.scale_
    bias = bias - weight @ scaler.mean_
    labels = tuple(map(str, made.head.classes_))

    whole = Assembly()
    graph = onnx.load(base.path)
    for value in graph.graph.input:
        whole.input(value.name, value)
    whole.take(graph, "base.", {value.name: value.name for value in graph.graph.input})
    whole.node("Identity", "base.embedding", output="embedding")
    product = whole.node("MatMul", "embedding", whole.constant(weight.T.astype(np.float32)))
    whole.node("Add", product, whole.constant(bias.astype(np.float32)), output="logits")

    description = replace(
        base.description,
        name=name,
        labels=labels,
        task="one of many",
        temperature=1.0,
        training=made.description,
        expected=made.report.to_dict(),
        self_test=(),
        candidates=None,
    )

    def difference(model: Model) -> float:
        window = runtime.self_test_signal()[: description.window.length]
        heard = base.embed(window, sample_rate=SAMPLE_RATE)
        found = list(model.predict(window, sample_rate=SAMPLE_RATE).probabilities.values())
        return float(np.abs(made.head.predict_proba(heard[None]) - found).max())

    return export.write(whole.model(len(labels)), description, output, difference)


def _protocol(speakers: set[str | None]) -> Protocol:
    if len(speakers) == 1 and None not in speakers:
        return Protocol(name="random", validation=0)
    return Protocol(folds=max(2, min(5, len(speakers))), validation=0)


def _require_two_labels(clips: Sequence[Utterance]) -> None:
    """See that the training clips of a fold are of more than one emotion.

    Raises:
        DataError: they are not; it names their speakers, or the clips where these are unknown.
    """
    emotion, *others = {clip.emotion for clip in clips}
    if not others:
        whose = sorted({clip.speaker or clip.id for clip in clips})
        named = ", ".join(whose[:3]) + (f" and {len(whose) - 3} more" if len(whose) > 3 else "")
        raise DataError(
            f"all clips that a fold learns from are {emotion} (those of {named}); "
            "give more clips, of each emotion from two speakers or more"
        )


def _training(model: Model, utterances: Sequence[Utterance], clips: list[str]) -> dict[str, Any]:
    """What the adapted model was made from: all that its base was, and the new clips."""
    before = model.description.training
    return {
        **before,
        "recipe": {**before["recipe"], "labels": {"mapping": "as-labelled"}},
        "adapted_from": model.description.name,
        "data": {**before["data"], **{u.corpus: {} for u in utterances}},
        "speakers": sorted(
            {*before.get("speakers", []), *(u.speaker for u in utterances if u.speaker)}
        ),
        "clips": sorted({*before["clips"], *clips}),
    }
