"""Tables of the bundled model's card that follow from records: worth, calibration, coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import calibration, corpora, evaluation, runs
from intone.assessment.reliability import reliability
from intone.calibration import Candidates
from intone.evaluation import Report, Scores
from intone.report.markdown import percent, table


@dataclass(frozen=True, eq=False)
class Recorded:
    """A record, and the answers of each seed."""

    record: Mapping[str, Any]
    scores: Sequence[Scores]

    @property
    def corpora(self) -> list[str]:
        """The corpora of the clips that were scored."""
        return sorted({id.partition("/")[0] for id in self.scores[0].ids})

    def of(self, corpus: str) -> Scores:
        """The answers of all seeds for one corpus, or for all."""
        answers = runs.pooled(self.scores)
        return answers.where([corpus in ("all", id.partition("/")[0]) for id in answers.ids])

    def calibrated(self, corpus: str) -> Scores:
        """The same answers, tempered."""
        own = self.of(corpus)
        probabilities = calibration.tempered(own.probabilities, self.record["temperature"])
        return replace(own, probabilities=probabilities)

    def report(self, corpus: str) -> Report:
        """What it is worth on one corpus, or on all."""
        protocol, stamp = self.record["protocol"], self.record["stamp"]
        return evaluation.evaluate(self.of(corpus), protocol=protocol, stamp=stamp)


def figures(told: Recorded) -> str:
    """A row for each corpus that the out-of-fold clips come from, and one for all."""
    rows = [["clips of", "clips", "speakers", "UAR, % (95 % interval)", "accuracy, %"]]
    for name in [*told.corpora, "all"]:
        report = told.report(name)
        counts = [str(report.clips), str(report.speakers)]
        rows.append([_title(name), *counts, percent(report.uar), percent(report.accuracy)])
    return table(rows)


def beside(told: Recorded, first: Recorded) -> str:
    """UAR of the model and of the first one, on the corpora that both were tried on."""
    rows = [["clips of", "this model, UAR, %", "the first default model, UAR, %"]] + [
        [_title(name), *(percent(one.report(name).uar) for one in (told, first))]
        for name in first.corpora
    ]
    return table(rows)


def calibrations(told: Recorded) -> str:
    """The expected calibration error of each corpus's clips, before and after the temperature."""
    rows = [["clips of", "before, %", "after, %"]]
    for name in [*told.corpora, "all"]:
        errors = [reliability(one).ece for one in (told.of(name), told.calibrated(name))]
        rows.append([_title(name), *(f"{100 * error:.1f}" for error in errors)])
    return table(rows)


def coverages(told: Recorded, unseen: Recorded, candidates: Candidates) -> str:
    """How often the candidates hold the truth, by corpus, and how many they are."""
    head = ["hold the truth, %", "how many", "one alone, %", "and right, %"]
    rows = [["clips of", *head, "corpus left out: hold the truth, %"]]
    for name in [*told.corpora, "all"]:
        held, count = _held(told.calibrated(name), candidates.threshold)
        elsewhere, _ = _held(unseen.calibrated(name), candidates.threshold)
        alone = count == 1
        rates = [held.mean(), alone.mean(), held[alone].mean(), elsewhere.mean()]
        first, *others = (f"{100 * rate:.1f}" for rate in rates)
        rows.append([_title(name), first, f"{count.mean():.2f}", *others])
    return table(rows)


def _held(scores: Scores, threshold: float) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each clip's candidates hold the truth, and how many they are: `[N]` each."""
    places = np.arange(len(scores.truth))
    candidates = scores.probabilities >= threshold
    candidates[places, scores.probabilities.argmax(axis=1)] = True
    return candidates[places, scores.truth], candidates.sum(axis=1)


def _title(corpus: str) -> str:
    return "all together" if corpus == "all" else corpora.info(corpus).title
