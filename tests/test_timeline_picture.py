"""What a picture of a timeline shows: where, in which colour, and written out."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from intone.report import timeline_picture
from intone.report.style import emotion_colour

LABELS = ("neutral", "angry")


def part(start: float, end: float, angry: float) -> dict[str, object]:
    shares = {"neutral": 1 - angry, "angry": angry}
    emotion = max(shares, key=shares.__getitem__)
    return {"emotion": emotion, "start": start, "end": end, "probabilities": shares}


def timeline(seconds: float, *parts: dict[str, object], channel: int | None = None):
    return {
        "seconds": seconds,
        "segments": [*parts],
        "windows": [*parts],
        "channel": channel,
        "peaks": [0.5] * round(10 * seconds),
    }


SHORT = timeline(10.0, part(1, 4, 0.9), part(4, 6, 0.2), part(8, 8.1, 0.6))


def test_segments_stand_where_they_are_heard_and_are_named_where_there_is_room():
    _, strip, _ = timeline_picture.timelines([SHORT]).axes
    boxes = [(p.get_x(), p.get_width(), to_hex(p.get_facecolor())) for p in strip.patches]
    assert boxes == [
        (1, 3, emotion_colour("angry")),
        (4, 2, emotion_colour("neutral")),
        (8, pytest.approx(0.1), emotion_colour("angry")),
    ]
    assert [text.get_text() for text in strip.texts] == ["angry", "neutral"]


def test_sound_is_drawn_in_the_colour_of_what_is_heard_in_it():
    sound, _, _ = timeline_picture.timelines([SHORT]).axes
    drawn = {to_hex(patch.get_facecolor()): patch.get_data() for patch in sound.patches[1:]}
    levels, edges, _ = drawn[emotion_colour("neutral")]
    heard = edges[:-1][~np.isnan(levels)]
    assert (heard.min(), heard.max()) == (pytest.approx(4), pytest.approx(5.9))


def test_the_windows_are_stacked_to_all_where_there_are_any():
    _, _, answers = timeline_picture.timelines([SHORT]).axes
    assert [to_hex(patch.get_facecolor()) for patch in answers.patches] == [
        emotion_colour(label) for label in LABELS
    ]
    neutral, angry = (patch.get_data() for patch in answers.patches)
    middle = (neutral.edges[1:] + neutral.edges[:-1]) / 2
    at = [int(np.argmin(np.abs(middle - second))) for second in (2, 5, 7)]
    np.testing.assert_allclose(neutral.values[at], [10, 80, np.nan])
    np.testing.assert_allclose(angry.values[at], [100, 100, np.nan])
    np.testing.assert_array_equal(angry.baseline[at], neutral.values[at])


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [
        (3.0, ["0:00.0", "0:00.5", "0:01.0"]),
        (50.0, ["0:00", "0:05", "0:10"]),
        (10_800.0, ["0:00", "30:00", "1:00:00"]),
    ],
)
def test_time_is_told_as_on_a_clock(seconds, ticks):
    figure = timeline_picture.timelines([timeline(seconds, part(0, seconds, 0.7))])
    shown = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert [label for label in shown if label in ticks] == ticks


def test_channels_stand_one_above_the_other_and_all_colours_are_named():
    both = [{**SHORT, "channel": number} for number in (1, 2)]
    figure = timeline_picture.timelines(both)
    assert len(figure.axes) == 6
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titles if title] == ["channel 1", "channel 2"]
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*LABELS, "no speech"]


def test_three_hours_without_and_with_speech_are_drawn():
    figure = timeline_picture.timelines([timeline(10_800.0)])
    assert figure.axes[1].patches[:] == []
    hours = [part(second, second + 2, 0.7) for second in range(0, 10_800, 4)]
    sound, strip, answers = timeline_picture.timelines([timeline(10_800.0, *hours)]).axes
    assert len(strip.patches) == 2_700
    assert len(sound.patches[0].get_data().values) == 900
    assert len(answers.patches[0].get_data().values) == 180


def test_names_are_readable_on_their_colours():
    assert timeline_picture._readable(emotion_colour("happy")) == "black"
    assert timeline_picture._readable(emotion_colour("angry")) == "white"
