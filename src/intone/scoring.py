"""A model file on labelled clips: scored only on clips it was not trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from intone import cache, evaluation, runtime
from intone.assessment import listening
from intone.assessment.listening import Unchanged
from intone.corpora import Utterance
from intone.errors import DataError, LeakError
from intone.evaluation import Report, Scores
from intone.export import DIGEST_LENGTH
from intone.progress import Track, silent
from intone.recipe import Recipe

OWN = ("folder", "table")
"""corpora whose name says nothing of what is in them"""


PROTOCOL = "clips not trained on"


def evaluate(path: Path, utterances: Sequence[Utterance], *, track: Track = silent) -> Report:
    """Predict every clip that the model's labels cover, and evaluate.

    Raises:
        LeakError, DataError: as `score`.
    """
    scores, stamp = score(path, utterances, track=track)
    return evaluation.evaluate(scores, protocol=PROTOCOL, stamp=stamp)


def score(
    path: Path, utterances: Sequence[Utterance], *, track: Track = silent
) -> tuple[Scores, str]:
    """Predict every clip that the model's labels cover; gives the answers, and their stamp.

    Raises:
        LeakError: the model was trained on some of the clips.
        DataError: a clip cannot be used, or none carries a label of the model.
    """
    model = runtime.load(path)
    recipe = Recipe.parse(dict(model.description.training["recipe"]), str(path))
    mapping = recipe.mapping(utterance.emotion for utterance in utterances)
    kept = [u for u in utterances if mapping.label(u.emotion, u.sex) in model.labels]
    if not kept:
        raise DataError(f"no clip carries a label of {path}: {', '.join(model.labels)}")
    sounds = cache.decode(kept, track=track)
    trained_on = set(model.description.training["clips"])
    own = [u.id for u in kept if sounds.digests[u.id][:DIGEST_LENGTH] in trained_on]
    if own:
        expected = model.description.expected
        raise LeakError(
            f"{path} was trained on {len(own)} of these {len(kept)} clips ({own[0]} is one), so "
            f"it is not scored on them; on {expected['stamp']} ({expected['protocol']}) its "
            f"recipe reached UAR {100 * expected['uar']['value']:.1f} %"
        )
    clips = {u.id: sounds.samples[u.id] for u in kept}
    heard = listening.of_model(model).hear(clips, {"": Unchanged()}, track=track)
    scores = Scores(
        ids=tuple(u.id for u in kept),
        labels=model.labels,
        truth=np.array([model.labels.index(str(mapping.label(u.emotion, u.sex))) for u in kept]),
        probabilities=heard[""],
        speakers=tuple(u.speaker for u in kept),
    )
    return scores, _stamp(kept, model.description.training)


def _stamp(clips: Sequence[Utterance], training: Mapping[str, Any]) -> str:
    """Say how far the clips are from those that the model was trained on, by what both tell."""
    if not {clip.corpus for clip in clips} & {*training["data"], *OWN}:
        return "unseen corpus"
    speakers = {clip.speaker for clip in clips}
    if None in speakers or "speakers" not in training:
        return "speakers unknown"
    return "speaker-dependent" if speakers & {*training["speakers"]} else "unseen speakers"
