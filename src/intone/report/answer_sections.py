"""Sections of a report on what was answered: by class, by group, how surely, and by people."""

from collections.abc import Mapping, Sequence
from html import escape

from intone import corpora
from intone.assessment.breakdowns import Breakdown
from intone.assessment.content import Assessment, Confusion
from intone.assessment.perception import Perception
from intone.evaluation import FEWEST_UNITS
from intone.report import page, score_pictures
from intone.report.page import Beside, Cards, Part, Picture, Section
from intone.report.score_pictures import Row
from intone.report.style import emotion_colour
from intone.report.words import bounds, chance, percent, points, span

_COVERAGES = (1.0, 0.9, 0.75, 0.5, 0.25)
_DEALT = {
    "speakers": "groups dealt anew to speakers",
    "speakers within corpora": "groups dealt anew to the speakers of each corpus",
    "groups within speakers": "groups swapped within each speaker",
    "clips": "groups dealt anew to clips",
    "clips within corpora": "groups dealt anew to the clips of each corpus",
}


# Classes.


def classes(told: Assessment, sounds: Mapping[str, str]) -> Section:
    """Say how each class fared, and what is taken for what."""
    report = told.report
    rows = [["class", "precision", "recall", "F1", "answers"]]
    for one in report.per_class:
        rates = map(percent, (one.precision, one.recall, one.f1))
        rows.append([one.label, *rates, f"{one.support:,}"])
    matrix = Picture(
        name="confusion",
        figure=score_pictures.confusion_matrices(report.labels, {"": report.confusion}),
        description="The confusion matrix: the table below has its numbers.",
        caption="Truth by row, answer by column: percent of the row, and below it the number.",
        stamp=report.stamp,
    )
    counts = [
        ["truth", *report.labels],
        *(
            [label, *(f"{count:,}" for count in row)]
            for label, row in zip(report.labels, report.confusion, strict=True)
        ),
    ]
    parts: list[Part] = [
        Beside([page.table(rows, "Precision, recall and F1 of each class, %"), matrix]),
        page.details(
            "The confusion matrix as numbers",
            page.table(counts, "Number of answers, truth by row, answer by column"),
        ),
        "<h3>What is taken for what</h3>\n",
    ]
    if "confusions" in told.lacking:
        return Section("Classes", [*parts, page.lacking(told.lacking["confusions"])])
    return Section("Classes", [*parts, Cards([_confusion(one, sounds) for one in told.confusions])])


def _confusion(told: Confusion, sounds: Mapping[str, str]) -> str:
    clips = "".join(
        f"<li>{clip_line(each.clip, f'{percent(each.probability)} %', sounds)}</li>\n"
        for each in told.clips
    )
    return (
        f'<article class="card"><h4>{emotion(told.truth)} taken for {emotion(told.answer)}</h4>\n'
        f"<p>{told.count:,} times, {percent(told.share)} % of the {escape(told.truth)} answers. "
        f"The surest:</p>\n<ul>\n{clips}</ul></article>\n"
    )


def emotion(label: str) -> str:
    """Set a label with its colour."""
    colour = emotion_colour(label.rpartition("_")[2])
    return f'<span class="dot" style="background:{colour}"></span>{escape(label)}'


def clip_line(id: str, words: str, sounds: Mapping[str, str]) -> str:
    """Set a clip's id with what is said of it, and its sound where it can be heard."""
    line = f"<code>{escape(id)}</code> {page.prose(words)}"
    if id not in sounds:
        return line
    source = escape(sounds[id])
    return (
        f'{line}\n<audio controls preload="none" aria-label="{escape(id)}" src="{source}"></audio>'
    )


# Groups.


