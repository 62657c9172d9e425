"""A model file on labelled clips: scored only on clips it was not trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from intone import audio, cache, evaluation, runtime
from intone.corpora import Utterance
from intone.errors import LeakError
from intone.evaluation import Report, Scores
from intone.export import DIGEST_LENGTH
from intone.progress import Track, silent
from intone.recipe import Recipe

OWN = ("folder", "table")
"""corpora whose name says nothing of what is in them"""


def evaluate(path: Path, utterances: Sequence[Utterance], *, track: Track = silent) -> Report:
    """Predict every clip that the model's labels cover, and evaluate.

    Raises:
        LeakError: the model was trained on some of the clips.
        DataError: a clip cannot be used, or none carries a label of the model.
    """
    model = runtime.load(path)
    recipe = Recipe.parse(dict(model.description.training["recipe"]), str(path))
    mapping = recipe.mapping(utterance.emotion for utterance in utterances)
    kept = [u for u in utterances if mapping.label(u.emotion, u.sex) in model.labels]
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
    rows = [
        list(
            model.predict(
                sounds.samples[u.id], sample_rate=audio.SAMPLE_RATE
            ).probabilities.values()
        )
        for u in track(kept, "listening", len(kept))
    ]
    scores = Scores(
        ids=tuple(u.id for u in kept),
        labels=model.labels,
        truth=np.array([model.labels.index(str(mapping.label(u.emotion, u.sex))) for u in kept]),
        probabilities=np.array(rows, np.float32),
        speakers=tuple(u.speaker for u in kept),
    )
    trained = model.description.training
    return evaluation.evaluate(scores, protocol="clips not trained on", stamp=_stamp(kept, trained))


def _stamp(clips: Sequence[Utterance], training: Mapping[str, Any]) -> str:
    """Say how far the clips are from those that the model was trained on, by what both tell."""
    if not {clip.corpus for clip in clips} & {*training["data"], *OWN}:
        return "unseen corpus"
    speakers = {clip.speaker for clip in clips}
    if None in speakers or "speakers" not in training:
        return "speakers unknown"
    return "speaker-dependent" if speakers & {*training["speakers"]} else "unseen speakers"
