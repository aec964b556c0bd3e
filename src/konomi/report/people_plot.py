"""The plot of a comparison on people held out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from konomi.evaluate.metrics import METRICS, SERVED, primary
from konomi.pipeline.people_comparison import ALL, FEW, POPULAR, TRAINED, WISHES, People, Row
from konomi.report.drawing import INK, MARKERS, Plot, drawn, legend, looks, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


CAPTION = (
    "Points on lines are for shown ratings; the point to their left is for wishes alone, the one to their right for people "
    "that the model was trained on."
)


def people_png(found: People) -> bytes:
    """The plot as a picture of its own."""
    paint, height, rows = _plot(found)
    return drawn(paint, height, rows, "png")


def people_svg(found: People) -> Plot:
    """The plot inside a page."""
    paint, height, rows = _plot(found)
    what = " and ".join([primary(SERVED).name, *([METRICS["rmse"].name] if rows == 2 else [])])
    alt = f"{what} of {', '.join(found.models)} against how much is known of somebody"
    return Plot(svg("people", paint, height, rows), alt, CAPTION)


def _plot(found: People) -> tuple[Callable[..., None], float, int]:
    """What paints the primary metric, and RMSE where a model predicts ratings, against how much is shown of people; its height
    in inches and its number of axes."""
    at = {shown: n for n, shown in enumerate((WISHES, *map(str, FEW), ALL, TRAINED))}
    names = [name for name in found.models if name != POPULAR]
    look = {**looks(names), POPULAR: {"color": INK, "marker": MARKERS[-1]}}
    rated = any(row.rmse is not None for row in found.rows)
    joined = [*map(str, FEW), ALL]

    def paint(top: "Axes", bottom: "Axes | None" = None) -> None:
        for axes, value in ((top, _lists), (bottom, _rmse)):
            if axes is None:
                continue
            for name in found.models:
                known = {shown: y for shown, row in found.of(name).items() if shown in at and (y := value(row)) is not None}
                line = [shown for shown in joined if shown in known]
                label = name if axes is top else None
                axes.plot([at[shown] for shown in line], [known[shown] for shown in line], label=label, **look[name])
                rest = [shown for shown in known if shown not in joined]
                axes.plot([at[shown] for shown in rest], [known[shown] for shown in rest], linestyle="", **look[name])
        last = bottom or top
        last.set_xticks(list(at.values()), list(at))
        last.set_xlabel("what is known of somebody: ratings shown, or wishes")
        top.set_ylabel(f"{primary(SERVED).name}, as served")
        if bottom is not None:
            bottom.set_ylabel(METRICS["rmse"].name)
        legend(top)

    return paint, 4.6 if rated else 2.9, 2 if rated else 1


def _lists(row: Row) -> float:
    return float(row.served.metrics[primary(SERVED).key])


def _rmse(row: Row) -> float | None:
    return row.rmse
