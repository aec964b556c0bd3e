"""Finding an item by a typed title: case, accents, punctuation, spaces and the place of an article are forgiven."""

import difflib
import heapq
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from konomi.errors import RequestError
from konomi.lists.spelling import Spellings

ARTICLE_FIRST = re.compile(r"^(?:the|an|a)\s+(?=\S)")
ARTICLE_LAST = re.compile(r"(?<=\S),\s*(?:the|an|a)$")
YEAR_LAST = re.compile(r"(?<=\S)\s*\((\d{4})\)$")
ACCENTS = re.compile(
    "[\u0300-\u036f]+"
)  # of Latin, Greek and Cyrillic letters; the marks of Japanese kana are others, and stay
SUGGESTIONS = 3
INSIDE = 4  # letters that have to be typed before titles are suggested that have them inside, not in front
ALIKE = 0.7  # how much of two spellings has to agree
LOOKED_AT = 100  # titles that are compared with a mistyped one letter by letter


@dataclass(frozen=True)
class Match:
    """The item row that a text was matched to, and the other items that have the same title, most rated first."""

    row: int
    also: tuple[int, ...] = ()


def plain(title: str) -> str:
    """What two spellings of a title have in common: small letters and digits, without accents, article or anything between.

    >>> plain("The Matrix"), plain("Matrix, The"), plain("STEINS;GATE"), plain("Pokémon"), plain("進撃の巨人 ")
    ('matrix', 'matrix', 'steinsgate', 'pokemon', '進撃の巨人')
    """
    text = exact(title)
    if not text.isascii():
        text = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    text = ARTICLE_FIRST.sub("", ARTICLE_LAST.sub("", text)).replace("&", "and").replace("×", "x")
    return "".join(filter(str.isalnum, text)) or text  # a title of symbols only is itself


def exact(title: str) -> str:
    """A title but for case, width and the number of spaces: tells "Gintama'" from "Gintama", which are `plain`ly the same."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


class TitleIndex:
    """All titles of a catalogue, ready to be looked up.

    items: one row per item row, with the columns item_id, title, titles, year, ratings (how many; the popularity) and perhaps
    type.
    """

    def __init__(self, items: pl.DataFrame) -> None:
        self.ids = items["item_id"]
        self._title = items["title"].to_list()
        self._titles = items["titles"].to_list()
        self.years: list[int | None] = items["year"].to_list()
        self.types: list[str | None] = items["type"].to_list() if "type" in items.columns else [None] * len(items)
        self.ratings: list[int] = items["ratings"].to_list()
        self._rows: dict[str, list[int]] = defaultdict(list)  # plain title → item rows
        self._names: list[tuple[str, int]] = []  # every title as it is spelt, and its item row
        for row, title in enumerate(self._title):
            for name in (title, *(self._titles[row] or ())):
                if name:
                    self._add(name, row)

    def _add(self, name: str, row: int) -> None:
        self._names.append((name, row))
        keys = [plain(name)]
        if name.endswith(")") and (year := YEAR_LAST.search(name)):
            keys.append(plain(name[: year.start()]))
        for key in keys:
            rows = self._rows[key]
            if not rows or rows[-1] != row:  # names of one row come together
                rows.append(row)

    def find(self, text: str) -> Match:
        """The item of a title, or of an item id where no title is like it; a year may follow in brackets.

        Of several items with the same title, those spelt exactly so come first, then those with more ratings. Raises
        RequestError with the nearest titles where there is none.
        """
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

    def rows(self, name: str) -> list[int]:
        """The item rows that a name is `plain`ly a title of, in ascending order."""
        return self._rows.get(plain(name), [])

    def names(self, row: int) -> list[str]:
        """Every title of an item row, its main one first; none where it has none."""
        return [title for title in (self._title[row], *(self._titles[row] or ())) if title]

    @cached_property
    def spellings(self) -> Spellings:
        """Every title, ready to be compared with misspelt ones."""
        return Spellings([(plain(name), name, row) for name, row in self._names])

    def name(self, row: int) -> str:
        """Title and year of an item row, as `find` takes them; its id where it has no title."""
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
        """Item rows whose titles a mistyped text may mean: those that contain it, most rated first, then those spelt alike."""
        wanted = plain(YEAR_LAST.sub("", text.strip()))
        if not wanted:
            return []
        anywhere = len(wanted) >= INSIDE or not wanted.isascii()
        hits = (rows for key, rows in self._rows.items() if (wanted in key if anywhere else key.startswith(wanted)))
        within = {row for rows in hits for row in rows}
        found = heapq.nsmallest(SUGGESTIONS, within, key=lambda row: (-self.ratings[row], row))
        if len(found) < SUGGESTIONS:
            pairs = {wanted[at : at + 2] for at in range(len(wanted) - 1)}
            shared = ((2 * sum(pair in key for pair in pairs) / (len(pairs) + len(key)), key) for key in self._rows)
            alike = difflib.get_close_matches(wanted, [key for _, key in heapq.nlargest(LOOKED_AT, shared)], SUGGESTIONS, ALIKE)
            rows = [max(self._rows[key], key=lambda row: self.ratings[row]) for key in alike]
            found += [row for row in dict.fromkeys(rows) if row not in within]
        return found[:SUGGESTIONS]
