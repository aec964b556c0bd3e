"""The embedded sample: real titles, simulated ratings. sample_titles.tsv has facts about titles, and nobody's ratings."""

from collections.abc import Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import polars as pl

from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.reading.catalogue_items import SENSITIVE
from konomi.reading.formats import ReadOptions
from konomi.runtime import Run
from konomi.simulate.ratings import Simulation, simulate

SEED = 1
USERS, RATINGS = 2_200, 200_000
UNSCORED = 0.2  # share of rows with a status but no rating
FAME_SD = 1.1  # sd of log popularity, half of a whole catalogue's, since every title here is well known


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The sample as a `Table` of 200,000 ratings and 50,000 rows without one, always the same. DataError for a path,
    ConfigError for an option."""
    if paths:
        raise DataError(f"{paths[0]}: the sample reads no file.", "Leave the path out, or name the source of the file.")
    given = [field.name for field in fields(options) if getattr(options, field.name) != field.default]
    if given:
        raise ConfigError(f"The sample has no use for {', '.join(given)}.", "Leave such options out: it is always the same.")
    return sample(run).table()


def sample(run: Run) -> Simulation:
    """The sample as a Simulation."""
    return simulate(catalogue(), USERS, RATINGS, SEED, run, UNSCORED, FAME_SD)


def catalogue() -> pl.DataFrame:
    """About 500 well-known titles, `ITEM_COLUMNS`; studios, source, age, score, score_count and image are null."""
    text = (files("konomi.simulate") / "sample_titles.tsv").read_bytes()
    facts = pl.read_csv(text, separator="\t", quote_char=None)
    english = pl.col("english")
    differs = english.is_not_null() & (english != pl.col("title"))
    genres = pl.col("genres").str.split(", ")
    return facts.select(
        item_id=pl.col("mal_id").cast(pl.Int64),
        title="title",
        titles=pl.when(differs).then(pl.concat_list(english)).otherwise(pl.lit([], pl.List(pl.String))),
        genres=genres,
        year=pl.col("year").cast(pl.Int32),
        type="type",
        episodes=pl.col("episodes").cast(pl.Int32),
        studios=pl.lit(None, pl.List(pl.String)),
        source=pl.lit(None, pl.String),
        age=pl.lit(None, pl.String),
        score=pl.lit(None, pl.Float32),
        score_count=pl.lit(None, pl.Int64),
        image=pl.lit(None, pl.String),
        related=pl.lit(None, pl.List(pl.String)),
        imdb_id=pl.lit(None, pl.Int64),
        tmdb_id=pl.lit(None, pl.Int64),
        sensitive=genres.list.set_intersection(sorted(SENSITIVE)).list.len() > 0,
    )
