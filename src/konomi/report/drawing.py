"""Draws plots, as SVG inside a page or as PNG.

Text and lines have the colours of the page, light or dark. Models have colours of Okabe & Ito's palette, which colour-blind
people can tell apart, and different markers. The same numbers give the same bytes.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 4.6  # inches, about the width of a phone, so that text keeps its size there
INK, FAINT = "#010203", "#040506"  # placeholders for the colours of the page
PAPER_LINE = "#d5dae0"  # the colour of a grid on white
DPI = 200  # pixels per inch of a PNG
LONGEST = 27  # letters of a name beside a plot
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX*"
LOOK: dict[Any, Any] = {
    "svg.hashsalt": "konomi",
    "svg.fonttype": "none",  # text stays text
    "text.parse_math": False,  # titles may have dollar signs
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.markersize": 4.5,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}

Look = dict[str, Any]  # colour and marker of a model, the same in every plot


@dataclass(frozen=True)
class Plot:
    """A plot. svg: an <svg> element; alt: what it shows, in words; caption: how to read it."""

    svg: str
    alt: str
    caption: str


def looks(names: Iterable[str]) -> dict[str, Look]:
    """name → the look of each model."""
    return {name: {"color": COLOURS[n % len(COLOURS)], "marker": MARKERS[n % len(MARKERS)]} for n, name in enumerate(names)}


def short(name: str) -> str:
    """The name of a model as there is room for it beside a plot: of a long path its end.

    >>> short("slim"), short("/home/ann/recommenders/of/last/autumn/model")
    ('slim', '…nders/of/last/autumn/model')
    """
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def legend(axes: "Axes") -> None:
    """Add a legend above the plot, where it hides nothing."""
    shown = len(axes.get_legend_handles_labels()[1])
    title = axes.get_title(loc="left")
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=min(shown, 4), borderaxespad=0.1, handlelength=1.6,
        columnspacing=1.1, fontsize=8.5, title=title or None, alignment="left", title_fontproperties={"weight": "bold"},
    )  # fmt: skip
    axes.set_title("")


def drawn(paint: Callable[..., None], height: float, rows: int, form: Literal["svg", "png"]) -> bytes:
    """The drawing that `paint` makes on its axes, as a file."""
    import matplotlib
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the reader's own fonts show it
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots(rows, sharex=True, squeeze=False)[:, 0]
        paint(*axes)
        if form == "svg":
            figure.savefig(file, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        else:  # a PNG has no page with colours
            for each in axes:
                each.grid(color=PAPER_LINE)
            figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def svg(name: str, paint: Callable[..., None], height: float, rows: int = 1) -> str:
    """The drawing that `paint` makes on its axes, as an <svg> element; name: makes its ids unique on a page."""
    text = drawn(paint, height, rows, "svg").decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)  # of no use inside a page
    text = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", text)
    return re.sub(r"\n\s*", "\n", text.replace(INK, "currentColor").replace(FAINT, "var(--line)")).strip()
