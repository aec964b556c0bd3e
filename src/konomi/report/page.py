"""report.html: one self-contained page for phones, desks and printers, light or dark."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from konomi.evaluate.evaluate import ACTIVITY, POPULARITY
from konomi.evaluate.metrics import SERVED, metrics_of, primary
from konomi.models.api import criterion
from konomi.pipeline.comparison import Comparison, purpose
from konomi.report import plots, tables
from konomi.report.drawing import Look, looks
from konomi.report.examples import HIT, examples
from konomi.report.html import about, box, figures, head, heat, meanings, note, table, verdict, whole_page
from konomi.report.maps import most_active_by_most_rated, taste_per_genre
from konomi.report.tables import MISSING, TITLES

RISING = ((238, 244, 250), (158, 195, 226), (0, 84, 140))  # RGB of the least, the middle and the highest value
AROUND_ZERO = ((196, 90, 10), (245, 245, 245), (0, 84, 140))  # likewise, with 0 in the middle


def page(comparison: Comparison, facts: Mapping[str, Any], user_ids: bool = False) -> str:
    """The whole page. facts: the contents of metrics.json; user_ids: whether the most active users are named by their ids."""
    names = comparison.names
    look = looks(names)
    title = f"Comparison of {', '.join(names)}" if names else "Comparison"
    blocks = (
        note(facts["data"]["note"]),
        verdict(facts),
        *(_section(comparison, task, look) for task in comparison.standings),
        _training(comparison, facts),
        _data(comparison, facts, user_ids),
        about(facts),
    )
    return whole_page(title, blocks, facts["versions"]["konomi"])


def _section(comparison: Comparison, task: str, look: Mapping[str, Look]) -> str:
    """One task, or the recommendations: tables and plots."""
    metric, standing = primary(task), comparison.standings[task]
    look = {name: look[fit.name] for name, fit in comparison.on(task).items()}
    order = tables.ranked(comparison, task)
    plain = {name: standing.metrics[name][metric.key].value for name in comparison.baselines(task)}
    intervals = {name: standing.metrics[name][metric.key] for name in order}
    blocks = [f"<h2>{TITLES[task]}</h2>", table(tables.scores(comparison, task))]
    blocks.append(meanings(metrics_of(task, comparison.metrics)))
    if len(comparison.reports(task)) > 1:
        blocks.append(_matrix(comparison, task, order))
    blocks.append(figures(plots.whiskers(f"{task}-whiskers", metric, intervals, plain, look)))
    if task in MORE:
        blocks.append(MORE[task](comparison, order, look))
    return "\n".join(blocks)


def _rating_plots(comparison: Comparison, order: Sequence[str], look: Mapping[str, Look]) -> str:
    """Errors by activity and popularity, then each model's predictions against the true ratings."""
    found = {name: comparison.predictions("rating")[name] for name in order}
    entries = found[order[0]]
    seen = comparison.split.test(comparison.dataset)[0].scored()
    rated = np.append(np.bincount(comparison.train.seen.scored().item, minlength=len(comparison.dataset.items)), 0)
    activity, popularity = seen.counts[entries.user], rated[entries.item]
    residuals = (
        plots.residuals("activity", "seen ratings of the user", activity, ACTIVITY, found, look),
        plots.residuals("popularity", "training ratings of the item", popularity, POPULARITY, found, look),
    )
    scale = comparison.dataset.scale
    boxes = (plots.predicted_by_true(f"true-{n}", name, found[name], scale) for n, name in enumerate(order))
    return f"""<h3>Errors by activity and popularity</h3>
{figures(*residuals)}
<h3>Predicted against true ratings</h3>
<p class="muted">Of the predictions for each true rating, a box holds half and its whiskers nine in ten; the line is the median.
On the dotted line predictions are right.</p>
{figures(*boxes)}"""


def _reliability(comparison: Comparison, order: Sequence[str], look: Mapping[str, Look]) -> str:
    fits = comparison.on("interaction")
    bins = {name: fits[name].reports["test"].metrics["reliability"] for name in order}
    return f"<h3>Reliability</h3>\n{figures(plots.reliability('reliability', bins, look))}"


def _examples(comparison: Comparison, order: Sequence[str], look: Mapping[str, Look]) -> str:
    shown = examples(comparison)
    note = f'<p class="muted">The first places of their lists; {HIT} marks what they turned out to like.</p>'
    return "\n".join(["<h3>Lists of a few people</h3>", note, *map(table, shown)]) if shown else ""


MORE = {SERVED: _examples, "rating": _rating_plots, "interaction": _reliability}
"""What else is told of each task."""


def _matrix(comparison: Comparison, task: str, order: Sequence[str]) -> str:
    """The difference of every two models in the metric that orders them."""
    found, metric = comparison.standings[task].differences, primary(task)

    def cell(row: str, column: str) -> str:
        if row == column:
            return f'<td class="number">{MISSING}</td>'
        interval = found[row, column, metric.key]
        value, around = tables.interval_text(interval, signed=True).split(" ", 1)
        return f'<td class="number{" real" if interval.real else ""}">{value}<small>{around}</small></td>'

    columns = (*order, *comparison.baselines(task))
    rows = [(row, [cell(row, column) for column in columns]) for row in order]
    caption = f"The row's {metric.name} less that of the column, with its 95 % interval; bold where the difference is real."
    return f"<h3>Differences</h3>\n{box(caption, [head(name, n > 0) for n, name in enumerate(('', *columns))], rows)}"


def _training(comparison: Comparison, facts: Mapping[str, Any]) -> str:
    """Costs, settings and curves of every training."""
    if not comparison.fits:
        return ""
    curves = [
        plots.losses(f"losses-{n}", f"{fit.name}, {purpose(fit.tasks)}", criterion(fit.model).name, fit.history, fit.best)
        for n, fit in enumerate(comparison.fits)
        if fit.epochs
    ]
    settings = [
        (fit["model"], [f'<td class="settings">{escape(_settings_text(fit["config"]))}</td>'])
        for fit in facts["fits"]
        if fit["config"]
    ]
    heads = [head(name, number=False) for name in ("model", "settings")]
    blocks = ["<h2>Training</h2>", table(tables.costs(comparison))]
    blocks += ["<h3>Error by epoch</h3>", figures(*curves)] if curves else []
    return "\n".join([*blocks, "<h3>Settings</h3>", box("What each model was trained with.", heads, settings)])


def _settings_text(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _data(comparison: Comparison, facts: Mapping[str, Any], user_ids: bool) -> str:
    """The dataset: histogram, ratings of the most active users, their taste per genre."""
    dataset = comparison.dataset
    counts = {value: count for value, count in facts["data"]["histogram"].items() if value != "not scored"}
    blocks = ["<h2>Data</h2>", figures(plots.histogram("ratings", "rating", counts))]
    ratings = most_active_by_most_rated(dataset, user_ids)
    caption = "Ratings; empty where there is none." + ("" if user_ids else " The numbers of users are not their ids.")
    blocks.append("<h3>The most active users × the most rated items</h3>")
    blocks.append(heat(ratings, RISING, dataset.scale.low, dataset.scale.high, "{:g}", caption))
    taste = taste_per_genre(dataset, user_ids)
    if taste.columns and np.isfinite(taste.values).any():
        most = float(np.nanmax(np.abs(taste.values))) or 1.0
        caption = "How far the user's ratings of a genre lie above their own mean rating, drawn towards 0 where they are few."
        blocks.append("<h3>Taste per genre of the most active users</h3>")
        blocks.append(heat(taste, AROUND_ZERO, -most, most, "{:+.1f}", caption))
    return "\n".join(blocks)
