"""Pictures of the results page: how fits learned, and what they take for what."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from intone.report import score_pictures, training_pictures
from intone.report.result_rows import Line
from intone.report.style import svg
from intone.report.training_pictures import Fits
from intone.reproduction import SourceReport

PICTURES = "pictures/results"
"""beside the page"""


def worth_drawing(report: SourceReport, lines: Iterable[Line]) -> Iterator[Line]:
    """Pick the first line of each row that has all it can have, so that there is one to compare."""
    drawn = set()
    for line in lines:
        whole = line.unseen and (line.shared or not report.protocol)
        if whole and line.row.id not in drawn:
            drawn.add(line.row.id)
            yield line


def draw(line: Line) -> dict[str, str]:
    """Draw our records of a row side by side: file name -> SVG."""
    runs = {result.report.stamp: result for result in line.results}
    fits = {stamp: result.fits for stamp, result in runs.items()}
    confusions = {stamp: result.report.confusion for stamp, result in runs.items()}
    drawn = {"confusions": score_pictures.confusion_matrices(line.labels, confusions)}
    if any(len(fit["history"]) > 1 for fit in line.results[-1].record["fits"]):
        drawn = {"curves": training_pictures.learning_curves(fits), **drawn}
    names = {f"{line.results[-1].name}-{kind}": figure for kind, figure in drawn.items()}
    return {f"{name}.svg": svg(figure, name) for name, figure in names.items()}


def draw_losses(name: str, runs: Mapping[str, Fits]) -> dict[str, str]:
    """Draw how the loss of runs fell, in one picture: file name -> SVG."""
    name = f"{name}-losses"
    return {f"{name}.svg": svg(training_pictures.loss_curves(runs), name)}


def shown(title: str, drawn: Iterable[str]) -> str:
    """Set pictures beside each other."""
    return " ".join(f"![{title}: {Path(name).stem}]({PICTURES}/{name})" for name in drawn)
