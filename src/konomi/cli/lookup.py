"""What several commands need: tables of metrics, tables of titles."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from konomi.cli.console import table

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table as Grid

    from konomi.bundle.format import Bundle
    from konomi.evaluate.metrics import Metric
    from konomi.recommend.answer import Answer, Row

COLUMNS: "dict[str, Callable[[Row], str | None]]" = {
    "predicted": lambda row: None if row.rating is None else f"{row.rating:.2f}",
    "90 %": lambda row: None if row.interval is None else f"{row.interval[0]:.1f}–{row.interval[1]:.1f}",
    "probability": lambda row: None if row.probability is None else f"{row.probability:.3f}",
    "similarity": lambda row: f"{row.score:.2f}",
    "distance": lambda row: f"{-row.score:.2f}",
}
"""Columns of a table of titles."""


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
        cells = ((name, *(number(report.get(metric.key)) for metric in shown)) for name, report in ratings.items())
        grids.append(table(title, ("", *names_of(shown)), cells, names_of(shown)))
    liked, found_again = f"{title}: liked or not", "Recommendations: what is found of hidden titles that are liked"
    for kind, heading in (("interaction", liked), (RANKING, found_again)):
        if reports := reports_of(kind):
            values = ([number(report.get(metric.key)) for report in reports.values()] for metric in metrics_of(kind, metrics))
            cells = ((metric.name, *row) for metric, row in zip(metrics_of(kind, metrics), values, strict=True))
            grids.append(table(heading, ("", *reports), cells, reports))
    return Group(*[part for grid in grids for part in (grid, "")][:-1])


def recommended(bundle: "Bundle") -> str:
    """The heading of recommendations: what they are ordered by."""
    from konomi.ranking.blend import Blend

    order = Blend(tuple(bundle.models.values()), bundle.items, bundle.scale)
    named = {id(model): name for name, model in bundle.models.items()}
    terms = [named[id(term.model)] for term, _ in order.terms(0.5)]
    return f"Recommended, by {' and '.join(dict.fromkeys(terms))}"


def titles_table(title: str, answer: "Answer", *values: str) -> "Grid":
    """The `COLUMNS` named, those that are known, and the titles; beneath each what speaks for and against it, else genres."""
    facts = {name: [COLUMNS[name](row) for row in answer] for name in values}
    known = {name: cells for name, cells in facts.items() if any(cells)}
    cells = zip(range(1, len(answer) + 1), *known.values(), map(_titled, answer), strict=True)
    return table(title, ("", *known, "title"), cells, ("", *known))


def _titled(row: "Row") -> str:
    """A title with what is known of it, and a line for each side of the reasons."""
    known = ", ".join(str(fact) for fact in (row.year, row.type) if fact is not None)
    name = row.title + (f" ({known})" if known else "") + (", planned" if row.planned else "")
    sides = [f"{sign} {text}" for sign, text in zip("+−", row.reasons, strict=True) if text]
    return "\n".join([name, *(sides or [text for text in (", ".join(row.genres),) if text])])
