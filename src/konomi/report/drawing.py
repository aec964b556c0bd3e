"""How plots are drawn: as SVG that goes into a page as it is, or as PNG.

Colours of text and lines are left to the page, so that it reads by day and by night; those of the models are from the palette
of Okabe & Ito, which colour-blind people can tell apart, and each model has a marker of its own besides. The same numbers give
the same bytes.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 4.6  # inches: about a phone's, so that letters keep their size there
INK, FAINT = "#010203", "#040506"  # stand for the page's own colours
PAPER_LINE = "#d5dae0"  # a grid on white
DPI = 200
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX*"
LOOK: dict[Any, Any] = {
    "svg.hashsalt": "konomi",
    "svg.fonttype": "none",  # text stays text
    "text.parse_math": False,  # a title may have dollars in it
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
    """A picture: `svg` without anything outside it, `alt` what it shows in words, `caption` how to read it."""

    svg: str
    alt: str
    caption: str


def looks(names: Iterable[str]) -> dict[str, Look]:
    """What each model is drawn with."""
    return {name: {"color": COLOURS[n % len(COLOURS)], "marker": MARKERS[n % len(MARKERS)]} for n, name in enumerate(names)}


def legend(axes: "Axes") -> None:
    """Above the plot, where it hides nothing."""
    shown = len(axes.get_legend_handles_labels()[1])
    title = axes.get_title(loc="left")
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=min(shown, 4), borderaxespad=0.1, handlelength=1.6,
        columnspacing=1.1, fontsize=8.5, title=title or None, alignment="left", title_fontproperties={"weight": "bold"},
    )  # fmt: skip
    axes.set_title("")


def drawn(paint: Callable[..., None], height: float, rows: int, form: Literal["svg", "png"]) -> bytes:
    """What `paint` makes of its axes, as a file."""
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
        else:  # which no page gives its colours
            for each in axes:
                each.grid(color=PAPER_LINE)
            figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def svg(name: str, paint: Callable[..., None], height: float, rows: int = 1) -> str:
    """What `paint` makes of its axes, as an <svg> element; `name` keeps the ids of several on one page apart."""
    text = drawn(paint, height, rows, "svg").decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)  # of no use inside a page
    text = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", text)
    return re.sub(r"\n\s*", "\n", text.replace(INK, "currentColor").replace(FAINT, "var(--line)")).strip()
