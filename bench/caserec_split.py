"""The 80/10/10 split of the founding comparison, on 419,943 real MyAnimeList ratings (the data beside the checkout).

Rows are shuffled by NumPy's legacy RandomState(0).permutation, which is what pandas' sample(frac=1, random_state=0) does; the
first 80 % train, the next 10 % validate, the last 10 % test.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import Split, predefined
from konomi.data.table import Table
from konomi.reading.catalogues import read_catalogue

RATINGS = Path("../shared/data/anime-caserec-2016/rating_mal_ids.csv")
CATALOGUE = Path("../shared/data/anime-meta-2020/anime.csv")


def caserec(path: Path, catalogue: Path | None = None) -> tuple[Dataset, Split]:
    """The dataset of the file, joined with a catalogue where one is given, and the split."""
    frame = pl.read_csv(path)
    order = np.random.RandomState(0).permutation(len(frame))
    a, b = int(len(frame) * 0.8), int(len(frame) * 0.9)
    dataset = prepare(replace(_table(frame), items=read_catalogue(catalogue) if catalogue else None))
    return dataset, predefined(dataset, _table(frame[order[b:]]), _table(frame[order[a:b]]))


def _table(rows: pl.DataFrame) -> Table:
    rating = rows["rating"].to_numpy().astype(np.float32)
    return Table(rows["user_id"], rows["anime_id"], rating, Scale(1, 10, 1), "caserec")
