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
NUMBERED = dict(zip("012345", ("CURRENT", "PLANNING", "COMPLETED", "DROPPED", "PAUSED", "REPEATING"), strict=True))
TYPES = {"TV": "TV", "TV_SHORT": "TV", "MOVIE": "Movie", "SPECIAL": "Special", "OVA": "OVA", "ONA": "ONA", "MUSIC": "Music"}


def recognise(file: TextFile) -> bool:
    """JSON with lists of entries, with or without the rest of the GraphQL answer; or an answer with nothing but errors."""
    return bool(_lists(file)) or _error(file) is not None


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every anime on any of the lists, once, since custom lists repeat entries of other lists. DataError for an answer that is
    an error."""
    for file in files:
        if not _lists(file):
            raise DataError(
                f"{file.where}: AniList answered with an error: {_error(file)}.", "Ask it again, for a public list."
            )
    found = [(file, n, _plain(fields(entry))) for file in files for n, entry in enumerate(_entries(file), 1)]
    anime = [each for each in found if fields(each[2].get("media")).get("type") != "MANGA"]
    format, notes = _format(files, [entry.get("score") for _, _, entry in anime])
    logs = [Log(_key(entry, n), (n, ""), _entry(file, n, entry, format)) for file, n, entry in anime]
    manga = left_out({"manga": len(found) - len(anime)})
    return PersonalList("anilist", SCALES.get(format, HUNDRED), once(logs), (*notes, *manga))


def _answers(file: TextFile) -> list[dict[str, Any]]:
    """The answer in the document, and each thing that was asked for, by whatever name."""
    whole = fields(file.json)
    answer = fields(whole.get("data", whole))
    return [answer, *map(fields, answer.values())]


def _lists(file: TextFile) -> list[list[Any]]:
    """The entries of each list: of collections, of a page, and of the download of all that AniList knows of a person."""
    found = list[list[Any]]()
    for answer in _answers(file):
        lists = answer.get("lists")
        if isinstance(lists, list):
            each = [fields(one) for one in lists]
            if all("entries" in one for one in each):
                found += [values(one["entries"]) for one in each]
            elif all("series_id" in one for one in each):
                found.append(lists)
        page = answer.get("mediaList")
        found += [page] if isinstance(page, list) and all("media" in fields(one) for one in page) else []
    return found


def _error(file: TextFile) -> str | None:
    """The first message of an answer with errors and without lists."""
    answer = fields(file.json)
    messages = [fields(one).get("message") for one in values(answer.get("errors"))]
    return str(messages[0])[:100].rstrip(".") if "data" in answer and messages and all(messages) else None


def _entries(file: TextFile) -> list[Any]:
    return list(chain.from_iterable(_lists(file)))


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as GraphQL gives it; in the download of a person's data, numbers stand for words."""
    if "series_id" not in entry:
        return entry
    status = NUMBERED.get(word(entry.get("status")) or "")
    media = {"id": entry["series_id"], "type": "MANGA" if entry.get("series_type") == 1 else "ANIME"}
    return {"media": media, "score": entry.get("score"), "status": status}


def _key(entry: dict[str, Any], n: int) -> object:
    """The id of the entry's title; where it has none, the entry's own id or number."""
    return word(entry.get("mediaId")) or word(fields(entry.get("media")).get("id")) or word(entry.get("id")) or n


def _format(files: Sequence[TextFile], scores: list[object]) -> tuple[str, tuple[str, ...]]:
    """The format of the scores: the named one, unless a score is above its scale; else guessed from the scores.

    AniList gives scores in the person's format or, on request, out of 100. DataError where it cannot be told which.
    """
    answers = [answer for file in files for answer in _answers(file)]
    users = [*answers, *(fields(answer.get("user")) for answer in answers)]
    options = [fields(user.get("mediaListOptions")) for user in users]
    if any("series_id" in fields(entry) for file in files for entry in _entries(file)):
        return "POINT_100", ()
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
