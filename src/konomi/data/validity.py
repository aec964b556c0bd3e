"""Checks of the contents of a dataset's folder. Each returns what is wrong, or ""."""

from types import NoneType
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import I32, I64, U8
from konomi.data.labels import STATUS, Rule
from konomi.data.scale import Scale
from konomi.data.table import ITEM_COLUMNS
from konomi.errors import KonomiError
from konomi.kernels.csr import ascend

STATISTICS = {"ratings": pl.Int64, "mean": pl.Float32, "bayes": pl.Float32}  # of each item, see `statistics.py`
LATER = ("studios", "source", "age", "related", "imdb_id", "tmdb_id")  # columns that older folders lack
MANIFEST_TYPES = {
    **dict.fromkeys(("users", "items", "entries", "items_with_title"), int),
    **dict.fromkeys(("source", "note"), str),
    **dict.fromkeys(("scale", "rules", "histogram", "labels", "sha256"), dict),
    "report": list,
}
KNOWN = np.zeros(256, np.bool_)  # which codes are statuses
KNOWN[[0, *STATUS.values()]] = True


def wrong_ids(ids: pl.Series, what: str) -> str:
    """Ids of users or items are int64 or string, distinct, and none is missing."""
    if ids.dtype not in (pl.Int64, pl.String):
        return f"the {what} ids are {ids.dtype}, not whole numbers or text"
    if ids.null_count() or ids.n_unique() != len(ids):
        return f"some {what} ids are missing or double"
    return ""


def wrong_items(items: pl.DataFrame) -> str:
    """The catalogue has all columns, with the right types, and possible statistics."""
    kinds = {**ITEM_COLUMNS, **STATISTICS}
    for name, kind in kinds.items():
        if name not in items.columns:
            if name in LATER:
                continue
            return f"the catalogue has no column {name}"
        if kind is not None and items.schema[name] != kind:
            return f"the catalogue's {name} is {items.schema[name]}, not {kind}"
    if any(items[name].null_count() for name in ("sensitive", "ratings", "bayes")):
        return "the catalogue lacks values that it must have"
    if (items["ratings"] < 0).any() or not (items["bayes"].is_finite().all() and items["mean"].drop_nulls().is_finite().all()):
        return "the catalogue's statistics are no counts and means"
    return wrong_ids(items["item_id"], "item")


def wrong_features(people: pl.DataFrame | None) -> str:
    """Features of users are columns of text."""
    odd = [] if people is None else [name for name, kind in people.schema.items() if kind != pl.String]
    return f"the users' {odd[0]} is {people.schema[odd[0]]}, not text" if odd and people is not None else ""


def wrong_indptr(indptr: I64, entries: int) -> str:
    """indptr i64[U+1] goes from 0 to the number of entries and never falls."""
    if indptr[0] != 0 or indptr[-1] != entries or (indptr[1:] < indptr[:-1]).any():
        return "the bounds of the users' rows do not ascend from 0 to the number of entries"
    return ""


def wrong_entries(
    indptr: I64, item: I32, stored: npt.NDArray[Any], status: U8 | None, n_items: int, scale: Scale, users: tuple[int, int]
) -> str:
    """The users from row users[0] to users[1] − 1 have ascending items of the catalogue, ratings on the scale and known
    statuses. indptr has been checked before."""
    entries = slice(indptr[users[0]], indptr[users[1]])
    ratings = stored[entries]
    if not ascend(indptr, item, n_items, *users):
        return "a user's items are not in the catalogue, do not ascend, or are there twice"
    codes = round((scale.high - scale.low) / scale.step) + 1 if scale.coded else 0
    if (ratings > codes).any() if scale.coded else not scale.within(ratings).all():
        return f"there are ratings off the scale {scale}"
    if status is not None and not KNOWN[status[entries]].all():
        return "there are statuses that do not exist"
    return ""


def wrong_manifest(manifest: dict[str, Any]) -> str:
    """A manifest has everything that is read from it, with the right types."""
    for key, kind in MANIFEST_TYPES.items():
        if type(manifest.get(key)) is not kind:
            return f'"{key}" is missing, or is not what it should be'
    if any(manifest[key] < 0 for key, kind in MANIFEST_TYPES.items() if kind is int):
        return "a count is below 0"
    if manifest["rules"].get("labels") not in get_args(Rule):
        return f"the rule for labels is none of {', '.join(get_args(Rule))}"
    if type(manifest["rules"].get("liked")) not in (int, float, NoneType):
        return "what is liked is no rating"
    lineage = manifest.get("lineage", [])
    if type(lineage) is not list or not all(isinstance(sha256, str) for sha256 in lineage):
        return "its earlier hashes are none"
    counted = [*manifest["histogram"].values(), *manifest["labels"].values()]
    steps = [step if isinstance(step, dict) else {} for step in manifest["report"]]
    if not all(type(n) is int for n in counted) or not all(
        type(step.get("rows")) is int and isinstance(step.get("step"), str) for step in steps
    ):
        return "the report or a histogram is not made of counts"
    if set(manifest["labels"]) != {"liked", "not liked", "left out"}:
        return "it does not count what is liked, not liked and left out"
    return ""


def scale_of(manifest: dict[str, Any]) -> Scale:
    """The scale of a manifest; ValueError or KeyError where it has none."""
    values = [manifest["scale"][name] for name in ("low", "high", "step")]
    if not all(type(value) in (int, float) for value in values):
        raise ValueError("the scale is not made of numbers")
    try:
        return Scale(*map(float, values))
    except (KonomiError, OverflowError) as cause:
        raise ValueError(str(cause)) from None
