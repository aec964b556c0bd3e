"""Tables of metrics, for several commands."""

from typing import TYPE_CHECKING, Any

from konomi.cli.console import table

if TYPE_CHECKING:
    from rich.console import Group

    from konomi.evaluate.metrics import Metric


def split_name(facts: dict[str, Any]) -> str:
    """A split's name in tables: its kind and the first digits of its hash."""
    return f"{facts['kind']} {facts['sha256'].removeprefix('sha256:')[:12]}"


def errors_table(title: str, rows: dict[str, dict[str, Any]], metrics: "tuple[Metric, ...] | None" = None) -> "Group":
    """The metrics of each named report: tables of ratings, interactions and recommendations, where there are any.

    metrics: those to show; by default all registered ones.
    """
    from rich.console import Group

    from konomi.evaluate.metrics import RANKING, metrics_of, primary
    from konomi.report.tables import names_of, number

    def reports_of(kind: str) -> dict[str, dict[str, Any]]:
        return {name: report for name, report in rows.items() if primary(kind).key in report}

    grids = []
    if ratings := reports_of("rating"):
        shown = metrics_of("rating", metrics)
        cells = ((name, *(number(_value(report, metric.key)) for metric in shown)) for name, report in ratings.items())
        grids.append(table(title, ("", *names_of(shown)), cells, names_of(shown)))
    liked, found_again = f"{title}: liked or not", "Recommendations: what is found of hidden titles that are liked"
    for kind, heading in (("interaction", liked), (RANKING, found_again)):
        if reports := reports_of(kind):
            values = (
                [number(_value(report, metric.key)) for report in reports.values()] for metric in metrics_of(kind, metrics)
            )
            cells = ((metric.name, *row) for metric, row in zip(metrics_of(kind, metrics), values, strict=True))
            grids.append(table(heading, ("", *reports), cells, reports))
    return Group(*[block for grid in grids for block in (grid, "")][:-1])


def _value(report: dict[str, Any], key: str) -> float | None:
    """The value of a metric in a report; None where it is missing, as it may be in bundles of other processes."""
    value = report.get(key)
    return value if isinstance(value, int | float) else None
