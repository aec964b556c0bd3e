"""Finds items by typed titles, whatever the case, accents, punctuation, spaces and the place of an article."""

import difflib
import heapq
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache

import polars as pl

from konomi.errors import RequestError
from konomi.lists.site_ids import SiteIds
from konomi.lists.spelling import Spellings
from konomi.lists.typed import TypedTitles
from konomi.text import READ

ARTICLE_FIRST = re.compile(r"^(?:the|an|a)\s+(?=\S)")
ARTICLE_LAST = re.compile(r"(?<=\S),\s*(?:the|an|a)$")
YEAR_LAST = re.compile(r"(?<=\S)\s*\((\d{4})\)$")
BREAK = re.compile(r":\s+|\s+[-–—]\s+")
ACCENTS = re.compile("[\u0300-\u036f]+")  # of Latin, Greek and Cyrillic letters; the marks of Japanese kana are not included
SUGGESTIONS = 3  # titles, at most
INSIDE = 4  # letters of a text from which on titles are suggested that contain it anywhere, not only at the beginning
ALIKE = 0.7  # the least likeness of a suggested title, difflib's ratio in [0, 1]
LAST = "\U0010ffff"  # after every letter
BETTER_KNOWN = 3  # times
LOOKED_AT = 100  # titles that are compared with a mistyped one letter by letter


@dataclass(frozen=True)
class Match:
    """The item row of a text, and the rows of other items that it may mean, the likeliest first."""

    row: int
    also: tuple[int, ...] = ()


def plain(title: str) -> str:
    """A title for comparison: letters in lower case and digits only, without accents and article.

    >>> plain("The Matrix"), plain("Matrix, The"), plain("STEINS;GATE"), plain("Pokémon"), plain("進撃の巨人 ")
    ('matrix', 'matrix', 'steinsgate', 'pokemon', '進撃の巨人')
    """
    text = exact(title)
    if not text.isascii():
        text = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    text = ARTICLE_FIRST.sub("", ARTICLE_LAST.sub("", text)).replace("&", "and").replace("×", "x")
    return "".join(filter(str.isalnum, text)) or text  # a title of symbols only is itself


_plain = lru_cache(READ)(plain)  # for what a catalogue has, never for what people type


