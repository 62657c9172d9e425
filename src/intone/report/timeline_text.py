"""Timelines as text: a table for a terminal, and WebVTT captions; see `answers` for other ways.

Both read timelines as `Timeline.to_dict` gives them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from intone.audio import printable
from intone.report.text import columns, heard


def table(timelines: Iterable[Mapping[str, Any]]) -> str:
    """Set timelines for a terminal: a line a segment, and after them what they add up to."""
    return "\n\n".join(map(_one, timelines)) + "\n"


def webvtt(timelines: Iterable[Mapping[str, Any]]) -> str:
    """Caption one recording with its segments; channels that were heard apart are voices."""
    kept = [*timelines]
    cues = [(timeline["channel"], segment) for timeline in kept for segment in timeline["segments"]]
    blocks = ["WEBVTT", f"NOTE\n{escape(_origin(kept[0]), quote=False)}"]
    for channel, segment in sorted(cues, key=lambda cue: cue[1]["start"]):
        voice = f"<v channel {channel}>" if channel else ""
        said = escape(f"{heard(segment)} {_share(segment)}", quote=False)
        blocks.append(f"{_stamp(segment['start'])} --> {_stamp(segment['end'])}\n{voice}{said}")
    return "\n\n".join(blocks) + "\n"


def _one(timeline: Mapping[str, Any]) -> str:
    channel = f"channel {timeline['channel']} of " if timeline["channel"] else ""
    lines = [channel + _origin(timeline)]
    if timeline["segments"]:
        cells = [
            [_clock(segment["start"]), _clock(segment["end"]), heard(segment), _share(segment)]
            for segment in timeline["segments"]
        ]
        lines += [columns([["start", "end", "emotion", "share"], *cells], left=3)]
        lines += [_summary(timeline)]
    return "\n".join([*lines, *(f"note: {warning}" for warning in timeline["warnings"])])


_SMOOTHING = {
    "whole": "smoothed with what comes before and after, over {seconds:g} s",
    "causal": "smoothed with what came before, over {seconds:g} s",
    "none": "not smoothed",
}


def _origin(timeline: Mapping[str, Any]) -> str:
    how = _SMOOTHING[timeline["smoothing"]["kind"]].format(**timeline["smoothing"])
    made = f"{timeline['model']}, every {timeline['hop']:g} s, {how}"
    return f"{printable(timeline['source'])}: {made}"


def _summary(timeline: Mapping[str, Any]) -> str:
    spoken: Counter[str] = Counter()
    for segment in timeline["segments"]:
        spoken[segment["emotion"]] += segment["end"] - segment["start"]
    total = spoken.total()
    shares = ", ".join(f"{name} {100 * own / total:.0f} %" for name, own in spoken.most_common())
    return f"speech in {total:.1f} of {timeline['seconds']:.1f} s: {shares}"


def _share(segment: Mapping[str, Any]) -> str:
    return f"{100 * segment['probabilities'][segment['emotion']]:.0f} %"


def _clock(seconds: float) -> str:
    """As 1:02:03.4."""
    return _stamp(round(seconds, 1))[1:-2]


def _stamp(seconds: float) -> str:
    """As 01:02:03.456."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
