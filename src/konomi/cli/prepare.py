"""konomi prepare: ratings files → a dataset."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import called, running, say, shell, show_json
from konomi.cli.options import Json, Threads
from konomi.errors import ConfigError, DataError

if TYPE_CHECKING:
    from konomi.data.scale import Scale
    from konomi.data.table import Table


SIGNALS = {
    "presence": "Presence alone is the signal: there are no ratings that differ, and every entry counts as liked.",
    "counts": "The ratings are counts: they are weights, and every entry counts as liked.",
}


def prepare(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DATA", help="The folder to write.")],
    words: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE] PATH…", help="movielens, mal-2016, mal-2020, mal-2023, "
        "delimited or sample, where the files do not say it themselves; then files, folders or the zip.")] = None,
    added: Annotated[list[Path] | None, typer.Option("--add", metavar="FILE", help="Add new ratings, corrections and deletions "
        "to the dataset at DATA, instead of reading it anew; give several.")] = None,
    items: Annotated[list[Path] | None, typer.Option(metavar="CATALOGUE", help="A catalogue, joined by item id; give several, "
        "each fills what those before lack.")] = None,
    users: Annotated[Path | None, typer.Option(metavar="FILE", help="Features of people, by user id: age, sex, …")] = None,
    min_item_ratings: Annotated[int, typer.Option(help="Keep items with more than this many ratings.")] = 0,
    min_user_ratings: Annotated[int, typer.Option(help="Keep users with more than this many ratings.")] = 0,
    k_core: Annotated[int, typer.Option(help="Repeat until every user and item has this many ratings.")] = 0,
    labels: Annotated[str, typer.Option(help="Interactions: scored or unscored-negative.")] = "scored",
    liked: Annotated[float | None, typer.Option(metavar="RATING", help="The least rating that says that somebody likes an "
        "item.  [default: above the middle]")] = None,
    implicit: Annotated[bool, typer.Option("--implicit", help="Presence alone is the signal: ratings are not read.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="The ratings are counts of how often: weights, no scale.")] = False,
    on_bad_rows: Annotated[str, typer.Option(help="refuse, or skip and write them to the rejects file.")] = "refuse",
    rejects: Annotated[Path | None, typer.Option(metavar="FILE", help="Where skipped rows go; else DATA.rejects.csv.")] = None,
    scale: Annotated[str | None, typer.Option(metavar="LOW:HIGH:STEP", help="The rating scale, such as 1:10:1.")] = None,
    separator: Annotated[str | None, typer.Option(help="Between columns: a character, tab or ::.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the text: latin-1, cp1252, utf-16, …  [default: UTF-8]")] = None,
    unscored: Annotated[str | None, typer.Option(metavar="A,B,…", help="Ratings that mean: not scored.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="A matrix: a row for each user, a column for each item.")] = False,
    user_column: Annotated[str | None, typer.Option(help="The column of user ids.")] = None,
    item_column: Annotated[str | None, typer.Option(help="The column of item ids.")] = None,
    rating_column: Annotated[str | None, typer.Option(help="The column of ratings.")] = None,
    status_column: Annotated[str | None, typer.Option(help="The column of watching statuses.")] = None,
    deleted_column: Annotated[str | None, typer.Option(help="The column that marks rows as deletions.")] = None,
    time_column: Annotated[str | None, typer.Option(help="The column of times: seconds since 1970, or dates.")] = None,
    threads: Threads = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Read ratings and write a dataset."""
    from konomi.cli.summary import doubts, show_dataset, size
    from konomi.data.dataset import KIND
    from konomi.data.prepare import Rules
    from konomi.data.prepare import prepare as make_dataset
    from konomi.files import check_folder
    from konomi.kernels.ids import warm_up
    from konomi.reading.formats import ReadOptions
    from konomi.reading.prepare import with_users
    from konomi.reading.records import refuse_rejects, write_rejects
    from konomi.reading.sources import read_source
    from konomi.settings import settings

    if added:
        _add(output, added, words, {"items": items, "users": users}, threads, json)
        return
    source, paths = _source(words or [])
    thresholds = {"min_item_ratings": min_item_ratings, "min_user_ratings": min_user_ratings, "k_core": k_core}
    rules = settings(Rules, {**thresholds, "labels": labels, "liked": liked}, "prepare")
    columns = {
        "user": user_column,
        "item": item_column,
        "rating": rating_column,
        "status": status_column,
        "time": time_column,
        "deleted": deleted_column,
    }
    between = "\t" if separator in ("tab", "\\t") else separator
    given = {name: word for name, word in {**columns, "separator": between, "encoding": encoding}.items() if word is not None}
    signal = {"implicit": implicit, "counts": counts, "wide": wide, "unscored": _numbers(unscored)}
    options = settings(ReadOptions, {"on_bad_rows": on_bad_rows, **signal, **given}, "prepare")
    options = dataclasses.replace(options, scale=None if scale is None else _scale(scale), items=tuple(items or ()))
    inputs = [*paths, *(items or ()), *([users] if users else [])]
    written = check_folder(output, KIND, DataError, inputs)
    place = rejects or written.with_name(f"{written.name}.rejects.csv")
    if on_bad_rows == "skip":
        refuse_rejects(place, [*inputs, written])
    warm_up()
    with running(threads=threads, json=json) as run:
        table = with_users(read_source(source, paths, options, run), users, options)
        dataset = make_dataset(table, rules, run)
        dataset = dataclasses.replace(
            dataset, manifest={**dataset.manifest, "read": options.again(table.reading, table.signal)}
        )
        left_out = len(table.rejects.line) + len(table.catalogue_rejects.line)
        if left_out:
            write_rejects(place, table.rejects, table.catalogue_rejects)
        dataset.save(output)
    if table.files:
        say(f"Read as {_reading(table)}.")
    if table.features_left_out:
        say(f"No features, since they tell everybody apart: {', '.join(table.features_left_out)}.")
    if table.signal != "ratings":
        say(SIGNALS[table.signal])
    if left_out:
        say(f"{left_out:,} rows were left out; they are in {place}.")
    if table.items is not None and dataset.manifest["rated_with_title"] == 0:
        say("The catalogue knows none of the items: are its ids the same?")
    said = doubts(dataset)
    if json:
        show_json({"path": str(output), **size(dataset), **dataset.manifest, "warnings": said})
        return
    show_dataset(dataset)
    say(*said)
    say(f"Written to {output}.", f"Next: {called()} train {shell(output)} -o model")


