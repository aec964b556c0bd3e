"""Checks of a bundle's contents: the catalogue, and that the models fit it. ValueError where they fail."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.bundle.shapes import check_shapes, check_values
from konomi.catalogue.tags import tag_names
from konomi.data.lifts import Lifts
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.table import ITEM_COLUMNS
from konomi.data.validity import LATER
from konomi.models import module
from konomi.models.api import Model

COLUMNS = {
    **ITEM_COLUMNS,
    "ratings": pl.Int64,
    "mean": pl.Float32,
    "bayes": pl.Float32,
    "franchise": pl.Int32,
    "part": pl.Int32,
}
"""The columns of a bundle's catalogue."""
MEASURED = re.compile(r"(rating|interaction|served|ranking):\S.*")  # names of columns of what was measured of people
NEVER_NULL = ("item_id", "sensitive", "ratings", "bayes", "franchise", "part")


def typed(items: pl.DataFrame) -> pl.DataFrame:
    """The catalogue with the types of `COLUMNS`; a column of nulls alone may have any type before."""
    return items.cast({name: kind for name, kind in COLUMNS.items() if kind and name in items.columns})


def check_catalogue(items: pl.DataFrame) -> None:
    """Check that every column is there, with its type, that ids are distinct, and that numbers are valid."""
    if not len(items):
        raise ValueError("the catalogue has no item")
    for name, kind in COLUMNS.items():
        if name not in items.columns:
            if name not in LATER:
                raise ValueError(f'the catalogue has no column "{name}"')
        elif items[name].dtype not in ((kind,) if kind else (pl.Int64, pl.String)):
            raise ValueError(f'the catalogue\'s column "{name}" is {items[name].dtype}, not {kind or "Int64 or String"}')
    for name in NEVER_NULL:
        if items[name].null_count():
            raise ValueError(f'the catalogue\'s column "{name}" has gaps')
    ids = items["item_id"]
    wrong = {
        "item_id: ids are not distinct": ids.n_unique() != len(ids),
        "ratings: a number of ratings is below 0": (items["ratings"] < 0).any(),
        "mean: an average is not finite": not items["mean"].is_finite().all(),
        "bayes: an average is not finite": not items["bayes"].is_finite().all(),
        "franchise: an entry point is no row": not items["franchise"].is_between(0, len(items) - 1).all(),
        "part: a place is below 0": (items["part"] < 0).any(),
        "genres: a genre has no name": items["genres"].drop_nulls().explode().null_count() > 0,
    }
    if found := [what for what, is_so in wrong.items() if is_so]:
        raise ValueError(f"the catalogue's column {found[0]}")


def check_people(people: pl.DataFrame) -> None:
    """Check that what was measured of people is made of finite numbers, by kind and metric, and nothing else."""
    for name in people.columns:
        if people.schema[name] != pl.Float64 or not MEASURED.fullmatch(name):
            raise ValueError(f'what was measured of people has a column "{name[:60]}" of {people.schema[name]}')
        if not people[name].drop_nulls().is_finite().all():
            raise ValueError(f'what was measured of people is not finite in "{name[:60]}"')


def checked_lifts(arrays: Mapping[str, npt.NDArray[Any]], n_items: int) -> Lifts:
    """The lifts of these arrays, none without any; they are of distinct items of the catalogue, in order, one for each two of
    them. Before format 6 `steps` was a whole square."""
    if not arrays:
        return Lifts()
    item, steps = arrays["item"], arrays["steps"]
    n, square = len(item.reshape(-1)), steps.ndim == 2
    shape = (n, n) if square else (n * (n - 1) // 2,)
    if item.dtype != np.int32 or item.ndim != 1 or steps.dtype != np.int8 or steps.shape != shape:
        raise ValueError(f"the lifts are {steps.dtype}{list(steps.shape)} of {item.dtype}{list(item.shape)}")
    if n and (item[0] < 0 or item[-1] >= n_items or (np.diff(item) <= 0).any()):
        raise ValueError("the lifts are of items that the catalogue does not have, or has elsewhere")
    return Lifts.of(item, steps) if square else Lifts(item, steps)


def check_arrays(name: str, state: Mapping[str, npt.NDArray[Any]], n_items: int, values: bool) -> None:
    """Check a model's arrays by its module's `SHAPES`, and with `values` that their numbers are finite and in range. A model of
    another package may have no `SHAPES`."""
    shapes: Mapping[str, str] | None = getattr(module(name), "SHAPES", None)
    try:
        if shapes is not None:
            check_values(state, shapes, check_shapes(state, shapes, n_items), values)
    except ValueError as cause:
        raise ValueError(f"{name}: {cause}") from None


def try_out(name: str, model: Model, items: pl.DataFrame, scale: Scale) -> None:
    """Check that a model has a finite score of every item for two people, one of them without entries."""
    rated = {0: scale.low, len(items) - 1: scale.high}
    people = Profiles.of([{}, rated])
    try:
        with np.errstate(all="ignore"):
            codes = model.encode(people)
            for output in sorted(model.outputs):
                scores = model.score(codes, output)
                if scores.shape != (2, len(items)):
                    raise ValueError(f"it scores {scores.shape[1]:,} items, and the catalogue has {len(items):,}")
                if not np.isfinite(scores).all():
                    raise ValueError("it scores an item with what is no number")
            features = getattr(model, "features", None)
            if features and len(features(people.slice(1, 2), np.zeros(1, np.int32), "rank")) > len(tag_names(items)):
                raise ValueError("it knows of more tags than the catalogue has")
    except Exception as cause:  # arrays that do not fit may lead to any error
        raise ValueError(f"{name}: {cause or type(cause).__name__}") from cause
