"""report.html: one self-contained page for phones, desks and printers, light or dark."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from konomi.evaluate.evaluate import ACTIVITY, POPULARITY
from konomi.evaluate.metrics import primary
from konomi.models.api import criterion
from konomi.pipeline.comparison import Comparison, purpose
from konomi.report import plots, tables
from konomi.report.drawing import Look, Plot, looks
from konomi.report.maps import Map, most_active_by_most_rated, taste_per_genre
from konomi.report.tables import MISSING, TITLES, Grid

Colour = tuple[int, int, int]
LONGEST = 28  # characters of a title in the head of a map
NUMBER = ' class="number"'
RISING = ((238, 244, 250), (158, 195, 226), (0, 84, 140))  # RGB of the least, the middle and the highest value
AROUND_ZERO = ((196, 90, 10), (245, 245, 245), (0, 84, 140))  # likewise, with 0 in the middle


def page(comparison: Comparison, facts: Mapping[str, Any], user_ids: bool = False) -> str:
    """The whole page. facts: the contents of metrics.json; user_ids: whether the most active users are named by their ids."""
    names = list(dict.fromkeys(fit.name for fit in comparison.fits))
    look = looks(names)
    title = f"Comparison of {', '.join(names)}" if names else "Comparison"
    blocks = [
        f"<h1>{escape(title)}</h1>",
        _note(facts["data"]["note"]),
        '<div class="verdict">' + "".join(f"<p>{escape(sentence)}</p>" for sentence in facts["verdict"]) + "</div>",
        _about(facts),
        *(_section(comparison, task, look) for task in comparison.standings),
        _training(comparison, facts),
        _data(comparison, facts, user_ids),
        f'<footer class="muted">Made by Konomi {escape(facts["versions"]["konomi"])}.</footer>',
    ]
    template = Template((files("konomi.report") / "page.html").read_text(encoding="utf-8"))
    text = "\n".join(block for block in blocks if block)
    return template.substitute(title=escape(title), body=text.replace(" %", "\N{NO-BREAK SPACE}%"))


def _note(text: str) -> str:
    return f'<p class="note">Note: {escape(text)}.</p>' if text else ""


def _about(facts: Mapping[str, Any]) -> str:
    """The data, the split, the run, the machine and the versions."""
    data, split = facts["data"], facts["split"]
    counts = f"{data['entries']:,} entries of {data['users']:,} users for {data['items']:,} items"
    how = ", ".join(f"{key} {value}" for key, value in split.items() if key not in ("sha256", "entries"))
    entries = ", ".join(f"{name} {count:,}" for name, count in split["entries"].items() if count)
    lines = {
        "data": f"{data['path'] or 'in memory'} ({data['source']})",
        "size": f"{counts} ({100 * data['density']:.3g} % of all pairs)",
        "split": f"{how}; {split['sha256'].removeprefix('sha256:')[:12]}",
        "entries": entries,
        "run": ", ".join(f"{name} {value}" for name, value in facts["run"].items()),
        "machine": "{processor}, {cores} cores to use, {system}".format(**facts["machine"]),
        "versions": ", ".join(f"{name} {number}" for name, number in facts["versions"].items()),
    }
    return "<dl>" + "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in lines.items()) + "</dl>"


def _section(comparison: Comparison, task: str, look: Mapping[str, Look]) -> str:
    """One task, or the recommendations: tables and plots."""
    metric, standing = primary(task), comparison.standings[task]
    look = {name: look[fit.name] for name, fit in comparison.on(task).items()}
    order = tables.ranked(comparison, task)
    plain = {name: standing.metrics[name][metric.key].value for name in comparison.baselines(task)}
    intervals = {name: standing.metrics[name][metric.key] for name in order}
    blocks = [f"<h2>{TITLES[task]}</h2>", _table(tables.scores(comparison, task))]
    if len(comparison.reports(task)) > 1:
        blocks.append(_matrix(comparison, task, order))
    blocks.append(_figures(plots.whiskers(f"{task}-whiskers", metric, intervals, plain, look)))
    if task in PLOTS:
        blocks.append(PLOTS[task](comparison, order, look))
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
{_figures(*residuals)}
<h3>Predicted against true ratings</h3>
<p class="muted">Of the predictions for each true rating, a box holds half and its whiskers nine in ten; the line is the median.
On the dotted line predictions are right.</p>
{_figures(*boxes)}"""


def _reliability(comparison: Comparison, order: Sequence[str], look: Mapping[str, Look]) -> str:
    fits = comparison.on("interaction")
    bins = {name: fits[name].reports["test"].metrics["reliability"] for name in order}
    return f"<h3>Reliability</h3>\n{_figures(plots.reliability('reliability', bins, look))}"


