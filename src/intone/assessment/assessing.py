"""A run or a model file is measured in every way that the clips at hand allow."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from intone import calibration, doctor, runs, training
from intone.assessment import explanation, human, perception
from intone.assessment.breakdowns import Breakdown, Trait, breakdown, corpus_title, traits, voices
from intone.assessment.content import (
    Assessment,
    Confusion,
    FitCurve,
    Held,
    Mistaken,
    Provenance,
    Use,
)
from intone.assessment.explanation import Explanation
from intone.assessment.honesty import Gap
from intone.assessment.listening import Speed
from intone.assessment.perception import Perception
from intone.assessment.reliability import Reliability, reliability
from intone.assessment.stress import Stress, stress
from intone.assessment.subjects import Subject
from intone.audio import SAMPLE_RATE
from intone.doctor import Checkup
from intone.evaluation import Scores
from intone.progress import Track, silent
from intone.recipe import Training
from intone.training import Epoch

CONFUSIONS, CLIPS = 6, 2
"""how many of the most frequent confusions are told, and clips of each"""
GIVE_DATA = "give --data NAME=DIR"


def assess(
    subject: Subject,
    *,
    gaps: Sequence[Gap] = (),
    listen: int = 200,
    seed: int = 0,
    track: Track = silent,
) -> Assessment:
    """Measure all that can be measured of a subject, playing it at most `listen` clips changed."""
    scores = runs.pooled(subject.seeds) if subject.seeds else None
    told, names = subject.told, _corpora(subject)
    temperature = None if subject.kind == "model" else told.get("temperature")
    stressed, explanations = _listened(subject, listen, seed, track)
    assessed = Assessment(
        kind=subject.kind,
        name=subject.name,
        title=subject.recipe.title,
        corpora=tuple(map(corpus_title, names)),
        report=subject.report,
        parameters=told["parameters"],
        human=human.level(names, subject.report.labels),
        speed=_speed(subject),
        confusions=tuple(_confusions(scores)) if scores else (),
        voices=voices(scores, _sexes(subject)) if scores else (),
        breakdowns=tuple(_breakdowns(scores, subject, seed)) if scores else (),
        gaps=tuple(gaps),
        reliability=reliability(scores) if scores else None,
        temperature=temperature,
        tempered=_tempered(scores, temperature) if scores and temperature else None,
        stress=stressed,
        explanations=explanations,
        fits=tuple(_fits(subject)),
        pretraining=tuple(_pretraining(subject)),
        reconstructions=subject.reconstructions,
        perception=_perception(scores, subject) if scores else None,
        provenance=_provenance(subject, track),
        lacking={},
    )
    return replace(assessed, lacking=_lacking(assessed, subject, listen))


def _corpora(subject: Subject) -> list[str]:
    """Name the corpora of the clips that were scored."""
    if not subject.seeds:
        return sorted(subject.told["data"])
    return sorted({id.partition("/")[0] for id in subject.seeds[0].ids})


def _sexes(subject: Subject) -> dict[str, str]:
    return {clip.speaker: clip.sex for clip in subject.utterances if clip.speaker and clip.sex}


def _listened(
    subject: Subject, listen: int, seed: int, track: Track
) -> tuple[Stress | None, tuple[Explanation, ...]]:
    """Play changed sound to the subject, where it listens."""
    listener = subject.listener
    if listener is None or not listen:
        return None, ()
    scores = subject.seeds[0]
    truth = dict(zip(scores.ids, scores.truth, strict=True))
    explained = tuple(
        explanation.explain(
            listener, scores.labels, id, subject.clips[id], scores.labels[truth[id]], track=track
        )
        for id in explanation.choose(scores)
    )
    stressed = stress(listener, scores, subject.clips, most=listen, seed=seed, track=track)
    return stressed, explained


def _speed(subject: Subject) -> Speed | None:
    """Say how long an answer takes: as the run measured it, or measured now."""
    if (seconds := subject.told.get("seconds_per_clip")) is not None:
        threads = subject.told["environment"]["threads"]
        return Speed(milliseconds=1000 * seconds, threads=threads)
    return subject.listener.speed(subject.clips) if subject.listener else None


def _confusions(scores: Scores) -> Iterator[Confusion]:
    """Go through the most frequent confusions."""
    answers, sure = scores.probabilities.argmax(axis=1), scores.probabilities.max(axis=1)
    pairs = Counter(
        (truth, answer)
        for truth, answer in zip(scores.truth.tolist(), answers.tolist(), strict=True)
        if truth != answer
    )
    for (truth, answer), count in pairs.most_common(CONFUSIONS):
        places = np.flatnonzero((scores.truth == truth) & (answers == answer))
        surest = {
            scores.ids[place]: float(sure[place])
            for place in reversed(places[np.argsort(-sure[places], kind="stable")])
        }
        yield Confusion(
            truth=scores.labels[truth],
            answer=scores.labels[answer],
            count=count,
            share=count / int((scores.truth == truth).sum()),
            clips=tuple(
                Mistaken(clip=id, probability=surest[id]) for id in [*reversed(surest)][:CLIPS]
            ),
        )


def _breakdowns(scores: Scores, subject: Subject, seed: int) -> Iterator[Breakdown]:
    """Compare the groups of every trait that there is; of corpora, also without data."""
    own = {id: corpus_title(id.partition("/")[0]) for id in scores.ids}
    seconds = {id: len(samples) / SAMPLE_RATE for id, samples in subject.clips.items()}
    found = [Trait("corpus", own)]
    if subject.utterances:
        found = [*traits(subject.utterances, seconds)]
    for trait in found:
        if compared := breakdown(scores, trait, seed=seed):
            yield compared


def _tempered(scores: Scores, temperature: float) -> Reliability:
    honest = calibration.tempered(scores.probabilities, temperature)
    return reliability(replace(scores, probabilities=honest))


def _fits(subject: Subject) -> Iterator[FitCurve]:
    """Go through the learning curves of a record."""
    for name, fit in _named(subject):
        if fit["history"]:
            yield _curve(name, fit, subject.recipe.training)


def _pretraining(subject: Subject) -> Iterator[FitCurve]:
    """Go through those of its autoencoders."""
    for name, fit in _named(subject):
        if subject.recipe.pretraining and fit["pretraining"]:
            yield _curve(name, fit["pretraining"], subject.recipe.pretraining.training)


def _named(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Go through the fits of a record, each with its name."""
    several = len(subject.told["seeds"]) > 1
    for fit in subject.told.get("fits", ()):
        yield f"fold {fit['fold']}" + f", seed {fit['seed']}" * several, fit


