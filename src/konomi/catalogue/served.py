"""The catalogue that titles are served from: with statistics of the training entries, and with franchises."""

import polars as pl

from konomi.catalogue.franchises import franchises
from konomi.data.split import TrainSet
from konomi.data.statistics import RATERS, add_statistics


def served_catalogue(train: TrainSet) -> pl.DataFrame:
    """The catalogue with the statistics of the training entries (for items with `RATERS` raters or more), and each item's
    franchise and part."""
    items = add_statistics(train.items, train.seen, train.scale, RATERS)
    franchise, part = franchises(train.items, train.seen)
    return items.with_columns(pl.Series("franchise", franchise), pl.Series("part", part))
