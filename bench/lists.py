"""Simulated lists in which every item has a row, for measuring how fast people are answered."""

from dataclasses import replace

import numpy as np
import polars as pl

from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.runtime import Run
from konomi.simulate.ratings import simulate
from konomi.simulate.titles import simulated_catalogue


def with_some(dataset: Dataset, people: np.ndarray, n: int, draw: np.random.Generator) -> list[Profiles]:
    """Each of these people with n of their entries, drawn at random."""
    some = []
    for person in people:
        profile = dataset.profiles.take(np.array([person]))
        kept = np.zeros(len(profile.item), bool)
        kept[draw.choice(len(kept), n, replace=False)] = True
        some.append(profile.keep(kept))
    return some


def simulated_lists(items: int, users: int, ratings: int) -> Dataset:
    """Simulated ratings, and one person more, who rated everything."""
    table = simulate(simulated_catalogue(items, 0), users, ratings, 0, Run()).table()
    assert table.items is not None
    item = table.items["item_id"]
    everything = {"user_id": pl.Series(np.zeros(items, np.int64)), "item_id": item, "rating": np.full(items, 7, np.float32)}
    user_id, item_id = (pl.concat([getattr(table, name), everything[name]]) for name in ("user_id", "item_id"))
    rating = np.concatenate([table.rating, everything["rating"]])
    return prepare(replace(table, user_id=user_id, item_id=item_id, rating=rating, status=None, time=None))
