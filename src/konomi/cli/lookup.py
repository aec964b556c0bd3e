"""What several commands need: a bundle's dataset and split, tables of metrics, tables of titles."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from konomi.cli.console import table

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table as Grid

    from konomi.bundle.format import Bundle
    from konomi.data.dataset import Dataset
    from konomi.data.split import Split
    from konomi.data.table import Table
    from konomi.recommend.answer import Answer, Row
    from konomi.runtime import Run

COLUMNS: "dict[str, Callable[[Row], str | None]]" = {
    "predicted": lambda row: None if row.rating is None else f"{row.rating:.2f}",
    "90 %": lambda row: None if row.interval is None else f"{row.interval[0]:.1f}–{row.interval[1]:.1f}",
    "probability": lambda row: None if row.probability is None else f"{row.probability:.3f}",
    "similarity": lambda row: f"{row.score:.2f}",
    "distance": lambda row: f"{-row.score:.2f}",
}
"""Columns of a table of titles."""


def dataset_of(bundle: "Bundle", data: Path | None) -> "Dataset":
    """The dataset that a bundle was trained on, where it was then or at `data`; DataError where it is not the same."""
    from konomi.data.dataset import Dataset
    from konomi.errors import DataError

    noted = bundle.facts.data.path  # empty where the model was trained in Python, on a dataset in memory
    path = data or Path(noted)
    if data is None and not (noted and path.exists()):
        raise DataError(f"{noted or 'memory'}: the dataset of this model is not there.", "Say where it is: --data DATA.")
    dataset = Dataset.open(path)
    if dataset.sha256 != bundle.facts.data.sha256:
        raise DataError(
            f"{path}: not the dataset that this model was trained on: its hash differs.",
            "Give that one with --data DATA, or train again.",
        )
    return dataset


def read_like(dataset: "Dataset", path: Path, run: "Run") -> "Table":
    """A ratings file of the same source as a dataset, read as that was."""
    from dataclasses import replace

    from konomi.reading.formats import ReadOptions
    from konomi.reading.sources import SOURCES, read_source
    from konomi.settings import settings

    source = dataset.manifest["source"]
    options = settings(ReadOptions, dataset.manifest.get("read", {}), f"{path}")
    known = source if source in SOURCES and source != "sample" else None
    return read_source(known, [path], replace(options, scale=dataset.scale), run)


def given_split(dataset: "Dataset", test: Path, valid: Path | None, share: float, seed: int, run: "Run") -> "Split":
    """The split whose parts are given by files; their paths are kept, so that it can be made again.

    Without a validation file, a share of what is no test is drawn for it.
    """
    from dataclasses import replace

    from konomi.data.split import predefined

    validated = read_like(dataset, valid, run) if valid else None
    split = predefined(dataset, read_like(dataset, test, run), validated, share, seed)
    files = {"test_file": str(test.resolve()), **({"valid_file": str(valid.resolve())} if valid else {})}
    return replace(split, spec={**split.spec, **files})


def split_of(bundle: "Bundle", dataset: "Dataset", run: "Run") -> "Split":
    """The split that a bundle was trained with, made again; DataError where it comes out otherwise."""
    from konomi.data.split import rebuild
    from konomi.errors import DataError

    spec, sha256 = bundle.facts.split.spec, bundle.facts.split.sha256
    if spec["kind"] != "predefined":
        return rebuild(dataset, spec, sha256)
    valid = Path(spec["valid_file"]) if "valid_file" in spec else None
    split = given_split(dataset, Path(spec["test_file"]), valid, spec.get("valid", 0), spec.get("seed", 0), run)
    if split.sha256 != sha256:
        raise DataError(f"{spec['test_file']}: not the file that this model was tested on: its split differs.", "Train again.")
    return split


def split_name(facts: dict[str, Any]) -> str:
    """A split's kind and the first digits of its hash, as every report has them."""
    return f"{facts['kind']} {facts['sha256'].removeprefix('sha256:')[:12]}"


def errors_table(title: str, rows: dict[str, dict[str, Any]]) -> "Group":
    """What was measured for each named report: tables of ratings, interactions and recommendations, where there are any."""
    from rich.console import Group

    from konomi.evaluate.bootstrap import RANKING
    from konomi.report.tables import COLUMNS as MEASURED
    from konomi.report.tables import NAMES, number

    ratings = {name: report for name, report in rows.items() if "rmse" in report}
    grids = []
    if ratings:
        errors = [NAMES[key] for key in MEASURED["rating"]]
        cells = ((name, *(number(_figure(report, key)) for key in MEASURED["rating"])) for name, report in ratings.items())
        grids.append(table(title, ("", *errors), cells, errors))
    liked, found_again = f"{title}: liked or not", "Recommendations: what is found of hidden titles that are liked"
    for task, mark, heading in (("interaction", "log_loss", liked), (RANKING, "ndcg@10", found_again)):
        found = {name: report for name, report in rows.items() if mark in report}
        if found:
            cells = ((NAMES[key], *(number(_figure(report, key)) for report in found.values())) for key in MEASURED[task])
            grids.append(table(heading, ("", *found), cells, found))
    return Group(*[part for grid in grids for part in (grid, "")][:-1])


def _figure(report: dict[str, Any], key: str) -> float | None:
    """A figure of a report; None where it has none, which a bundle from elsewhere may not."""
    value = report.get(key)
    return value if isinstance(value, int | float) else None


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
