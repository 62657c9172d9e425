"""Pictures of the results page: how fits learned, and what they take for what."""

from collections.abc import Iterable, Iterator

from intone.report import score_pictures, training_pictures
from intone.report.result_rows import Line
from intone.report.style import svg
from intone.reproduction import SourceReport


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
    fits = {
        stamp: {f"fold {fit['fold']}, seed {fit['seed']}": fit for fit in result.record["fits"]}
        for stamp, result in runs.items()
    }
    confusions = {stamp: result.report.confusion for stamp, result in runs.items()}
    drawn = {"confusions": score_pictures.confusion_matrices(line.labels, confusions)}
    if any(len(fit["history"]) > 1 for fit in line.results[-1].record["fits"]):
        drawn = {"curves": training_pictures.learning_curves(fits), **drawn}
    names = {f"{line.results[-1].name}-{kind}": figure for kind, figure in drawn.items()}
    return {f"{name}.svg": svg(figure, name) for name, figure in names.items()}