def exact(title: str) -> str:
    """A title with case, width and spaces unified; "Gintama'" and "Gintama" stay different here, but are equal in `plain`."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


class TitleIndex:
    """An index of all titles of a catalogue.

    items: one row per item row, with the columns item_id, title, titles, year, ratings (their number) and perhaps type
    and ids of other sites.
    """

    def __init__(self, items: pl.DataFrame) -> None:
        self.ids = items["item_id"]
        self._title = items["title"].to_list()
        self._titles = items["titles"].to_list()
        self.years: list[int | None] = items["year"].to_list()
        self.types: list[str | None] = items["type"].to_list() if "type" in items.columns else [None] * len(items)
        self.ratings: list[int] = items["ratings"].to_list()
        self.site_ids = SiteIds(items)
        self._rows: dict[str, list[int]] = defaultdict(list)  # plain title → item rows
        self._names: list[tuple[str, int]] = []  # every title as written, and its item row
        for row, title in enumerate(self._title):
            for name in (title, *(self._titles[row] or ())):
                if name:
                    self._add(name, row)

    def _add(self, name: str, row: int) -> None:
        self._names.append((name, row))
        keys = [_plain(name)]
        if name.endswith(")") and (year := YEAR_LAST.search(name)):
            keys.append(_plain(name[: year.start()]))
        for key in keys:
            rows = self._rows[key]
            if not rows or rows[-1] != row:  # all names of a row are added one after the other
                rows.append(row)

    def find(self, text: str) -> Match:
        """The item that a typed title means, which may end in a year in brackets; RequestError where there is none.

        An item with this title comes first, then one with this id, then what `TypedTitles` reads: halves, initials, typing
        errors. Of several items with the title, those with this exact spelling come first, then those with more ratings. The
        best known item whose title only begins so is told with them, where `BETTER_KNOWN` times as many have rated it,
        or the text was read as an id.
        """
        try:
            found = self.find_exactly(text)
        except RequestError:
            read = self._read(text)
            if not read:
                raise
            return Match(read[0], tuple(read[1:]))
        typed, keys = plain(text), self._keys
        begins = keys[bisect_left(keys, typed) : bisect_left(keys, typed + LAST)]
        begun = {row for key in begins for row in self._rows[key]}
        best = max(begun - {found.row, *found.also}, key=lambda row: (self.ratings[row], -row), default=None)
        times = BETTER_KNOWN if self.rows(text) else 0  # a number that is an id may be the beginning of a title
        if best is None or self.ratings[best] < times * max(self.ratings[found.row], 1):
            return found
        return Match(found.row, (*found.also, best))

    def find_exactly(self, text: str) -> Match:
        """The item of a title as the catalogue has it, or of an id; the rest as for `find`. RequestError, with the nearest
        titles, where there is none."""
        rows = self.rows(text)
        if not rows and (year := YEAR_LAST.search(text.strip())):
            named = self._rows.get(plain(text.strip()[: year.start()]), [])
            rows = [row for row in named if self.years[row] == int(year[1])]
            if named and not rows:
                named = sorted(named, key=lambda row: -self.ratings[row])
                raise RequestError(f'"{text}": there is no item of that title and year.', f"Did you mean {self._list(named)}?")
        if not rows:
            rows = self._by_id(text.strip())
        if not rows:
            near = self._near(text)
            raise RequestError(
                f'No title is like "{text}".',
                f"Did you mean {self._list(near)}?" if near else "Give a title as the catalogue has it, or an item id.",
            )
        first, *others = sorted(rows, key=lambda row: (not self._is_called(row, exact(text)), -self.ratings[row], row))
        return Match(first, tuple(others))

    def _read(self, text: str) -> list[int]:
        """The item rows that a typed text may mean, the likeliest first; one of its year, where it ends in one."""
        year = YEAR_LAST.search(text.strip())
        title = text.strip()[: year.start()] if year else text
        rows = frozenset(row for row, of in enumerate(self.years) if of == int(year[1])) if year else None
        if year and self._rows.get(plain(title)):
            return []  # the title is known, of another year
        return self.typed.read(title, plain(title), rows)

    @cached_property
    def _keys(self) -> list[str]:
        """The plain titles, in order."""
        return sorted(self._rows)

    @cached_property
    def _plain_names(self) -> list[tuple[str, str, int]]:
        """The plain title, the title as written and the item row of every title."""
        return [(plain(name), name, row) for name, row in self._names]

    def rows(self, name: str) -> list[int]:
        """The item rows with a title that is equal to a name in `plain`, in ascending order."""
        return self._rows.get(plain(name), [])

    def names(self, row: int) -> list[str]:
        """Every title of an item row, its main one first."""
        return [title for title in (self._title[row], *(self._titles[row] or ())) if title]

    @cached_property
    def spellings(self) -> Spellings:
        """An index of every title for misspelt ones."""
        return Spellings(self._plain_names)

    @cached_property
    def parts(self) -> dict[str, set[int]]:
        """Plain beginnings and endings of titles, up to and after a colon or a dash → the item rows that have one."""
        found: dict[str, set[int]] = defaultdict(set)
        for name, row in self._names:
            for at in BREAK.finditer(YEAR_LAST.sub("", name)):
                found[plain(name[: at.start()])].add(row)
                found[plain(YEAR_LAST.sub("", name[at.end() :]))].add(row)
        return found

    @cached_property
    def typed(self) -> TypedTitles:
        """An index of every title for what people type."""
        return TypedTitles(self._plain_names, self.ratings)

    def name(self, row: int) -> str:
        """Title and year of an item row, in a form that `find` takes; its id where it has no title."""
        title, year = self._title[row], self.years[row]
        if not title:
            return str(self.ids[row])
        return title if year is None or YEAR_LAST.search(title) else f"{title} ({year})"

    def _is_called(self, row: int, name: str) -> bool:
        return any(exact(title) == name for title in self.names(row))

    def _by_id(self, text: str) -> list[int]:
        if self.ids.dtype.is_integer():
            if not (text.isascii() and text.isdigit() and len(text) < 19):
                return []
            return (self.ids == int(text)).arg_true().to_list()
        return (self.ids == text).arg_true().to_list()

    def _list(self, rows: list[int]) -> str:
        *most, last = [f'"{self.name(row)}"' for row in rows[:SUGGESTIONS]]
        return f"{', '.join(most)} or {last}" if most else last

    def _near(self, text: str) -> list[int]:
        """Item rows to suggest for a text: those with titles that contain it, the most rated first, then similar titles."""
        typed = plain(YEAR_LAST.sub("", text.strip()))
        if not typed:
            return []
        anywhere = len(typed) >= INSIDE or not typed.isascii()
        hits = (rows for key, rows in self._rows.items() if (typed in key if anywhere else key.startswith(typed)))
        within = {row for rows in hits for row in rows}
        found = heapq.nsmallest(SUGGESTIONS, within, key=lambda row: (-self.ratings[row], row))
        if len(found) < SUGGESTIONS:
            pairs = {typed[at : at + 2] for at in range(len(typed) - 1)}
            shared = ((2 * sum(pair in key for pair in pairs) / (len(pairs) + len(key)), key) for key in self._rows)
            alike = difflib.get_close_matches(typed, [key for _, key in heapq.nlargest(LOOKED_AT, shared)], SUGGESTIONS, ALIKE)
            rows = [max(self._rows[key], key=lambda row: self.ratings[row]) for key in alike]
            found += [row for row in dict.fromkeys(rows) if row not in within]
        return found[:SUGGESTIONS]
