"""Delimited text as records with their line numbers, and how records that cannot be read are refused or left out."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TextIO, cast

import polars as pl

from konomi.data.table import Rejects
from konomi.errors import DataError
from konomi.files import check_file, first_bytes, whole_file
from konomi.text import as_cell

OnBadRows = Literal["refuse", "skip"]
SHOWN_LINES = 5  # line numbers that an error names, at most
REJECTS_HEADER = "line,reason,text"
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)  # errors of reading a damaged gzip file
HEAD = 1 << 12  # bytes of a file's beginning that show whether it is text
CONTROLS = bytes(set(range(32)) - set(b"\t\r\n")) + b"\x7f"
MOST_CONTROLS = 0.05  # share of control characters in a text; in random bytes it is 1/9
KINDS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY": "an array of NumPy",
    b"MATLAB 5.0 MAT": "a MATLAB file",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF",
}
"""What files begin with that are often tried."""
LONGEST_LINE = 1 << 20  # characters of a first line
SHOWN_TEXT = 500  # characters of a rejected row that are kept: an open quote may swallow half a file


class Record(NamedTuple):
    """One row: its first line in the file (from 1), its cells, why it cannot be read (or ""), and its text."""

    line: int
    fields: list[str]
    fault: str
    text: str


def quote_of(separator: str) -> str | None:
    """The quote character of files with a separator; None for tabs and ::, which are used without quotes."""
    return None if separator in ("\t", "::") else '"'


def open_bytes(path: Path) -> BinaryIO:
    """A file's bytes, unpacked where its name ends in .gz; DataError where it cannot be read, or is UTF-16."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:  # polars reads no other names
        raise DataError(f"{str(path)!r}: not a name in UTF-8.", "Rename it.") from None
    try:
        if path.is_dir():
            raise DataError(f"{path}: is a folder.", "Give the file in it.")
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: is no regular file, and would have to be read twice.", "Write it to a file first.")
        file = gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.", "Check the path.") from None
    except PermissionError:
        raise DataError(f"{path}: may not be read.", "Check the file's permissions.") from None
    except OSError as cause:  # such as a link that leads to itself
        raise _unreadable(path, cause) from cause
    head = b""
    try:
        with suppress(*DAMAGED):  # the error comes when it is read
            head = file.peek(HEAD)[:HEAD]
    except OSError as cause:
        file.close()
        raise _unreadable(path, cause) from cause
    if kind := kind_of_binary(head):
        file.close()
        raise DataError(f"{path}: is {kind}.", "Save the ratings in it as CSV or Parquet: one row per rating.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:4]:
        file.close()
        raise _no_text(path)
    if path.suffix == ".gz":
        file.seek(0)
    return cast(BinaryIO, file)


def open_text(path: Path) -> TextIO:
    """A file's text. Bytes that are not UTF-8 become surrogates, so that only cells that are used are refused for them."""
    file = open_bytes(path)
    head = b""
    with suppress(*DAMAGED):
        head = file.peek(HEAD)[:HEAD]  # type: ignore[attr-defined]
    try:
        refuse_binary(path, head)
    except DataError:
        file.close()
        raise
    return io.TextIOWrapper(file, "utf-8-sig", "surrogateescape", newline="")


def kind_of_binary(head: bytes) -> str:
    """What a file is that begins so, in words; "" where it is none of these."""
    sheet = head.startswith(b"PK\3\4") and (b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/" in head)
    return "an Excel workbook" if sheet else next((name for magic, name in KINDS.items() if head.startswith(magic)), "")


def refuse_binary(path: Path, head: bytes) -> None:
    """DataError where the beginning of a file has more control characters than text has: a picture, a program, …"""
    if len(head.translate(None, CONTROLS)) < (1 - MOST_CONTROLS) * len(head):
        raise _no_text(path)


def _unreadable(path: Path, cause: OSError) -> DataError:
    return DataError(f"{path}: cannot be read: {cause.strerror}.", "Check the path, or copy the file anew.")


def _no_text(path: Path) -> DataError:
    hint = 'Name its `encoding`, such as utf-16, or save it as UTF-8 ("CSV UTF-8").'
    return DataError(f"{path}: is not UTF-8 text but UTF-16, or no text at all.", hint)


def records(text: TextIO, separator: str) -> Iterator[Record]:
    """The records of a text, blank lines left out."""
    line = 0  # lines before the next record
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for physical in text:
            taken.append(physical)
            yield physical

    quote = quote_of(separator)
    reader: Iterator[list[str]]
    if len(separator) > 1:  # the csv module takes only single characters
        reader = (line.split(separator) if line else [] for line in (physical.rstrip("\r\n") for physical in lines()))
    else:
        reader = csv.reader(
            lines(), delimiter=separator, quotechar=quote, quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE, strict=True
        )
    while True:
        fault = ""
        try:
            fields = next(reader, None)
        except csv.Error as error:
            unclosed = "unexpected end" in str(error)
            fields, fault = [], "a quote that is never closed" if unclosed else f"broken quoting ({error})"
        except DAMAGED:
            yield Record(line + 1, [], "the compressed file is damaged or ends too early", "")
            return
        if fields is None:
            return
        if fields or fault:
            raw = "".join(taken).rstrip("\r\n")
            yield Record(line + 1, fields, fault, raw[:SHOWN_TEXT])
        line += len(taken)
        taken.clear()


def first_records(path: Path, separator: str, n: int = 1) -> list[list[str]]:
    """The cells of a file's first n records; DataError where it is empty."""
    with open_text(path) as text:
        with suppress(*DAMAGED):
            if len(text.readline(LONGEST_LINE)) >= LONGEST_LINE:
                raise DataError(f"{path}: the first line has more than {LONGEST_LINE:,} characters.", "Give a ratings file.")
        text.seek(0)
        head = list(islice(records(text, separator), n))
    if not head:
        raise DataError(f"{path}: the file is empty.", "Check that it was downloaded or written whole.")
    if head[0].fault:
        raise DataError(f"{path}: line 1: {head[0].fault}.", "Check that it is a ratings file, downloaded or written whole.")
    return [[printable(field) for field in record.fields] for record in head]


def first_lines(path: Path, n: int) -> list[str]:
    """A file's first n lines; none where it cannot be read."""
    with suppress(DataError, OSError, *DAMAGED), open_text(path) as text:
        return list(islice(text, n))
    return []


def numbered_lines(path: Path) -> pl.DataFrame:
    """A file's lines without blank ones: row, its number from 1, and line."""
    try:
        with open_text(path) as text:
            lines = pl.Series("line", printable(text.read()).split("\n"))
    except DAMAGED:
        raise DataError(f"{path}: the compressed file is damaged or ends too early.", "Download it again.") from None
    stripped = lines.to_frame().with_row_index("row", 1).with_columns(pl.col("line").str.strip_chars())
    return stripped.filter(pl.col("line") != "")


def reject(rejects: Rejects, line: int, reason: str, text: str) -> None:
    """Note one row that is left out."""
    rejects.line.append(line)
    rejects.reason.append(reason)
    rejects.text.append(text)


def settle(path: Path, rejects: Rejects, on_bad_rows: OnBadRows, place: str = "line") -> None:
    """DataError for a file with rejects, with the first places and the count of each reason, unless they are skipped."""
    if not rejects.line or on_bad_rows == "skip":
        return
    lines = ", ".join(str(line) for line in rejects.line[:SHOWN_LINES]) + (", …" if len(rejects.line) > SHOWN_LINES else "")
    kinds = "; ".join(f"{reason}: {count:,}" for reason, count in Counter(rejects.reason).most_common())
    rows, at = ("1 row", place) if len(rejects.line) == 1 else (f"{len(rejects.line):,} rows", f"{place}s")
    off_scale = any("off the scale" in reason for reason in rejects.reason)
    raise DataError(
        f"{path}: {rows} cannot be read ({kinds}), at {at} {lines}.",
        ("Give the scale that it has with `scale`, mend" if off_scale else "Mend")
        + " the file, or leave such rows out: `on_bad_rows`=skip.",
    )


def refuse_rejects(path: Path, inputs: Sequence[Path]) -> None:
    """DataError where rejects cannot go to `path`: it is an input, or no older rejects file, or cannot be written."""
    check_file(path, DataError, inputs, "rejects", ("a rejects file", _is_rejects))


def _is_rejects(path: Path) -> bool:
    return first_bytes(path, len(REJECTS_HEADER)) == REJECTS_HEADER.encode()


def write_rejects(path: Path, *rejects: Rejects) -> None:
    """Write the rows that were left out as CSV, safe in spreadsheets: line, reason, text. Written whole or not at all."""
    columns = {name: [value for each in rejects for value in getattr(each, name)] for name in REJECTS_HEADER.split(",")}
    columns |= {name: [as_cell(printable(text)) for text in columns[name]] for name in ("reason", "text")}
    with whole_file(path, DataError, "rejects") as partial:
        pl.DataFrame(columns).write_csv(partial)


def number(text: str) -> float:
    """A number in ASCII digits; Python's `float` also takes 1_0 and the digits of other scripts."""
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return float(text)


def printable(text: str) -> str:
    """Text with every byte that was not UTF-8 replaced by �."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
