"""The matrix of the results page: trained on one corpus, tested on another."""

import tomllib
from pathlib import Path

from intone.assessment.breakdowns import corpus_title
from intone.report.markdown import interval, made_by, percent, table

HEAD = """## From one corpus to another

UAR over {labels}, trained on the corpus of the row and tested on that of the column: no voice, room
or microphone of the column was heard in training (*unseen corpus*). Chance is {chance:.0f} %.
{recipes}.

"""


def section(path: Path) -> str:
    """Set what `benchmarks/across_corpora.py` kept; nothing, where it kept nothing."""
    if not path.is_file():
        return ""
    told = tomllib.loads(path.read_text(encoding="utf-8"))["four_emotions"]
    found = {(row["trained"], row["tested"]): percent(interval(row["uar"])) for row in told["rows"]}
    clips = told["clips"]
    rows = [
        [
            "trained on",
            *(f"{corpus_title(name)}, {count:,} clips" for name, count in clips.items()),
        ],
        *(
            [corpus_title(trained), *(found.get((trained, name), "–") for name in clips)]
            for trained in dict.fromkeys(row["trained"] for row in told["rows"])
        ),
    ]
    head = HEAD.format(
        labels=", ".join(told["labels"]),
        chance=100 / len(told["labels"]),
        recipes=" averaged with ".join(told["recipes"]),
    )
    return f"{head}{table(rows)}\n{made_by(told)}\n"
