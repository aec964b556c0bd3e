"""JSON lines, such as Amazon's reviews: one object per line with a user, an item and perhaps a rating; .gz too.

The first objects say which keys are needed. Polars parses these, block by block; at the first doubt the slow reader goes
through all lines, and knows the line and the fault of each bad one.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from konomi.data.table import Rejects, Table
from konomi.errors import DataError
from konomi.reading.detect import Layout
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.ids import Doubt
from konomi.reading.records import DAMAGED, SHOWN_TEXT, first_lines, open_bytes, open_text, printable, reject, settle
from konomi.reading.rows import assemble, estimate, places_of, read_several, read_slowly
from konomi.reading.signal import with_signal
from konomi.reading.slow_rows import FALSE
from konomi.reading.times import is_date, plain_seconds
from konomi.reading.usual_names import usual_format
from konomi.runtime import Run

LAYOUT = Layout("json-lines", (), ())
FIRST = 10_000  # lines of each file by which the keys are chosen
BLOCK = 16 << 20  # bytes that are parsed at a time
BOM = b"\xef\xbb\xbf"
NESTED = "^[\\[{]|\0"  # what polars makes of an object, an array, or half a character: the slow reader takes them for missing

Simple = str | int | float


def recognise(paths: Sequence[Path]) -> bool:
    """Files whose first line is a JSON object."""
    return bool(paths) and all(path.is_file() and _begins_with_an_object(path) for path in paths)


def _begins_with_an_object(path: Path) -> bool:
    with suppress(ValueError, RecursionError):
        return any(isinstance(json.loads(line), dict) for line in first_lines(path, 1))
    return False


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The objects of one file, or of several, with the named keys or their usual names."""
    examples: dict[str, Simple] = {}  # key → its first value
    for path in paths:
        examples = {**_examples(path, options), **examples}
    columns = {key: is_date(value) if isinstance(value, str) else isinstance(value, int) for key, value in examples.items()}
    format = usual_format(str(paths[0]), columns, options).given(options)
    places_of(paths[0], format, list(columns))
    dates = isinstance(examples.get(format.time or ""), str)
    kinds = {field: _kind(field, examples[key]) for field, key in format.names().items()}

    def one(path: Path, format: RatingsFormat, options: ReadOptions, run: Run, source: str) -> Table:
        total = estimate(path)
        try:
            return assemble(_blocks(path, format, kinds), format, run, path, total, source)
        except (Doubt, pl.exceptions.PolarsError, OSError, *DAMAGED):
            return read_slowly(_rows(path, format), format, options, run, path, total, source, "line")

    table = read_several(paths, dataclasses.replace(format, dates=dates), options, run, "json-lines", one)
    table = with_signal(table, format.counts, options.implicit, format.scale is not None)
    return dataclasses.replace(table, reading=format.names())


def _examples(path: Path, options: ReadOptions) -> dict[str, Simple]:
    """The first simple value of each key in the first lines of a file; DataError where there is none."""
    found: dict[str, Simple] = {}
    bad, objects = Rejects(), 0
    for line, values, fault, text in islice(_objects(path), FIRST):
        found = {**values, **found}
        objects += not fault
        if fault:
            reject(bad, line, fault, text)
    if not objects:
        settle(path, bad, options.on_bad_rows)
        raise DataError(f"{path}: there is no row of ratings in it.", "Check that it was downloaded or written whole.")
    if not found:
        raise DataError(f"{path}: the first {objects:,} objects have nothing in them.", "Give a ratings file.")
    return found


def _kind(field: str, example: Simple) -> pl.DataType:
    """The type in which polars reads the values of a field."""
    if field in ("user", "item", "deleted") or isinstance(example, str):
        return pl.String()
    return pl.Float64() if field == "rating" else pl.Int64()


def _blocks(path: Path, format: RatingsFormat, kinds: Mapping[str, pl.DataType]) -> Iterator[pl.DataFrame]:
    """Batches of the chosen keys, named by their field; `Doubt` where a value may be none that polars can read."""
    names = format.names()
    schema = {key: kinds[field] for field, key in names.items()}
    chosen = {field: pl.col(key) for field, key in names.items()}
    if format.dates:
        chosen["time"] = plain_seconds(chosen["time"])
    nothing: dict[str, int | str] = {"status": 0, "time": 0, "deleted": FALSE[0]}
    with open_bytes(path) as file:
        begins = file.read(len(BOM)).removeprefix(BOM)
        while block := begins + file.read(BLOCK) + file.readline():
            begins = b""
            frame = pl.read_ndjson(block, schema=schema)
            if any(frame[key].str.contains(NESTED).any() for key, kind in schema.items() if kind == pl.String):
                raise Doubt
            missing = {field: frame[names[field]].is_null() for field in nothing if field in names}
            frame = frame.select(column.alias(field) for field, column in chosen.items())
            filled = [pl.when(missing[field]).then(pl.lit(nothing[field])).otherwise(field).alias(field) for field in missing]
            if format.rating:
                filled.append(pl.col("rating").cast(pl.Float32).fill_null(float("nan")))
            yield frame.with_columns(filled)


def _rows(path: Path, format: RatingsFormat) -> Iterator[tuple[int, dict[str, Any], str, str]]:
    """The same, line by line, for `slow_rows.checked_rows`."""
    names = format.names()
    for line, values, fault, text in _objects(path):
        yield line, {field: values.get(key) for field, key in names.items()}, fault, text


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Simple], str, str]]:
    """Line, simple values by key, what is wrong with it (or ""), and the text of every line that is not blank."""
    line = 0
    with open_text(path) as file:
        try:
            for line, written in enumerate(file, 1):
                if text := written.strip():
                    try:
                        found = json.loads(text, object_pairs_hook=_first)
                        fault = "" if isinstance(found, dict) else "no JSON object"
                    except (ValueError, RecursionError):
                        fault = "no JSON object"
                    values = {} if fault else {key: _plain(one) for key, one in found.items() if isinstance(one, Simple)}
                    yield line, values, fault, printable(text[:SHOWN_TEXT])
        except DAMAGED:
            yield line + 1, {}, "the compressed file is damaged or ends too early", ""


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of values with the same key the first, as polars has it."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _plain(value: Simple) -> Simple:
    """A value as polars has it: a JSON text may have halves of characters, and a number any length."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not value.isascii() else value
    return json.dumps(value) if isinstance(value, bool) or (isinstance(value, int) and abs(value) >= 1 << 63) else value
