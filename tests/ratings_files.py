"""Ratings files for tests, and what is read of them."""

from pathlib import Path

import numpy as np

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run

ANIME_2016 = "anime_id,name,genre,type,episodes,rating,members\n20,Naruto,Action,TV,220,7.81,683297\n"
STARS, HALVES, TEN = Scale(1, 5, 1), Scale(0.5, 5, 0.5), Scale(1, 10, 1)


def read(*paths: Path, name: str | None = None, options: ReadOptions | None = None) -> Table:
    return read_source(name, paths, options or ReadOptions(), Run())


def files(folder: Path, **texts: str) -> Path:
    """Files of these names ("__" for a dot) in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8", newline="")
    return folder


def entries(table: Table) -> list[tuple[object, ...]]:
    rating = np.nan_to_num(table.rating, nan=-1).tolist()
    return list(zip(table.user_id.to_list(), table.item_id.to_list(), rating, strict=True))
