"""AniList: the MediaListCollection of its GraphQL interface, as JSON."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.lists.personal_list import ListEntry, Log, PersonalList, left_out, once
from konomi.lists.text_files import TextFile, fields, names, rated, values, word, year

NAME = "AniList"
HUNDRED = Scale(1, 100, 1)
SCALES = {"POINT_100": HUNDRED, "POINT_10_DECIMAL": Scale(0.1, 10, 0.1), "POINT_10": Scale(1, 10, 1)}
PICTURES = {"POINT_5": (10, 30, 50, 70, 90), "POINT_3": (35, 60, 85)}
"""AniList's own values of stars and smileys, out of 100 points."""
CODES = {
    "CURRENT": STATUS["watching"],
    "COMPLETED": STATUS["completed"],
    "REPEATING": STATUS["completed"],  # it is watched again
    "PAUSED": STATUS["on hold"],
    "DROPPED": STATUS["dropped"],
    "PLANNING": STATUS["plan to watch"],
}
TYPES = {"TV": "TV", "TV_SHORT": "TV", "MOVIE": "Movie", "SPECIAL": "Special", "OVA": "OVA", "ONA": "ONA", "MUSIC": "Music"}


def recognise(file: TextFile) -> bool:
    """JSON with lists of entries, with or without the rest of the GraphQL answer."""
    lists = _collection(file).get("lists")
    return isinstance(lists, list) and all("entries" in fields(one) for one in lists)


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every anime on any of the lists, once, since custom lists repeat entries of other lists."""
    found = [(file, n, fields(entry)) for file in files for n, entry in enumerate(_entries(file), 1)]
    anime = [each for each in found if fields(each[2].get("media")).get("type") != "MANGA"]
    format, notes = _format(files, [entry.get("score") for _, _, entry in anime])
    logs = [Log(_key(entry, n), (n, ""), _entry(file, n, entry, format)) for file, n, entry in anime]
    manga = left_out({"manga": len(found) - len(anime)})
    return PersonalList("anilist", SCALES.get(format, HUNDRED), once(logs), (*notes, *manga))


def _collection(file: TextFile) -> dict[str, Any]:
    whole = fields(file.json)
    answer = fields(whole.get("data", whole))
    return fields(answer.get("MediaListCollection", answer))


def _entries(file: TextFile) -> list[Any]:
    return list(chain.from_iterable(values(fields(one).get("entries")) for one in values(_collection(file).get("lists"))))


def _key(entry: dict[str, Any], n: int) -> object:
    """The id of the entry's title; where it has none, the entry's own id or number."""
    return word(entry.get("mediaId")) or word(fields(entry.get("media")).get("id")) or word(entry.get("id")) or n


def _format(files: Sequence[TextFile], scores: list[object]) -> tuple[str, tuple[str, ...]]:
    """The format of the scores: the named one, unless a score is above its scale; else guessed from the scores.

    AniList gives scores in the person's format or, on request, out of 100. DataError where it cannot be told which.
    """
    options = [fields(fields(_collection(file).get("user")).get("mediaListOptions")) for file in files]
    named = next((format for each in options if (format := each.get("scoreFormat")) in (*SCALES, *PICTURES)), None)
    numbers = [score for score in scores if isinstance(score, int | float)]
    highest, whole = max(numbers, default=0), all(score == int(score) for score in numbers)
    if named and highest <= (len(PICTURES[named]) if named in PICTURES else SCALES[named].high):
        return str(named), ()
    if highest > 5 or not whole or not highest:
        format = "POINT_100" if highest > 10 else "POINT_10" if whole else "POINT_10_DECIMAL"
        return format, (f"Its scores are read as being from {SCALES[format]}.",) if highest else ()
    raise DataError(
        f"{files[0].where}: the scale of its scores is not named, and none is over 5.",
        "Ask AniList for user { mediaListOptions { scoreFormat } } as well.",
    )


def _entry(file: TextFile, n: int, entry: dict[str, Any], format: str) -> ListEntry:
    media, place = fields(entry.get("media")), f"entry {n}"
    title = fields(media.get("title"))
    known = names(
        *(title.get(kind) for kind in ("romaji", "english", "native", "userPreferred")), *values(media.get("synonyms"))
    )
    ids = {"mal": word(media.get("idMal")), "anilist": word(media.get("id")) or word(entry.get("mediaId"))}
    return ListEntry(
        known[0] if known else None,
        known[1:],
        year(fields(media.get("startDate")).get("year")) or year(media.get("seasonYear")),
        TYPES.get(str(media.get("format"))),
        tuple((whose, id) for whose, id in ids.items() if id),
        _score(entry.get("score"), format, f"{file.where}, {place}" + (f" ({known[0]})" if known else "")),
        CODES.get(str(entry.get("status")), 0),
        file.at(place),
    )


def _score(value: object, format: str, where: str) -> float | None:
    pictures = PICTURES.get(format)
    if pictures is None:
        return rated(value, SCALES[format].low, SCALES[format].high, where)
    score = rated(value, 1, len(pictures), where)
    if score is None:
        return None
    if score != int(score):
        raise DataError(f"{where}: {score:g} is no number of stars or smileys.", "Export the list again.")
    return float(pictures[int(score) - 1])
