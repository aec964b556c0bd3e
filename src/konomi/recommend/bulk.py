"""Recommendations for everybody, in blocks under a memory cap, into one file that is written whole or not at all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from konomi.errors import RequestError
from konomi.files import check_file, first_bytes, whole_file
from konomi.ranking.dials import AS_THEY_ARE, Dials
from konomi.ranking.rank import BLOCK, Best, Ranking
from konomi.recommend.filters import Where
from konomi.recommend.ground import EVERYWHERE
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run, Stage, blocks
from konomi.text import RUN_BY_SPREADSHEETS

SUFFIXES = (".parquet", ".csv")
COLUMNS = ["user_id", "place", "item_id", "title", "score"]  # of the table; without titles where the catalogue has none
PREDICTED = ["user_id", "item_id", "predicted"]  # of a table of predicted ratings
MOST = 64 * BLOCK  # people of a block, at most
ROW_GROUP = 1 << 18  # rows
ROW_BYTES = 128  # bytes that a recommendation takes, in its ranking, its frame and the compressed file together
SCORE_BYTES = 32  # bytes that a score takes while it is computed, intermediate arrays included


def write_recommendations(
    recommender: Recommender,
    path: Path,
    k: int = 10,
    where: Where = EVERYWHERE,
    dials: Dials = AS_THEY_ARE,
    run: Run | None = None,
) -> int:
    """Write the k titles of everybody in the bundle's dataset to one file, see `table`; returns the number of rows."""
    items, dataset = recommender.bundle.items, recommender.dataset
    ids = pl.Series("user_id", dataset.users.ids)
    best = recommender.best(dataset.profiles, k, where, dials)
    lists = recommend_all(best, len(dataset.users), len(items), min(k, len(items)), run or Run())
    return write_table(path, (table(start, ranking, ids, items) for start, ranking in lists))


def recommend_all(best: Best, people: int, n_items: int, k: int, run: Run) -> Iterator[tuple[int, Ranking]]:
    """(start, ranking) of every block of people, in order; as many in a block as `run.memory` has room for.

    `BLOCK` people are ranked at a time, whatever the memory and the threads, so that rounding depends on neither. Progress is
    reported as "recommend". RequestError where there is nobody, or too little memory for the smallest block.
    """
    if not people:
        raise RequestError("There is nobody to recommend anything to.", "Give a dataset with users.")
    fixed, each_row = run.threads * BLOCK * n_items * SCORE_BYTES, k * ROW_BYTES
    size = min((run.memory - fixed) // each_row // BLOCK * BLOCK, MOST)
    if size < BLOCK:
        need = fixed + BLOCK * each_row
        raise RequestError(
            f"{k} of {n_items:,} items for everybody need {need / 1e6:,.0f} MB, and {run.memory / 1e6:,.0f} MB are allowed.",
            "Raise `memory` or ask for fewer with `k`.",
        )
    run.progress(Stage("recommend", 0, people, "people"))
    for start, stop in blocks(people, size):
        with run.workers() as each:
            rankings = each(lambda span: best(*span), [(start + a, start + b) for a, b in blocks(stop - start, BLOCK)])
        yield start, Ranking(*(np.concatenate([getattr(one, name) for one in rankings]) for name in ("items", "scores")))
        run.progress(Stage("recommend", stop, people, "people"))


def table(start: int, ranking: Ranking, user_ids: pl.Series, items: pl.DataFrame) -> pl.DataFrame:
    """A block as a frame: user_id, place (i32, from 1), item_id, title where `items` has titles, score (f32); no padding.

    user_ids: everybody's, in order of row; items: a row for each item row, with item_id and perhaps title.
    """
    person, place = np.nonzero(ranking.items >= 0)
    item_rows = ranking.items[person, place]
    chosen = items.select("item_id", *(name for name in ("title",) if name in items.columns))[item_rows]
    return pl.DataFrame(
        [
            user_ids.gather(start + person).alias("user_id"),
            pl.Series("place", place + 1, dtype=pl.Int32),
            *chosen.get_columns(),
            pl.Series("score", ranking.scores[person, place]),
        ]
    )


def is_table(path: Path) -> bool:
    """Whether a file has the columns of a table that `write_table` wrote, so that it may be replaced."""
    try:
        if path.suffix.lower() == ".csv":
            names = first_bytes(path, 100).partition(b"\n")[0].decode().rstrip("\r").split(",")
        else:
            with path.open("rb") as file:
                names = list(pl.read_parquet_schema(file)) if file.read(4) == b"PAR1" else []
    except (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return names in (COLUMNS, [name for name in COLUMNS if name != "title"], PREDICTED)


def check_table(path: Path, inputs: Iterable[Path] = ()) -> Path:
    """The resolved path of a table to write, checked before any work.

    RequestError for another suffix, where the file there is an input or no older table, or where it cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise RequestError(f'{path}: "{path.suffix}" is no format that is written here.', "Name a .parquet or a .csv file.")
    return check_file(path, RequestError, inputs, older=("a table of recommendations", is_table))


def write_table(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Write frames of the same columns, one after another, as one Parquet or CSV file by its suffix; returns the rows written.

    Only one frame is in memory at a time. The file appears when all is written. Whatever goes wrong, Ctrl-C included, an older
    file at `path` stays and nothing is left beside it. RequestError as in `check_table`, or where the disk is full.
    """
    place = check_table(path)
    write = _write_csv if path.suffix.lower() == ".csv" else _write_parquet
    try:
        with whole_file(place, RequestError) as whole:
            return write(whole, frames)
    except pl.exceptions.ComputeError as cause:  # polars' error for a full disk
        raise RequestError(
            f"{path}: cannot be written: {cause}.", "Free some space or choose another place with `path`."
        ) from cause


def _write_csv(whole: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Texts as spreadsheets may have them (`konomi.text.as_cell`); numbers as they are."""
    cells, rows = pl.col(pl.String).str.replace(RUN_BY_SPREADSHEETS, "'$0"), 0
    with whole.open("wb") as out:
        for n, frame in enumerate(frames):
            frame.with_columns(cells).write_csv(out, include_header=n == 0)
            rows += len(frame)
    return rows


def _write_parquet(whole: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Each frame first goes to a file of its own: polars cannot append to a Parquet file, but can stream many into one."""
    rows, pieces = 0, list[Path]()
    for frame in frames:
        pieces.append(whole.with_name(f"{len(pieces):06}.parquet"))
        frame.write_parquet(pieces[-1], compression="lz4", statistics=False)
        rows += len(frame)
    pl.scan_parquet(pieces, glob=False).sink_parquet(whole, row_group_size=ROW_GROUP)
    return rows
