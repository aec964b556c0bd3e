"""A bundle with what somebody says of items: the known ones as they say, and new ones beside them, which no model has learnt.

What is said of a known item changes what is shown, searched and filtered, not the models. A new item, or one that no model has
learnt anything of yet, is placed in every model by its kin (`catalogue/kin.py`, `models/grown.py`), and in its franchise by
relations and names (`catalogue/franchises.py`). The grown bundle is for answering, and cannot be saved: a training learns what
is new. Its catalogue has the columns

    kin        list of i32: the item rows of `NAMED` of a new item's kin that are shown to everybody, nearest first; null =
               it is not new
    withdrawn  bool: it is not offered any more, and not found
"""

from dataclasses import replace

import numpy as np
import polars as pl

from konomi.arrays import I32, Bools
from konomi.bundle.format import Bundle
from konomi.catalogue.franchises import joined
from konomi.catalogue.kin import Kin, kin_of
from konomi.catalogue.tags import tag_names
from konomi.data.table import ITEM_COLUMNS
from konomi.models.grown import grown
from konomi.ranking.offer import open_to_all, withdrawn
from konomi.reading.catalogue_items import SENSITIVE

NAMED = 3  # of an item's kin


def with_items(bundle: Bundle, said: pl.DataFrame) -> Bundle:
    """The bundle with what `said` says of items, a row each: item_id and any of `ITEM_COLUMNS`, null where nothing is said, and
    `withdrawn`, null = no. Known items keep their rows, and new ones follow as they come here."""
    if not len(said):
        return bundle
    old, items = len(bundle.items), catalogue_with(bundle.items, said)
    if len(items) > old or ("related" in said.columns and said["related"].count()):
        franchise, part = joined(items, old)
        items = items.with_columns(pl.Series("franchise", franchise), pl.Series("part", part))
    learnt = np.any([model.item_known[:-1] > 0 for model in bundle.models.values()], axis=0)
    told = items["item_id"].is_in(said["item_id"].implode()).to_numpy()
    new: Bools = told & ~np.append(learnt, np.zeros(len(items) - old, np.bool_))
    kin = kin_of(items, new)
    models = bundle.models
    tags = _places(tag_names(bundle.items), tag_names(items))
    if new.any() or (tags != np.arange(len(tags))).any():
        models = {name: grown(model, kin, tags) for name, model in models.items()}
    return replace(bundle, models=models, items=_placed(items, kin))


def catalogue_with(items: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """A catalogue with what is said, as for `with_items`: new rows lack all that ratings tell; with the column withdrawn."""
    lacking = {name: kind for name, kind in ITEM_COLUMNS.items() if kind and name in said.columns and name not in items.columns}
    items = items.with_columns(pl.lit(None, kind).alias(name) for name, kind in lacking.items())
    new = said.join(items, on="item_id", how="anti", maintain_order="left").select("item_id")
    both = pl.concat([items, new], how="diagonal").join(said, on="item_id", how="left", suffix=" said", maintain_order="left")
    told = [pl.coalesce(f"{name} said", name).alias(name) for name in ITEM_COLUMNS if f"{name} said" in both.columns]
    gone = pl.col("withdrawn") if "withdrawn" in said.columns else pl.lit(False)
    sensitive = pl.col("genres").list.set_intersection(sorted(SENSITIVE)).list.len() > 0
    return (
        both.with_columns(*told, gone.fill_null(False).alias("withdrawn"))
        .with_columns(pl.coalesce("sensitive", sensitive, pl.lit(False)).alias("sensitive"))
        .select(*items.columns, "withdrawn")
    )


def _placed(items: pl.DataFrame, kin: Kin) -> pl.DataFrame:
    """The catalogue with what is said of new items by their kin."""
    bayes = items["bayes"].fill_null(0).to_numpy().astype(np.float32)
    bayes[kin.item] = kin.mean(bayes)
    shown = open_to_all(items) & ~withdrawn(items)
    near: list[list[int] | None] = [None] * len(items)
    for item, rows, known in zip(kin.item.tolist(), kin.row, kin.known.tolist(), strict=True):
        near[item] = rows[shown[rows]][:NAMED].tolist() if known else []
    more = pl.Series("bayes", bayes), pl.Series("kin", near, pl.List(pl.Int32))
    return items.with_columns(pl.col("ratings").fill_null(0), *more)


def _places(names: list[str], among: list[str]) -> I32:
    """The place of each name among others, i32[n], −1 = it is none of them."""
    place = {name: n for n, name in enumerate(among)}
    return np.array([place.get(name, -1) for name in names], np.int32)
