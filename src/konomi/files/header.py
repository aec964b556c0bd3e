"""The header of a file in the layout of safetensors: its arrays and its metadata."""

import json
from pathlib import Path
from typing import Any, BinaryIO

from konomi.files.regular import open_regular

LONGEST = 100_000_000  # bytes; safetensors reads no longer one


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a file, from its header alone; empty where it is no file, cannot be read, or has another layout."""
    try:
        with open_regular(path) as file:
            return metadata_of(read_header(file)[0])
    except (OSError, ValueError):
        return {}


def read_header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header, and the byte at which the arrays begin; ValueError where there is no header."""
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= LONGEST:
        raise ValueError("it is no file of arrays")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("it is no file of arrays, or cut short")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("its header is not readable as JSON") from None
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    return header, 8 + length


def metadata_of(header: dict[str, Any]) -> dict[str, str]:
    """The metadata of a header, which are removed from it; ValueError where they are no text."""
    found = header.pop("__metadata__", {})
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("the metadata in its header is not text")
    return found
