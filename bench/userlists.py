"""The second founding notebook's interactions, from 303,441 real list entries of 576 people (the data beside the checkout).

Entries that are completed or dropped, of people with more than four of them; a random tenth tests, a tenth validates.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from konomi.data.dataset import Dataset
from konomi.data.labels import LEFT_OUT, Rule, interactions
from konomi.data.prepare import Rules, prepare
from konomi.data.split import Split, SplitConfig, make_split
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run

LISTS = Path("../shared/data/anime-userlists-2022/animelist.csv")
MOST_LEFT_OUT = 4  # people with no more interactions than this


def userlists(rule: Rule = "scored") -> tuple[Dataset, Split]:
    """The dataset of the interactions, their labels by this rule, and the split."""
    table = read_source("mal-2020", [LISTS], ReadOptions(), Run())
    labelled = pl.Series(interactions(table.rating, table.status, table.scale, rule) != LEFT_OUT)
    rows = pl.DataFrame({"user": table.user_id, "labelled": labelled})
    often = rows.select((pl.col("labelled").sum().over("user") > MOST_LEFT_OUT) & pl.col("labelled")).to_series()
    kept = np.flatnonzero(often)
    entries = {"user_id": table.user_id[kept], "item_id": table.item_id[kept], "rating": table.rating[kept]}
    dataset = prepare(replace(table, **entries, status=table.status[kept]), Rules(labels=rule))
    return dataset, make_split(dataset, SplitConfig())
