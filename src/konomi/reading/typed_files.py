"""Parquet and Arrow files: files with columns of types, read by polars."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from konomi.errors import DataError
from konomi.reading.records import open_bytes

TYPED = (".parquet", ".arrow", ".feather", ".ipc")
REMEDY = "Check that the file is whole."


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """DataError where a file cannot be opened, or the block finds that polars cannot read it.

    Of some damaged files polars tells on stderr what its own threads stumbled over: that is not held back, since what other
    threads and processes say there would be lost with it.
    """
    open_bytes(path).close()
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path}: not readable as {path.suffix[1:]}: {error}", REMEDY) from None
    except pl.exceptions.PanicException:
        raise DataError(f"{path}: not readable as {path.suffix[1:]}: what is in it is damaged.", REMEDY) from None


def frame_of(path: Path) -> pl.DataFrame:
    """All that is in a file; DataError where it cannot be read."""
    with readable(path), path.open("rb") as file:  # not by name: polars takes [ ] in a name for a pattern
        return pl.read_parquet(file) if path.suffix == ".parquet" else pl.read_ipc(file)


def schema_of(path: Path) -> dict[str, pl.DataType]:
    """Column → type; DataError where a file cannot be read."""
    with readable(path), path.open("rb") as file:
        return dict(pl.read_parquet_schema(file) if path.suffix == ".parquet" else pl.read_ipc_schema(file))


def scan_of(path: Path) -> pl.LazyFrame:
    """What is in a file, still to be read, within `readable`."""
    place = path.absolute()  # in a relative path, polars replaces ~ by the home folder
    return pl.scan_parquet(place, glob=False) if path.suffix == ".parquet" else pl.scan_ipc(place, glob=False)


def every_row(batches: Iterable[pl.DataFrame], path: Path, rows: int) -> Iterator[pl.DataFrame]:
    """The batches; DataError where they have fewer rows: after a damaged part polars ends as if there were no more."""
    read = 0
    for batch in batches:
        read += len(batch)
        yield batch
    if read < rows:
        raise DataError(f"{path}: only {read:,} of its {rows:,} rows can be read: it is damaged.", REMEDY)
