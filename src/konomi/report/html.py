"""What pages are made of: blocks of HTML from tables, maps, plots and lists of words; and the whole page."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from konomi.evaluate.metrics import Metric
from konomi.report.drawing import Plot
from konomi.report.maps import Map
from konomi.report.tables import Grid

Colour = tuple[int, int, int]
LONGEST = 28  # characters of a title in the head of a map
NUMBER = ' class="number"'
BETTER = {"higher": "Higher is better.", "lower": "Lower is better.", "neither": ""}


def whole_page(title: str, blocks: Iterable[str], konomi: str) -> str:
    """The page with these blocks, the empty ones left out; konomi: the version that made it."""
    footer = f'<footer class="muted">Made by Konomi {escape(konomi)}.</footer>'
    text = "\n".join(block for block in (f"<h1>{escape(title)}</h1>", *blocks, footer) if block)
    template = Template((files("konomi.report") / "page.html").read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), body=text.replace(" %", "\N{NO-BREAK SPACE}%"))


def note(text: str) -> str:
    return f'<p class="note">Note: {escape(text)}.</p>' if text else ""


def verdict(facts: Mapping[str, Any]) -> str:
    """The answer, then what it rests on."""
    answer = f'<p class="answer">{escape(facts["answer"])}</p>' if facts["answer"] else ""
    return f'<div class="verdict">{answer}{"".join(f"<p>{escape(sentence)}</p>" for sentence in facts["verdict"])}</div>'


def about(facts: Mapping[str, Any]) -> str:
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
    return f"<h2>How it was measured</h2>\n{_list(lines)}"


def _list(lines: Mapping[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in lines.items()) + "</dl>"


def meanings(metrics: Iterable[Metric]) -> str:
    """What the columns of a table say, to be unfolded."""
    said = {metric.name: f"{metric.meaning} {BETTER[metric.better]}".strip() for metric in metrics if metric.meaning}
    return f"<details><summary>What the columns say</summary>{_list(said)}</details>" if said else ""


def table(grid: Grid) -> str:
    """A `Grid` as HTML: intervals in small letters beneath their values."""

    def cell(text: str, number: bool) -> str:
        value, space, around = text.partition(" [")
        small = f"<small>[{escape(around)}</small>" if space else ""
        return f'<td class="number">{escape(value)}{small}</td>' if number else f"<td>{escape(text)}</td>"

    rows = [(row[0], [cell(text, n >= grid.heads) for n, text in enumerate(row[1:], 1)]) for row in grid.rows]
    return box(f"{grid.title}.", [head(name, n >= grid.heads) for n, name in enumerate(grid.columns)], rows)


def heat(found: Map, colours: Sequence[Colour], low: float, high: float, form: str, caption: str) -> str:
    """A map as a table whose cells are coloured by their values."""
    names = (name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in found.columns)
    top = ["<td></td>", *(f'<th scope="col"><span>{escape(name)}</span></th>' for name in names)]
    cells = [[_coloured(value, colours, low, high, form) for value in values] for values in found.values.tolist()]
    return box(caption, top, zip(found.rows, cells, strict=True), "heat")


def head(name: str, number: bool) -> str:
    return f'<th scope="col"{NUMBER if number else ""}>{escape(name)}</th>'


def box(caption: str, top: Iterable[str], rows: Iterable[tuple[str, list[str]]], kind: str = "plain") -> str:
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


def figures(*shown: Plot) -> str:
    return '<div class="figures">\n' + "\n".join(_figure(plot) for plot in shown) + "\n</div>"


def _figure(plot: Plot) -> str:
    svg = plot.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(plot.alt)}" ', 1)
    caption = f"<figcaption>{escape(plot.caption)}</figcaption>" if plot.caption else ""
    return f"<figure>{svg}{caption}</figure>"
