"""Ratings in files or in memory → a Table, and → a Dataset. The public functions for reading."""

import dataclasses
import os
from pathlib import Path
from typing import Any, TypedDict, Unpack

from konomi.arguments import as_path, expect
from konomi.data.add import add as add_table
from konomi.data.dataset import Dataset
from konomi.data.prepare import Rules
from konomi.data.prepare import prepare as prepare_table
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.reading.detect import with_catalogues
from konomi.reading.formats import ReadOptions
from konomi.reading.read_frame import read_frame
from konomi.reading.records import OnBadRows, open_bytes
from konomi.reading.sources import SOURCES, read_source
from konomi.reading.users import read_users
from konomi.runtime import Run
from konomi.settings import closest, settings

PathLike = str | os.PathLike[str]


class Reading(TypedDict, total=False):
    """Options of reading ratings; None or absent = the source's own, or guessed."""

    source: str | None  # a name in `SOURCES`; by default recognised from the files
    items: Any  # a catalogue, joined by item id: a file, or a frame; or a list of them, each fills what those before lack
    users: Any  # features of people: a file, or a frame
    user: str | None  # names of columns
    item: str | None
    rating: str | None
    status: str | None
    time: str | None
    deleted: str | None
    implicit: bool  # presence alone is the signal
    counts: bool  # the ratings are counts
    separator: str | None  # between columns of a file: a character, or "::"
    encoding: str | None  # of files: "latin-1", "utf-16", …; by default UTF-8
    unscored: tuple[float, ...]  # ratings that mean "not scored"
    wide: bool  # a column for each item, a row for each user
    scale: Scale | None
    on_bad_rows: OnBadRows  # "refuse", or "skip": leave them out


def read_ratings(*paths: PathLike, run: Run | None = None, **reading: Unpack[Reading]) -> Table:
    """The ratings in files, folders or a zip, as a `Table`: one row per entry, with the catalogue where there is one.

    reading: options, see `Reading`. DataError where a file is missing, no source fits, or rows cannot be read (with
    `on_bad_rows="skip"` they are in `Table.rejects`); ConfigError for a wrong option.
    """
    return _read_files(list(paths), _options(reading), _run(run), reading)


def prepare(ratings: Any, rules: Rules | None = None, run: Run | None = None, **reading: Unpack[Reading]) -> Dataset:
    """The dataset of ratings in files or in memory, in one call.

    ratings: a path, or a list of them (files, folders, a zip); a table in memory with a row per rating (polars, pandas,
    pyarrow, DuckDB, …); or a `Table`. rules: what is kept; reading: options, see `Reading`. DataError as in `read_ratings`, and
    where nothing is left; ConfigError for a wrong option.

        konomi.prepare("ml-latest-small.zip")
        konomi.prepare(["a.dat", "b.dat"], source="movielens", items="films.csv", rules=konomi.Rules(k_core=5))
        konomi.prepare(frame, user="who", item="what", rating="stars", scale=konomi.Scale(1, 5, 1))
    """
    expect(rules, Rules | None, "rules", ConfigError, "Write rules=konomi.Rules(k_core=5), for instance.")
    run = _run(run)
    if isinstance(ratings, Table):
        if given := [name for name in reading if reading[name] is not None]:  # type: ignore[literal-required]
            raise ConfigError(f"A Table has been read: {', '.join(given)} cannot be said any more.", "Say it to read_ratings.")
        return prepare_table(ratings, rules, run)
    options = _options(reading)
    listed = isinstance(ratings, list | tuple) and all(isinstance(each, str | os.PathLike) for each in ratings)
    if isinstance(ratings, str | os.PathLike) or listed:
        table = _read_files(ratings if listed else [ratings], options, run, reading)
    elif (source := reading.get("source")) is not None:
        raise ConfigError(f'The source "{source}" reads files, not tables in memory.', "Leave source out, or give paths.")
    else:
        table = with_users(read_frame(ratings, options, run, _items(reading)), reading.get("users"), options)
    dataset = prepare_table(table, rules, run)
    return dataclasses.replace(dataset, manifest={**dataset.manifest, "read": options.again(table.reading, table.signal)})


