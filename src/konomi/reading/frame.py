"""`Dataset`, with `Dataset.from_frame`: a dataset from tables in memory."""

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

    `user`, `item`, `rating`, `time`, `status` name its columns; those that are not named have their usual names (user_id,
    movieId, score, …). A missing rating (null, NaN, None, NA) means "not scored". `scale` is guessed where it is not given, but
    for MyAnimeList's (a column such as anime_id), which is 1 to 10 with 0 and −1 for "not scored".

    `items` is a catalogue: a frame, or a file. Known are MovieLens' movies.csv and MyAnimeList's anime.csv, as they are; else
    a column item_id (or one called like `item`), title or name, and any of `table.ITEM_COLUMNS`. Genres are lists, or text such
    as "Action, Comedy". The file and the frame of it give the same catalogue.

    Raises `DataError` for what is no table, a column that is not there or of another type, and bad rows.
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