def groups(told: Assessment) -> Section:
    """Say who and what is heard better or worse."""
    parts: list[Part] = []
    if told.voices:
        best, worst = told.voices[0], told.voices[-1]
        words = (
            f"UAR reaches from {percent(worst.uar)} % ({worst.speaker}) to {percent(best.uar)} % "
            f"({best.speaker})."
        )
        parts.append(
            Picture(
                name="speakers",
                figure=score_pictures.voices(told.voices, chance=told.report.chance),
                description=f"A dot for each of {len(told.voices)} speakers. {words}",
                caption=f"A dot a speaker, {len(told.voices)} in all. {words}",
                stamp=told.report.stamp,
            )
        )
        rows = [["speaker", "sex", "clips", "UAR, %"]]
        rows += [
            [one.speaker, one.sex or "", f"{one.clips:,}", percent(one.uar)] for one in told.voices
        ]
        table = page.table(rows, "UAR of each speaker, over the classes heard of them", words=2)
        parts.append(page.details("Every speaker", table))
    if told.breakdowns:
        parts.append(Cards([_breakdown(each, told) for each in told.breakdowns]))
        parts.append(page.details("The groups as numbers", _group_table(told.breakdowns)))
        parts.append(
            page.paragraph(
                "Groups are compared over the classes that all of them have. A hollow dot has "
                f"fewer than {FEWEST_UNITS} speakers: too few to say. Chance is a permutation test "
                "that deals whole speakers within their corpus, or swaps groups within each "
                "speaker. Of twenty such tests one finds a gap where there is none."
            )
        )
    if "breakdowns" in told.lacking:
        parts.append(page.lacking(told.lacking["breakdowns"]))
    nothing = page.lacking("Nothing is known that would tell these clips apart.")
    return Section("Groups", parts or [nothing])


def _breakdown(told: Breakdown, whole: Assessment) -> Picture:
    words = _gap(told)
    left_out = [
        one.label for one in whole.report.per_class if one.support and one.label not in told.labels
    ]
    notes = [words]
    if left_out:
        notes.append(f"Without {', '.join(left_out)}, which not all of them have.")
    if told.unknown:
        notes.append(f"Of {told.unknown:,} clips it is not known.")
    rows = [
        Row(name=_short(one.name), rate=one.uar, faint=one.uar.low is None) for one in told.groups
    ]
    return Picture(
        name=f"group-{told.trait.lower().replace(' ', '-')}",
        figure=score_pictures.intervals(
            rows, label="UAR, %", marks={"chance": 1 / len(told.labels)}, width=3.1
        ),
        description=f"UAR by {told.trait}: "
        + "; ".join(f"{one.name} {span(one.uar)}" for one in told.groups),
        heading=f"<header><h3>By {escape(told.trait)}</h3></header>\n",
        caption=" ".join(notes),
        stamp=whole.report.stamp,
    )


def _gap(told: Breakdown) -> str:
    if told.gap is None or told.p_value is None or told.permuted is None:
        return "Too few speakers to test a gap."
    verdict = "more than chance" if told.p_value < 0.05 else "no more than chance may make"
    return (
        f"Gap {100 * told.gap:.1f} points, {verdict} ({chance(told.p_value)}, "
        f"{_DEALT[told.permuted]})."
    )


def _short(name: str, longest: int = 22) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _group_table(told: Sequence[Breakdown]) -> str:
    rows = [["trait", "group", "clips", "speakers", "UAR, %", "95 % interval"]]
    for one in told:
        for group in one.groups:
            speakers = "" if group.speakers is None else f"{group.speakers:,}"
            rate = [percent(group.uar.value), bounds(group.uar) or "too small to say"]
            rows.append([one.trait, group.name, f"{group.clips:,}", speakers, *rate])
    return page.table(rows, "UAR by group", words=2)


# Calibration.


