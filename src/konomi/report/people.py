"""The report of a comparison on people held out: tables, sentences, a folder with report.html, people.md, people.png and
metrics.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from konomi.arguments import as_path, expect
from konomi.errors import DataError
from konomi.evaluate.metrics import METRICS, SERVED, ListMetric, list_metrics, primary
from konomi.evaluate.records import Ranked
from konomi.extras import need
from konomi.files import whole_folder, write_manifest
from konomi.pipeline.people_comparison import ALL, FEW, POPULAR, TRAINED, WISHES, People
from konomi.report import html
from konomi.report.folder import FORMAT, KIND, circumstances
from konomi.report.people_plot import people_png, people_svg
from konomi.report.tables import Grid, counted, interval_text, keys_of, names_of, number, real_text
from konomi.report.verdict import and_list


def columns(found: People) -> list[ListMetric]:
    """The metrics of the table: those with `of_people`, and those that were asked for."""
    return [metric for metric in list_metrics(found.metrics) if metric.of_people or metric.key not in METRICS]


def scores(found: People) -> Grid:
    """The metrics of each model with so much shown."""
    metrics, first = columns(found), primary(SERVED)
    rows = []
    for row in found.rows:
        values = (counted(row.served.metrics[key], _fewer(row.served, key, found.measured)) for key in keys_of(metrics))
        rows.append((row.model, row.shown, number(row.rmse), *values, number(row.ranked.metrics[first.key])))
    names = ("model", "shown", METRICS["rmse"].name, *names_of(metrics), f"{first.name}, own order")
    title = f"{found.measured:,} people held out whole, by what is shown of them; liked is what is {found.liked}"
    return Grid(title, names, rows, heads=2)


def _fewer(ranked: Ranked, key: str, everybody: int) -> int | None:
    """Of how many people a figure is; None = of all."""
    people: int = ranked.metrics["people"][key]
    return None if people == everybody else people


def leads(found: People) -> Grid:
    """The differences of each row from popularity, and of new people from training users."""
    pairs = [(row.model, f"{row.shown} − {POPULAR}", row.over) for row in found.rows if row.over is not None]
    pairs += [(model, f"{ALL} − {TRAINED}", interval) for model, interval in found.trained.items()]
    order = {model: n for n, model in enumerate(found.models)}
    rows = [
        (model, what, interval_text(interval, signed=True), real_text(interval))
        for model, what, interval in sorted(pairs, key=lambda pair: order[pair[0]])
    ]
    name = primary(SERVED).name
    return Grid(
        f"Differences in {name} of the lists that people get, with 95 % intervals", ("model", "shown", name, "real?"), rows, 2
    )


def answer(found: People) -> str:
    """Which model to take: of those whose lists are really better than popularity's with some ratings shown, the one with the
    best lists with all shown."""
    key, name = primary(SERVED).key, primary(SERVED).name
    value = {model: float(found.of(model)[ALL].served.metrics[key]) for model in found.models}
    better = {model: _better(found, model) for model in found.models}
    best = max((model for model in better if better[model]), key=value.__getitem__, default=None)
    if best is None:
        return f"Take {POPULAR}, which only counts: no lists are really better."
    return (
        f"Take {best}: with {_ways(better[best])} its lists are really better than those of {POPULAR}, which only counts; "
        f"with all they have {name} {number(value[best])} where {POPULAR} has {number(value[POPULAR])}."
    )


def _better(found: People, model: str) -> list[str]:
    """With how much shown, but for wishes and training users, the lists of a model are really better than popularity's."""
    known = {shown: row.over for shown, row in found.of(model).items() if shown not in (TRAINED, WISHES)}
    return [shown for shown, over in known.items() if over is not None and over.real and over.value > 0]


def sentences(found: People) -> list[str]:
    """Sentences on the people measured, and on the result of each model."""
    lacking = [f"{found.too_few:,} have fewer than {FEW[-1]} ratings to show"] if found.too_few else []
    lacking += [f"{found.unliked:,} like nothing that is hidden"] if found.unliked else []
    lacking += [f"{found.untold:,} of those measured have no genre to wish for"] if found.untold else []
    first = (
        f"Of {found.held_out:,} people held out whole, {found.measured:,} are measured, on {found.ratings:,} hidden ratings"
        f"{''.join(f'; {what}' for what in lacking)}. However much is shown, nothing that could be is recommended."
    )
    return [first, *(_about(found, model) for model in found.trained), *_failed(found)]


