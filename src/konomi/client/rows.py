"""Rows on their way to the service: each with its own time, in bodies that are not larger than it takes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from konomi.client.asked import Row
from konomi.errors import RequestError

NDJSON = "application/x-ndjson"
MOST_ROWS = 10_000  # of a body


def segment(id: int | str, what: str) -> str:
    """An id as a part of a path; RequestError for one that would be another path."""
    text = str(id)
    if not text or "/" in text or text in (".", ".."):
        raise RequestError(f'"{text}" cannot stand in an address.', "Send an item with such an id in `put_many`.", what)
    return quote(text, safe="")


def moment(at: datetime | str | None) -> str:
    """RFC 3339 of a time, by default of now; RequestError for one without a zone."""
    at = datetime.now(UTC) if at is None else at
    if isinstance(at, str):
        return at
    if at.tzinfo is None:
        raise RequestError(f"{at} has no zone.", "Give a datetime that has one, such as datetime.now(UTC).", "at")
    return at.isoformat()


def timed(row: Row) -> Row:
    """A row with a time of its own, so that a repetition which arrives late does not override what is newer."""
    return {**row, "at": moment(row.get("at"))}


def bodies(rows: Iterable[Mapping[str, Any]], most: int) -> Iterator[tuple[int, bytes]]:
    """The rows as lines of JSON, in bodies of so many bytes at most; with each, the number of rows before it."""
    lines, size, before = list[bytes](), 0, 0
    for row in rows:
        line = msgspec.json.encode(row) + b"\n"
        if lines and (len(lines) == MOST_ROWS or size + len(line) > most):
            yield before, b"".join(lines)
            before, lines, size = before + len(lines), [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield before, b"".join(lines)