def calibration(told: Assessment) -> Section:
    """Say how far confidence can be trusted, and what abstaining would win."""
    title = "Calibration and abstention"
    found = told.reliability
    if found is None:
        return Section(title, [page.lacking(told.lacking["reliability"])])
    ahead = found.confidence - found.accuracy
    way = (
        "surer than" if ahead > 0.02 else "less sure than" if ahead < -0.02 else "about as sure as"
    )
    words = (
        f"It is {way} it is right: mean confidence {percent(found.confidence)} %, where "
        f"{percent(found.accuracy)} % of the answers are right. The expected calibration error is "
        f"{percent(found.ece)} %."
    )
    if told.tempered:
        words += (
            f" A model file of it divides the logits by {told.temperature:.2f}, as fitted to the "
            f"validation parts: then mean confidence is {percent(told.tempered.confidence)} %, and "
            f"the error {percent(told.tempered.ece)} %."
        )
    pictures = [
        Picture(
            name="reliability",
            figure=score_pictures.reliability(found.bins),
            description=f"Accuracy by confidence, above the share of answers. {words}",
            caption="How often answers are right, by how sure they are. On the dashed line "
            "confidence is honest; below it, too high.",
            stamp=told.report.stamp,
        ),
        Picture(
            name="risk-coverage",
            figure=score_pictures.risk_coverage(found.risk_coverage),
            description="The share of wrong answers by the share of clips answered: "
            + ", ".join(f"{percent(found.risk(c))} % at {100 * c:.0f} %" for c in _COVERAGES),
            caption="What is wrong when only the surest answers are given. Area under the curve "
            f"{found.aurc:.3f}; {found.best_aurc:.3f} would be the best with as many errors.",
            stamp=told.report.stamp,
        ),
    ]
    rows = [["clips answered, %", "right, %", "wrong, %"]]
    rows += [
        [f"{100 * c:.0f}", percent(1 - found.risk(c)), percent(found.risk(c))] for c in _COVERAGES
    ]
    table = page.table(rows, "Answering only where it is surest")
    return Section(title, [page.paragraph(words), Cards(pictures), table])


# People.


def perception(told: Assessment) -> Section:
    """Set the model beside the actor's intention and the listeners."""
    title = "Intended and perceived"
    found = told.perception
    if found is None:
        return Section(title, [page.lacking(told.lacking["perception"])])
    picture = Picture(
        name="perceived",
        figure=score_pictures.pairs(
            [(one.label, one.listeners, one.model) for one in found.per_class],
            names=("listeners", "model"),
        ),
        description="Share that names the intended emotion, listeners and model: "
        + "; ".join(
            f"{one.label} {percent(one.listeners)} and {percent(one.model)} %"
            for one in found.per_class
        ),
        caption="How often the intended emotion is named: by listeners who only heard the clip, "
        "as a share of their votes, and by the model, as a share of its clips.",
        stamp=told.report.stamp,
    )
    words = _perceived(found)
    if corpora.info("crema_d_rebuilt").title in told.corpora:
        words += " The listeners heard the original recordings, the model heard rebuilt audio."
    return Section(title, [page.paragraph(words), picture, _perceived_table(found)])


def _perceived(found: Perception) -> str:
    ahead = found.model.value - found.listeners
    return (
        f"Listeners voted on {found.clips:,} of these clips. {percent(found.listeners)} % of their "
        f"votes name what the actor meant; the model names it in {percent(found.model.value)} % "
        f"({points(ahead)} points), both as means over the classes. Where the listeners' leading "
        f"vote is the intention ({found.agreed:,} of {found.led:,} clips that have one), the model "
        f"names it too in {percent(found.intended_where_agreed)} %. Where it is not, the model "
        f"names the intention in {percent(found.intended_where_not)} % and what was heard in "
        f"{percent(found.heard_where_not)} %."
    )


def _perceived_table(found: Perception) -> str:
    rows = [
        ["who, against what", "UAR, %", "95 % interval"],
        ["model, against the intention", percent(found.model.value), bounds(found.model)],
        ["leading vote, against the intention", percent(found.crowd.value), bounds(found.crowd)],
        [
            "model, against the leading vote",
            percent(found.model_and_crowd.value),
            bounds(found.model_and_crowd),
        ],
    ]
    return page.table(rows, "Model, listeners and intention")
