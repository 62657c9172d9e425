"""Sections of the bundled model's card: groups, certainty, and what benchmarks measured.

What is `measured` stands in `results/default.toml`, as `benchmarks/default_model.py` and
`benchmarks/unlike.py` keep it.
"""

from collections.abc import Mapping
from typing import Any

from intone import corpora
from intone.calibration import Candidates
from intone.evaluation import Interval
from intone.report.card_tables import Recorded, calibrations, coverages
from intone.report.markdown import percent, table

Figures = Mapping[str, Any]

_DEALT = {
    "speakers within corpora": "dealing the groups anew to the speakers of each corpus",
    "groups within speakers": "swapping the groups of each speaker",
}
_KINDS = {
    "noise": "made noise, white to brown",
    "tones": "made tones and glides",
    "clicks": "made clicks",
    "silence": "silence and faint noise",
    "babble": "babble, six voices at once",
    "music": "music of six games",
    "sounds": "sounds and ringtones of desktops",
    "prompts": "telephone announcements in five languages",
}


def groups(measured: Figures) -> str:
    """Groups of speakers and of clips side by side."""
    parts = []
    for trait in measured["traits"]:
        rows = [[trait["trait"], "clips", "speakers", "UAR, % (95 % interval)"]] + [
            [one["name"], str(one["clips"]), str(one["speakers"]), _percent(one["uar"])]
            for one in trait["groups"]
        ]
        parts.append(
            f"{table(rows)}\nUAR is over {', '.join(trait['labels'])}.\nThe largest gap is "
            f"{_rate(trait['gap'])} points; {_DEALT[trait['permuted']]} by chance\nmakes one as "
            f"large in {_rate(trait['p_value'], 2)} % of draws.\n"
        )
    compared = "\n".join(parts)
    return f"""## Who is heard better

Test clips of the same folds, stamped *{measured["stamp"]}*. Groups with fewer than eight speakers
have no interval, and no part in the gap.

{compared}
Corpora differ in who speaks: TESS is women alone, and tells no age. Low, medium and high intensity
are of CREMA-D, rebuilt audio, normal and strong of RAVDESS.
"""


def certainty(told: Recorded, unseen: Recorded, candidates: Candidates) -> str:
    """Calibration, and what is promised of candidates."""
    return f"""## How sure it is

The probabilities are calibrated by one temperature, {told.record["temperature"]:.2f}, fitted to the
validation parts of the folds. Expected calibration error on the test parts:

{calibrations(told)}
A label is a *candidate* from a probability of {candidates.threshold:.3f} on, and the most probable
one always is. The threshold was fitted to the same validation parts, so that the candidates hold
the truth for {_rate(candidates.coverage, 0)} % of clips (Sadinle, Lei and Wasserman, 2019). An
answer with more than one is *unsure*. On the test parts:

{coverages(told, unseen, candidates)}
So it is no promise for each corpus or speaker, and none at all in a recording setting that the
model has not heard, which is the last column. Segments of timelines are judged by the same
threshold, unmeasured; answers relative to a speaker's baseline claim nothing.
"""


def unlike(measured: Figures) -> str:
    """How often there is a warning: where nobody speaks, and where somebody does."""
    head = ["warned of, %", "by distance, %", "by distance, corpus left out, %"]
    rows = [["", "clips", *head]] + [
        [
            _KINDS.get(one["kind"]) or corpora.info(one["kind"]).title,
            str(one["clips"]),
            _rate(one["speech"]),
            _rate(one["distance"]),
            _rate(one["distance_unseen"]) if "distance_unseen" in one else "",
        ]
        for one in measured["kinds"]
        if "choosing" not in one["kind"]
    ]
    areas = measured["auroc"]
    return f"""## Where nobody speaks

An answer carries the warning "no speech found" where the detector that finds utterances in
recordings (Silero VAD) finds none. How often it does, and how often a distance from the training
data would ({measured["stamp"]}, but for a corpus left out):

{table(rows)}
Music and sounds are from packages of free software. Of babble, which is speech, nothing can be
expected; for the corpora and the announcements each warning is a false alarm. AUROC of music and
sounds against the corpora: {areas["speech"]:.3f}.

The distance is Mahalanobis's, from the embeddings of the training clips, with a limit that 1 % of
validation clips exceed (AUROC {areas["distance"]:.3f}). It is not used: it takes new voices and new
recording settings for what is no speech. So nothing warns of speech that is unlike the training
data.
"""


def level(measured: Figures) -> str:
    """How many answers are others at other levels, and how many are angry."""
    rows = [["gain", "other answers, %", "answered angry, %"]] + [
        [f"{one['gain']:+d} dB", _rate(one["changed"]), _rate(one["angry"])]
        for one in sorted(measured["gains"], key=lambda one: one["gain"])
    ]
    return f"""## Level

Loud is not angry: the level is taken out of every window. {measured["clips"]} clips of all corpora,
louder and softer, heard by this very file and compared with its answers at 0 dB:

{table(rows)}"""


def stress(measured: Figures, training: Figures) -> str:
    """What is left under worse sound, and what hearing such sound in training is worth."""
    rows = [["sound", "UAR, % (95 % interval)", "points lost", "other answers, %"]]
    rows.append(["as it is", _percent(measured["clean"]), "", ""])
    rows += [
        [one["name"], _percent(one["uar"]), _rate(one["lost"]), _rate(one["changed"])]
        for one in measured["conditions"]
    ]
    worth = [["sound", "with copies, UAR, %", "without, UAR, %"]] + [
        [one["condition"], _rate(one["with copies"]), _rate(one["without"])]
        for one in training["conditions"]
    ]
    return f"""## Worse sound

{measured["clips"]:,} of {measured["of_clips"]:,} clips, drawn at random, each heard by the fit that
was tested on it, stamped *{measured["stamp"]}*:

{table(rows)}
Training hears copies of every clip: at other speeds, in noise, over a telephone, in a room. What
they are worth was judged on {training["clips"]} validation clips, as the mean of the folds' UAR,
against the same recipe without them:

{table(worth)}"""


def cost(measured: Figures) -> str:
    """Time and memory."""
    first, clips = measured["first answer"], measured["clips"]
    return (
        f"On one core, {clips['times real time (CPU)']:.0f} times real time; the first answer, a "
        f"whole process from its start,\ntakes {first['CPU seconds']} s of the processor and "
        f"{first['peak MiB']} MiB, {clips['files']:.0f} clips {clips['peak MiB']:.0f} MiB.\n"
    )


def weights(measured: Figures) -> str:
    """What storing weights smaller costs."""
    rows = [["weights", "MB", "same answer as in float32, %", "UAR, % (95 % interval)"]] + [
        [
            one["weights"],
            f"{one['megabytes']:.1f}",
            _rate(one["agreement"], 2),
            _percent(one["uar"]),
        ]
        for one in measured["kinds"]
    ]
    clips = measured["clips"]
    return f"""\
The figures are those of the fits in float32. Stored smaller, the fits answered
{clips["validation"]:,} of their validation clips (the same answer) and {clips["test"]:,} of their
test clips (UAR):

{table(rows)}"""


def commands(measured: Mapping[str, Figures]) -> str:
    """The benchmarks that measured, and when."""
    return "\n".join(
        f"- `{one['command']}`, commit {one['commit']}, {one['date']}" for one in measured.values()
    )


def _percent(interval: Mapping[str, float]) -> str:
    return percent(Interval(interval["value"], interval.get("low"), interval.get("high")))


def _rate(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"
