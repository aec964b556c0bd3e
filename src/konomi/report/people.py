"""What a comparison on people held out says: tables, sentences, and a folder with people.md, people.png and metrics.json."""

import json
from pathlib import Path
from typing import Any

from konomi.errors import DataError
from konomi.evaluate.people import ALL, FEW, POPULAR, TRAINED, WISHES, People
from konomi.extras import need
from konomi.files import whole_folder, write_manifest
from konomi.report import plots
from konomi.report.folder import FORMAT, KIND, circumstances
from konomi.report.tables import MISSING, NAMES, Grid, around, number
from konomi.report.verdict import listed

KEYS = ("ndcg@10", "recall@20", "coverage@10", "novelty@10", "ild@10")


def scores(found: People) -> Grid:
    """What each model does with so much shown."""
    rows = []
    for row in found.rows:
        figures = (number(row.ranked.figures[key]) for key in KEYS)
        rows.append((row.model, row.shown, MISSING if row.rmse is None else number(row.rmse), *figures))
    columns = ("model", "shown", NAMES["rmse"], *(NAMES[key] for key in KEYS))
    return Grid("People held out whole, by what is shown of them", columns, rows, heads=2)


def leads(found: People) -> Grid:
    """How far each row is from popularity, and somebody new from a training user."""
    pairs = [(row.model, f"{row.shown} − {POPULAR}", row.over) for row in found.rows if row.over is not None]
    pairs += [(model, f"{ALL} − {TRAINED}", interval) for model, interval in found.trained.items()]
    order = {model: n for n, model in enumerate(found.models)}
    rows = [
        (model, what, around(interval, signed=True), "yes" if interval.real else "no")
        for model, what, interval in sorted(pairs, key=lambda pair: order[pair[0]])
    ]
    return Grid(
        f"Differences in {NAMES['ndcg@10']}, with 95 % intervals", ("model", "shown", NAMES["ndcg@10"], "real?"), rows, 2
    )


def sentences(found: People) -> list[str]:
    """Who is measured, and what it comes to for each model."""
    lacking = [f"{found.too_few:,} have fewer than {FEW[-1]} ratings to show"] if found.too_few else []
    lacking += [f"{found.unliked:,} like nothing that is hidden"] if found.unliked else []
    lacking += [f"{found.untold:,} of those measured have no genre to wish for"] if found.untold else []
    said = [
        f"Of {found.held_out:,} people held out whole, {found.measured:,} are measured, on {found.ratings:,} hidden ratings"
        f"{''.join(f'; {what}' for what in lacking)}. However much is shown, nothing that could be is recommended."
    ]
    return [*said, *(_on(found, model) for model in found.trained), *_failed(found)]


def _on(found: People, model: str) -> str:
    known = {shown: row.over for shown, row in found.of(model).items() if shown != TRAINED and row.over is not None}
    ways = {
        "is better with": [shown for shown, over in known.items() if over.real and over.value > 0],
        "is worse with": [shown for shown, over in known.items() if over.real and over.value < 0],
        "may differ by chance with": [shown for shown, over in known.items() if not over.real],
    }
    said = "; ".join(f"{way} {_spoken(amounts)}" for way, amounts in ways.items() if amounts)
    gap = found.trained[model]
    alike = "no difference can be told" if not gap.real else "they are better" if gap.value > 0 else "they are worse"
    return (
        f"Beside {POPULAR}, {model} {said}. With all shown, lists of people it has never met beside lists of the same people "
        f"as training users: {alike}, {around(gap, signed=True)} in {NAMES['ndcg@10']}."
    )


def _spoken(amounts: list[str]) -> str:
    """As in: 1, 5 and all ratings shown and with wishes for genres alone."""
    shown = [amount for amount in amounts if amount != WISHES]
    ratings = [f"{listed(shown)} {'rating' if shown == ['1'] else 'ratings'} shown"] if shown else []
    return " and with ".join([*ratings, *(["wishes for genres alone"] if WISHES in amounts else [])])


def _failed(found: People) -> list[str]:
    return [f"{model} failed: {reason}" for model, reason in found.failures.items()]


def facts(found: People, source: Path | str = "") -> dict[str, Any]:
    """Everything that was found, in plain values without NaN."""
    counts = {name: getattr(found, name) for name in ("held_out", "measured", "too_few", "unliked", "untold", "ratings")}
    rows = [
        {
            "model": row.model,
            "shown": row.shown,
            "rmse": row.rmse,
            **row.ranked.figures,
            "over_popular": None if row.over is None else {**row.over.figures(), "real": row.over.real},
        }
        for row in found.rows
    ]
    return {
        "verdict": sentences(found),
        **circumstances(found.dataset, found.split, found.run, source),
        "people": counts,
        "rows": rows,
        "all_less_trained_on": {model: {**gap.figures(), "real": gap.real} for model, gap in found.trained.items()},
        "failures": found.failures,
    }


def markdown(found: People) -> str:
    """The sentences and the tables, and the plot."""
    picture = "![NDCG@10 and RMSE against how much is shown](people.png)"
    return "\n\n".join([*sentences(found), picture, scores(found).markdown(), leads(found).markdown()])


def write_people(path: Path | str, found: People, source: Path | str = "") -> dict[str, Any]:
    """Write the folder whole or not at all, and return what is in metrics.json; `source` is where the dataset lies.

    An older report there is replaced, anything else is refused with a DataError. ConfigError where matplotlib is missing.
    """
    need("matplotlib", "The report")
    with whole_folder(Path(path), KIND, DataError) as folder:
        (folder / "people.png").write_bytes(plots.people(found))
        values = facts(found, source)
        text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")
        (folder / "people.md").write_text(markdown(found), encoding="utf-8")
        write_manifest(folder, {"kind": KIND, "format": FORMAT, "models": sorted(found.models)})
    return values
