"""Kitsu: library entries of its JSON:API, one page or several. (Its XML export has MyAnimeList's form.)"""

from collections.abc import Sequence
from typing import Any

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.lists.personal_list import ListEntry, PersonalList, left_out
from konomi.lists.text_files import TextFile, fields, names, rated, values, word, year

NAME = "Kitsu"
SCALE = Scale(1, 10, 0.5)
TWENTIETHS = (2, 20)  # the range of ratingTwenty: twice a rating from 1 to 10
CODES = {
    "current": STATUS["watching"],
    "completed": STATUS["completed"],
    "on_hold": STATUS["on hold"],
    "dropped": STATUS["dropped"],
    "planned": STATUS["plan to watch"],
}
TYPES = {"TV": "TV", "movie": "Movie", "OVA": "OVA", "ONA": "ONA", "special": "Special", "music": "Music"}
MAPPINGS = {"myanimelist/anime": "mal", "anilist/anime": "anilist", "anilist": "anilist"}
ENTRY = ("libraryEntries", "library-entries")

Resources = dict[tuple[str, str], dict[str, Any]]  # (type, id) → the resource


def recognise(file: TextFile) -> bool:
    """JSON with library entries as its data."""
    return any(fields(one).get("type") in ENTRY for page in _pages(file) for one in values(page.get("data")))


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every entry of an anime, with titles and ids from the pages' included resources."""
    pages = [(file, page) for file in files for page in _pages(file)]
    included = {
        (str(each.get("type")), str(each.get("id"))): fields(each)
        for _, page in pages
        for each in map(fields, values(page.get("included")))
    }
    found = [
        (file, fields(one)) for file, page in pages for one in values(page.get("data")) if fields(one).get("type") in ENTRY
    ]
    anime = [(n, file, one) for n, (file, one) in enumerate(found, 1) if not _is_manga(one)]
    entries = [_entry(file, n, one, included) for n, file, one in anime]
    return PersonalList("kitsu", SCALE, tuple(entries), left_out({"manga": len(found) - len(anime)}))


def _pages(file: TextFile) -> list[dict[str, Any]]:
    whole = file.json
    return [page for page in map(fields, whole if isinstance(whole, list) else [whole]) if isinstance(page.get("data"), list)]


def _is_manga(entry: dict[str, Any]) -> bool:
    return any(kind == "manga" for name in ("manga", "media") for kind, _ in _related(entry, name))


def _related(resource: dict[str, Any], name: str) -> list[tuple[str, str]]:
    """(type, id) of the resources in a relationship of this name."""
    data = fields(fields(resource.get("relationships")).get(name)).get("data")
    keys = map(fields, data if isinstance(data, list) else [data])
    return [(str(key["type"]), str(key["id"])) for key in keys if {"type", "id"} <= key.keys()]


def _entry(file: TextFile, n: int, entry: dict[str, Any], included: Resources) -> ListEntry:
    attributes, place = fields(entry.get("attributes")), f"entry {n}"
    media = next(iter(_related(entry, "anime") or _related(entry, "media")), ("", ""))
    about = included.get(media, {})
    facts = fields(about.get("attributes"))
    called = names(facts.get("canonicalTitle"), *fields(facts.get("titles")).values(), *values(facts.get("abbreviatedTitles")))
    mappings = [fields(included.get(key, {}).get("attributes")) for key in _related(about, "mappings")]
    ids = {MAPPINGS.get(str(each.get("externalSite"))): word(each.get("externalId")) for each in mappings}
    where = f"{file.where}, {place}" + (f" ({called[0]})" if called else "")
    rating = rated(attributes.get("ratingTwenty"), *TWENTIETHS, where)
    return ListEntry(
        called[0] if called else None,
        called[1:],
        year(facts.get("startDate")),
        TYPES.get(str(facts.get("subtype"))),
        tuple((whose, id) for whose, id in (*ids.items(), ("kitsu", media[1])) if whose and id),
        None if rating is None else rating / 2,
        CODES.get(str(attributes.get("status")), 0),
        file.at(place),
    )