def _curve(name: str, fit: Mapping[str, Any], settings: Training) -> FitCurve:
    epochs = [Epoch(**row) for row in fit["history"]]
    return FitCurve(
        name=name,
        best_epoch=fit["best_epoch"],
        seconds=sum(epoch.seconds for epoch in epochs),
        history=tuple(fit["history"]),
        learning_rates=tuple(
            training.learning_rate(settings, epochs[:done]) for done in range(len(epochs))
        ),
    )


def _perception(scores: Scores, subject: Subject) -> Perception | None:
    mapping = subject.recipe.mapping(clip.emotion for clip in subject.utterances)
    return perception.perception(scores, perception.votes(subject.utterances, mapping))


def _provenance(subject: Subject, track: Track) -> Provenance:
    told = subject.told
    verdicts = {
        name: _verdict(doctor.check(name, root, speaker=subject.speaker, track=track))
        for name, root in subject.places
    }
    return Provenance(
        command=told["command"],
        recipe=told["recipe"],
        mapping=told["mapping"],
        data=tuple(_held(subject, verdicts)),
        splits=tuple(told["splits"]),
        seeds=tuple(told["seeds"]),
        notes=tuple(told.get("notes", ())),
        environment=told["environment"],
    )


def _held(subject: Subject, verdicts: Mapping[str, str]) -> Iterator[Held]:
    """Go through the corpora: those that were trained on, and those a model file is tested on."""
    counts = ("clips", "speakers", "expected_clips", "licence")
    given: dict[Use, Any] = {"trained and tested on": subject.told["data"]}
    if subject.kind == "model":
        given = {
            "trained on": subject.told["data"],
            "tested on": runs.describe_data(subject.utterances),
        }
    for use, held in given.items():
        for name, own in held.items():
            yield Held(
                name=name,
                title=corpus_title(name),
                use=use,
                verdict=None if use == "trained on" else verdicts.get(name),
                **{key: own[key] for key in counts},
            )


def _verdict(checkup: Checkup) -> str:
    """Say in a few words what the dataset doctor found."""
    found = Counter(each.severity for each in checkup.findings)
    counts = [
        f"{found[severity]} {severity}{'s' * (found[severity] > 1)}"
        for severity in ("error", "warning")
        if found[severity]
    ]
    return ", ".join(counts) or "nothing is wrong"


def _lacking(assessed: Assessment, subject: Subject, listen: int) -> dict[str, str]:
    """Say of what is not there what to do about it."""
    lacking: dict[str, str] = {}
    if not subject.seeds:
        answers = (
            "The model file carries the figures of its recipe's run, not its answers: evaluate "
            f"that run, or {GIVE_DATA} of clips that the model has not heard."
        )
        lacking |= dict.fromkeys(("confusions", "breakdowns", "reliability"), answers)
    elif not subject.utterances:
        lacking["breakdowns"] = (
            f"For groups by sex, age, intensity, sentence and duration, {GIVE_DATA}."
        )
    if not assessed.gaps:
        lacking["gaps"] = (
            f"To train a recipe under each protocol, add --honesty RECIPE and {GIVE_DATA}."
        )
    played = ["stress", "explanations"]
    if assessed.pretraining and not assessed.reconstructions:
        played.append("reconstructions")
    if subject.kind == "record":
        no_nets = f"A record holds no nets: evaluate the folder of its run, and {GIVE_DATA}."
        lacking |= dict.fromkeys(played, no_nets)
    elif not subject.utterances:
        lacking |= dict.fromkeys(played, f"To play it clips, {GIVE_DATA}.")
    elif not listen:
        lacking |= dict.fromkeys(played, "Left out, as --listen 0 asks.")
    else:
        if not assessed.stress:
            lacking["stress"] = "There are too few clips."
        if "reconstructions" in played:
            lacking["reconstructions"] = "The first fit kept no autoencoder, or has no validation."
    if not assessed.perception:
        lacking["perception"] = (
            "No clip that was scored comes with listeners' votes; those of CREMA-D do."
            if subject.utterances
            else f"Where listeners voted on the clips, as in CREMA-D, {GIVE_DATA}."
        )
    if not assessed.fits:
        lacking["fits"] = (
            "A model file holds no learning curves: evaluate its run."
            if subject.kind == "model"
            else "An ensemble has no learning curves of its own: evaluate its members."
        )
    return lacking
