"""How everything is drawn: colours, lines and letters, and a figure's way into a page.

Every figure is drawn in the same few colours: `INK`, `MUTED`, `PAPER`, `ACCENT` and `FILL`, which
a page exchanges for its own, so that a picture in it is dark where the page is; an emotion's own
colour, the same in every picture; and two colour maps. Texts stay texts, also with dollars in them.
Colour never says alone what is not also written.
"""

from collections.abc import Callable
from functools import wraps
from html import escape
from io import BytesIO, StringIO
from pathlib import PurePath
from typing import Any, ParamSpec

from intone.errors import IntoneError

try:
    from matplotlib import rc_context
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox
except ModuleNotFoundError:
    raise IntoneError("pictures need matplotlib: pip install 'intone[report]'") from None

INK, MUTED, PAPER = "#1b2026", "#5b6570", "#fffffe"
ACCENT, FILL = "#1f66b0", "#1f66b1"
"""Of lines and dots, and of areas with `INK` on them; a page in the dark takes others."""
ON_FILL = "#ffffff"

EMOTIONS = {
    "neutral": "#a5a5a8",
    "calm": "#56cbf1",
    "happy": "#dec207",
    "sad": "#2450e6",
    "angry": "#ad1a15",
    "fearful": "#724391",
    "disgust": "#16ac5e",
    "surprised": "#d959b3",
    "bored": "#916c54",
    "excited": "#f57c0b",
    "frustrated": "#96324e",
    "contempt": "#3d868f",
    "other": "#bcbe86",
    "undecided": "#7888d3",
}
"""A colour an emotion, apart from each other for colour-blind eyes too (a test measures it)."""

SEXES = {"female": "#d0660a", "male": "#1c8695"}
STROKES = {"female": "-", "male": "--"}

_PAGE_COLOURS = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    PAPER: "var(--paper)",
    ACCENT: "var(--accent)",
    FILL: "var(--fill)",
}

SEQUENTIAL, DIVERGING = "magma", "RdBu_r"

_STAMP = 0.18  # inches, of the line below a stamped figure

_OWN_WORD = "#8a8f98"  # an emotion that only the user's labels know

_STYLE: Any = {
    "font.family": "sans-serif",
    "text.parse_math": False,
    "font.size": 9,
    "text.color": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": MUTED,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
}

_P = ParamSpec("_P")


def picture(draw: Callable[_P, Figure]) -> Callable[_P, Figure]:
    """Draw in the house's style, and lay out once, however often the figure is written."""

    @wraps(draw)
    def styled(*args: _P.args, **kwargs: _P.kwargs) -> Figure:
        with rc_context(_STYLE):
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        return figure

    return styled


def emotion_colour(emotion: str) -> str:
    """Find an emotion's colour; words that are not canonical share one."""
    return EMOTIONS.get(emotion, _OWN_WORD)


def stamp(figure: Figure, words: str) -> Bbox:
    """Write below a figure what its numbers are worth; gives its new edges, in inches."""
    width, height = figure.get_size_inches()
    text = figure.text(1 - 0.05 / width, -0.5 * _STAMP / height, words)
    text.set(ha="right", va="center", fontsize=7, color=MUTED)
    return Bbox.from_extents(0, -_STAMP, width, height)


def svg(figure: Figure, name: str, edges: Bbox | None = None) -> str:
    """Write a figure as SVG; `name` sets its ids apart from those of other pictures."""
    file = StringIO()
    unsigned = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", metadata=unsigned, bbox_inches=edges)
    drawn = file.getvalue()
    for reference in ('id="', 'href="#', "url(#"):
        drawn = drawn.replace(reference, f"{reference}{name}-")
    return drawn


def encode(figure: Figure, path: PurePath, name: str) -> bytes:
    """Encode a figure as the name of a file says: as SVG, see `svg`, or as PNG."""
    if path.suffix == ".svg":
        return svg(figure, name).encode()
    file = BytesIO()
    figure.savefig(file, format="png", dpi=200)
    return file.getvalue()


def inline(drawn: str, description: str) -> str:
    """Make an SVG text an element of a page, in the page's own ink, muted ink and paper.

    `description` is for those who do not see it.
    """
    element = drawn[drawn.index("<svg") :]
    for colour, own in _PAGE_COLOURS.items():
        element = element.replace(colour, own)
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)


def bars(*, width: float, height: float) -> tuple[Figure, Axes]:
    """Begin a picture of horizontal bars, the first at the top; its size is in inches."""
    figure = Figure(figsize=(width, height))
    axes = figure.subplots()
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure, axes


BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 8}
