"""konomi backup, restore and keys: what is done to a store of people from the terminal."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from konomi.cli.console import running, say, show, show_json, table
from konomi.cli.options import Json
from konomi.errors import RequestError
from konomi.extras import SERVICE, need

if TYPE_CHECKING:
    from konomi.serve.store.keys import Key

COLUMNS = ("id", "name", "scopes", "person", "created", "expires", "used")

Place = Annotated[
    str | None,
    typer.Option("--store", metavar="PLACE", help="The store: a file, or postgresql://…  [default: in your data folder]"),
]


def backup(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where to write it; an earlier one is replaced.")
    ],
    store: Place = None,
    json: Json = False,
) -> None:
    """Copy a store of people.

    Also while a service has it. A backup of any store is one in SQLite, with the list of who was erased.
    """
    _need()
    from konomi.serve.store.backup import backup as copy
    from konomi.serve.store.people_store import usual_place

    with running(json=json) as run:
        counts = copy(store or usual_place(), output, run.progress)
    _tell(counts, f"{counts['entry']:,} entries of {counts['person']:,} people are copied to {output}.", json)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `konomi backup` wrote.")],
    store: Place = None,
    erased: Annotated[
        Path | None, typer.Option(metavar="FILE", help="STORE.erased of the store that it replaces: who was erased stays so.")
    ] = None,
    json: Json = False,
) -> None:
    """Copy a backup to a new place.

    It may be SQLite or PostgreSQL, and there may be no store yet. Who was erased since then is erased again when a service
    opens it, if the list of the store that it replaces is beside it still, or given with --erased.
    """
    _need()
    from konomi.serve.store.backup import restore as copy
    from konomi.serve.store.people_store import usual_place

    place = store or usual_place()
    with running(json=json) as run:
        counts = copy(folder, place, run.progress, erased)
    _tell(counts, f"{counts['entry']:,} entries of {counts['person']:,} people are restored.", json)


def keys(
    what: Annotated[Literal["list", "add", "remove"], typer.Argument(metavar="list|add|remove", help="What to do.")] = "list",
    name: Annotated[str | None, typer.Argument(metavar="NAME|ID", help="What a new key is for; which one to remove.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, people, items, models, metrics or admin; give several. The first key needs admin."),
    ] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="Whose own data alone it may use.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="How long it is valid.  [default: for ever]")] = None,
    store: Place = None,
    json: Json = False,
) -> None:
    """Make, list and remove the keys of programs that use a service. A key is shown once, when it is made."""
    _need()
    from konomi.serve.store.clock import MICROSECOND, now
    from konomi.serve.store.keys import keys as found
    from konomi.serve.store.keys import make_key, remove_key
    from konomi.serve.store.people_store import beside_a_service

    if what != "list" and not name:
        raise RequestError(f"{what}: which key?", "Give a name after `add`, an id after `remove`.")
    with beside_a_service(store) as connection:
        if what == "add":
            expires = None if days is None else now() + timedelta(days=days) // MICROSECOND
            made = make_key(connection, str(name), scope or (), person, expires)
        elif what == "remove":
            remove_key(connection, str(name))
        rows = [_row(key) for key in found(connection)]
    if what == "add":
        show_json({"key": made}) if json else show(made)
    elif json:
        show_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    elif rows:
        show(table("Keys", COLUMNS, rows))
    else:
        say("There is no key: programs of this machine need none.")


def _row(key: "Key") -> tuple[str | None, ...]:
    from konomi.serve.store.clock import written

    dates = (None if at is None else written(at) for at in (key.created, key.expires, key.used))
    return (key.id, key.name, ", ".join(sorted(key.scopes)), key.person, *dates)


def _tell(counts: dict[str, int], words: str, json: bool) -> None:
    show_json(counts) if json else say(words)


def _need() -> None:
    for package in SERVICE:
        need(package, "A store of people")
