"""What several commands need: tables of metrics."""

from typing import TYPE_CHECKING, Any

from konomi.cli.console import table

if TYPE_CHECKING:
    from rich.console import Group

    from konomi.evaluate.metrics import Metric


def split_name(facts: dict[str, Any]) -> str:
    """A split's kind and the first digits of its hash, as every report has them."""
    return f"{facts['kind']} {facts['sha256'].removeprefix('sha256:')[:12]}"


def errors_table(title: str, rows: dict[str, dict[str, Any]], metrics: "tuple[Metric, ...] | None" = None) -> "Group":
    """What was measured for each named report: tables of ratings, interactions and recommendations, where there are any.

    `metrics` are those that are shown; all that are registered, where there are none.
    """
    from rich.console import Group

    from konomi.evaluate.metrics import RANKING, metrics_of, primary
    from konomi.report.tables import names_of, number

    def reports_of(kind: str) -> dict[str, dict[str, Any]]:
        return {name: report for name, report in rows.items() if primary(kind).key in report}

    grids = []
    if ratings := reports_of("rating"):
        shown = metrics_of("rating", metrics)
        cells = ((name, *(number(_figure(report, metric.key)) for metric in shown)) for name, report in ratings.items())
        grids.append(table(title, ("", *names_of(shown)), cells, names_of(shown)))
    liked, found_again = f"{title}: liked or not", "Recommendations: what is found of hidden titles that are liked"
    for kind, heading in (("interaction", liked), (RANKING, found_again)):
        if reports := reports_of(kind):
            values = (
                [number(_figure(report, metric.key)) for report in reports.values()] for metric in metrics_of(kind, metrics)
            )
            cells = ((metric.name, *row) for metric, row in zip(metrics_of(kind, metrics), values, strict=True))
            grids.append(table(heading, ("", *reports), cells, reports))
    return Group(*[part for grid in grids for part in (grid, "")][:-1])


def _figure(report: dict[str, Any], key: str) -> float | None:
    """A figure of a report; None where it has none, which a bundle from elsewhere may not."""
    value = report.get(key)
    return value if isinstance(value, int | float) else None
