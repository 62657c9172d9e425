"""An ensemble in words: what it is worth beside its members, and what was learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from intone.ensembles import Ensemble
from intone.ensembles.weighted import Weighted
from intone.evaluation import Interval
from intone.report import ensembles_pictures
from intone.report.markdown import percent
from intone.report.page import Page, Picture, Section, paragraph, table
from intone.report.text import columns


def members(ensemble: Ensemble) -> str:
    """List the members: UAR, and the weights that they were given, on average over the fits."""
    return columns(member_rows(ensemble))


def member_rows(ensemble: Ensemble) -> list[list[str]]:
    """A line a member."""
    joined = ensemble.members
    rows = [["member", "UAR, %", "parameters"]]
    for name, record in zip(joined.names, joined.records, strict=True):
        uar = Interval(**record["report"]["uar"])
        rows.append([name, percent(uar), f"{record['parameters']:,}"])
    weights = [own.weights for own in ensemble.learned.values() if isinstance(own, Weighted)]
    if weights:
        rows[0].append("weight (least-most over the fits)")
        for row, own in zip(rows[1:], zip(*weights, strict=True), strict=True):
            row.append(f"{sum(own) / len(own):.3f} ({min(own):.3f}-{max(own):.3f})")
    return rows


def write_page(ensemble: Ensemble, record: Mapping[str, Any], folder: Path) -> Path:
    """Write the ensemble's page; gives its path."""
    report = record["report"]
    sections = [Section("Members", [table(member_rows(ensemble), "members, each by itself")])]
    evolutions = {
        f"fold {fold}, seed {seed}": learned.evolution
        for (fold, seed), learned in ensemble.learned.items()
        if isinstance(learned, Weighted) and learned.evolution is not None
    }
    if evolutions:
        picture = Picture(
            name="convergence",
            figure=ensembles_pictures.convergence(evolutions),
            description="Macro F1 of the best weights on validation, generation by generation",
            caption="A line a restart: the best so far; dashed: the population's mean.",
        )
        sections.append(Section("How the weights were found", [paragraph(HONESTY), picture]))
    uar = percent(Interval(**report["uar"]))
    page = Page(
        kind="Ensemble",
        title=record["recipe"]["title"],
        lead=f"UAR {uar} %: {report['protocol']}, {report['stamp']}.",
        sections=sections,
        foot="Made by intone ensemble.",
    )
    return page.write(folder, {})


HONESTY = (
    "Each fold's weights were found on its own validation part, so these values are too good; the "
    "figures above are of clips that had no say."
)
