"""The names of a catalogue as lines of letters in one array, in which a text is found wherever it stands.

Of each name its words are kept in one line, without signs, accents and spaces; where that differs, in another as they are said
("Part V" is "part 5", see `typed.said_words`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, reduce

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import I32, I64, U8, Bools
from konomi.kernels.letters import BITS, END, errors_at, letter_sets, occurrences
from konomi.lists.spelling import WORD
from konomi.lists.titles import ACCENTS, YEAR_LAST
from konomi.lists.typed import said_words
from konomi.text import READ

ARTICLES = frozenset(("the", "an", "a"))
KANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}  # to hiragana
OTHERWISE = re.compile(r"[0-9&×√]|[ou][uoh]|\b(?:[ivx]+|season|vol|part|doctor|versus|\w+(?:st|nd|rd|th))\b")
LETTERS = np.dtype("<u4")


@dataclass(frozen=True, repr=False)
class NameLines:
    """names: every name as it is written; item i32[N]: the item row of each; letters u32[L]: the lines of all names, `END`
    after each; place i32[S]: where words begin, in order; head bool[S]: which of them begin a name; name i32[S]: of which name.
    """

    names: list[str]
    item: I32
    letters: npt.NDArray[np.uint32]
    place: I32
    head: Bools
    name: I32

    @classmethod
    def of(cls, items: pl.DataFrame) -> "NameLines":
        """items: a row per item row, with title and titles."""
        names, item, lines = list[str](), list[int](), list[str]()
        places, heads, own, at = list[int](), list[bool](), list[int](), 0
        for row, (title, others) in enumerate(zip(items["title"].to_list(), items["titles"].to_list(), strict=True)):
            for name in dict.fromkeys(name for name in (title, *(others or ())) if name):
                for words in lines_of(name):
                    begun = 1 + (words[0] in ARTICLES)  # a name begins after its article, too
                    for n, word in enumerate(words):
                        places.append(at)
                        heads.append(n < begun)
                        own.append(len(names))
                        at += len(word)
                    lines.append("".join(words))
                    at += 1
                names.append(name)
                item.append(row)
        letters = letters_of("".join(f"{line}{chr(END)}" for line in lines))
        rows, place = np.array(item, np.int32), np.array(places, np.int32)
        return cls(names, rows, letters, place, np.array(heads, np.bool_), np.array(own, np.int32))

    def __repr__(self) -> str:
        return f"NameLines({len(self.names):,} names)"

    def beginnings(self, text: str) -> tuple[I64, Bools]:
        """The words, by their number in `place`, that begin with a text or go on with it, and whether the line ends there."""
        starts = np.searchsorted(self.place, occurrences(self.letters, self.place, letters_of(text)))
        ends: Bools = self.letters[self.place[starts] + len(text)] == END
        return starts, ends

    def inside(self, text: str) -> I64:
        """The words in which, or from which on, a text stands."""
        everywhere = np.arange(len(self.letters), dtype=np.int32)
        after: I64 = np.searchsorted(self.place, occurrences(self.letters, everywhere, letters_of(text)), "right")
        return after - 1

    def mistyped(self, text: str, most: int) -> tuple[U8, U8]:
        """For each word how many typing errors lie between a text and a beginning, and all, of what the line goes on with; see
        `errors_at`. u8[S] each."""
        found: tuple[U8, U8] = errors_at(self.letters, self.place, self._sets, letters_of(text), most)
        return found

    @cached_property
    def _sets(self) -> I64:
        sets: I64 = letter_sets(self.letters, self.place)
        return sets

    @cached_property
    def said(self) -> Callable[[int], tuple[str, ...]]:
        """The words of a name as they are said, by its number."""
        return cache(lambda name: said_words(self.names[name]))

    @cached_property
    def bits(self) -> tuple[I64, I64]:
        """The first letters of each name's words, and all its letters, as `bits_of` gives them: i64[N] each; 0 where it has no
        letter."""
        own = np.int64(1) << (self.letters % BITS).astype(np.int64)
        begins = np.flatnonzero(np.diff(self.name, prepend=-1))
        firsts, every = np.zeros((2, len(self.names)), np.int64)
        if len(begins):
            firsts[self.name[begins]] = np.bitwise_or.reduceat(own[self.place], begins)
            every[self.name[begins]] = np.bitwise_or.reduceat(own, self.place[begins])
        return firsts, every


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without accents and signs, katakana as hiragana; a text of signs alone is a word."""
    plain = text.casefold().replace("'", "")
    if not plain.isascii():
        wide = ACCENTS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()))
        plain = unicodedata.normalize("NFC", wide).translate(KANA).replace("×", " x ").replace("’", "").replace("'", "")
    words = WORD.findall(plain.replace("&", " and "))
    if not words:
        signs = "".join(sign for sign in plain if not unicodedata.category(sign).startswith(("C", "Z")))
        return [signs] if signs else []
    return words


@lru_cache(READ)
def lines_of(name: str) -> tuple[tuple[str, ...], ...]:
    """The words of a name: as they are, without a year in brackets at the end, and as they are said."""
    words = words_of(name)
    if not words:
        return ()
    ways = {"".join(words): words}
    if name.endswith(")") and (year := YEAR_LAST.search(name)):
        ways.setdefault("".join(words[:-1]), words[:-1])
        name = name[: year.start()]
    if words[0].isascii() and OTHERWISE.search(name.casefold()):
        said = list(said_words(name))
        ways.setdefault("".join(said), said)
    return tuple(tuple(way) for way in ways.values() if way)


def letters_of(text: str) -> npt.NDArray[np.uint32]:
    """The code points of a text, u32[n]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), LETTERS)


def bits_of(letters: Iterable[str]) -> int:
    """A set of letters, as bits."""
    return reduce(lambda bits, letter: bits | 1 << (ord(letter) % BITS), letters, 0)
