"""Sections of a report on what a model was put through: honest splits, bad sound, why-questions."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from intone.assessment.content import Assessment
from intone.assessment.explanation import Answer, Explanation, flip
from intone.assessment.honesty import Gap
from intone.report import explanation_pictures, page, score_pictures
from intone.report.answer_sections import clip_line, emotion
from intone.report.page import Cards, Part, Picture, Section
from intone.report.score_pictures import Row
from intone.report.words import bounds, percent, points, span

# Honest splits.


def honesty(told: Assessment) -> Section:
    """Say what is left of recipes when nothing of the test clips is heard before."""
    title = "The honesty gap"
    if not told.gaps:
        return Section(title, [page.lacking(told.lacking["gaps"])])
    parts: list[Part] = [
        page.paragraph(
            "The same recipe on the same clips, split in ever more honest ways. What is lost on "
            "the way is what it knew of the sentences, the voices and the microphones."
        )
    ]
    for number, gap in enumerate(told.gaps, 1):
        parts += [_gap(gap, number), _gap_table(gap), *_remarks(gap)]
    return Section(title, parts)


def _gap(gap: Gap, number: int) -> Picture:
    rows = [
        Row(name=step.title, rate=step.uar, faint=step.uar.low is None)
        for step in gap.steps
        if step.uar
    ]
    return Picture(
        name=f"honesty-{number}",
        figure=score_pictures.intervals(rows, label="UAR, %", marks={"chance": gap.chance}),
        description=f"{gap.recipe}: " + "; ".join(f"{row.name} {span(row.rate)}" for row in rows),
        heading=f"<header><h3>{escape(gap.recipe)}</h3>{escape(gap.title)}</header>\n",
    )


def _gap_table(gap: Gap) -> str:
    rows = [["split", "stamp", "UAR, %", "points lost", "95 % interval", "folds"]]
    for step in gap.steps:
        if step.uar is None:
            rows.append([step.title, "", "–", "", "", ""])
            continue
        lost = "" if step.lost is None else points(step.lost).removeprefix("+")
        figures = [percent(step.uar.value), lost, bounds(step.uar), str(step.folds)]
        rows.append([step.title, step.stamp, *figures])
    return page.table(rows, f"{gap.recipe}: points lost with each step", words=2)


def _remarks(gap: Gap) -> Iterator[str]:
    """Say why a step is not there, and what else is to be known of the others."""
    for step in gap.steps:
        if step.lacking:
            yield page.lacking(f"{step.title}: {step.lacking}")
        for note in step.notes:
            yield f'<p class="muted">{escape(f"{step.title}: {note}.")}</p>\n'


# Bad sound.


def stress(told: Assessment) -> Section:
    """Say what is left where the sound is worse."""
    found = told.stress
    if found is None:
        return Section("Stress", [page.lacking(told.lacking["stress"])])
    worst = max(found.conditions, key=lambda one: one.lost)
    words = (
        f"{found.clips:,} of {found.of_clips:,} clips, drawn at random, are played in each "
        f"condition; as they are, they give UAR {span(found.clean)}. Most is lost by "
        f"{worst.name}: {100 * worst.lost:.1f} points."
    )
    rows = [Row(name="as it is", rate=found.clean)]
    rows += [Row(name=one.name, rate=one.uar) for one in found.conditions]
    picture = Picture(
        name="stress",
        figure=score_pictures.intervals(
            rows,
            label="UAR, %",
            marks={"chance": told.report.chance, "as it is": found.clean.value},
        ),
        description=f"UAR in each condition. {words}",
        stamp=told.report.stamp,
    )
    cells = [["condition", "of", "UAR, %", "points lost", "95 % interval", "answers changed, %"]]
    cells += [
        [
            one.name,
            one.family,
            percent(one.uar.value),
            points(one.lost).removeprefix("+"),
            bounds(one.uar),
            percent(one.changed),
        ]
        for one in found.conditions
    ]
    table = page.table(cells, "UAR in each condition", words=2)
    return Section("Stress", [page.paragraph(words), picture, page.details("As numbers", table)])


# Why.


def why(told: Assessment, sounds: Mapping[str, str]) -> Section:
    """Say what single answers rest on, and what would flip them."""
    if not told.explanations:
        return Section("Why", [page.lacking(told.lacking["explanations"])])
    words = page.paragraph(
        "The clips that are answered surest, right and wrong. Above and beside each log-mel stands "
        "how far the answer's probability falls when that moment is silenced, or that band taken "
        "out. Below stands what is answered at other pitches, levels and tempos: the larger the "
        "dot, the surer."
    )
    cards = [
        _explanation(each, number, sounds, told.report.stamp)
        for number, each in enumerate(told.explanations, 1)
    ]
    return Section("Why", [words, Cards(cards)])


def _explanation(told: Explanation, number: int, sounds: Mapping[str, str], stamp: str) -> Picture:
    moment = max(told.time, key=lambda one: one.lost)
    band = max(told.frequency, key=lambda one: one.lost)
    rests = (
        f"Most is lost without {moment.low:.1f} to {moment.high:.1f} s ({points(-moment.lost)} "
        f"points) and without {band.low:g} to {band.high:g} Hz ({points(-band.lost)})."
    )
    right = "right" if told.label == told.truth else f"but it is {told.truth}"
    sure = f"{percent(told.probability)} % sure, {right}"
    return Picture(
        name=f"why-{number}",
        figure=explanation_pictures.explanation(told),
        description=f"Why {told.clip} is answered {told.label}. {rests} {_flips(told)}",
        heading=f"<header><h3>{emotion(told.label)}</h3>{escape(sure)}<br>"
        f"{clip_line(told.clip, '', sounds)}</header>\n",
        caption=f"{rests} {_flips(told)}",
        stamp=stamp,
    )


def _flips(told: Explanation) -> str:
    """Say how little of each change gives another answer."""
    found = [
        *_flip(told, told.pitch, 0, "{:+g} semitones"),
        *_flip(told, told.gain, 0, "{:+g} dB"),
        *_flip(told, told.tempo, 1, "{:g} times the tempo"),
    ]
    if not found:
        return "None of the changes flips it."
    return f"It flips at {'; '.join(found)}."


def _flip(told: Explanation, answers: Sequence[Answer], neutral: float, words: str) -> list[str]:
    return [
        f"{words.format(one.value)} ({one.label})".replace("-", "−")
        for one in flip(answers, told.label, neutral)
        if one is not None
    ]
