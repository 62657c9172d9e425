"""Members' model files become one: a graph that holds theirs, and what combines them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from intone import export, nets, runtime
from intone.audio import SAMPLE_RATE
from intone.description import Description, InputDescription
from intone.ensembles.assembly import Assembly
from intone.ensembles.members import Floats
from intone.ensembles.stacking import Stacked
from intone.ensembles.weighted import Weighted
from intone.errors import DataError
from intone.runtime import Model

LEAST = 1e-12
"""what a probability is at least, before its logarithm is a logit"""


def join(
    members: Sequence[Model],
    learned: Weighted | Stacked,
    record: Mapping[str, Any],
    output: Path,
    *,
    name: str,
    one_vs_rest: bool = False,
) -> Model:
    """Write members as one model file, and verify it against them.

    A weighted mean is the same for windows as for clips. A meta model, which learned from clips,
    hears windows here, so a clip of several windows may be answered a little otherwise. Members'
    temperatures are left out: what combines them learned from plain probabilities.

    Raises:
        DataError: the members' windows differ.
        ModelError: their graphs do not go together, or the file's answers are not theirs.
    """
    members = [_plain(member) for member in members]
    window = members[0].description.window
    for member in members[1:]:
        if member.description.window != window:
            raise DataError(
                f"{member.path}: its windows are not those of {members[0].path}; one model file "
                "needs members with the same [window]"
            )
    whole = Assembly()
    inputs: dict[str, InputDescription] = {}
    probabilities, embeddings = [], []
    for number, member in enumerate(members):
        prefix = f"member{number}."
        _take(whole, member, prefix, inputs)
        heard = _probabilities(whole, member, f"{prefix}logits")
        own = whole.constant(np.array([0]))
        probabilities.append(whole.node("Gather", heard, own, axis=1) if one_vs_rest else heard)
        embeddings.append(f"{prefix}embedding")
    if isinstance(learned, Stacked):
        width = len(members) * (1 if one_vs_rest else len(record["labels"]))
        _stack(whole, learned, probabilities, width)
    else:
        _average(whole, learned, probabilities)
        whole.node("Concat", *embeddings, output="embedding", axis=1)
    description = Description(
        name=name,
        labels=tuple(record["labels"]),
        window=window,
        inputs=inputs,
        task=nets.task(learned.net) if isinstance(learned, Stacked) else "one of many",
        temperature=1.0,
        training=_training(members, record),
        expected=record["report"],
        tolerance=export.TOLERANCE,
    )
    return export.write(
        whole.model(len(record["labels"])),
        description,
        output,
        lambda made: _difference(made, members, learned, one_vs_rest),
    )


def _plain(member: Model) -> Model:
    return replace(member, description=replace(member.description, temperature=1.0))


def _take(whole: Assembly, member: Model, prefix: str, inputs: dict[str, InputDescription]) -> None:
    """Take a member's graph in; what several members hear is one input."""
    model = onnx.load(member.path)
    likes = {value.name: value for value in model.graph.input}
    known = {json.dumps(spec.to_dict()): name for name, spec in inputs.items()}
    shared = {}
    for name, spec in member.description.inputs.items():
        own = known.get(json.dumps(spec.to_dict()), f"{name}{len(inputs)}")
        if own not in inputs:
            inputs[own] = spec
            whole.input(own, likes[name])
        shared[name] = own
    whole.take(model, prefix, shared)


def _probabilities(whole: Assembly, member: Model, logits: str) -> str:
    """A member's probabilities `[B, C]`, as `runtime` makes them of its logits."""
    if member.description.task == "one of many":
        return whole.node("Softmax", logits, axis=1)
    own = whole.node("Sigmoid", logits)
    total = whole.node("ReduceSum", own, whole.constant(np.array([1])), keepdims=1)
    return whole.node("Div", own, total)


def _average(whole: Assembly, learned: Weighted, probabilities: Sequence[str]) -> None:
    """Logits whose softmax is the weighted mean."""
    shares = [
        whole.node("Mul", one, whole.constant(np.float32(weight)))
        for one, weight in zip(probabilities, learned.weights, strict=True)
    ]
    mean = whole.node("Max", whole.node("Sum", *shares), whole.constant(np.float32(LEAST)))
    whole.node("Log", mean, output="logits")


def _stack(whole: Assembly, learned: Stacked, probabilities: Sequence[str], width: int) -> None:
    """Let the meta model read the probabilities; its outputs are the whole's."""
    meta = export.Graph(learned.net.cpu().eval(), {})
    answers = whole.node("Concat", *probabilities, axis=1)
    whole.take(export.to_onnx(meta, {"vector": (width,)}), "meta.", {"vector": answers})
    for name in ("logits", "embedding"):
        whole.node("Identity", f"meta.{name}", output=name)


def _difference(
    made: Model, members: Sequence[Model], learned: Weighted | Stacked, one_vs_rest: bool
) -> float:
    """How far a probability is from what the members' files give, over the self-test's windows."""
    heard = [_windows(member) for member in members]
    expected = learned([own[:, :1] for own in heard] if one_vs_rest else heard)
    return float(np.abs(_windows(made) - expected).max())


def _windows(model: Model) -> Floats:
    """What a model answers to each window of the self-test: `[W, C]`."""
    prediction = model.predict(runtime.self_test_signal(), sample_rate=SAMPLE_RATE)
    rows = [list(segment.probabilities.values()) for segment in prediction.timeline]
    return np.array(rows, np.float32)


def _training(members: Sequence[Model], record: Mapping[str, Any]) -> dict[str, Any]:
    """What the whole was made from: all that any member was."""
    heard = [member.description.training for member in members]
    kept = ("recipe", "mapping", "data", "splits", "seeds", "parameters", "command", "environment")
    return {
        **{key: record[key] for key in kept},
        "ensemble": record["ensemble"],
        "unlabelled": {k: v for own in heard for k, v in own.get("unlabelled", {}).items()},
        "citations": {k: v for own in heard for k, v in own["citations"].items()},
        "speakers": sorted({speaker for own in heard for speaker in own["speakers"]}),
        "clips": sorted({clip for own in heard for clip in own["clips"]}),
    }
