"""What a run or a model is worth, as a page: a function of an `Assessment` and nothing else.

`sounds` says where clips can be heard: clip id -> address, as a page in its folder needs it.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from intone import __version__
from intone.assessment.content import Assessment
from intone.evaluation import FEWEST_UNITS, Interval
from intone.report import answer_sections, record_sections, score_pictures, trial_sections
from intone.report.page import Page, Picture
from intone.report.words import percent, span

STAMPS = {
    "unseen speakers": ("good", "No fit has heard the speakers that it is tested on."),
    "unseen corpus": ("good", "The model has heard nothing of these corpora."),
    "speaker-dependent": (
        "fair",
        "Training heard the same speakers: the figures say how well these voices are known, "
        "not how well emotion is heard.",
    ),
    "speakers unknown": (
        "fair",
        "Nobody can say whether training heard the same speakers: the figures may be far too good.",
    ),
    "leaky": ("bad", "What is tested was heard in training: the figures say nothing of new clips."),
    "wrong labels": ("bad", "Clips are labelled wrong on purpose, to repeat a report's fault."),
}
_SIGNS = {"good": "✓", "fair": "!", "bad": "✕"}
_KINDS = {
    "run": "Evaluation of a run",
    "record": "Evaluation of a recorded run",
    "model": "Evaluation of a model file",
}
PROTOCOLS = {
    "unseen-speakers": "folds of whole speakers",
    "leave-one-speaker-out": "one speaker left out at a time",
    "leave-one-session-out": "one session left out at a time",
    "leave-one-corpus-out": "one corpus left out at a time",
    "cross-corpus": "trained on some corpora, tested on others",
    "unseen-sentences": "folds of whole sentences, whoever speaks",
    "unseen-speakers-and-sentences": "folds of whole speakers, who say what nobody said before",
    "ravdess-emobox": "EmoBox's six folds of RAVDESS's actors",
    "ravdess-luna": "Luna-Jiménez's five folds of RAVDESS's actors",
    "random": "clips dealt at random, whoever speaks",
    "random-with-copies": "clips and noisy copies of them dealt at random, each for itself",
}


def build(told: Assessment, sounds: Mapping[str, str]) -> Page:
    """Make the page."""
    return Page(
        kind=_KINDS[told.kind],
        title=told.name,
        lead=told.title,
        banner=[_stamps(told), _headline(told), _sentence(told), _tiles(told), _protocol(told)],
        sections=[
            answer_sections.classes(told, sounds),
            answer_sections.groups(told),
            trial_sections.honesty(told),
            answer_sections.calibration(told),
            trial_sections.stress(told),
            trial_sections.why(told, sounds),
            record_sections.training(told),
            answer_sections.perception(told),
            record_sections.provenance(told),
        ],
        foot=f"Made by Intone {__version__}. All figures of this page are in report.json.",
        sortable=True,
    )


def _stamps(told: Assessment) -> str:
    """Set what the figures are worth, in colour, sign and words."""
    lines = []
    for stamp in told.report.stamp.split(", "):
        kind, meaning = STAMPS.get(stamp, ("fair", ""))
        lines.append(
            f'<p class="stamp {kind}"><span aria-hidden="true">{_SIGNS[kind]}</span> '
            f"<strong>{escape(stamp.capitalize())}</strong> {escape(meaning)}</p>\n"
        )
    return "".join(lines)


def _headline(told: Assessment) -> Picture:
    report = told.report
    marks = {"chance": report.chance}
    if told.human:
        marks["people"] = told.human.rate
    return Picture(
        name="headline",
        figure=score_pictures.headline(report.uar, marks),
        description=f"UAR {span(report.uar)} on a scale from 0 to 100 %; "
        + ", ".join(f"{name} {percent(value)} %" for name, value in marks.items()),
        stamp=report.stamp,
    )


def _sentence(told: Assessment) -> str:
    report = told.report
    words = [
        f"Of 100 clips of each emotion it finds {_whole(report.uar.value)} on average; "
        f"a guess finds {_whole(report.chance)}"
    ]
    if told.human:
        words.append(f", people {_whole(told.human.rate)} ({told.human.note})")
    return f'<p class="answer">{escape("".join(words))}.</p>\n'


def _whole(rate: float) -> int:
    """Round to whole percent, a half up."""
    return int(100 * rate + 0.5)


def _tiles(told: Assessment) -> str:
    report = told.report
    tiles = [
        ("UAR", f"{percent(report.uar.value)} %", _bounds(report.uar)),
        ("Accuracy", f"{percent(report.accuracy.value)} %", _bounds(report.accuracy)),
        ("Macro F1", f"{percent(report.macro_f1.value)} %", _bounds(report.macro_f1)),
        (
            "Cross-entropy",
            f"{report.cross_entropy.value:.3f}",
            _bounds(report.cross_entropy, in_percent=False),
        ),
        ("Trained parameters", f"{told.parameters:,}", _net(told.provenance.recipe)),
    ]
    tiles.append(
        (
            "Inference",
            f"{told.speed.milliseconds:.1f} ms",
            f"a clip, features included; CPU threads: {told.speed.threads}",
        )
        if told.speed
        else ("Inference", "–", "not measured without data")
    )
    items = "".join(
        f"<div><dt>{name}</dt>\n<dd><b>{value}</b>\n<span>{escape(note)}</span></dd></div>\n"
        for name, value, note in tiles
    )
    return f'<dl class="tiles">\n{items}</dl>\n'


def _net(recipe: Mapping[str, Any]) -> str:
    """Name the net, and the encoders that it hears through."""
    frozen = [spec["encoder"] for spec in recipe["inputs"].values() if "encoder" in spec]
    return " ".join([recipe["net"]["name"], *(f"on {name}, frozen" for name in frozen)])


def _bounds(interval: Interval, *, in_percent: bool = True) -> str:
    if interval.low is None or interval.high is None:
        return f"no interval: fewer than {FEWEST_UNITS} speakers"
    if in_percent:
        return f"{percent(interval.low)} to {percent(interval.high)}"
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _protocol(told: Assessment) -> str:
    report = told.report
    name, *rest = report.protocol.split(", ")
    origin = (
        "These are the out-of-fold figures of the run that the model was made from, and not of its "
        "training clips. "
        if told.kind == "model" and not told.reliability
        else ""
    )
    words = [f"{report.clips:,} clips"]
    if report.answers > report.clips:
        words.append(f"answered {report.answers / report.clips:g} times each, by as many seeds")
    words.append("speakers unknown" if report.speakers is None else f"{report.speakers} speakers")
    protocol = PROTOCOLS.get(name, name)
    described = f"{protocol} ({name})" if name in PROTOCOLS else protocol
    clips = f"{', '.join(words)}: {'; '.join(told.corpora)}"
    return (
        f'<p class="muted">{origin}Protocol: {escape(", ".join([described, *rest]))}. '
        f"{escape(clips)}. Intervals are 95 %, by bootstrap over {report.resampled}.</p>\n"
    )
