"""How well titles and ids of other sites find their items: precision and recall of lists in other spellings than the catalogue.

    python bench/matching.py

The catalogue of MyAnimeList of 2020 and ml-latest-small, the data beside the checkout. Every list has the titles of 2,000 items
drawn at random (those that have the name in question), all changed in the same way. Recall: the share of entries matched to
their item. Precision: the share of matched entries (doubles too) that are. "Not there": lists of items that were taken out of
the catalogue (a half of it), of which none may be matched. "Right, by confidence": of all these lists together. Seconds are
those of one list of 600, by its Japanese names, and misspelt.
"""

import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from konomi.catalogue.other_sites import SITES
from konomi.data.scale import Scale
from konomi.lists.matching import match_list
from konomi.lists.personal_list import ListEntry, PersonalList
from konomi.lists.titles import TitleIndex
from konomi.reading.catalogues import read_catalogue
from konomi.reading.merge import merged
from measure import BENCH, save

DATA = BENCH.parent.parent / "shared" / "data"
BANDS = {"1": 1.0, "0.95": 0.95, "0.9": 0.9, "0.8": 0.8, "less": 0.0}  # name → the least confidence in it
SCALE, SIZE, TIMED = Scale(1, 10, 1), 2000, 600
SEASON = re.compile(r"\b(\d)(?:nd|rd|th) Season\b")
Row = dict[str, object]
Way = Callable[[Row], ListEntry | None]


def catalogue(*paths: Path) -> pl.DataFrame:
    return merged([read_catalogue(path) for path in paths]).with_columns(ratings=pl.col("score_count").fill_null(0))


def list_of(rows: list[Row], way: Way) -> tuple[PersonalList, list[int]]:
    """The list, and the item row of each of its entries."""
    written = [(row, form) for row in rows if row["title"] and (form := way(row))][:SIZE]
    entries = [replace(form, place=str(n)) for n, (_, form) in enumerate(written)]
    return PersonalList("bench", SCALE, tuple(entries)), [int(str(row["row"])) for row, _ in written]


