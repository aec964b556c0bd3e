"""The tables of a comparison as text cells: the same on the screen, in tables.md and on the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from konomi.evaluate.bootstrap import INTERVALS, RANKING, Interval
from konomi.evaluate.compare import Comparison, aims
from konomi.evaluate.ranking_metrics import KEYS

NAMES = {
    "rmse": "RMSE",
    "mae": "MAE",
    "rmse_by_user": "RMSE by user",
    "mae_by_user": "MAE by user",
    "log_loss": "log loss",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "auc": "AUC",
    "average_precision": "AP",
    "brier": "Brier",
    "ece": "ECE",
    "ndcg@10": "NDCG@10",
    "recall@20": "recall@20",
    "precision@10": "precision@10",
    "map@10": "MAP@10",
    "mrr": "MRR@10",
    "hit@10": "hit@10",
    "coverage@10": "coverage",
    "gini@10": "Gini",
    "novelty@10": "novelty",
    "ild@10": "diversity",
}
"""What metrics are called in front of people."""

COLUMNS = {
    "rating": ("rmse", "mae", "rmse_by_user", "mae_by_user"),
    "interaction": ("log_loss", "accuracy", "precision", "recall", "auc", "average_precision", "brier", "ece"),
    RANKING: KEYS,
}
TITLES = {"rating": "Ratings", "interaction": "Interactions", RANKING: "Recommendations"}
MISSING = "–"


@dataclass(frozen=True)
class Grid:
    """A table of text; all columns but the first `heads` are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    heads: int = 1

    def only(self, columns: Iterable[str]) -> "Grid":
        """The same table with the heads and these of its columns."""
        wanted = set(columns)
        places = [n for n, name in enumerate(self.columns) if n < self.heads or name in wanted]
        rows = [tuple(row[n] for n in places) for row in self.rows]
        return Grid(self.title, tuple(self.columns[n] for n in places), rows, self.heads)

    def markdown(self) -> str:
        """The table in GitHub's Markdown, with its title as a heading."""
        rule = ["---" if n < self.heads else "---:" for n in range(len(self.columns))]
        lines = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in (self.columns, rule, *self.rows))
        return "\n".join([f"## {self.title}", "", *(f"| {line} |" for line in lines)]) + "\n"


def primary(task: str) -> str:
    """The metric that models are ordered by; see `rising`."""
    return INTERVALS[task][0]


def rising(task: str) -> bool:
    """Whether more of that is better."""
    return task == RANKING


def ranked(comparison: Comparison, task: str) -> list[str]:
    """The names of the models that a task is compared of, the best first."""
    found = comparison.standings[task].metrics
    return sorted(found, key=lambda name: found[name][primary(task)].value, reverse=rising(task))


def baselines(comparison: Comparison, task: str) -> dict[str, dict[str, float | None]]:
    """The metrics of the baselines of a task that are not among the models compared, by name."""
    fits = comparison.on(task)
    report = next(iter(fits.values())).reports["test"].metrics
    return {name: found for name, found in report["baselines"].items() if primary(task) in found and name not in fits}


def scores(comparison: Comparison, task: str) -> Grid:
    """Every metric of the test part: the models, the best first, then the baselines, then what failed."""
    intervals = comparison.standings[task].metrics
    columns = COLUMNS[task]
    rows = []
    for name in ranked(comparison, task):
        metrics = comparison.on(task)[name].reports["test"].metrics
        rows.append((name, *(around(intervals[name].get(key)) or number(metrics[key]) for key in columns)))
    for name, metrics in baselines(comparison, task).items():
        rows.append((f"{name} (baseline)", *(number(metrics[key]) for key in columns)))
    rows += [(f"{name} (failed)", *(MISSING for _ in columns)) for name in _failed(comparison, task)]
    return Grid(f"{TITLES[task]}: test part, with 95 % intervals", ("model", *(NAMES[key] for key in columns)), rows)


def _failed(comparison: Comparison, task: str) -> list[str]:
    """The models that are missing on a task; of recommendations, those of which nothing came at all."""
    if task != RANKING:
        return [failure.name for failure in comparison.failures if task in failure.tasks]
    trained = {fit.name for fit in comparison.fits}
    return list(dict.fromkeys(failure.name for failure in comparison.failures if failure.name not in trained))


def differences(comparison: Comparison, task: str) -> Grid:
    """Every pair of models, the better one first, with the difference of each metric that has an interval."""
    found = comparison.standings[task].differences
    rows = []
    for better, worse in combinations(ranked(comparison, task), 2):
        intervals = [found[better, worse, metric] for metric in INTERVALS[task]]
        cells = [cell for interval in intervals for cell in (around(interval, signed=True), "yes" if interval.real else "no")]
        rows.append((f"{better} − {worse}", *cells))
    columns = [name for metric in INTERVALS[task] for name in (NAMES[metric], f"{NAMES[metric]} real?")]
    return Grid(f"{TITLES[task]}: differences", ("models", *columns), rows)


def costs(comparison: Comparison) -> Grid:
    """What each training took."""
    columns = ("model", "trained for", "seconds", "rows/s", "epochs", "kept", "peak memory", "grown by")
    rows = []
    for fit in comparison.fits:
        epochs = (str(fit.epochs), str(fit.best)) if fit.epochs else (MISSING, MISSING)
        memory = (gigabytes(fit.peak), gigabytes(fit.grown))
        rows.append((fit.name, aims(fit.tasks), f"{fit.seconds:.2f}", f"{fit.rows_per_second:,.0f}", *epochs, *memory))
    return Grid("Cost of training", columns, rows, heads=2)


def number(value: float | None) -> str:
    """Four digits after the point; a dash where it is undefined."""
    return MISSING if value is None else f"{value:.4f}"


def around(interval: Interval | None, signed: bool = False) -> str:
    """A value and its interval; empty where there is none."""
    if interval is None:
        return ""
    form = "{:+.4f} [{:+.4f}, {:+.4f}]" if signed else "{:.4f} [{:.4f}, {:.4f}]"
    return form.format(interval.value, interval.low, interval.high).replace("-", "−")


def gigabytes(count: int | None) -> str:
    """Bytes for people."""
    return MISSING if count is None else f"{count / 2**20:,.0f} MiB" if count < 2**30 else f"{count / 2**30:.2f} GiB"
