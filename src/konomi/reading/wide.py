"""A matrix of ratings: a row for each user and a column for each item."""

from collections.abc import Collection
from itertools import chain
from pathlib import Path

import polars as pl

from konomi.errors import DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.records import first_records, number, open_text, printable, records

MISSING = ("", "na", "nan", "n/a", "null", "none", "-", "?", ".")
"""What stands for no rating, in lower case."""
SHOWN = 3  # cells that an error shows, at most


def unpivoted(path: Path, separator: str, options: ReadOptions) -> pl.DataFrame:
    """The ratings as a frame with user_id, item_id and rating.

    The first line names the items and the first column the users; a file of numbers alone has neither, and users and items are
    numbered from 1. DataError where a cell is neither a rating nor one of `MISSING`.
    """
    head = first_records(path, separator)[0]
    named = not all(_is(cell) for cell in head)
    items: list[str] | list[int] = head[1:] if named else list(range(1, len(head) + 1))
    if named and len(set(items)) < len(items):
        raise DataError(f"{path}: two columns have the same name.", "Name every item once.")
    users: list[str] = []
    rows: list[list[float | None]] = []
    wrong: list[str] = []
    with open_text(path) as text:
        lines = records(text, separator)
        if named:
            next(lines)
        for n, record in enumerate(lines, 1):
            cells = record.fields[1:] if named else record.fields
            if record.fault or len(cells) != len(items):
                reason = record.fault or f"{len(record.fields)} columns, and {len(head)} in the first line"
                raise DataError(f"{path}: line {record.line}: {reason}.", "Mend the file.")
            users.append(printable(record.fields[0].strip()) if named else str(n))
            rows.append([_rating(cell, separator, wrong, f"line {record.line}") for cell in cells])
    if wrong:
        raise DataError(
            f"{path}: neither ratings nor missing: {'; '.join(wrong[:SHOWN])}{'; …' if len(wrong) > SHOWN else ''}.",
            f"A missing rating is empty, or one of: {', '.join(filter(None, MISSING))}; other marks are numbers in `unscored`. "
            "A file with a row per rating is read without `wide`.",
        )
    return pl.DataFrame(
        {
            "user_id": [user for user in users for _ in items],
            "item_id": list(items) * len(users),
            "rating": pl.Series("rating", list(chain.from_iterable(rows)), pl.Float32),
        }
    ).filter(pl.col("rating").is_not_null() & ~pl.col("rating").is_in(list(_float32(options.unscored))))


def _rating(cell: str, separator: str, wrong: list[str], place: str) -> float | None:
    cell = cell.strip()
    if cell.lower() in MISSING:
        return None
    try:
        return number(cell if separator == "," else cell.replace(",", ".", 1))
    except ValueError:
        wrong.append(f'"{printable(cell[:20])}" at {place}')
        return None


def _is(cell: str) -> bool:
    try:
        number(cell.strip())
    except ValueError:
        return cell.strip().lower() in MISSING
    return True


def _float32(marks: Collection[float]) -> list[float]:
    return pl.Series(list(marks), dtype=pl.Float32).to_list()
