"""Tables of metrics, for several commands."""

from typing import TYPE_CHECKING, Any

from konomi.cli.console import say, table

if TYPE_CHECKING:
    from rich.console import Group

    from konomi.bundle.facts import Facts
    from konomi.data.labels import Labelling
    from konomi.evaluate.metrics import Metric


def split_name(facts: dict[str, Any]) -> str:
    """A split's name in tables: its kind and the first digits of its hash."""
    return f"{facts['kind']} {facts['sha256'].removeprefix('sha256:')[:12]}"


def say_when_measured(facts: "Facts") -> None:
    """Say, of a bundle that was trained again on everything, that its figures are those of before."""
    if facts.refitted and facts.metrics:
        say("Measured before it was trained again, on everything.")


def errors_table(
    title: str,
    rows: dict[str, dict[str, Any]],
    metrics: "tuple[Metric, ...] | None" = None,
    labelling: "Labelling | None" = None,
) -> "Group":
    """The metrics of each named report: tables of ratings, interactions and recommendations, where there are any.

    metrics: those to show; by default all registered ones; labelling: what is liked, for the headings.
    """
    from rich.console import Group

    from konomi.evaluate.metrics import RANKING, SERVED, metrics_of, primary
    from konomi.report.tables import names_of, number

    def reports_of(kind: str) -> dict[str, dict[str, Any]]:
        found = {name: report.get("served", {}) if kind == SERVED else report for name, report in rows.items()}
        return {name: report for name, report in found.items() if primary(kind).key in report}

    liked, grids = "" if labelling is None else f" (liked: {labelling})", []
    if ratings := reports_of("rating"):
        shown, of = metrics_of("rating", metrics), ("ratings", "people")
        cells = (
            (name, *(number(_value(report, metric.key)) for metric in shown), *(_count(report, key) for key in ("n", "users")))
            for name, report in ratings.items()
        )
        grids.append(table(title, ("", *names_of(shown), *of), cells, (*names_of(shown), *of)))
    headings = {
        SERVED: f"Recommendations as people get them: what is found of hidden titles{liked}",
        "interaction": f"{title}: liked or not{liked}",
        RANKING: f"The model's own order, without filters and franchises{liked}",
    }
    for kind, heading in headings.items():
        if reports := reports_of(kind):
            lines = [
                (
                    metric.name,
                    *(number(_value(report, metric.key)) for report in reports.values()),
                    _people(reports, metric.key),
                )
                for metric in metrics_of(kind, metrics)
            ]
            heads = (*reports, "people")
            grids.append(table(f"{heading}{_weights(reports, kind)}", ("", *heads), lines, heads))
    return Group(*[block for grid in grids for block in (grid, "")][:-1])


def _count(report: dict[str, Any], key: str) -> str:
    """A number of ratings or people; empty where it is not noted."""
    return f"{report[key]:,}" if isinstance(report.get(key), int) else ""


def _weights(reports: dict[str, dict[str, Any]], kind: str) -> str:
    """What a hit counts in weighted metrics, by the number n of training entries of the title; "" where none are weighted."""
    from konomi.evaluate.metrics import RANKING, SERVED

    exponent = _value(next(iter(reports.values())), "propensity_exponent") if kind in (SERVED, RANKING) else None
    return "" if exponent is None else f"; weights n^−{exponent:g}"


def _people(reports: dict[str, dict[str, Any]], key: str) -> str:
    """Of how many people a metric is in each report; once where it is the same."""
    found = [_count({**report.get("people", {}), "log_loss": report.get("users")}, key) for report in reports.values()]
    return " ".join(dict.fromkeys(filter(None, found)))


def _value(report: dict[str, Any], key: str) -> float | None:
    """The value of a metric in a report; None where it is missing, as it may be in bundles of other processes."""
    value = report.get(key)
    return value if isinstance(value, int | float) else None
