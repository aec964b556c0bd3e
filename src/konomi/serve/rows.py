"""Bodies of many rows: a JSON array, or lines of JSON."""

import asyncio
from typing import Any, TypeVar

from pydantic import TypeAdapter

from konomi.serve.routes import parsed

T = TypeVar("T")

NDJSON = "application/x-ndjson"
LARGE = 50_000  # bytes, which take some milliseconds to read


async def rows_of(kind: TypeAdapter[list[T]], content: bytes, media: str) -> list[T]:
    """The rows of a body; RequestValidationError with the place of what is wrong. Many are read on a thread: others do not
    wait for it."""
    return _rows(kind, content, media) if len(content) < LARGE else await asyncio.to_thread(_rows, kind, content, media)


def _rows(kind: TypeAdapter[list[T]], content: bytes, media: str) -> list[T]:
    lines = media.partition(";")[0].strip().lower() == NDJSON
    if lines:
        content = b"[" + b",".join(line for line in content.splitlines() if line.strip()) + b"]"
    return parsed(kind, content)


def several(row: str) -> dict[str, Any]:
    """What OpenAPI says of such a body, of rows of the schema `row`."""
    array = {"type": "array", "items": {"$ref": f"#/components/schemas/{row}"}}
    lines = {"type": "string", "description": "one such object a line"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": array}, NDJSON: {"schema": lines}}}}