def add(dataset: Dataset | PathLike, ratings: Any, run: Run | None = None, **reading: Unpack[Reading]) -> Dataset:
    """A dataset with new ratings, corrections and deletions, read as it was read itself; see `data/add.py`. Nothing is written.

    dataset: a Dataset, or the path of one; ratings: as for `prepare`. Rows of known users and items, and the roles of their
    entries in a split that is drawn, stay as they are. DataError as in `read_ratings`, for a dataset with thresholds, and where
    nothing is left; ConfigError for a wrong option.
    """
    run, given = _run(run), {name: value for name, value in reading.items() if value is not None}
    known = dataset if isinstance(dataset, Dataset) else Dataset.open(as_path(dataset, "a dataset", DataError))
    if isinstance(ratings, Table):
        return add_table(known, ratings)
    asked: Any = {**known.manifest.get("read", {}), "scale": known.scale, **given}
    options = _options(asked)
    listed = isinstance(ratings, list | tuple) and all(isinstance(each, str | os.PathLike) for each in ratings)
    if isinstance(ratings, str | os.PathLike) or listed:
        source = known.manifest["source"]
        asked["source"] = given.get("source", source if source in SOURCES and source != "sample" else None)
        return add_table(known, _read_files(ratings if listed else [ratings], options, run, asked))
    return add_table(known, with_users(read_frame(ratings, options, run, _items(asked)), asked.get("users"), options))


def _read_files(paths: list[Any], options: ReadOptions, run: Run, reading: Reading) -> Table:
    hint = "Give paths; konomi.prepare takes tables in memory, too."
    files, items = [as_path(path, "ratings", DataError, hint) for path in paths], _items(reading)
    places = tuple(each for each in items if isinstance(each, Path))
    for place in places:
        open_bytes(place).close()  # refused before the ratings are read
    table = read_source(reading.get("source"), files, options, run)
    return with_users(with_catalogues(table, items, options) if items else table, reading.get("users"), options)


def with_users(table: Table, users: Any, options: ReadOptions) -> Table:
    """The table with the features of people in a file or frame; unchanged for None."""
    if users is None:
        return table
    users = as_path(users, "users", DataError) if isinstance(users, str | os.PathLike) else users
    found, left_out = read_users(users, table.reading.get("user"), options.on_bad_rows)
    files = (*table.files, *([users] if isinstance(users, Path) else []))
    return dataclasses.replace(table, users=found, files=files, features_left_out=tuple(left_out))


def _options(reading: Reading) -> ReadOptions:
    """The options about rows and columns; ConfigError for an unknown option, or a value of the wrong type."""
    known = list(Reading.__annotations__)
    if unknown := next((name for name in reading if name not in known), None):
        raise ConfigError(f'There is no option "{unknown}".{closest(unknown, known)}', f"The options are: {', '.join(known)}.")
    expect(reading.get("source"), str | None, "a source", ConfigError, 'Write source="movielens", for instance.')
    expect(reading.get("scale"), Scale | None, "a scale", ConfigError, "Write scale=konomi.Scale(1, 10, 1), for instance.")
    said = {
        name: value
        for name, value in reading.items()
        if value is not None and name not in ("source", "items", "users", "scale")
    }
    return dataclasses.replace(settings(ReadOptions, said, "reading"), scale=reading.get("scale"))


def _items(reading: Reading) -> list[Any]:
    """The catalogues: a path as a `Path`, anything else unchanged."""
    given = reading.get("items")
    several = list(given) if isinstance(given, list | tuple) else [] if given is None else [given]
    return [as_path(each, "a catalogue", DataError) if isinstance(each, str | os.PathLike) else each for each in several]


def _run(run: Run | None) -> Run:
    expect(run, Run | None, "a run", ConfigError, "Write run=konomi.Run(threads=2), for instance.")
    return run or Run()
