"""Trakt: ratings, watched titles and the watchlist, as JSON; one file, or the zip of an export."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.lists.personal_list import ListEntry, Log, PersonalList, left_out, once
from konomi.lists.text_files import TextFile, fields, names, rated, word, year

NAME = "Trakt"
SCALE = Scale(1, 10, 1)
KINDS = ("episode", "season", "movie", "show")  # in this order, since an item of an episode or a season also has its show
TYPES = {"movie": "Movie", "show": "TV"}
TIMES = ("rated_at", "last_watched_at", "watched_at", "listed_at")


def recognise(file: TextFile) -> bool:
    """A JSON array of movies, shows, seasons or episodes that were rated, watched or listed."""
    items = file.json
    return (
        isinstance(items, list) and bool(items) and all(_kind(item) and any(time in item for time in TIMES) for item in items)
    )


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every movie and show once, with its latest rating; watched if in any file, planned if only the watchlist has it.

    Seasons and episodes are left out and counted: their ratings are not the show's.
    """
    logs, apart = list[Log](), Counter[str]()
    for file in files:
        for n, item in enumerate(file.json, 1):
            kind = _kind(item)
            if kind in TYPES:
                logs.append(_log(file, n, item, kind))
            else:
                apart[f"{kind}s" if item.get("rating") is None else f"ratings of {kind}s"] += 1
    return PersonalList("trakt", SCALE, once(logs), left_out(apart))


def _kind(item: object) -> str:
    """The kind of an item: its type, else by what it holds."""
    type = fields(item).get("type")
    return next((kind for kind in KINDS if kind in fields(item) and type in (kind, None)), "")


def _log(file: TextFile, n: int, item: dict[str, Any], kind: str) -> Log:
    about, place = fields(item[kind]), f"entry {n}"
    called, ids = names(about.get("title"), about.get("original_title")), fields(about.get("ids"))
    pairs = tuple((whose, id) for whose in ("imdb", "tmdb", "tvdb", "trakt") if (id := word(ids.get(whose))))
    rating = rated(item.get("rating"), SCALE.low, SCALE.high, f"{file.where}, {place}" + (f" ({called[0]})" if called else ""))
    listed = not {"rated_at", "last_watched_at", "watched_at"} & item.keys()
    seen = STATUS["completed"] if kind == "movie" or rating is not None else 0  # a watched show may be a single episode of it
    entry = ListEntry(
        called[0] if called else None,
        called[1:],
        year(about.get("year")),
        TYPES[kind],
        pairs,
        rating,
        STATUS["plan to watch"] if listed else seen,
        file.at(place),
    )
    when = next((str(item[time]) for time in TIMES if time in item), "")
    return Log((kind, dict(pairs).get("trakt") or dict(pairs).get("imdb") or (called, entry.year)), (0, when), entry)
