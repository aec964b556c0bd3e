"""Reading a ratings file to a Table, fast; `judge.py` has the slow twin that defines it.

The fast path lets polars parse the needed columns, batch by batch. It decides nothing: whatever is not plainly right (a parse
error, a missing value, a rating off the scale) sends the whole file through the slow twin, which reads row by row, knows line
numbers and says for each bad row what is wrong with it.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.data.table import Rejects, Table
from konomi.errors import DataError
from konomi.reading import slow_rows as judge
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.records import first_records, open_bytes, open_text, quote_of, records, reject, settle
from konomi.reading.slow_rows import BATCH, SPACES
from konomi.runtime import Run, check_cancel, interruptible
from konomi.settings import closest

BINARY = (".parquet", ".arrow", ".feather", ".ipc")
INT32 = np.iinfo(np.int32)


class _Doubt(Exception):
    """Something that the slow twin has to look at."""


def read_several(paths: Sequence[Path], format: RatingsFormat, options: ReadOptions, run: Run, source: str) -> Table:
    """The entries of several files of one format, one after the other; as `read_ratings`, which see."""
    tables = [read_ratings(path, format, options, run, source) for path in paths]
    if len(tables) == 1:
        return tables[0]
    rejects = Rejects()
    for path, table in zip(paths, tables, strict=True):
        for line, reason, text in zip(table.rejects.line, table.rejects.reason, table.rejects.text, strict=True):
            reject(rejects, line, f"{path.name}: {reason}", text)
    format, rating = format.given(options), np.concatenate([table.rating for table in tables])
    return dataclasses.replace(
        tables[0],
        user_id=_joined([table.user_id for table in tables], "user_id"),
        item_id=_joined([table.item_id for table in tables], "item_id"),
        rating=rating,
        scale=format.scale or Scale.of(rating),
        files=tuple(paths),
        status=np.concatenate([cast(Any, table.status) for table in tables]) if format.status else None,
        time=np.concatenate([cast(Any, table.time) for table in tables]) if format.time else None,
        rejects=rejects,
    )


def read_ratings(path: Path, format: RatingsFormat, options: ReadOptions, run: Run, source: str) -> Table:
    """All entries of a delimited (or gzipped), Parquet or Arrow file, in file order.

    A missing or NaN rating is not scored. Raises `DataError` where the file is missing or empty, lacks a column, or has rows
    that cannot be read: named by line (by row in Parquet and Arrow files), unless `options.on_bad_rows` is "skip".
    """
    format = format.given(options)
    if path.suffix in BINARY:
        open_bytes(path).close()
        try:
            scan = pl.scan_parquet(path, glob=False) if path.suffix == ".parquet" else pl.scan_ipc(path, glob=False)
            return read_frame(scan, path, format, options, run, source)
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{path}: not readable as {path.suffix[1:]}: {error}", "Check that the file is whole.") from None
    columns = list(format.columns or first_records(path, format.separator)[0])
    places = _places(path, format, columns)
    total = _estimate(path)
    try:
        return _assemble(_scan_text(path, format, len(columns), places), format, run, path, total, source)
    except (_Doubt, pl.exceptions.PolarsError, OSError):
        with open_text(path) as text:
            rows = judge.text_rows(records(text, format.separator), places, len(columns), header=format.columns is None)
            return _read_slowly(rows, format, options, run, path, total, source, "line")


def read_frame(scan: pl.LazyFrame, path: Path, format: RatingsFormat, options: ReadOptions, run: Run, source: str) -> Table:
    """The same from typed columns; `path` is what errors call them, and bad rows are named by their number, from 1."""
    schema = scan.collect_schema()
    _places(path, format, list(schema))
    chosen = scan.select(_typed(schema[name], name, part) for part, name in format.names().items())
    rows = int(scan.select(pl.len()).collect().item())
    whole = chosen.with_columns(pl.col("rating").cast(pl.Float32).fill_null(math.nan), pl.col("^status|time$").fill_null(0))
    try:
        return _assemble(whole.collect_batches(maintain_order=True, chunk_size=BATCH), format, run, path, rows, source)
    except (_Doubt, pl.exceptions.PolarsError):
        return _read_slowly(judge.frame_rows(chosen), format, options, run, path, rows, source, "row")


def _places(path: Path, format: RatingsFormat, columns: list[str]) -> dict[str, int]:
    """The part each column plays → its place, or a `DataError` that names the one that is not there."""
    for part, name in format.names().items():
        if name not in columns:
            shown = ", ".join(columns[:20])
            raise DataError(
                f'{path}: no column "{name}" for the {part}.{closest(name, columns)}',
                f"Its columns are: {shown}. Name the right one: {part} (--{part}-column).",
            )
    return {part: columns.index(name) for part, name in format.names().items()}


def _estimate(path: Path) -> int:
    """About how many rows a text file has, from the length of its first lines; 0 where it is compressed."""
    if path.suffix == ".gz":
        return 0
    with path.open("rb") as file:
        head = file.read(1 << 16)
    return int(path.stat().st_size / max(len(head), 1) * head.count(b"\n"))


def _scan_text(path: Path, format: RatingsFormat, width: int, places: dict[str, int]) -> Iterator[pl.DataFrame]:
    """Batches of the chosen columns, named by their part."""
    stride = len(format.separator)  # a :: is two ":" with an empty column between
    kinds = dict.fromkeys(places, pl.Int64() if format.integer_ids else pl.String()) | {"rating": pl.Float32()}
    kinds |= {part: pl.Int64() for part in ("status", "time") if part in places}
    schema: dict[str, pl.DataType] = {f"_{n}": pl.String() for n in range((width - 1) * stride + 1)}
    schema |= {f"_{place * stride}": kinds[part] for part, place in places.items()}
    between = [pl.col(f"_{n}").is_null() for n in range(len(schema)) if n % stride]
    chosen = {part: pl.col(f"_{place * stride}") for part, place in places.items()}
    if between:  # a single : stands in a field, which is then missing here, so that the slow twin looks at it
        chosen["user"] = pl.when(pl.all_horizontal(between)).then(chosen["user"])
    return (
        pl.scan_csv(
            path,
            schema=schema,
            has_header=False,
            skip_rows=0 if format.columns else 1,
            separator=format.separator[0],
            quote_char=quote_of(format.separator),
            glob=False,
        )
        .select(column.alias(part) for part, column in chosen.items())
        .collect_batches(maintain_order=True, chunk_size=BATCH)
    )


def _typed(kind: pl.DataType, name: str, part: str) -> pl.Expr:
    """One column of a typed table as the part it plays: categories and enums as strings, dates as seconds since 1970."""
    column = pl.col(name).alias(part)
    if kind in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    if kind.is_temporal() and part == "time":
        return column.dt.epoch("s")
    return column


def _assemble(batches: Iterable[pl.DataFrame], format: RatingsFormat, run: Run, path: Path, total: int, source: str) -> Table:
    """Batches of the chosen columns → a Table; `_Doubt` at the first value that is not plainly right."""
    parts: dict[str, list[Any]] = {part: [] for part in format.names()}
    what, rows = f"reading {path.name}", 0
    rest = iter(batches)
    while (batch := interruptible(next, rest, None)) is not None:
        check_cancel(run.cancel)
        if len(batch) == 0:
            continue
        rows += len(batch)
        if any(batch[part].null_count() for part in parts):
            raise _Doubt
        rating = batch["rating"].cast(pl.Float32).to_numpy()
        if format.unscored:
            rating = np.where(np.isin(rating, format.unscored), np.float32("nan"), rating)
        if not (format.scale.valid(rating).all() if format.scale else not np.isinf(rating).any()):
            raise _Doubt
        parts["user"].append(_ids(batch["user"], format.integer_ids))
        parts["item"].append(_ids(batch["item"], format.integer_ids))
        parts["rating"].append(rating)
        if format.status:
            known = batch["status"].is_in(list(STATUS.values()))
            parts["status"].append(np.where(known.to_numpy(), batch["status"].to_numpy(), 0).astype(np.uint8))
        if format.time:
            parts["time"].append(batch["time"].cast(pl.Int64).to_numpy())
        run.progress(what, rows, max(rows, total))
    if rows == 0:
        raise DataError(f"{path}: there is no row of ratings in it.", "Check that it was downloaded or written whole.")
    run.progress(what, rows, rows)
    rating = np.concatenate(parts.pop("rating"))
    return Table(
        user_id=_joined(parts.pop("user"), "user_id"),
        item_id=_joined(parts.pop("item"), "item_id"),
        rating=rating,
        scale=format.scale or Scale.of(rating),
        source=source,
        files=(path,),
        status=np.concatenate(parts["status"]) if format.status else None,
        time=np.concatenate(parts["time"]) if format.time else None,
    )


def _ids(ids: pl.Series, integer: bool) -> pl.Series:
    """A batch of ids, narrowed: int32 or int64 where all are whole numbers as Python writes them, else strings."""
    decimal = ids.dtype.is_float()
    if decimal and (ids.floor() == ids).all():
        ids = ids.cast(pl.Int64)
    if not ids.dtype.is_integer():
        text = ids.cast(pl.String).str.strip_chars(SPACES)
        text = text.str.strip_suffix(".0") if decimal else text
        if (text == "").any():
            raise _Doubt
        ids = text.cast(pl.Int64, strict=integer)
        if not integer and not (ids.cast(pl.String) == text).fill_null(False).all():
            return text
    return _narrowed(ids)


def _narrowed(ids: pl.Series) -> pl.Series:
    low, high = cast(int, ids.min()), cast(int, ids.max())
    return ids.cast(pl.Int32 if INT32.min <= low and high <= INT32.max else pl.Int64)


def _joined(batches: list[pl.Series], name: str) -> pl.Series:
    """One column from narrowed batches, of the widest of their types, which none of them loses anything in."""
    kinds = {ids.dtype for ids in batches}
    widest = pl.String if pl.String in kinds else pl.Int64 if pl.Int64 in kinds else pl.Int32
    ids = pl.concat([ids.cast(widest) for ids in batches], rechunk=False).alias(name)
    if widest != pl.String:
        return ids
    whole = whole_ids(ids)
    return _narrowed(whole) if whole.dtype == pl.Int64 else ids


def whole_ids(text: pl.Series) -> pl.Series:
    """Ids as int64 where all are whole numbers as Python writes them, or as pandas does: 10.0; else the strings they are."""
    if text.head(1).str.strip_suffix(".0").cast(pl.Int64, strict=False).null_count():
        return text  # most columns of strings are seen to be such at once
    plain = text.str.strip_suffix(".0")
    whole = plain.cast(pl.Int64, strict=False)
    return whole if (whole.cast(pl.String) == plain).fill_null(False).all() else text


def _read_slowly(
    rows: Iterable[judge.Row],
    format: RatingsFormat,
    options: ReadOptions,
    run: Run,
    path: Path,
    total: int,
    source: str,
    place: str,
) -> Table:
    """A Table of the good rows; `place` is what their numbers count."""
    rejects = Rejects()

    def good_rows() -> Iterator[pl.DataFrame]:
        yield from judge.judged(rows, format, rejects)
        settle(path, rejects, options.on_bad_rows, place)

    return dataclasses.replace(_assemble(good_rows(), format, run, path, total, source), rejects=rejects)
