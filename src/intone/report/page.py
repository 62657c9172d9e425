"""Pages for people: one file each, which opens offline, light or dark, wide or narrow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from intone import files
from intone.errors import IntoneError
from intone.progress import Track, silent
from intone.report.style import inline, stamp, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

Rows = Sequence[Sequence[str]]
"""cells of a table, the first row its head"""

_STYLE = Path(__file__).with_name("page.css")
_SORTING = Path(__file__).with_name("sorting.js")


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A figure, and what a page says with it."""

    name: str
    """of its files, and unique in the page"""
    figure: "Figure"
    description: str
    """plain text for those who do not see it"""
    heading: str = ""
    """HTML above it"""
    caption: str = ""
    """plain text below it"""
    stamp: str = ""
    """what its numbers are worth, written into it: a picture may be shown without its page"""

    @cached_property
    def svg(self) -> str:
        """The picture alone, as the text of an SVG file."""
        return svg(self.figure, self.name, self._edges)

    def html(self) -> str:
        """Set the picture."""
        drawn = inline(self.svg, self.description)
        caption = f"<figcaption>{prose(self.caption)}</figcaption>\n" if self.caption else ""
        return f"<figure>\n{self.heading}{drawn}{caption}</figure>\n"

    def save(self, folder: Path) -> None:
        """Write the picture as SVG and as PNG."""
        files.write_text(folder / f"{self.name}.svg", self.svg)
        drawn = BytesIO()
        self.figure.savefig(drawn, format="png", dpi=160, bbox_inches=self._edges)
        with files.writing(folder / f"{self.name}.png") as file:
            file.write(drawn.getvalue())

    @cached_property
    def _edges(self) -> "Bbox | None":
        return stamp(self.figure, self.stamp) if self.stamp else None


@dataclass(frozen=True, eq=False)
class Cards:
    """Pictures or pieces of HTML, each on a card, as many beside each other as the page holds."""

    parts: Sequence[str | Picture]


@dataclass(frozen=True, eq=False)
class Beside:
    """Two pictures or pieces of HTML that belong together, side by side where the page is wide."""

    parts: Sequence[str | Picture]


Part = str | Picture | Cards | Beside


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a page below a heading of its own."""

    heading: str
    parts: Sequence[Part]

    @property
    def anchor(self) -> str:
        """The section's id in its page."""
        return self.heading.lower().replace(" ", "-")

    def html(self) -> str:
        """Set the section."""
        body = "".join(_html(part) for part in self.parts)
        return f'<section id="{self.anchor}">\n<h2>{escape(self.heading)}</h2>\n{body}</section>\n'

    def pictures(self) -> Iterator[Picture]:
        """Go through the pictures of all parts."""
        for part in self.parts:
            inside = part.parts if isinstance(part, Cards | Beside) else [part]
            yield from (each for each in inside if isinstance(each, Picture))


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """A whole page; its kind, title, lead and foot are plain text."""

    title: str
    lead: str
    sections: Sequence[Section]
    foot: str
    kind: str = ""
    """what sort of page it is, above the title"""
    banner: Sequence[Part] = ()
    """what stands before all sections"""
    sortable: bool = False
    """whether a click on a column's head sorts its table"""

    def html(self) -> str:
        """Set the page."""
        links = "".join(f'<a href="#{s.anchor}">{escape(s.heading)}</a>' for s in self.sections)
        kind = f'<p class="kind">{escape(self.kind)}</p>\n' if self.kind else ""
        script = f"<script>\n{_SORTING.read_text(encoding='utf-8')}</script>\n"
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(self.title)}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
{kind}<h1>{escape(self.title)}</h1>
<p class="lead">{escape(self.lead)}</p>
{"".join(map(_html, self.banner))}</header>
<nav aria-label="Sections">{links}</nav>
<main>
{"".join(section.html() for section in self.sections)}</main>
<footer>{escape(self.foot)}</footer>
{script if self.sortable else ""}</body>
</html>
"""

    def pictures(self) -> Iterator[Picture]:
        """Go through the pictures of the whole page."""
        yield from Section("", self.banner).pictures()
        for section in self.sections:
            yield from section.pictures()

    def write(
        self,
        folder: Path,
        beside: Mapping[str, str],
        *,
        name: str = "index.html",
        track: Track = silent,
    ) -> Path:
        """Write the page, its pictures as SVG and PNG, and texts beside it by file name.

        The page has its name only once all of it is there; gives its path.

        Raises:
            IntoneError: the folder cannot be written.
        """
        drawn = [*self.pictures()]
        try:
            (folder / "pictures").mkdir(parents=True, exist_ok=True)
            for picture in track(drawn, "drawing", len(drawn)):
                picture.save(folder / "pictures")
            for beside_name, text in beside.items():
                files.write_text(folder / beside_name, text)
            files.write_text(folder / name, self.html())
        except OSError as error:
            raise IntoneError(f"{folder}: cannot be written: {error.strerror}") from None
        return folder / name


def prose(text: str) -> str:
    """Set plain text, no figure apart from its sign."""
    return escape(text).replace(" %", "&nbsp;%")


def paragraph(text: str) -> str:
    """Set a paragraph of plain text."""
    return f"<p>{prose(text)}</p>\n"


def lacking(text: str) -> str:
    """Set a line of plain text that says what is not there, and what to do about it."""
    return f'<p class="lacking">{escape(text)}</p>\n'


def details(summary: str, content: str) -> str:
    """Set content below a line of plain text that opens it."""
    return f"<details>\n<summary>{escape(summary)}</summary>\n{content}</details>\n"


def terms(entries: Iterable[tuple[str, str]]) -> str:
    """Set a list of plain terms, each with what is to be said of it, as HTML."""
    lines = "".join(f"<dt>{escape(term)}</dt>\n<dd>{said}</dd>\n" for term, said in entries)
    return f"<dl>\n{lines}</dl>\n"


def table(rows: Rows, caption: str, *, words: int = 1, total: bool = False) -> str:
    """Set a table; the first `words` columns are aligned left, the others are numbers.

    `total` stresses the last row.
    """
    head, *body = rows
    kinds = [' class="word"' if place < words else "" for place in range(len(head))]
    heads = "".join(
        f'<th scope="col"{kind}>{escape(cell)}</th>' for cell, kind in zip(head, kinds, strict=True)
    )
    lines = [_line(row, kinds) for row in body]
    if total:
        lines[-1] = lines[-1].replace("<tr>", '<tr class="total">')
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">\n'
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead>\n<tr>{heads}</tr>\n</thead>\n"
        f"<tbody>\n{''.join(lines)}</tbody>\n</table>\n</div>\n"
    )


def _line(row: Sequence[str], kinds: Sequence[str]) -> str:
    first, *cells = (f"{kind}>{escape(cell)}" for cell, kind in zip(row, kinds, strict=True))
    return f'<tr><th scope="row"{first}</th>{"".join(f"<td{cell}</td>" for cell in cells)}</tr>\n'


def _html(part: Part) -> str:
    match part:
        case Picture():
            return part.html()
        case Cards():
            return f'<div class="grid">\n{"".join(map(_html, part.parts))}</div>\n'
        case Beside():
            sides = "".join(f"<div>\n{_html(each)}</div>\n" for each in part.parts)
            return f'<div class="beside">\n{sides}</div>\n'
        case _:
            return part
