"""`intone corpora`: those that are supported, what is wrong with a copy, what is in it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intone.cli import _output

if TYPE_CHECKING:
    from intone.doctor import Checkup, Finding, Holding

_FINDINGS = 8  # shown of one kind
_FILES = 5  # named for one finding

corpora = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@corpora.callback()
def _list(context: typer.Context) -> None:
    """List the corpora that are supported: clips, speakers, language, licence, where to ask."""
    from intone import corpora
    from intone.report.text import columns

    if context.invoked_subcommand:
        return
    rows = [["name", "clips", "speakers", "language", "licence", "where to ask"]]
    for name in corpora.names():
        info = corpora.info(name)
        counts = [str(info.clips or ""), str(info.speakers or "")]
        rows.append([name, *counts, info.language, info.licence, info.url])
    print(columns(rows, left=6))


@corpora.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from intone corpora.")],
    place: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where it is; for table, the CSV file.")
    ],
    speaker: _output.Speaker = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write all of it as JSON.")] = False,
    quiet: _output.Quiet = False,
) -> int:
    """Examine a copy of a corpus, or your own labels; exit code 1 when something is wrong.

    Files and their bytes are compared with the official ones, labels with what the file names say,
    numbers of clips with the corpus's own; and every clip is heard.
    """
    from intone import doctor

    checkup = doctor.check(name, place.expanduser(), speaker=speaker, track=_output.progress(quiet))
    if as_json:
        print(json.dumps({"passed": checkup.passed, **asdict(checkup)}, indent=1))
    else:
        print("\n".join(_report(checkup, quiet)))
    return int(not checkup.passed)


@corpora.command()
def stats(
    data: _output.Data,
    clip: Annotated[
        list[str],
        typer.Option(
            "--clip",
            metavar="ID",
            help="A clip to show and to hear; repeatable [default: one voice, each emotion]",
        ),
    ] = [],
    output: Annotated[
        Path, typer.Option(help="The folder for the page, its pictures and its numbers.")
    ] = Path("corpora-stats"),
    protocol: Annotated[
        str | None, typer.Option(help="Show the parts of this protocol's folds too.")
    ] = None,
    speaker: _output.Speaker = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of what is drawn at random.")] = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Say what corpora hold, in tables, and on a page with pictures and clips to listen to."""
    import numpy as np

    from intone import cache, corpora, protocols
    from intone.report import corpora_page, corpora_tables, statistics
    from intone.report.text import columns

    track = _output.progress(quiet)
    rng = np.random.default_rng(seed)
    utterances = corpora.read_all(map(corpora.parse_data, data), speaker=speaker)
    chosen = corpora_page.choose(utterances, clip, rng=rng)
    sounds = cache.decode(utterances, track=track)
    clips = statistics.measure(utterances, sounds, rng=rng, track=track)
    splits = (
        protocols.split(
            protocols.Protocol(name=protocol), utterances, seed=seed, audio=sounds.digests
        )
        if protocol
        else []
    )
    numbers = statistics.summarise(clips, splits)
    page = corpora_page.build(clips, numbers, chosen, sounds, seed=seed)
    index = page.write(output, {"statistics.json": json.dumps(numbers.to_dict(), indent=1) + "\n"})
    tables = (
        corpora_tables.class_rows(numbers),
        corpora_tables.voice_rows(numbers),
        corpora_tables.duration_rows(numbers),
        *([corpora_tables.part_rows(numbers)] if splits else []),
        corpora_tables.level_rows(numbers),
    )
    print("\n\n".join(map(columns, tables)))
    _output.note(f"\n{index}: open it in a browser", quiet)


def _report(checkup: "Checkup", quiet: bool) -> Iterator[str]:
    for holding in checkup.holdings:
        yield from _held(holding)
    shown = [finding for finding in checkup.findings if not (quiet and finding.severity == "note")]
    for severity, findings in groupby(shown, key=lambda finding: finding.severity):
        yield f"{severity}s"
        for _, same_kind in groupby(findings, key=lambda finding: finding.kind):
            yield from _found(list(same_kind))
        yield ""
    counts = Counter(finding.severity for finding in shown)
    wrong = [
        f"{counts[severity]} {severity}{'s' * (counts[severity] > 1)}"
        for severity in ("error", "warning")
        if counts[severity]
    ]
    verdict = ", ".join(wrong) or "nothing is wrong"
    yield f"{checkup.clips} clips, {checkup.seconds / 60:.1f} min: {verdict}"


def _held(holding: "Holding") -> Iterator[str]:
    """What is here of one corpus, beside what the whole of it holds."""
    from intone.report.text import columns

    whole = holding.whole_emotions
    rows = [[holding.corpus, "here", "in all" if whole else ""]]
    for emotion in dict.fromkeys([*whole, *holding.emotions]):
        here = holding.emotions.get(emotion, 0)
        rows.append([f"  {emotion}", str(here), str(whole.get(emotion, 0)) if whole else ""])
    rows.append(["  clips", str(holding.clips), str(holding.whole_clips or "")])
    rows.append(["  speakers", str(len(holding.speakers)), str(holding.whole_speakers or "")])
    yield columns(rows)
    if holding.speakers:
        fewest, most = min(holding.speakers.values()), max(holding.speakers.values())
        each = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        yield f"  {each} clips a speaker"
    yield ""


def _found(findings: Sequence["Finding"]) -> Iterator[str]:
    """Findings of one kind."""
    for finding in findings[:_FINDINGS]:
        count = len(finding.files)
        number = f" ({count} file{'s' * (count > 1)})" if count else ""
        yield f"  {finding.kind}{number}: {finding.message}"
        if count:
            more = f" and {count - _FILES} more" if count > _FILES else ""
            yield f"    {', '.join(finding.files[:_FILES])}{more}"
    if len(findings) > _FINDINGS:
        yield f"  and {len(findings) - _FINDINGS} more of this kind; --json shows all"
