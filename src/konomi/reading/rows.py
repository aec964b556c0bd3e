"""Reads a ratings file to a Table, fast; the slow reader in `slow_rows.py` defines the result.

The fast path lets polars parse the needed columns, batch by batch. Any doubt (a parse error, a missing value, a rating off the
scale) sends the whole file through the slow reader, which goes row by row and knows the line and the fault of each bad row.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from konomi.arrays import F32
from konomi.data.labels import STATUS
from konomi.data.scale import MOST, PRESENCE, Scale
from konomi.data.table import Rejects, Table
from konomi.errors import DataError
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.ids import Doubt, batch_ids, joined
from konomi.reading.records import first_records, open_text, quote_of, records, reject, settle
from konomi.reading.slow_rows import BATCH, FALSE, TRUE, Row, checked_rows, frame_rows, text_rows
from konomi.reading.times import as_seconds, plain_seconds
from konomi.reading.typed_files import TYPED, every_row, readable, scan_of
from konomi.runtime import Run, Stage, check_cancel, interruptible
from konomi.settings import closest

Reader = Callable[[Path, RatingsFormat, ReadOptions, Run, str], Table]


def read_several(
    paths: Sequence[Path], format: RatingsFormat, options: ReadOptions, run: Run, source: str, reader: Reader | None = None
) -> Table:
    """The entries of several files of one format, one after the other. reader: of one of them, by default `read_ratings`."""
    tables = [(reader or read_ratings)(path, format, options, run, source) for path in paths]
    if len(tables) == 1:
        return tables[0]
    rejects = Rejects()
    for path, table in zip(paths, tables, strict=True):
        for line, reason, text in zip(table.rejects.line, table.rejects.reason, table.rejects.text, strict=True):
            reject(rejects, line, f"{path.name}: {reason}", text)
    format, rating = format.given(options), np.concatenate([table.rating for table in tables])
    return dataclasses.replace(
        tables[0],
        user_id=joined([table.user_id for table in tables], "user_id"),
        item_id=joined([table.item_id for table in tables], "item_id"),
        rating=rating,
        scale=_scale(format, rating),
        files=tuple(paths),
        status=np.concatenate([cast(Any, table.status) for table in tables]) if format.status else None,
        time=np.concatenate([cast(Any, table.time) for table in tables]) if format.time else None,
        deleted=np.concatenate([cast(Any, table.deleted) for table in tables]) if format.deleted else None,
        rejects=rejects,
    )


def read_ratings(path: Path, format: RatingsFormat, options: ReadOptions, run: Run, source: str) -> Table:
    """All entries of a delimited (or gzipped), Parquet or Arrow file, in file order.

    A missing or NaN rating is not scored. DataError where the file is missing or empty, lacks a column, or has rows that cannot
    be read, by line (by row in Parquet and Arrow files), unless `options.on_bad_rows` is "skip".
    """
    format = format.given(options)
    if path.suffix in TYPED:
        with readable(path):
            return read_columns(scan_of(path), path, format, options, run, source)
    columns = list(format.columns or first_records(path, format.separator)[0])
    places = places_of(path, format, columns)
    total = estimate(path)
    try:
        return assemble(_scan_text(path, format, len(columns), places), format, run, path, total, source)
    except (Doubt, pl.exceptions.PolarsError, OSError):
        with open_text(path) as text:
            rows = text_rows(records(text, format.separator), places, len(columns), header=format.columns is None)
            return read_slowly(rows, format, options, run, path, total, source, "line")


def read_columns(scan: pl.LazyFrame, path: Path, format: RatingsFormat, options: ReadOptions, run: Run, source: str) -> Table:
    """The same from typed columns. path: their name in errors; bad rows are named by their number, from 1."""
    schema = scan.collect_schema()
    places_of(path, format, list(schema))
    chosen = scan.select(_typed(path, schema[name], name, field) for field, name in format.names().items())
    rows = int(scan.select(pl.len()).collect().item())
    nothing = [pl.col("^status|time$").fill_null(0), pl.col("^deleted$").fill_null(FALSE[0])]
    rating = [pl.col("rating").cast(pl.Float32).fill_null(math.nan)] if format.rating else []
    whole = chosen.with_columns(*nothing, *rating)

    def batches(of: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        return every_row(of.collect_batches(maintain_order=True, chunk_size=BATCH), path, rows)

    try:
        return assemble(batches(whole), format, run, path, rows, source)
    except (Doubt, pl.exceptions.PolarsError):
        return read_slowly(frame_rows(batches(chosen)), format, options, run, path, rows, source, "row")


def places_of(path: Path, format: RatingsFormat, columns: list[str]) -> dict[str, int]:
    """field → the place of its column; DataError that names a missing column."""
    for field, name in format.names().items():
        if name not in columns:
            shown = ", ".join(columns[:20])
            raise DataError(
                f'{path}: no column "{name}" for the {field}.{closest(name, columns)}',
                f"Its columns are: {shown}. Name the right one with `{field}`.",
            )
    return {field: columns.index(name) for field, name in format.names().items()}


def estimate(path: Path) -> int:
    """About how many rows a text file has, from the length of its first lines; 0 where it is compressed."""
    if path.suffix == ".gz":
        return 0
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return int(path.stat().st_size / max(len(head), 1) * head.count(b"\n"))


def _scan_text(path: Path, format: RatingsFormat, width: int, places: dict[str, int]) -> Iterator[pl.DataFrame]:
    """Batches of the chosen columns, named by their field."""
    stride = len(format.separator)  # a :: is two ":" with an empty column between
    own: dict[str, pl.DataType] = {"rating": pl.Float32(), "status": pl.Int64(), "time": pl.Int64(), "deleted": pl.String()}
    if format.dates:
        own["time"] = pl.String()
    kinds = {field: own.get(field, pl.Int64() if format.integer_ids else pl.String()) for field in places}
    schema: dict[str, pl.DataType] = {f"_{n}": pl.String() for n in range((width - 1) * stride + 1)}
    schema |= {f"_{place * stride}": kinds[field] for field, place in places.items()}
    between = [pl.col(f"_{n}").is_null() for n in range(len(schema)) if n % stride]
    chosen = {field: pl.col(f"_{place * stride}") for field, place in places.items()}
    if format.dates:
        chosen["time"] = plain_seconds(chosen["time"])
    if between:  # a cell with a single ":" makes the user null, so that the slow reader checks it
        chosen["user"] = pl.when(pl.all_horizontal(between)).then(chosen["user"])
    return (
        pl.scan_csv(
            path.absolute(),
            schema=schema,
            has_header=False,
            skip_rows=0 if format.columns else 1,
            separator=format.separator[0],
            quote_char=quote_of(format.separator),
            glob=False,
        )
        .select(column.alias(field) for field, column in chosen.items())
        .collect_batches(maintain_order=True, chunk_size=BATCH)
    )


def _typed(path: Path, kind: pl.DataType, name: str, field: str) -> pl.Expr:
    """One column of a typed table as its field: categories and enums as strings, dates as seconds since 1970."""
    column = pl.col(name).alias(field)
    if kind in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    if kind in (pl.Date, pl.Datetime) and field == "time":
        return column.dt.epoch("s")
    if field == "deleted":
        return column.cast(pl.String)
    if not kind.is_numeric() and kind not in (pl.String, pl.Null):
        raise DataError(
            f'{path}: the column "{name}", for the {field}, holds {kind}.',
            "Ids are whole numbers or text, ratings are numbers, times are dates or whole seconds since 1970.",
        )
    return column


def assemble(batches: Iterable[pl.DataFrame], format: RatingsFormat, run: Run, path: Path, total: int, source: str) -> Table:
    """Batches of the chosen columns → a Table; `Doubt` at the first value that is not plainly right."""
    columns: dict[str, list[Any]] = {field: [] for field in format.names()}
    what, rows = f"reading {path.name}", 0
    rest = iter(batches)
    run.progress(Stage(what, 0, total, "rows"))
    while (batch := interruptible(next, rest, None)) is not None:
        check_cancel(run.cancel)
        if len(batch) == 0:
            continue
        rows += len(batch)
        if any(batch[field].null_count() for field in columns):
            raise Doubt
        columns["user"].append(batch_ids(batch["user"], format.integer_ids))
        columns["item"].append(batch_ids(batch["item"], format.integer_ids))
        if format.rating:
            columns["rating"].append(_plain_ratings(batch["rating"].cast(pl.Float32).to_numpy(), format))
        if format.deleted:
            said = batch["deleted"].str.to_lowercase()
            if not said.is_in((*TRUE, *FALSE)).all():
                raise Doubt
            columns["deleted"].append(said.is_in(TRUE).to_numpy())
        if format.status:
            known = batch["status"].is_in(list(STATUS.values()))
            columns["status"].append(np.where(known.to_numpy(), batch["status"].to_numpy(), 0).astype(np.uint8))
        if format.time:
            columns["time"].append(as_seconds(batch["time"].cast(pl.Int64).to_numpy()))
        run.progress(Stage(what, rows, max(rows, total), "rows"))
    if rows == 0:
        raise DataError(f"{path}: there is no row of ratings in it.", "Check that it was downloaded or written whole.")
    run.progress(Stage(what, rows, rows, "rows"))
    rating = np.concatenate(columns["rating"]) if format.rating else np.full(rows, np.nan, np.float32)
    return Table(
        user_id=joined(columns.pop("user"), "user_id"),
        item_id=joined(columns.pop("item"), "item_id"),
        rating=rating,
        scale=_scale(format, rating),
        source=source,
        files=(path,),
        deleted=np.concatenate(columns["deleted"]) if format.deleted else None,
        status=np.concatenate(columns["status"]) if format.status else None,
        time=np.concatenate(columns["time"]) if format.time else None,
    )


def _plain_ratings(rating: F32, format: RatingsFormat) -> F32:
    """The ratings of a batch, NaN = not scored; `Doubt` where one is off the scale or, of counts, not above 0."""
    if format.unscored:
        rating = np.where(np.isin(rating, format.unscored), np.float32("nan"), rating)
    if format.counts:
        plain = bool(((rating > 0) & (rating <= MOST) | np.isnan(rating)).all())
    else:
        plain = bool(format.scale.valid(rating).all() if format.scale else not (np.abs(rating) > MOST).any())
    if not plain:
        raise Doubt
    return rating


def _scale(format: RatingsFormat, rating: F32) -> Scale:
    """The scale that is known, or guessed from the ratings; that of presence where there are none."""
    return PRESENCE if format.counts or np.isnan(rating).all() else format.scale or Scale.of(rating)


def read_slowly(
    rows: Iterable[Row],
    format: RatingsFormat,
    options: ReadOptions,
    run: Run,
    path: Path,
    total: int,
    source: str,
    place: str,
) -> Table:
    """A Table of the good rows; place: what their numbers count, "line" or "row"."""
    rejects = Rejects()

    def good_rows() -> Iterator[pl.DataFrame]:
        yield from checked_rows(rows, format, rejects)
        settle(path, rejects, options.on_bad_rows, place)

    return dataclasses.replace(assemble(good_rows(), format, run, path, total, source), rejects=rejects)
