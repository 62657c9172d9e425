"""What corpora hold, as a page: tables, pictures, clips to look at and to listen to."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone import __version__
from intone.audio import SAMPLE_RATE
from intone.augment.sound import Noise, NoiseParameters
from intone.cache import Sounds
from intone.corpora import Utterance
from intone.emotions import as_labelled
from intone.errors import DataError
from intone.report import corpora_tables as tables
from intone.report import page, pictures, style
from intone.report.page import Cards, Page, Picture, Section
from intone.report.pictures import Scale
from intone.report.statistics import (
    MFCC_CLIPS,
    CorpusStatistics,
    Measured,
    Statistics,
    by_corpus,
    info,
)

_SNR = 15.0  # dB
_NOISE_PANELS = ("waveform", "log-mel")


@dataclass(frozen=True, eq=False)
class Example:
    """A clip to look at and to listen to."""

    utterance: Utterance
    samples: NDArray[np.float32]


def choose(
    utterances: Sequence[Utterance], ids: Sequence[str] = (), *, rng: np.random.Generator
) -> list[Utterance]:
    """Find the clips that are named; without names, draw a voice and a clip of its each emotion.

    Where that voice says one sentence in several emotions, it is the sentence of these clips.

    Raises:
        DataError: no clip has the id.
    """
    known = {clip.id: clip for clip in utterances}
    if unknown := [id for id in ids if id not in known]:
        raise DataError(f"no clip {unknown[0]} in the data; ids are like {utterances[0].id}")
    return [known[id] for id in ids] or _one_voice(utterances, rng)


def build(
    clips: Sequence[Measured],
    statistics: Statistics,
    chosen: Sequence[Utterance],
    sounds: Sounds,
    *,
    seed: int,
) -> Page:
    """Make the page, with the chosen clips to hear; `seed` is that of what was drawn."""
    examples = [Example(clip, sounds.samples[clip.id]) for clip in chosen]
    whole = statistics.together
    titles = " · ".join(one.title for one in statistics.corpora)
    counts = f"{whole.clips:,} clips, {whole.hours:.1f} hours, speakers: {tables.speakers(whole)}"
    return Page(
        title="What is in the data",
        lead=f"{counts}. {titles}",
        sections=[
            _classes(statistics),
            _voices(statistics),
            _durations(clips, statistics),
            _levels(clips, statistics),
            _files(statistics),
            _pictures_of(examples),
            _noise(examples[0]),
            _licences(statistics),
        ],
        foot=f"Made by Intone {__version__}, seed {seed}. This page holds sound of these corpora, "
        "whose licences go with it: keep it to yourself unless they let you pass it on.",
    )


# Sections.


def _classes(statistics: Statistics) -> Section:
    whole = statistics.together
    most = max(whole.emotions, key=lambda emotion: whole.emotions[emotion])
    least = min(whole.emotions, key=lambda emotion: whole.emotions[emotion])
    largest = max(statistics.corpora, key=lambda one: one.clips)
    share = max(max(one.emotions.values()) / one.clips for one in statistics.corpora)
    together = Picture(
        name="classes",
        figure=pictures.classes_by_origin({one.title: one.emotions for one in statistics.corpora}),
        description=f"Stacked bars of clips by emotion and corpus. {_in_words(whole)}",
        caption=f"All clips by emotion, and by the corpus they come from. Most are {most} "
        f"({whole.emotions[most]:,}), fewest {least} ({whole.emotions[least]:,}); "
        f"{largest.title} gives {100 * largest.clips / whole.clips:.0f} % of the clips.",
    )
    each = [
        Picture(
            name=f"classes-{_file_name(one)}",
            figure=pictures.classes(one.emotions, largest_share=share),
            description=f"Bars of clips by emotion. {_in_words(one)}",
            heading=_heading(one.title),
        )
        for one in statistics.corpora
    ]
    rows = page.table(tables.class_rows(statistics), "Clips by emotion and corpus", total=True)
    return Section(
        "Emotions", [*([together] if tables.several(statistics) else []), Cards(each), rows]
    )


def _voices(statistics: Statistics) -> Section:
    curves = {
        one.name: {sex: own.mfcc for sex, own in one.voices.items() if own.mfcc}
        for one in tables.with_total(statistics)
    }
    reach = max(
        (abs(value) for own in curves.values() for curve in own.values() for value in curve[1:]),
        default=0.0,
    )
    cards = [
        Picture(
            name=f"mfcc-{_file_name(one)}",
            figure=pictures.mean_mfccs(curves[one.name], reach=1.05 * reach),
            description=f"Mean MFCCs of {one.title} by sex: {_difference(one)}",
            heading=_heading(one.title, _difference(one)),
        )
        for one in tables.with_total(statistics)
        if curves[one.name]
    ]
    words = page.paragraph(
        "Mean MFCCs by sex: each of 40 coefficients averaged over time, then over the clips of "
        f"women and of men, at most {MFCC_CLIPS} of each in a corpus, drawn at random. The first "
        "coefficient, the level, is in statistics.json and not in the pictures. All of them have "
        "the same axes: linear up to 10, and logarithmic beyond."
    )
    rows = page.table(
        tables.voice_rows(statistics),
        "Speakers and clips by sex",
        total=tables.several(statistics),
    )
    return Section("Voices", [rows, words, Cards(cards)] if cards else [rows])


def _durations(clips: Sequence[Measured], statistics: Statistics) -> Section:
    whole = statistics.together.seconds
    shortest = min(statistics.corpora, key=lambda one: one.seconds.least)
    longest = max(statistics.corpora, key=lambda one: one.seconds.most)
    words = (
        f"Half of all clips last longer than {whole.median:.1f} s. The shortest, "
        f"{whole.least:.2f} s, is in {shortest.title}, the longest, {whole.most:.2f} s, in "
        f"{longest.title}."
    )
    picture = Picture(
        name="durations",
        figure=pictures.spreads(_values(clips, lambda clip: clip.seconds), label="seconds"),
        description=f"A histogram of durations for each corpus. {words}",
        caption=f"How long clips are; the line is the median. Heights do not compare. {words}",
    )
    rows = page.table(
        tables.duration_rows(statistics),
        "Durations in seconds",
        total=tables.several(statistics),
    )
    if not statistics.parts:
        return Section("Durations", [picture, rows])
    caption = f"Durations in seconds, by part of each fold of {statistics.parts[0].protocol}"
    return Section("Durations", [picture, rows, page.table(tables.part_rows(statistics), caption)])


def _levels(clips: Sequence[Measured], statistics: Statistics) -> Section:
    quietest = min(statistics.corpora, key=lambda one: one.level.median)
    loudest = max(statistics.corpora, key=lambda one: one.level.median)
    words = f"The median clip has {tables.number(statistics.together.level.median)} dBFS."
    if loudest is not quietest:
        words = (
            f"The median clip of {loudest.title} is "
            f"{loudest.level.median - quietest.level.median:.0f} dB louder than that of "
            f"{quietest.title}."
        )
    picture = Picture(
        name="levels",
        figure=pictures.spreads(_values(clips, lambda clip: clip.level), label="level, dBFS"),
        description=f"A histogram of levels for each corpus. {words}",
        caption="How loud clips are: the level is the root mean square of the whole clip, decoded "
        "to one channel at 16 kHz; 0 dBFS is full scale, −90 dBFS silence. The line is the "
        f"median. {words}",
    )
    rows = page.table(
        tables.level_rows(statistics),
        "Levels and peaks in dBFS",
        total=tables.several(statistics),
    )
    return Section("Levels", [picture, rows])


def _files(statistics: Statistics) -> Section:
    words = page.paragraph(
        "How the files are stored here. Everything else on this page is measured after decoding to "
        "one channel at 16 kHz, as Intone hears them."
    )
    return Section(
        "Files",
        [words, page.table(tables.file_rows(statistics), "Files by format", words=2)],
    )


def _pictures_of(examples: Sequence[Example]) -> Section:
    scale = Scale.of([example.samples for example in examples])
    words = page.paragraph(
        "Clips to hear, and to see as nets may see them. All have the same axes, and a colour "
        "means the same value in every picture: a spectrogram in decibels of full scale; log-mel, "
        "the power in mel bands; MFCCs without the first, which is the level; chroma, the power "
        "of each pitch class over that of the strongest."
    )
    cards = [
        Picture(
            name=f"clip-{number}",
            figure=pictures.clip(example.samples, scale),
            description="Waveform, spectrogram, log-mel, MFCC and chroma of "
            f"{_described(example)}.",
            heading=_player(example, example.utterance.emotion),
        )
        for number, example in enumerate(examples, 1)
    ]
    return Section("Clips", [words, Cards(cards)])


def _noise(clean: Example) -> Section:
    noise = NoiseParameters(_SNR, seed=0)
    noisy = Example(clean.utterance, Noise().apply(clean.samples, noise))
    scale = Scale.of([clean.samples, noisy.samples])
    words = page.paragraph(
        f"The first of these clips, and the same with white Gaussian noise added at {_SNR:g} dB "
        "signal-to-noise ratio, as augmentation does. Noise fills the pauses and the high bands, "
        "where speech is weak."
    )
    cards = [
        Picture(
            name=name,
            figure=pictures.clip(example.samples, scale, panels=_NOISE_PANELS),
            description=f"Waveform and log-mel, {title}, of {_described(example)}.",
            heading=_player(example, title),
        )
        for name, title, example in (
            ("noise-without", "clean", clean),
            ("noise-with", f"noise at {_SNR:g} dB", noisy),
        )
    ]
    return Section("Clean and noisy", [words, Cards(cards)])


def _licences(statistics: Statistics) -> Section:
    entries = []
    for one in statistics.corpora:
        described = info(one.name)
        lines = [f"Licence: {one.licence}.", described.notes, one.citation]
        text = "<br>".join(escape(line) for line in lines if line)
        url = escape(described.url)
        link = f'<br><a href="{url}">{url}</a>' if url.startswith("http") else ""
        entries.append((one.title, text + link))
    return Section("Licences and citations", [page.terms(entries)])


# Words and cells.


def _file_name(one: CorpusStatistics) -> str:
    return re.sub(r"\W+", "-", one.name)


def _values(
    clips: Sequence[Measured], value: Callable[[Measured], float]
) -> dict[str, list[float]]:
    groups = by_corpus(clips)
    return {info(name).title: [value(clip) for clip in own] for name, own in groups.items()}


def _in_words(one: CorpusStatistics) -> str:
    return ", ".join(f"{emotion} {clips:,}" for emotion, clips in one.emotions.items()) + "."


def _difference(one: CorpusStatistics) -> str:
    """Say what a picture of mean MFCCs is of, and where women and men differ most."""
    own = {sex: voices for sex, voices in one.voices.items() if voices.mfcc}
    words = " and ".join(f"{voices.mfcc_clips:,} {sex}" for sex, voices in own.items()) + " clips"
    if {*own} != {"female", "male"}:
        return f"{words}."
    apart = np.array(own["female"].mfcc) - own["male"].mfcc
    place = int(np.abs(apart[1:]).argmax()) + 1
    higher, lower = ("women", "men") if apart[place] > 0 else ("men", "women")
    return (
        f"{words}. Furthest apart at coefficient {place}: {abs(apart[place]):.0f} higher for "
        f"{higher} than for {lower}."
    )


def _described(example: Example) -> str:
    peak = np.abs(example.samples).argmax() / SAMPLE_RATE
    return (
        f"{example.utterance.id}, {example.utterance.emotion}: "
        f"{len(example.samples) / SAMPLE_RATE:.1f} s, loudest at {peak:.1f} s"
    )


def _heading(title: str, text: str = "") -> str:
    return f"<header><h3>{escape(title)}</h3>{escape(text)}</header>\n"


def _player(example: Example, title: str) -> str:
    """What stands above a clip's picture: whose it is, and the sound itself."""
    clip = example.utterance
    name = clip.speaker.partition("/")[2] if clip.speaker else "unknown"
    voice = f"{clip.sex or ''} speaker {name}".strip()
    said = f", sentence: {clip.sentence}" if clip.sentence else ""
    colour = style.emotion_colour(clip.emotion)
    return (
        f'<header><h3><span class="dot" style="background:{colour}"></span>{escape(title)}</h3>'
        f"{escape(info(clip.corpus).title)}, {escape(voice)}{escape(said)}<br>"
        f"<code>{escape(clip.id)}</code>\n"
        f'<audio controls preload="metadata" aria-label="{escape(f"{title}: {clip.id}")}" '
        f'src="data:audio/flac;base64,{_flac(example)}"></audio></header>\n'
    )


def _flac(example: Example) -> str:
    file = BytesIO()
    soundfile.write(file, example.samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return b64encode(file.getvalue()).decode()


def _one_voice(utterances: Sequence[Utterance], rng: np.random.Generator) -> list[Utterance]:
    first, *others = (utterances[place] for place in rng.permutation(len(utterances)))
    voice = [clip for clip in others if _voice(clip) == _voice(first)]
    found = {first.emotion: first}
    for clip in sorted(voice, key=lambda clip: clip.sentence != first.sentence):
        found.setdefault(clip.emotion, clip)
    return [found[emotion] for emotion in as_labelled(found).labels]


def _voice(clip: Utterance) -> tuple[str, str | None]:
    return clip.corpus, clip.speaker
