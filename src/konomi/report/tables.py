"""The tables of a comparison as text cells: the same on the screen, in tables.md and on the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from konomi.evaluate.bootstrap import Interval
from konomi.evaluate.metrics import RANKING, SERVED, Metric, metrics_of, primary
from konomi.evaluate.records import Report
from konomi.pipeline.comparison import Comparison, purpose

TITLES = {
    SERVED: "Recommendations",
    "rating": "Ratings",
    "interaction": "Interactions",
    RANKING: "Each model's own order",
}
MISSING = "–"  # the text of an undefined value


@dataclass(frozen=True)
class Grid:
    """A table of text; all columns but the first `heads` are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    heads: int = 1

    def only(self, columns: Iterable[str]) -> "Grid":
        """The same table with the heads and these of its columns."""
        chosen = set(columns)
        places = [n for n, name in enumerate(self.columns) if n < self.heads or name in chosen]
        rows = [tuple(row[n] for n in places) for row in self.rows]
        return Grid(self.title, tuple(self.columns[n] for n in places), rows, self.heads)

    def markdown(self) -> str:
        """The table in GitHub's Markdown, with its title as a heading."""
        rule = ["---" if n < self.heads else "---:" for n in range(len(self.columns))]
        lines = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in (self.columns, rule, *self.rows))
        return "\n".join([f"## {self.title}", "", *(f"| {line} |" for line in lines)]) + "\n"


def ranked(comparison: Comparison, task: str) -> list[str]:
    """The names of the models that are compared on a task, the best first."""
    return sorted_by_primary(comparison, task, comparison.on(task))


def sorted_by_primary(comparison: Comparison, task: str, names: Iterable[str]) -> list[str]:
    """Names of models and baselines of a task, the best first."""
    found, metric = comparison.standings[task].metrics, primary(task)
    able = (name for name in names if name in found)
    return sorted(able, key=lambda name: found[name][metric.key].value, reverse=metric.better == "higher")


def with_intervals(comparison: Comparison, task: str) -> list[Metric]:
    """The metrics of a task that have intervals."""
    found = next(iter(comparison.standings[task].metrics.values()))
    return [metric for metric in metrics_of(task, comparison.metrics) if metric.key in found]


def scores(comparison: Comparison, task: str) -> Grid:
    """Every metric on the test entries: the models, the best first, then the baselines, then the models that failed."""
    intervals, metrics = comparison.standings[task].metrics, metrics_of(task, comparison.metrics)
    reports, baselines = comparison.reports(task), comparison.baselines(task)
    rows = []
    for name in (*ranked(comparison, task), *baselines):
        found, people = reports[name].values(task), _people(reports[name], task)
        cells = (interval_text(intervals[name].get(key)) or counted(found[key], people.get(key)) for key in keys_of(metrics))
        rows.append((f"{name} (baseline)" if name in baselines else name, *cells))
    rows += [(f"{name} (failed)", *(MISSING for _ in metrics)) for name in _failed(comparison, task)]
    return Grid(f"{TITLES[task]}: {measured_on(comparison, task)}, 95 % intervals", ("model", *names_of(metrics)), rows)


def measured_on(comparison: Comparison, task: str) -> str:
    """What the figures of a task are of: how many test entries of how many people, and what is liked."""
    some, liked = next(iter(comparison.reports(task).values())), f"liked is what is {comparison.train.labelling}"
    if task in (SERVED, RANKING):
        found = some.values(task)
        return f"{found['ranked_users']:,} people; {liked}; weights n^−{found['propensity_exponent']:g}"
    tested = some.predictions[task]
    text = f"{len(tested.true):,} test entries of {len(np.unique(tested.user)):,} people"
    return text if task == "rating" else f"{text}; {liked}"


def _people(report: Report, task: str) -> dict[str, int]:
    """Of how many people the figures are that are not of all; by key."""
    found = report.values(task)
    return {key: n for key, n in found.get("people", {}).items() if n != found["ranked_users"]}


def counted(value: float | None, people: int | None) -> str:
    """A value and, in parentheses, of how many people it is, unless of all."""
    return number(value) + ("" if people is None else f" ({people:,})")


def keys_of(metrics: Iterable[Metric]) -> list[str]:
    """Their names in JSON."""
    return [metric.key for metric in metrics]


def names_of(metrics: Iterable[Metric]) -> list[str]:
    """Their names for people."""
    return [metric.name for metric in metrics]


def _failed(comparison: Comparison, task: str) -> list[str]:
    """The models that failed on a task; on recommendations, those that were not trained at all."""
    if task not in (SERVED, RANKING):
        return [failure.name for failure in comparison.failures if task in failure.tasks]
    trained = {fit.name for fit in comparison.fits}
    return list(dict.fromkeys(failure.name for failure in comparison.failures if failure.name not in trained))


def differences(comparison: Comparison, task: str) -> Grid:
    """Every pair of models, and of a model and a baseline, the better one first, with the difference of each metric that has an
    interval."""
    found, metrics = comparison.standings[task].differences, with_intervals(comparison, task)
    rows = []
    for better, worse in pairs(comparison, task):
        intervals = [found[better, worse, metric.key] for metric in metrics]
        cells = [cell for interval in intervals for cell in (interval_text(interval, signed=True), real_text(interval))]
        rows.append((f"{better} − {worse}", *cells))
    columns = [name for metric in metrics for name in (metric.name, f"{metric.name} real?")]
    return Grid(f"{TITLES[task]}: differences", ("models", *columns), rows)


def pairs(comparison: Comparison, task: str) -> list[tuple[str, str]]:
    """Every pair of models, and every model with every baseline, the better one first."""
    models, everything = comparison.on(task), comparison.reports(task)
    order = sorted_by_primary(comparison, task, everything)
    return [(better, worse) for better, worse in combinations(order, 2) if better in models or worse in models]


def costs(comparison: Comparison) -> Grid:
    """The time and memory of each training."""
    columns = ("model", "trained for", "seconds", "rows/s", "epochs", "kept", "peak memory", "grown by")
    rows = []
    for fit in comparison.fits:
        epochs = (str(fit.epochs), str(fit.best)) if fit.epochs else (MISSING, MISSING)
        memory = (bytes_text(fit.training.peak), bytes_text(fit.training.grown))
        seconds, rate = f"{fit.training.seconds:.2f}", f"{fit.rows_per_second:,.0f}"
        rows.append((fit.name, purpose(fit.tasks), seconds, rate, *epochs, *memory))
    return Grid("Cost of training", columns, rows, heads=2)


def number(value: float | None) -> str:
    """Four digits after the point; a dash where undefined."""
    return MISSING if value is None else f"{value:.4f}"


def real_text(interval: Interval) -> str:
    """Whether a difference is real."""
    return "yes" if interval.real else "no"


def interval_text(interval: Interval | None, signed: bool = False) -> str:
    """A value and its interval; empty where there is none."""
    if interval is None:
        return ""
    form = "{:+.4f} [{:+.4f}, {:+.4f}]" if signed else "{:.4f} [{:.4f}, {:.4f}]"
    return form.format(interval.value, interval.low, interval.high).replace("-", "−")


def bytes_text(count: int | None) -> str:
    """A number of bytes in MiB or GiB."""
    return MISSING if count is None else f"{count / 2**20:,.0f} MiB" if count < 2**30 else f"{count / 2**30:.2f} GiB"
