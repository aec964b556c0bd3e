"""`Dataset` with `Dataset.from_frame`, which makes a dataset from tables in memory."""

from typing import Any

from konomi.data.dataset import Dataset as Dataset
from konomi.data.scale import Scale
from konomi.reading.as_polars import as_polars
from konomi.reading.prepare import prepare
from konomi.reading.read_frame import NAME
from konomi.reading.records import OnBadRows


def dataset_from_frame(
    frame: Any,
    user: str | None = None,
    item: str | None = None,
    rating: str | None = None,
    time: str | None = None,
    scale: Scale | None = None,
    items: Any = None,
    on_bad_rows: OnBadRows = "refuse",
    status: str | None = None,
) -> Dataset:
    """A dataset from a table with a row per rating: a frame of pandas, polars, pyarrow, DuckDB, …

    user, item, rating, time, status: names of its columns; by default their usual names (user_id, movieId, score, …). A missing
    rating (null, NaN, None, NA) means "not scored". scale: guessed by default; with MyAnimeList's ids (a column such as
    anime_id) it is 1 to 10, with 0 and −1 for "not scored".

    items: a catalogue, as a frame or a file: MovieLens' movies.csv, MyAnimeList's anime.csv, or columns item_id (or the name in
    `item`), title or name, and any of `table.ITEM_COLUMNS`. Genres are lists, or text such as "Action, Comedy". A file and a
    frame of it give the same catalogue.

    DataError for anything that is no table, for a column that is missing or of another type, and for bad rows.
    """
    return prepare(
        as_polars(frame, NAME),
        user=user,
        item=item,
        rating=rating,
        time=time,
        scale=scale,
        items=items,
        on_bad_rows=on_bad_rows,
        status=status,
    )


Dataset.from_frame = staticmethod(dataset_from_frame)
