"""What a report is about: a run, its record or a model file, with the clips that are at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from intone import cache, corpora, evaluation, experiment, runs, runtime, scoring
from intone.assessment import listening, reconstruction
from intone.assessment.listening import Clips, Listener
from intone.assessment.reconstruction import Reconstruction
from intone.augment import original
from intone.corpora import Utterance
from intone.errors import DataError
from intone.evaluation import Report, Scores
from intone.progress import Track, silent
from intone.recipe import Recipe
from intone.runs import Run

Place = tuple[str, Path]
"""a corpus's name, and where it is"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A run or a model, what it answered, and what is known of the clips."""

    kind: Literal["run", "record", "model"]
    """a record has no nets: a committed one, or that of an ensemble"""
    name: str
    recipe: Recipe
    report: Report
    told: Mapping[str, Any]
    """the run's record, or what the model file says of its training"""
    seeds: tuple[Scores, ...] = ()
    """what each seed answered; empty where only figures are left"""
    utterances: tuple[Utterance, ...] = ()
    """what is known of the clips that were answered, by their ids; empty without data"""
    clips: Clips = field(default_factory=dict)
    listener: Listener | None = None
    """what answers these clips when they are changed"""
    reconstructions: tuple[Reconstruction, ...] = ()
    """what the run's first autoencoder, where it has any, makes of a few of these clips"""
    places: tuple[Place, ...] = ()
    speaker: str | None = None
    """where a file's path names its speaker, in a folder of the user's own"""


def load(
    path: Path,
    places: Sequence[Place] = (),
    *,
    speaker: str | None = None,
    listens: bool = True,
    track: Track = silent,
) -> Subject:
    """Find what is known of a run, a record or a model file, and its clips in these places.

    Places of a run's own corpora that are not named are taken from the run. `listens` says whether
    it will be asked about changed sound.

    Raises:
        DataError: there is no run and no record, or the clips are not those that it answered.
        ModelError: not a model file.
        LeakError: a model was trained on some of the clips.
    """
    if path.suffix == ".onnx":
        return _of_model(path, places, speaker, track)
    return _of_run(path, places, speaker, listens, track)


def _of_model(path: Path, places: Sequence[Place], speaker: str | None, track: Track) -> Subject:
    model = runtime.load(path)
    told = model.description.training
    subject = Subject(
        kind="model",
        name=model.description.name,
        recipe=Recipe.parse(dict(told["recipe"]), str(path)),
        report=Report.from_dict(model.description.expected),
        told=told,
    )
    if not places:
        return subject
    utterances = corpora.read_all(places, speaker=speaker)
    scores, stamp = scoring.score(path, utterances, track=track)
    kept = _known(utterances, scores)
    return replace(
        subject,
        report=evaluation.evaluate(scores, protocol=scoring.PROTOCOL, stamp=stamp),
        seeds=(scores,),
        utterances=kept,
        clips=cache.decode(kept, track=track).samples,
        listener=listening.of_model(model),
        places=tuple(places),
        speaker=speaker,
    )


def _of_run(
    path: Path, places: Sequence[Place], speaker: str | None, listens: bool, track: Track
) -> Subject:
    record, seeds = runs.load_record(path)
    run = Run(path)
    recipe = Recipe.parse(record["recipe"], str(path))
    subject = Subject(
        kind="run" if any(path.glob("fold-*/net.pt")) else "record",
        name=path.resolve().stem if path.suffix == ".json" else path.resolve().name,
        recipe=recipe,
        report=runs.report(record, seeds),
        told=record,
        seeds=tuple(seeds),
    )
    if not places:
        return subject
    if subject.kind == "run":
        sources = run.manifest["sources"]
        found = dict(map(corpora.parse_data, sources["data"]))
        places, speaker = [*{**found, **dict(places)}.items()], speaker or sources["speaker"]
    utterances = corpora.read_all(places, speaker=speaker)
    kept = _known([recipe.labels.given(clip) for clip in utterances], seeds[0])
    _check_labels(kept, recipe, seeds[0])
    subject = replace(subject, utterances=kept, places=tuple(places), speaker=speaker)
    if subject.kind == "record" or not listens:
        originals = [clip for clip in kept if original(clip.id) == clip.id]
        return replace(subject, clips=cache.decode(originals, track=track).samples)
    prepared = experiment.prepare(recipe, utterances, allow_leak=True, track=track)
    runs.check_clips(prepared, record)
    return replace(
        subject,
        clips={clip.id: prepared.data.sounds.samples[clip.id] for clip in kept},
        listener=listening.of_run(run, prepared),
        reconstructions=reconstruction.of_run(run, prepared),
    )


def _known(utterances: Sequence[Utterance], scores: Scores) -> tuple[Utterance, ...]:
    """Find what is known of the clips that were answered, copies under their own ids.

    Raises:
        DataError: it is known of none.
    """
    known = {clip.id: clip for clip in utterances}
    answered = dict.fromkeys(scores.ids)
    found = tuple(replace(known[original(id)], id=id) for id in answered if original(id) in known)
    if not found:
        raise DataError(
            f"none of the {len(answered)} clips that were scored is in the data; "
            f"their ids are like {scores.ids[0]}, those of the data like {utterances[0].id}"
        )
    return found


def _check_labels(clips: Sequence[Utterance], recipe: Recipe, scores: Scores) -> None:
    """See that clips are labelled as they were when they were scored.

    Raises:
        DataError: the first that is not.
    """
    mapping = recipe.mapping(clip.emotion for clip in clips)
    truth = dict(zip(scores.ids, scores.truth, strict=True))
    for clip in clips:
        before, now = scores.labels[truth[clip.id]], mapping.label(clip.emotion, clip.sex)
        if before != now:
            raise DataError(
                f"{clip.path}: is labelled {now or clip.emotion} in the data, but was scored as "
                f"{before}; give the data that the run was trained on"
            )
