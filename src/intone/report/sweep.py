"""A sweep in words: the source reports' tables, and a page with loss curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intone.report.page import Cards, Page, Picture, Section, paragraph, table
from intone.report.training_pictures import learning_curves
from intone.search.space import Value
from intone.search.sweeps import Result, best

NOTE = (
    "Accuracy, and macro F1 in brackets, in percent, on clips that no fit has heard. A star marks "
    "a line's best on validation: the test part chooses nothing."
)


def rows(results: Sequence[Result]) -> list[list[str]]:
    """A line a recipe and further settings, a column a value of the first setting that varies."""
    first, *others = [*results[0].values] or [""]
    columns = list(dict.fromkeys(result.values.get(first) for result in results))
    heads = [f"{_last(first)} {_short(value)}" for value in columns] if first else ["accuracy (F1)"]
    lines = [["recipe", *map(_last, others), *heads]]
    for line in dict.fromkeys(map(_line, results)):
        own = [result for result in results if _line(result) == line]
        star = best(own) if len(own) > 1 else None
        scores = [f"{_score(result)}{' *' * (result is star)}" for result in own]
        lines.append([*map(_short, line), *scores])
    return lines


def judged(results: Sequence[Result]) -> str:
    """How the scores were made."""
    report = results[0].record["report"]
    return f"{report['protocol']}, {report['stamp']}"


def write_page(results: Sequence[Result], folder: Path, title: str) -> Path:
    """Write the sweep's page, with a picture of loss curves for each line of its table."""
    lines = dict.fromkeys(map(_line, results))
    pictures = [
        Picture(
            name=f"loss-{place}",
            figure=learning_curves(
                {
                    ", ".join(map(_short, line)): {
                        _short(next(iter(result.values.values()), "as it is")): _fit(result)
                        for result in results
                        if _line(result) == line
                    }
                }
            ),
            description=f"Learning curves of {', '.join(map(_short, line))}",
        )
        for place, line in enumerate(lines)
    ]
    page = Page(
        kind="Sweep",
        title=title,
        lead=f"{len(results)} runs: {judged(results)}.",
        sections=[
            Section("Scores", [paragraph(NOTE), table(rows(results), "accuracy (macro F1), %")]),
            Section("Loss curves of the first fit", [Cards(pictures)]),
        ],
        foot="Made by intone sweep.",
    )
    return page.write(folder, {})


def _line(result: Result) -> tuple[Value, ...]:
    """What a line of the table stands for: the recipe, and all settings but the first."""
    return (result.name, *list(result.values.values())[1:])


def _score(result: Result) -> str:
    report = result.record["report"]
    return f"{100 * report['accuracy']['value']:.2f} ({100 * report['macro_f1']['value']:.2f})"


def _fit(result: Result) -> Any:
    return result.record["fits"][0]


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _short(value: Value | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
