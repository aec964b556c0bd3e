"""Recommendations for everybody, in blocks under a memory cap, into one file that is written whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from konomi.errors import RequestError
from konomi.ranking.rank import BLOCK, Ranking
from konomi.runtime import Run, blocks

Best = Callable[[int, int], Ranking]
"""best(start, stop) → the ranking of these people."""

SUFFIXES = (".parquet", ".csv")
MOST = 64 * BLOCK  # people of a block, at most
ROW_GROUP = 1 << 18  # rows
ROW_BYTES = 128  # of a recommendation, from its ranking to its place in a compressed file
SCORE_BYTES = 32  # of one score of a block of `BLOCK` people, with what computing it takes


def recommend_all(best: Best, people: int, n_items: int, k: int, run: Run) -> Iterator[tuple[int, Ranking]]:
    """(start, ranking) of every block of people, in order; as many in a block as `run.memory` has room for.

    They are ranked `BLOCK` at a time, whatever the memory and the threads, so that rounding depends on neither. Progress is
    told as "recommend". RequestError where there is nobody, or the memory does not suffice for the smallest block.
    """
    if not people:
        raise RequestError("There is nobody to recommend anything to.", "Give a dataset with users.")
    fixed, each_row = run.threads * BLOCK * n_items * SCORE_BYTES, k * ROW_BYTES
    size = min((run.memory - fixed) // each_row // BLOCK * BLOCK, MOST)
    if size < BLOCK:
        need = fixed + BLOCK * each_row
        raise RequestError(
            f"{k} of {n_items:,} items for everybody need {need / 1e6:,.0f} MB, and {run.memory / 1e6:,.0f} MB are allowed.",
            "Raise --memory or ask for fewer with -k.",
        )
    run.progress("recommend", 0, people)
    for start, stop in blocks(people, size):
        with run.workers() as each:
            parts = each(lambda span: best(*span), [(start + a, start + b) for a, b in blocks(stop - start, BLOCK)])
        yield start, Ranking(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("items", "scores")))
        run.progress("recommend", stop, people)


def table(start: int, ranking: Ranking, user_ids: pl.Series, items: pl.DataFrame) -> pl.DataFrame:
    """A block as a frame: user_id, place (i32, from 1), item_id, title where `items` has one, score (f32); no padding.

    user_ids: of everybody, in order of row; items: a row for each item row, with item_id and perhaps title.
    """
    person, place = np.nonzero(ranking.items >= 0)
    found = ranking.items[person, place]
    chosen = items.select("item_id", *(name for name in ("title",) if name in items.columns))[found]
    return pl.DataFrame(
        [
            user_ids.gather(start + person).alias("user_id"),
            pl.Series("place", place + 1, dtype=pl.Int32),
            *chosen.get_columns(),
            pl.Series("score", ranking.scores[person, place]),
        ]
    )


def write_table(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Write frames of the same columns, one after another, as one Parquet or CSV file by its suffix; returns the rows written.

    Only one frame is in memory at a time. The file appears when all is written; whatever goes wrong, Ctrl-C too, what was at
    `path` before is still there and nothing is left beside it. RequestError for another suffix, or a place that cannot be
    written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise RequestError(f'{path}: "{path.suffix}" is no format that is written here.', "Name a .parquet or a .csv file.")
    if path.is_dir():
        raise RequestError(f"{path}: is a folder.", "Name a file with -o.")
    with _beside(path) as folder:
        write = _write_csv if path.suffix.lower() == ".csv" else _write_parquet
        rows = write(folder / "whole", folder, frames)
        with (folder / "whole").open("rb") as whole:
            os.fsync(whole.fileno())
        (folder / "whole").replace(path)
    return rows


def _write_csv(whole: Path, folder: Path, frames: Iterable[pl.DataFrame]) -> int:
    rows = 0
    with whole.open("wb") as out:
        for n, frame in enumerate(frames):
            frame.write_csv(out, include_header=n == 0)
            rows += len(frame)
    return rows


def _write_parquet(whole: Path, folder: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Each frame into a file of its own first: polars appends to no Parquet file, but streams many into one."""
    rows, parts = 0, list[Path]()
    for frame in frames:
        parts.append(folder / f"{len(parts):06}.parquet")
        frame.write_parquet(parts[-1], compression="lz4", statistics=False)
        rows += len(frame)
    pl.scan_parquet(parts).sink_parquet(whole, row_group_size=ROW_GROUP)
    return rows


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A hidden folder beside a file that is to be, gone in the end; a `RequestError` where something cannot be written."""
    folder = path.resolve().with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        folder.mkdir()
        yield folder
    except (OSError, pl.exceptions.ComputeError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        raise RequestError(
            f"{path}: cannot be written: {reason}.", "Free some space or choose another place with -o."
        ) from cause
    finally:
        shutil.rmtree(folder, ignore_errors=True)