def _about(found: People, model: str) -> str:
    known = {shown: row.over for shown, row in found.of(model).items() if shown != TRAINED and row.over is not None}
    ways = {
        "is better with": [shown for shown, over in known.items() if over.real and over.value > 0],
        "is worse with": [shown for shown, over in known.items() if over.real and over.value < 0],
        "may differ by chance with": [shown for shown, over in known.items() if not over.real],
    }
    result = "; ".join(f"{way} {_ways(amounts)}" for way, amounts in ways.items() if amounts)
    gap = found.trained[model]
    alike = "no difference can be told" if not gap.real else "they are better" if gap.value > 0 else "they are worse"
    return (
        f"Beside {POPULAR}, {model} {result}. With all shown, lists of people it has never met beside lists of the same people "
        f"as training users: {alike}, {interval_text(gap, signed=True)} in {primary(SERVED).name}."
    )


def _ways(amounts: list[str]) -> str:
    """Such as: 1, 5 and all ratings shown and with wishes for genres alone."""
    shown = [amount for amount in amounts if amount != WISHES]
    ratings = [f"{and_list(shown)} {'rating' if shown == ['1'] else 'ratings'} shown"] if shown else []
    return " and with ".join([*ratings, *(["wishes for genres alone"] if WISHES in amounts else [])])


def _failed(found: People) -> list[str]:
    return [f"{model} failed: {reason}" for model, reason in found.failures.items()]


def facts(found: People, source: Path | str = "") -> dict[str, Any]:
    """All results, as plain values without NaN."""
    counts = {name: getattr(found, name) for name in ("held_out", "measured", "too_few", "unliked", "untold", "ratings")}
    rows = [
        {
            "model": row.model,
            "shown": row.shown,
            "rmse": row.rmse,
            **row.ranked.metrics,
            "served": row.served.metrics,
            "over_popular": None if row.over is None else {**row.over.to_dict(), "real": row.over.real},
        }
        for row in found.rows
    ]
    return {
        "answer": answer(found),
        "verdict": sentences(found),
        **circumstances(found.dataset, found.split, found.run, source),
        "people": counts,
        "liked": found.liked,
        "rows": rows,
        "all_less_trained_on": {model: {**gap.to_dict(), "real": gap.real} for model, gap in found.trained.items()},
        "failures": found.failures,
    }


def markdown(found: People) -> str:
    """The sentences and the tables, and the plot."""
    picture = f"![{primary(SERVED).name} and RMSE against how much is shown](people.png)"
    return "\n\n".join([*sentences(found), picture, scores(found).markdown(), leads(found).markdown()])


def page(found: People, values: Mapping[str, Any]) -> str:
    """report.html. values: the contents of metrics.json."""
    title = f"{', '.join(found.trained) or POPULAR} for people never met"
    blocks = (
        html.note(values["data"]["note"]),
        html.verdict(values),
        "<h2>Lists of new people</h2>",
        html.table(scores(found)),
        html.meanings([METRICS["rmse"], *columns(found)]),
        html.figures(people_svg(found)),
        "<h2>Differences</h2>",
        html.table(leads(found)),
        html.about(values),
    )
    return html.whole_page(title, blocks, values["versions"]["konomi"])


def write_people(path: Path | str, found: People, source: Path | str = "") -> dict[str, Any]:
    """Write the folder whole or not at all; returns the contents of metrics.json. source: the path of the dataset.

    An older report is replaced; DataError where anything else is at the path. ConfigError where matplotlib is missing.
    """
    need("matplotlib", "The report")
    place = as_path(path, "a report", DataError)
    expect(found, People, "a comparison on people", DataError, "Give what konomi.compare_people gave.")
    with whole_folder(place, KIND, DataError) as folder:
        (folder / "people.png").write_bytes(people_png(found))
        values = facts(found, source)
        (folder / "report.html").write_text(page(found, values), encoding="utf-8")
        text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")
        (folder / "people.md").write_text(markdown(found), encoding="utf-8")
        write_manifest(folder, {"kind": KIND, "format": FORMAT, "models": sorted(found.models)})
    return values
