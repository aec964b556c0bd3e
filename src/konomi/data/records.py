"""Delimited text as records, each with the line that it starts on; and what happens to the ones that cannot be read."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TextIO, cast

import polars as pl

from konomi.data.table import Rejects
from konomi.errors import DataError

OnBadRows = Literal["refuse", "skip"]
SHOWN_LINES = 5  # how many line numbers a refusal names
SHOWN_TEXT = 500  # a rejected row is kept up to this many characters: an open quote may swallow half a file


class Record(NamedTuple):
    """One row: its first line in the file (from 1), its fields, and why it cannot be read ("" where it can)."""

    line: int
    fields: list[str]
    fault: str
    text: str


def quote_of(separator: str) -> str | None:
    """The quote character that goes with a separator: files separated by tabs or by :: are not quoted."""
    return None if separator in ("\t", "::") else '"'


def open_bytes(path: Path) -> BinaryIO:
    """A file's bytes, through gzip where its name ends in .gz; `DataError` where there is no such file."""
    if path.is_dir():
        raise DataError(f"{path}: is a folder.", "Give the file in it.")
    try:
        return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.", "Check the path.") from None
    except PermissionError:
        raise DataError(f"{path}: may not be read.", "Check the file's permissions.") from None


def open_text(path: Path) -> TextIO:
    """A file's text. Bytes that are not UTF-8 become surrogates, so that only a field that matters need be refused for them."""
    return io.TextIOWrapper(open_bytes(path), "utf-8-sig", "surrogateescape", newline="")


def records(text: TextIO, separator: str) -> Iterator[Record]:
    """The records of a text, blank lines left out."""
    line = 0  # how many went before
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for physical in text:
            taken.append(physical)
            yield physical

    quote = quote_of(separator)
    reader = csv.reader(
        lines(), delimiter=separator[0], quotechar=quote, quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE, strict=True
    )
    while True:
        fault = ""
        try:
            fields = next(reader, None)
        except csv.Error as error:
            unclosed = "unexpected end" in str(error)
            fields, fault = [], "a quote that is never closed" if unclosed else f"broken quoting ({error})"
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield Record(line + 1, [], "the compressed file is damaged or ends too early", "")
            return
        if fields is None:
            return
        if fields or fault:
            raw = "".join(taken).rstrip("\r\n")
            fields = fields[:: len(separator)]  # a :: is two ":" with an empty field between
            yield Record(line + 1, fields, fault, raw[:SHOWN_TEXT])
        line += len(taken)
        taken.clear()


def first_records(path: Path, separator: str, n: int = 1) -> list[list[str]]:
    """The fields of a file's first n records; `DataError` where it is empty."""
    with open_text(path) as text:
        head = list(islice(records(text, separator), n))
    if not head:
        raise DataError(f"{path}: the file is empty.", "Check that it was downloaded or written whole.")
    if head[0].fault:
        raise DataError(f"{path}: line 1: {head[0].fault}.", "Check that it is a ratings file, downloaded or written whole.")
    return [[printable(field) for field in record.fields] for record in head]


def reject(rejects: Rejects, line: int, reason: str, text: str) -> None:
    """Note one row that is left out."""
    rejects.line.append(line)
    rejects.reason.append(reason)
    rejects.text.append(text)


def settle(path: Path, rejects: Rejects, on_bad_rows: OnBadRows, place: str = "line") -> None:
    """Refuse a file with rejects, naming their first places and the count of each kind, unless they are to be skipped."""
    if not rejects.line or on_bad_rows == "skip":
        return
    lines = ", ".join(str(line) for line in rejects.line[:SHOWN_LINES]) + (", …" if len(rejects.line) > SHOWN_LINES else "")
    kinds = "; ".join(f"{reason}: {count:,}" for reason, count in Counter(rejects.reason).most_common())
    rows, at = ("1 row", place) if len(rejects.line) == 1 else (f"{len(rejects.line):,} rows", f"{place}s")
    raise DataError(
        f"{path}: {rows} cannot be read ({kinds}), at {at} {lines}.",
        "Mend the file, or leave such rows out with --on-bad-rows=skip.",
    )


def write_rejects(path: Path, rejects: Rejects) -> None:
    """Write the rows that were left out as CSV: line, reason, text."""
    try:
        texts = [printable(text) for text in rejects.text]
        pl.DataFrame({"line": rejects.line, "reason": rejects.reason, "text": texts}).write_csv(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}.", "Choose another place.") from error


def printable(text: str) -> str:
    """Text with every byte that was not UTF-8 replaced by �."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