def mistyped(title: str) -> str:
    """A title with two neighbouring letters in the other order."""
    places = [at for at in range(1, len(title) - 2) if title[at : at + 2].isascii() and title[at : at + 2].isalpha()]
    at = places[len(places) // 2]
    return title[:at] + title[at + 1] + title[at] + title[at + 2 :]


def misspelt(row: Row) -> str | None:
    """The main title mistyped, where it is long enough."""
    title = str(row["title"])
    return mistyped(title) if sum(letter.isascii() and letter.isalpha() for letter in title) >= 8 else None


def others(row: Row, japanese: bool) -> str | None:
    titles = row["titles"]
    return next((name for name in titles if any(ord(c) > 0x3000 for c in name) == japanese), None) if titles else None


def of(text: str | None, row: Row, year: int | None = None, type: bool = True) -> ListEntry | None:
    return ListEntry(text, year=year, type=str(row["type"]) if type and row["type"] else None) if text else None


def with_id(site: str, entry: ListEntry | None, row: Row) -> ListEntry | None:
    id = row[SITES[site]]
    return replace(entry, ids=((site, str(id)),)) if entry and id else None


def measured(items: pl.DataFrame, ways: dict[str, Way]) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """The figures of every way; and, of all its matches by how sure they are, how many there are and what share is right."""
    rows = items.with_row_index("row").to_dicts()
    random.Random(0).shuffle(rows)
    index, found = TitleIndex(items), {}
    claims: dict[str, list[bool]] = {band: [] for band in BANDS}
    for name, way in ways.items():
        personal, expected = list_of(rows, way)
        matched = match_list(personal, index, SCALE)
        claimed = [(int(each.entry.place), each.row) for each in (*matched.matched, *matched.doubles)]
        for each in matched.matched:
            claims[band(each.confidence)].append(expected[int(each.entry.place)] == each.row)
        right = sum(expected[n] == row for n, row in claimed)
        found[name] = {
            "entries": len(expected),
            "recall": round(right / len(expected), 4),
            "precision": round(right / max(len(claimed), 1), 4),
        }
    half = pl.Series([row["row"] for row in rows[: len(rows) // 2]])
    kept, gone = TitleIndex(items[half.sort()]), rows[len(rows) // 2 :]
    names = {title for row in rows[: len(rows) // 2] for title in (row["title"], *(row["titles"] or ())) if title}
    for name, way in ways.items():
        personal, _ = list_of([row for row in gone if (form := way(row)) and form.title not in names], way)
        matched = match_list(personal, kept, SCALE)
        for each in matched.matched:
            claims[band(each.confidence)].append(False)
        found[name]["not there, matched"] = round((len(matched.matched) + len(matched.doubles)) / len(personal.entries), 4)
    return found, {band: f"{sum(each) / max(len(each), 1):.3f} of {len(each):,}" for band, each in claims.items()}


def band(confidence: float) -> str:
    return next(name for name, least in BANDS.items() if confidence >= least)


def seconds(items: pl.DataFrame, way: Way) -> float:
    rows = items.with_row_index("row").to_dicts()
    personal, _ = list_of(rows, way)
    personal = PersonalList("bench", SCALE, personal.entries[:TIMED])
    index = TitleIndex(items)
    start = time.perf_counter()
    match_list(personal, index, SCALE)
    return round(time.perf_counter() - start, 2)


def year(row: Row, off: int = 0) -> int | None:
    return int(str(row["year"])) + off if row["year"] else None


def article_last(row: Row) -> str | None:
    title = str(row["title"])
    return f"{title[4:]}, The" if title.startswith("The ") else None


def half(row: Row, end: bool) -> str | None:
    """What stands before the first colon of a title, or after the last."""
    parts = str(row["title"]).split(": ")
    return parts[-1 if end else 0] if len(parts) > 1 else None


def season(row: Row) -> str | None:
    title = str(row["title"])
    return SEASON.sub(r"Season \1", title) if SEASON.search(title) else None


anime_ways: dict[str, Way] = {
    "romaji, type": lambda row: of(str(row["title"]), row),
    "romaji, alone": lambda row: of(str(row["title"]), row, type=False),
    "English, type": lambda row: of(others(row, False), row),
    "English, type and year": lambda row: of(others(row, False), row, year(row)),
    "Japanese, type": lambda row: of(others(row, True), row),
    "Japanese, type and year": lambda row: of(others(row, True), row, year(row)),
    "no punctuation": lambda row: of(re.sub(r"[^\w\s]", "", str(row["title"])), row),
    '"2nd Season" as "Season 2"': lambda row: of(season(row), row),
    "no long vowels": lambda row: of(re.sub(r"(?<=o)u", "", str(row["title"])), row) if "ou" in str(row["title"]) else None,
    "two letters swapped": lambda row: of(misspelt(row), row),
    "two letters swapped, year": lambda row: of(misspelt(row), row, year(row)),
}
film_ways: dict[str, Way] = {
    "title and year": lambda row: of(str(row["title"]), row, year(row)),
    "title, a year later": lambda row: of(str(row["title"]), row, year(row, 1)),
    "title alone": lambda row: of(str(row["title"]), row),
    "article last, year": lambda row: of(article_last(row), row, year(row)),
    "beginning of the title, year": lambda row: of(half(row, False), row, year(row)),
    "end of the title, year": lambda row: of(half(row, True), row, year(row)),
    "no punctuation, year": lambda row: of(re.sub(r"[^\w\s]", "", str(row["title"])), row, year(row)),
    "two letters swapped, year": lambda row: of(misspelt(row), row, year(row)),
    "beginning, year, IMDb id": lambda row: with_id("imdb", of(half(row, False), row, year(row)), row),
    "beginning, year, TMDB id": lambda row: with_id("tmdb", of(half(row, False), row, year(row)), row),
    "two letters swapped, year, IMDb id": lambda row: with_id("imdb", of(misspelt(row), row, year(row)), row),
}

if __name__ == "__main__":
    movielens = DATA / "ml-latest-small-2018"
    anime, films = (
        catalogue(DATA / "anime-meta-2020" / "anime.csv"),
        catalogue(movielens / "movies.csv", movielens / "links.csv"),
    )
    (of_anime, anime_sure), (of_films, films_sure) = measured(anime, anime_ways), measured(films, film_ways)
    save(
        "matching",
        {
            "anime": of_anime,
            "films": of_films,
            "right, by confidence": {"anime": anime_sure, "films": films_sure},
            "s, 600 titles": {name: seconds(anime, anime_ways[name]) for name in ("Japanese, type", "two letters swapped")},
        },
    )
