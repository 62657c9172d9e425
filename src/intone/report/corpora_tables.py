"""What corpora hold, as tables: rows of cells, for the page and for a terminal."""

from collections.abc import Iterator

from intone.report.page import Rows
from intone.report.statistics import CorpusStatistics, Format, Spread, Statistics

_RANGE = ("lowest", "median", "highest")


def class_rows(statistics: Statistics) -> Rows:
    """Count clips: a row an emotion, a column a corpus, and their sums."""
    columns = with_total(statistics)
    return [
        ["emotion", *(one.title for one in columns)],
        *(
            [emotion, *(count(one.emotions.get(emotion, 0)) for one in columns)]
            for emotion in statistics.together.emotions
        ),
        ["all", *(count(one.clips) for one in columns)],
    ]


def voice_rows(statistics: Statistics) -> Rows:
    """Count speakers, and their clips, by sex."""
    sexes = list(statistics.together.voices)
    head = ["corpus", "speakers"]
    for sex in sexes:
        head += [f"{sex} speakers", f"{sex} clips"]
    rows = [head]
    for one in with_total(statistics):
        row = [one.title, speakers(one)]
        for sex in sexes:
            voices = one.voices.get(sex)
            row += [count(voices.speakers), count(voices.clips)] if voices else ["–", "–"]
        rows.append(row)
    return rows


def duration_rows(statistics: Statistics) -> Rows:
    """Say how long clips are, in seconds."""
    return [
        ["corpus", "clips", "hours", "mean", "shortest", "median", "longest"],
        *(
            [
                *(one.title, count(one.clips), f"{one.hours:.2f}", f"{one.seconds.mean:.2f}"),
                *_range(one.seconds, 2),
            ]
            for one in with_total(statistics)
        ),
    ]


def part_rows(statistics: Statistics) -> Rows:
    """Say how long the clips of each part of each fold are, in seconds."""
    return [
        ["fold", "part", "clips", "hours", "mean", "shortest", "median", "longest"],
        *(
            [
                *(str(one.fold), one.part, count(one.clips), f"{one.hours:.2f}"),
                *(f"{one.seconds.mean:.2f}", *_range(one.seconds, 2)),
            ]
            for one in statistics.parts
        ),
    ]


def level_rows(statistics: Statistics) -> Rows:
    """Say how loud clips are, in dBFS."""
    return [
        [
            "corpus",
            *(f"level, {word}" for word in _RANGE),
            *(f"peak, {word}" for word in _RANGE),
        ],
        *(
            [one.title, *_range(one.level, 1), *_range(one.peak, 1)]
            for one in with_total(statistics)
        ),
    ]


def file_rows(statistics: Statistics) -> Rows:
    """Say how files are stored."""
    return [
        ["corpus", "container", "channels", "sample rate", "files"],
        *(
            [one.title, *_format(format), count(files)]
            for one in statistics.corpora
            for format, files in one.formats
        ),
    ]


# Cells.


def _range(spread: Spread, digits: int) -> Iterator[str]:
    return (number(value, digits) for value in (spread.least, spread.median, spread.most))


def number(value: float, digits: int = 0) -> str:
    """Set a number with a true minus."""
    return f"{value:.{digits}f}".replace("-", "−")


def count(number: int) -> str:
    """Set a number of things; none is a dash."""
    return f"{number:,}" if number else "–"


def speakers(one: CorpusStatistics) -> str:
    """Say how many speakers a corpus has."""
    known = sum(voices.speakers for voices in one.voices.values())
    if not one.without_speaker:
        return f"{known:,}"
    return f"{known:,} and unknown" if known else "unknown"


def _format(format: Format) -> list[str]:
    if format.sample_rate is None or format.channels is None:
        return [format.container, "", ""]
    return [format.container, f"{format.channels}", f"{format.sample_rate:,} Hz"]


def with_total(statistics: Statistics) -> list[CorpusStatistics]:
    """Give the corpora, and all of them together where there are several."""
    return [*statistics.corpora, *([statistics.together] if several(statistics) else [])]


def several(statistics: Statistics) -> bool:
    """Whether there are several corpora."""
    return len(statistics.corpora) > 1
