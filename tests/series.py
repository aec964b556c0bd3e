"""A recommender of twenty titles, some of which are parts of series, for tests of what is offered."""

import numpy as np
import polars as pl

from conftest import table_of
from konomi.bundle.facts import DataFacts, Facts
from konomi.bundle.format import Bundle
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.models import bias, slim
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

SERIES = {0: (0, 1, 2), 5: (5, 6), 8: (8, 9)}  # entry point → the parts in order
N = 20  # titles, with the ids from 100 on; nobody has rated the last


def made() -> Recommender:
    """By 40 people; even titles are of the genre A, odd ones of B, and the years go from 2000 on."""
    rows = [(u, 100 + i, 1 + (u * 7 + i * 3) % 10) for u in range(40) for i in range(N - 1) if (3 * u + 5 * i) % 4]
    catalogue = pl.DataFrame(
        {
            "item_id": range(100, 100 + N),
            "title": [f"Title {i}" for i in range(N)],
            "titles": [[] for _ in range(N)],
            "genres": [["A"], ["B"]] * (N // 2),
            "year": [2000 + i for i in range(N)],
            "type": ["TV", "TV", "Movie", "TV"] * (N // 4),
            "episodes": [12] * N,
            "score": [None] * N,
            "score_count": [None] * N,
            "image": [None] * N,
            "sensitive": [i == 18 for i in range(N)],
        },
        schema_overrides={
            "year": pl.Int32,
            "episodes": pl.Int32,
            "score": pl.Float32,
            "score_count": pl.Int64,
            "image": pl.String,
            "titles": pl.List(pl.String),
        },
    )
    franchise, part = np.arange(N, dtype=np.int32), np.zeros(N, np.int32)
    for entry, parts in SERIES.items():
        franchise[list(parts)], part[list(parts)] = entry, range(len(parts))
    dataset = prepare(table_of([*rows, (0, 99 + N, None)], items=catalogue))
    train = make_split(dataset, SplitConfig(valid=0, test=0)).train_set(dataset)
    run = Run(threads=1)
    models = {"slim": slim.fit(train, slim.Config(nearest=8, least=1), run), "bias": bias.fit(train, bias.Config(), run)}
    own = {"franchise": pl.Series(franchise), "part": pl.Series(part)}
    items = add_statistics(train.items, train.seen, train.scale).with_columns(**own)
    configs: dict[str, dict[str, object]] = {name: {} for name in models}
    return Recommender(Bundle(models, configs, items, train.scale, Facts(data=DataFacts(note="made up"))))