PLOTS = {"rating": _rating_plots, "interaction": _reliability}
"""The other plots of each task."""


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
    return f"<h3>Differences</h3>\n{_box(caption, [_head(name, n > 0) for n, name in enumerate(('', *columns))], rows)}"


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
    heads = [_head(name, number=False) for name in ("model", "settings")]
    blocks = ["<h2>Training</h2>", _table(tables.costs(comparison))]
    blocks += ["<h3>Error by epoch</h3>", _figures(*curves)] if curves else []
    return "\n".join([*blocks, "<h3>Settings</h3>", _box("What each model was trained with.", heads, settings)])


def _settings_text(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _data(comparison: Comparison, facts: Mapping[str, Any], user_ids: bool) -> str:
    """The dataset: histogram, ratings of the most active users, their taste per genre."""
    dataset = comparison.dataset
    counts = {value: count for value, count in facts["data"]["histogram"].items() if value != "not scored"}
    blocks = ["<h2>Data</h2>", _figures(plots.histogram("ratings", "rating", counts))]
    ratings = most_active_by_most_rated(dataset, user_ids)
    caption = "Ratings; empty where there is none." + ("" if user_ids else " The numbers of users are not their ids.")
    blocks.append("<h3>The most active users × the most rated items</h3>")
    blocks.append(_heat(ratings, RISING, dataset.scale.low, dataset.scale.high, "{:g}", caption))
    taste = taste_per_genre(dataset, user_ids)
    if taste.columns and np.isfinite(taste.values).any():
        most = float(np.nanmax(np.abs(taste.values))) or 1.0
        caption = "How far the user's ratings of a genre lie above their own mean rating, drawn towards 0 where they are few."
        blocks.append("<h3>Taste per genre of the most active users</h3>")
        blocks.append(_heat(taste, AROUND_ZERO, -most, most, "{:+.1f}", caption))
    return "\n".join(blocks)


def _table(grid: Grid) -> str:
    """A `Grid` as HTML: intervals in small letters beneath their values."""

    def cell(text: str, number: bool) -> str:
        value, space, around = text.partition(" [")
        small = f"<small>[{escape(around)}</small>" if space else ""
        return f'<td class="number">{escape(value)}{small}</td>' if number else f"<td>{escape(text)}</td>"

    rows = [(row[0], [cell(text, n >= grid.heads) for n, text in enumerate(row[1:], 1)]) for row in grid.rows]
    return _box(f"{grid.title}.", [_head(name, n >= grid.heads) for n, name in enumerate(grid.columns)], rows)


def _heat(found: Map, colours: Sequence[Colour], low: float, high: float, form: str, caption: str) -> str:
    """A map as a table whose cells are coloured by their values."""
    names = (name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in found.columns)
    top = ["<td></td>", *(f'<th scope="col"><span>{escape(name)}</span></th>' for name in names)]
    cells = [[_coloured(value, colours, low, high, form) for value in values] for values in found.values.tolist()]
    return _box(caption, top, zip(found.rows, cells, strict=True), "heat")


def _head(name: str, number: bool) -> str:
    return f'<th scope="col"{NUMBER if number else ""}>{escape(name)}</th>'


def _box(caption: str, top: Iterable[str], rows: Iterable[tuple[str, list[str]]], kind: str = "plain") -> str:
    """A table in a scrolling box, from the HTML cells of the top row and (head, cells) of the other rows."""
    html_rows = "\n".join(f'<tr><th scope="row">{escape(head)}</th>{"".join(cells)}</tr>' for head, cells in rows)
    table = f'<table class="{kind}"><thead><tr>{"".join(top)}</tr></thead>\n<tbody>\n{html_rows}\n</tbody></table>'
    box = f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">{table}</div>'
    return f'<p class="muted">{escape(caption)}</p>\n{box}'


def _coloured(value: float, colours: Sequence[Colour], low: float, high: float, form: str) -> str:
    if np.isnan(value):
        return "<td></td>"
    place = (value - low) / (high - low) * (len(colours) - 1)
    n = min(int(place), len(colours) - 2)
    red, green, blue = (round(a + (place - n) * (b - a)) for a, b in zip(colours[n], colours[n + 1], strict=True))
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 140
    text = form.format(round(value, 1) + 0.0).replace("-", "−")  # + 0: no −0
    return f'<td style="background:rgb({red},{green},{blue});color:{"#fff" if dark else "#141414"}">{text}</td>'


def _figures(*shown: Plot) -> str:
    return '<div class="figures">\n' + "\n".join(_figure(plot) for plot in shown) + "\n</div>"


def _figure(plot: Plot) -> str:
    svg = plot.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(plot.alt)}" ', 1)
    caption = f"<figcaption>{escape(plot.caption)}</figcaption>" if plot.caption else ""
    return f"<figure>{svg}{caption}</figure>"
