"""Search: titles while somebody types, over every name of a catalogue.

A text is looked up in several ways; the best in which it finds a title says where the title stands:

    exact      it is a name                                     "cowboy bebop!", "かうぼーいびばっぷ"
    title      a name begins with it                            "cowb"
    word       a word of a name begins with it, or several do   "bebop", "geass r2"
    initials   it covers a name by initials and beginnings      "aot 3", "fma brotherhood" (`lists/typed.py`)
    spelt      as title and word, written otherwise             "shoojo kak" for "Shoujo Kakumei Utena"
    inside     it is somewhere in a name                        "ビバップ"
    mistyped   as exact, title and word, but for one letter or two that are changed, added, missing or swapped

Titles that are found in the same way stand in order of how many people have rated them.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
import polars as pl

from konomi.arguments import what_it_is, whole
from konomi.arrays import I32, I64, Bools
from konomi.errors import RequestError
from konomi.lists.lines import NameLines, bits_of, words_of
from konomi.lists.titles import INSIDE, YEAR_LAST
from konomi.lists.typed import LONGEST, MOST_WORDS, covering, said_words
from konomi.ranking.offer import open_to_all, withdrawn
from konomi.recommend.records import How as How

EXACT, TITLE, BY_WORD, INITIALS, SPELT, WITHIN, MISTYPED = range(len(get_args(How)))
NOT = 255  # the way in which a title is not found
FEW, MANY = 4, 8  # letters from which on one typing error is looked for, and two, where nothing else is found
SHORT, LONG = 6, 24  # letters up to which a text is tried as initials, where something else is found and where nothing is
LOOKED_AT = 40  # of the best known names that initials may mean


@dataclass(frozen=True)
class Hit:
    """A title that was found: its item row and id; the name that the text was found in, and the way; what it is called."""

    row: int
    item_id: int | str
    name: str
    how: How
    title: str
    year: int | None
    type: str | None


@dataclass(frozen=True, repr=False)
class Search:
    """An index of every name of a catalogue. Nothing in it changes by searching, so threads may share it."""

    items: pl.DataFrame
    lines: NameLines

    @classmethod
    def of(cls, items: pl.DataFrame) -> "Search":
        """items: a row per item row, with item_id, title, titles, year, type, sensitive and ratings (how many)."""
        return cls(items, NameLines.of(items))

    def __repr__(self) -> str:
        return f"Search({len(self.lines.names):,} names of {len(self.items):,} items)"

    def __call__(self, text: str, k: int = 10, sensitive: bool = False) -> tuple[Hit, ...]:
        """At most k titles that a text may be the beginning of, the likeliest first; each once.

        sensitive: Hentai and Erotica, too. What is withdrawn is not found. Of a text longer than `LONGEST` characters its
        beginning is read. A year in brackets at its end keeps titles of that year, if there are any. RequestError where text is
        no text, or k none.
        """
        if not isinstance(text, str):
            raise RequestError(f"{what_it_is(text)} is no text.", 'Give what was typed, such as "cowb".', "text")
        k, text = min(whole("k", k, 1), max(len(self.items), 1)), text[:LONGEST].strip()
        able = self._there if sensitive else self._open
        if not (year := YEAR_LAST.search(text)):
            return self._hits(text, k, able)
        title = text[: year.start()]
        return self._hits(title, k, able & (self._years == int(year[1]))) or self._hits(title, k, able)

    def _hits(self, text: str, k: int, able: Bools) -> tuple[Hit, ...]:
        """The best k among the items that are able, bool[I]."""
        words = words_of(text)
        if not words:
            return ()
        found, typed = _Found.none(able), "".join(words)
        self._beginning(found, typed, (EXACT, TITLE, BY_WORD))
        if found.fewer_than(k):
            self._otherwise(found, text, words)
        if found.fewer_than(k) and (len(typed) >= INSIDE or not typed.isascii()):
            found.put(WITHIN, *self._of(self.lines.inside(typed)))
        if found.fewer_than(k) and len(typed) >= FEW:
            self._mistyped(found, typed)
        best = np.flatnonzero(found.way < NOT)
        best = best[np.argsort(found.way[best] * len(able) + self._rank[best])[:k]]
        return tuple(self._hit(row, found) for row in best.tolist())

    def _beginning(self, found: "_Found", text: str, ways: tuple[int, int, int]) -> None:
        """Names that are a text, begin with it, or have a word that does."""
        starts, ends = self.lines.beginnings(text)
        head = self.lines.head[starts]
        for way, some in zip(ways, (head & ends, head & ~ends, ~head), strict=True):
            found.put(way, *self._of(starts[some]))

    def _otherwise(self, found: "_Found", text: str, words: list[str]) -> None:
        """Words in any place, initials, and other spellings."""
        typed, said = "".join(words), said_words(text)[:MOST_WORDS]
        if len(words) > 1:
            names = self._with_all(words[:MOST_WORDS])
            found.put(BY_WORD, self.lines.item[names], names)
        if said and len(typed) <= (LONG if found.fewer_than(1) else SHORT):
            names = self._by_initials(said, found.able)
            found.put(INITIALS, self.lines.item[names], names)
        if said and (spelt := "".join(said)) != typed:
            self._beginning(found, spelt, (EXACT, SPELT, SPELT))

    def _with_all(self, words: list[str]) -> I64:
        """Names of which every word begins one, in any order."""
        every = np.ones(len(self.lines.names), np.bool_)
        for word in dict.fromkeys(words):
            has = np.zeros_like(every)
            has[self.lines.name[self.lines.beginnings(word)[0]]] = True
            every &= has
            if not every.any():
                break
        return np.flatnonzero(every)

    def _by_initials(self, said: tuple[str, ...], able: Bools) -> I64:
        """Of the best known names those that the words of a text cover."""
        firsts, letters = bits_of(word[0] for word in said), bits_of("".join(said))
        first, every = self.lines.bits
        can = able[self.lines.item] & ((first & firsts) == firsts) & ((every & letters) == letters)
        names = self._best_known[can[self._best_known]][:LOOKED_AT].tolist()
        return np.array([name for name in names if covering(said, self.lines.said(name)[:MOST_WORDS])], np.int64)

    def _mistyped(self, found: "_Found", text: str) -> None:
        """Names that are a text but for typing errors, then those that begin with it, then those of which a word does; all with
        one error before any with two."""
        head, most = self.lines.head, 1 + (len(text) >= MANY and found.fewer_than(1))
        beginning, entire = self.lines.mistyped(text, most)
        for errors in range(1, most + 1):
            each = (head & (entire == errors), head & (beginning == errors), beginning == errors)
            for step, some in enumerate(each, MISTYPED + 3 * (errors - 1)):
                found.put(step, *self._of(np.flatnonzero(some)))

    def _of(self, starts: I64) -> tuple[I32, I32]:
        """The item rows and the names of words, by their number."""
        names = self.lines.name[starts]
        return self.lines.item[names], names

    def _hit(self, row: int, found: "_Found") -> Hit:
        name, way = self.lines.names[found.name[row]], get_args(How)[min(found.way[row], MISTYPED)]
        title, year, kind, own = self._about[row]
        return Hit(row, own, name, way, title or name, year, kind)

    @cached_property
    def _about(self) -> list[tuple[str | None, int | None, str | None, int | str]]:
        return self.items.select("title", "year", "type", "item_id").rows()

    @cached_property
    def _years(self) -> I64:
        return self.items["year"].cast(pl.Int64).fill_null(-1).to_numpy()

    @cached_property
    def _there(self) -> Bools:
        return ~withdrawn(self.items)

    @cached_property
    def _open(self) -> Bools:
        return self._there & open_to_all(self.items)

    @cached_property
    def _rank(self) -> I64:
        """The place of each item in order of how many people have rated it, i64[I]."""
        rank = np.empty(len(self.items), np.int64)
        rank[np.argsort(-self.items["ratings"].to_numpy(), kind="stable")] = np.arange(len(rank))
        return rank

    @cached_property
    def _best_known(self) -> I64:
        """The names, those of the best known items first."""
        return np.argsort(self._rank[self.lines.item], kind="stable")


@dataclass(frozen=True)
class _Found:
    """The best way in which each item is found so far, i64[I], and by which name, i64[I]; able bool[I]: those looked for."""

    able: Bools
    way: I64
    name: I64

    @classmethod
    def none(cls, able: Bools) -> "_Found":
        return cls(able, np.full(len(able), NOT, np.int64), np.zeros(len(able), np.int64))

    def put(self, way: int, items: I32, names: I32 | I64) -> None:
        """Items that were found in a way; of several names of one item the first is told."""
        better = self.able[items] & (self.way[items] > way)
        items, names = items[better][::-1], names[better][::-1]
        self.way[items], self.name[items] = way, names

    def fewer_than(self, k: int) -> bool:
        """Whether fewer than k are found."""
        return int(np.count_nonzero(self.way < NOT)) < k