def _add(data: Path, files: list[Path], words: list[str] | None, more: dict[str, Any], threads: int | None, json: bool) -> None:
    """Put the rows of files to a dataset, while no other process does; more: catalogues and users."""
    from konomi.cli.summary import show_dataset, size
    from konomi.data.dataset import Dataset
    from konomi.files import held
    from konomi.reading.prepare import add

    if words:
        raise ConfigError(f"--add: {words[0]} is neither read nor added.", "Name what is added: --add FILE, several times.")
    whole = Path(os.path.abspath(data))
    Dataset.open(data, check=False)  # it is there
    try:
        with running(threads=threads, json=json) as run, held(whole.with_name(f".{whole.name}.adding")):
            dataset = add(Dataset.open(data), files, run, **more)
            dataset.save(data)
    except BlockingIOError:
        raise DataError(f"{data}: another process adds to it.", "Wait until it has ended.") from None
    if json:
        show_json({"path": str(data), **size(dataset), **dataset.manifest})
        return
    show_dataset(dataset)
    say(f"Added to {data}.")


def _source(words: list[str]) -> tuple[str | None, list[Path]]:
    """The source, where the first word is one, and the paths."""
    from konomi.reading.sources import SOURCES
    from konomi.settings import closest

    if not words:
        raise DataError("There is nothing to read.", f"Give files; the sources are: {', '.join(SOURCES)}.")
    first, *rest = words
    if first in SOURCES:
        return first, [Path(word) for word in rest]
    if not Path(first).exists():
        raise DataError(
            f"{first}: no such file, folder or source.{closest(first, SOURCES)}",
            f"Give a path; the sources are: {', '.join(SOURCES)}.",
        )
    return None, [Path(word) for word in words]


def _reading(table: "Table") -> str:
    """The source, its guessed columns, and the files, in words."""
    shown = {**table.reading, **({"separator": "tab"} if table.reading.get("separator") == "\t" else {})}
    guess = ", ".join(f"{name} = {word}" for name, word in shown.items())
    return f"{table.source}{': ' if guess else ''}{guess} (from {', '.join(file.name for file in table.files)})"


def _numbers(text: str | None) -> tuple[float, ...]:
    """(0.0, 99.0) from "0,99"."""
    try:
        return tuple(float(number) for number in text.split(",")) if text else ()
    except ValueError:
        raise ConfigError(f'--unscored "{text}": not all of it is a number.', "Write it as --unscored 0,99.") from None


def _scale(text: str) -> "Scale":
    from konomi.data.scale import Scale

    try:
        low, high, *step = (float(number) for number in text.split(":"))
        return Scale(low, high, *(step or [0.0]))
    except (ValueError, TypeError):
        raise ConfigError(
            f'--scale "{text}" is not a scale.', "Write it as LOW:HIGH:STEP, such as 1:10:1 or 0.5:5:0.5."
        ) from None
