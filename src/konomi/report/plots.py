"""The plots of a comparison."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from konomi.arrays import F32, I64
from konomi.data.scale import Scale
from konomi.evaluate.bootstrap import Interval
from konomi.evaluate.metrics import Metric
from konomi.evaluate.records import Predictions
from konomi.report.drawing import COLOURS, INK, Look, Plot, legend, short, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BOXES = 20  # true ratings with a box each; more are grouped into classes
MOST_TICKS = 12  # labels of a histogram's axis
LEAST_RATINGS = 20  # ratings for which an error is shown, at least


def whiskers(
    name: str, metric: Metric, intervals: Mapping[str, Interval], lines: Mapping[str, float], look: Mapping[str, Look]
) -> Plot:
    """A metric of each model with its interval, and of each baseline as a vertical line."""
    from matplotlib.ticker import MaxNLocator

    def paint(axes: "Axes") -> None:
        for n, (model, found) in enumerate(intervals.items()):
            axes.plot([found.low, found.high], [n, n], color=look[model]["color"], linewidth=2.5)
            axes.plot(found.value, n, markersize=7, **look[model])
        for n, (baseline, value) in enumerate(lines.items()):
            axes.axvline(value, color=INK, linestyle=(":", "--")[n % 2], linewidth=1.2, label=baseline)
        axes.set_yticks(range(len(intervals)), [short(name) for name in intervals])
        axes.set_ylim(len(intervals) - 0.5, -0.5)
        axes.set_xlabel(metric.name)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        if lines:
            legend(axes)

    values = ", ".join(f"{model} {found.value:.4f} ({found.low:.4f} to {found.high:.4f})" for model, found in intervals.items())
    caption = f"Test entries, {metric.name} with its 95 % interval; {metric.better} is better."
    return Plot(svg(name, paint, 1.1 + 0.3 * len(intervals)), f"{metric.name} with 95 % intervals: {values}.", caption)


def losses(name: str, title: str, criterion: str, history: F32, best: int) -> Plot:
    """Training and validation error of each epoch, history f32[E, 2], and the epoch that was kept."""
    from matplotlib.ticker import MaxNLocator

    epoch = np.arange(1, len(history) + 1)

    def paint(axes: "Axes") -> None:
        axes.plot(epoch, history[:, 0], color=COLOURS[0], linestyle="--", marker=".", label="training")
        if not np.isnan(history[:, 1]).all():
            axes.plot(epoch, history[:, 1], color=COLOURS[1], marker=".", label="validation")
            axes.plot(best, history[best - 1, 1], color=COLOURS[1], marker="o", markersize=7)
        axes.axvline(best, color=INK, linewidth=0.8, linestyle=":", label=f"kept: epoch {best}")
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.set_ylabel(criterion)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        legend(axes)

    last = history[best - 1]
    alt = f"{title}: {criterion} by epoch, {len(history)} epochs; in epoch {best}, which was kept, {_errors(last)}."
    return Plot(svg(name, paint, 2.7), alt, "")


def predicted_by_true(name: str, title: str, found: Predictions, scale: Scale) -> Plot:
    """The distribution of predictions for each true rating: their median, half of them, nine in ten of them."""
    true, middles = _classes(found.true, scale)
    groups = [found.predicted[true == place].astype(np.float64) for place in range(len(middles))]
    known = [(middle, group) for middle, group in zip(middles, groups, strict=True) if len(group)]
    boxes = [
        dict(zip(("whislo", "q1", "med", "q3", "whishi"), np.quantile(group, (0.05, 0.25, 0.5, 0.75, 0.95)), strict=True))
        for _, group in known
    ]
    at = [middle for middle, _ in known]

    def paint(axes: "Axes") -> None:
        axes.axline((scale.low, scale.low), slope=1, color=INK, linewidth=0.8, linestyle=":")
        width = 0.6 * (np.diff(middles).min() if len(middles) > 1 else 1)
        line = {"color": COLOURS[0]}
        axes.bxp(
            boxes, positions=at, widths=width, showfliers=False, patch_artist=True, manage_ticks=False,
            boxprops={"facecolor": COLOURS[5], "edgecolor": COLOURS[0]}, whiskerprops=line, capprops=line,
            medianprops={"color": COLOURS[1], "linewidth": 2},
        )  # fmt: skip
        axes.set(xlabel="true rating", ylabel="predicted rating", ylim=_margin(scale), xlim=_margin(scale))
        axes.set_title(title)

    medians = ", ".join(f"{box['med']:.1f} for {middle:g}" for middle, box in zip(at, boxes, strict=True))
    return Plot(svg(name, paint, 3), f"{title}: predicted against true ratings. Median prediction {medians}.", "")


def residuals(
    name: str,
    label: str,
    counts: I64,
    edges: Sequence[int],
    found: Mapping[str, Predictions],
    look: Mapping[str, Look],
) -> Plot:
    """RMSE and mean residual (true − predicted) of each model, by classes of counts i64[N], one for each hidden rating."""
    place = np.searchsorted(edges, counts, side="right") - 1
    n = np.bincount(place, minlength=len(edges))
    some = n >= min(LEAST_RATINGS, n.max())
    names = [span for span, has in zip(_spans(edges), some, strict=True) if has]
    at = np.arange(len(names))
    lines = {}
    for model, predictions in found.items():
        rest = predictions.true.astype(np.float64) - predictions.predicted
        square, mean = (np.bincount(place, values, len(edges))[some] / n[some] for values in (rest**2, rest))
        lines[model] = np.sqrt(square), mean

    def paint(top: "Axes", bottom: "Axes") -> None:
        for model, (error, mean) in lines.items():
            top.plot(at, error, label=model, **look[model])
            bottom.plot(at, mean, **look[model])
        bottom.axhline(0, color=INK, linewidth=0.8)
        top.set_ylabel("RMSE")
        bottom.set_ylabel("mean residual")
        bottom.set_xticks(at, names, rotation=30, ha="right", rotation_mode="anchor")
        bottom.set_xlabel(label)
        legend(top)

    spoken = "; ".join(f"{model} {', '.join(f'{e:.3f}' for e in error)}" for model, (error, _) in lines.items())
    alt = f"RMSE by {label} ({', '.join(names)}): {spoken}."
    sizes = ", ".join(f"{span}: {size:,}" for span, size in zip(names, n[some], strict=True))
    caption = f"Errors by {label}, where there are {LEAST_RATINGS} hidden ratings to measure. Hidden ratings: {sizes}."
    return Plot(svg(name, paint, 4.4, rows=2), alt, caption)


def reliability(name: str, bins: Mapping[str, list[dict[str, float]]], look: Mapping[str, Look]) -> Plot:
    """The share of liked entries among those with a predicted probability, for each model."""

    def paint(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":", label="perfect")
        for model, rows in bins.items():
            axes.plot([row["predicted"] for row in rows], [row["true"] for row in rows], label=model, **look[model])
        axes.set(xlabel="predicted probability of liking", ylabel="share that is liked", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        legend(axes)

    pairs = {model: ", ".join("{true:.2f} at {predicted:.2f}".format(**row) for row in rows) for model, rows in bins.items()}
    spoken = "; ".join(f"{model} {text}" for model, text in pairs.items())
    caption = "Reliability: of the entries with a predicted probability, how many are liked. On the dotted line they agree."
    return Plot(svg(name, paint, 3.6), f"Reliability of predicted probabilities, share liked at predicted: {spoken}.", caption)


def histogram(name: str, label: str, counts: Mapping[str, int]) -> Plot:
    """How often each value occurs."""
    at = np.arange(len(counts))

    def paint(axes: "Axes") -> None:
        axes.bar(at, list(counts.values()), color=COLOURS[0])
        every = max(-(-len(counts) // MOST_TICKS), 1)
        long = max(map(len, counts), default=0) > 4
        axes.set_xticks(at[::every], list(counts)[::every], rotation=30 if long else 0, ha="right" if long else "center")
        axes.grid(axis="x", visible=False)
        axes.yaxis.set_major_formatter(lambda value, place: f"{value:,.0f}")
        axes.set_xlabel(label)

    spoken = ", ".join(f"{value}: {count:,}" for value, count in counts.items())
    return Plot(svg(name, paint, 2.4), f"Histogram, {label}: {spoken}.", f"How often each {label} occurs in the dataset.")


def _classes(true: F32, scale: Scale) -> tuple[I64, list[float]]:
    """The class of each rating, i64[N], and the middle of each class: the steps of the scale, or ten classes of equal width."""
    steps = round((scale.high - scale.low) / scale.step) + 1 if scale.step > 0 else 0
    if 0 < steps <= MOST_BOXES:
        return np.rint((true.astype(np.float64) - scale.low) / scale.step).astype(np.int64), [
            scale.low + scale.step * n for n in range(steps)
        ]
    width = (scale.high - scale.low) / 10
    place = np.minimum(((true.astype(np.float64) - scale.low) / width).astype(np.int64), 9)
    return place, [scale.low + width * (n + 0.5) for n in range(10)]


def _margin(scale: Scale) -> tuple[float, float]:
    more = 0.05 * (scale.high - scale.low)
    return scale.low - more, scale.high + more


def _spans(edges: Sequence[int]) -> list[str]:
    """The names of the classes from one edge to the next."""
    spans = []
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        spans.append(f"{low:,}+" if high is None else f"{low:,}" if high == low + 1 else f"{low:,}–{high - 1:,}")
    return spans


def _errors(pair: Iterable[float]) -> str:
    return ", ".join(f"{name} {x:.4f}" for name, x in zip(("training", "validation"), pair, strict=True) if not np.isnan(x))
