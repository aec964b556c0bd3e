"""Titles as people type them: beginnings and halves, initials, mixtures of both, and typing errors.

A typed text is laid along each name of the catalogue, word by word; words of the name may be left out:

    typed                 name                                       how a typed word covers words of the name
    code geass r2         Code Geass: Hangyaku no Lelouch R2         it is the word; three words are left out
    evangelion            Neon Genesis Evangelion                    it is the word; two words are left out
    fma brotherhood       Fullmetal Alchemist: Brotherhood           initials, with one letter from inside a word
    aot 3                 Attack on Titan Season 3                   initials; numbers are numbers, however they are written
    ansakyou              Ansatsu Kyoushitsu                         the beginnings of words
    drrr                  Durarara!!                                 its consonants

Of all names that are covered, the best known wins, unless another fits much better:

    log(1 + n) + `WHOLE` · (share of the name's letters that are covered) − what was left out or bent

with n the ratings of the item. If no name is covered, typing errors are tried: one letter or two changed, added, missing, or
swapped with the next.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from functools import cached_property

from konomi.lists.spelling import SMALL, words

WHOLE = 3.0  # what covering a whole name is worth, in e-folds of ratings
GAP = 0.7  # what each gap between two covered words costs
NUMBER = 2.0  # what a number of the name costs that was not typed: it is another part that is meant
BEGINS = 0.4  # what it costs that the last typed word is only the beginning of one
BENT = 2.0  # what it costs that initials have a letter from inside a word, or are consonants
RIVAL = 1.6  # e-folds: other items so near the best are its rivals
RIVALS = 5  # at most
BEGUN = 4  # letters; a shorter beginning of a word is none, unless the script is another than Latin
FEW, MANY = 5, 8  # letters from which on one typing error is seen as one, and two
COUNTED, ROMAN = frozenset(("episode", "part", "vol", "season")), {"i": "1", "v": "5", "x": "10"}
LONGEST, MOST_WORDS = 200, 40  # letters of a text, and words of a text or name, that are read
VOWELS = frozenset("aeiou")
SAID = {"doctor": "dr", "versus": "vs"}  # words and how names write them

Fit = tuple[int, float]
"""How many letters of a name are covered, and what is taken off for what was left out or bent."""

Known = dict[tuple[int, int], Fit | None]
"""(place in the typed words, place in the name) → the best fit from there on."""


def said_words(text: str) -> tuple[str, ...]:
    """The words of a text for comparison; "√A" and "Root A", "Dr." and "Doctor", "Part V" and "Part 5" are the same."""
    said = [SAID.get(word, word) for word in words(text.replace("√", " root "))]
    last = len(said) - 1
    return tuple(ROMAN.get(w, w) if at and (at == last or said[at - 1] in COUNTED) else w for at, w in enumerate(said))


class TypedTitles:
    """An index of names for what is typed; names: (plain name, name, item row) of each; ratings: how many each row has."""

    def __init__(self, names: Sequence[tuple[str, str, int]], ratings: Sequence[int]) -> None:
        self._names = names
        self._ratings = ratings

    def read(self, text: str, plain: str, rows: frozenset[int] | None = None) -> list[int]:
        """The item rows that a text may mean, the likeliest first: one, and its rivals. Empty where nothing is like it.

        plain: the text as in `titles.plain`; rows: the only ones that may be meant; None = all.
        """
        typed = said_words(text)[:MOST_WORDS]
        if not plain or not typed or len(text) > LONGEST:
            return []
        best = dict[int, float]()
        for row, fit in self._covered(typed):
            if rows is None or row in rows:
                best[row] = max(fit, best.get(row, -math.inf))
        if not best:
            for row, errors in self._mistyped(plain):
                if rows is None or row in rows:
                    best[row] = max(math.log1p(self._ratings[row]) - BENT * errors, best.get(row, -math.inf))
        found = heapq.nsmallest(RIVALS + 1, best.items(), key=lambda one: (-one[1], one[0]))
        return [row for row, fit in found if fit >= found[0][1] - RIVAL]

    @cached_property
    def _said(self) -> list[tuple[tuple[str, ...], frozenset[str], int]]:
        """The words of each name, their first letters, and its item row."""
        said = ((said_words(name)[:MOST_WORDS], row) for _, name, row in self._names)
        return [(each, frozenset(word[0] for word in each), row) for each, row in said if each]

    def _covered(self, typed: tuple[str, ...]) -> Iterator[tuple[int, float]]:
        """(row, fit) of names that all typed words cover something of."""
        first = {word[0] for word in typed}
        for name, initials, row in self._said:
            if first <= initials and (fit := covering(typed, name)) is not None:
                share = fit[0] / sum(map(len, name))
                yield row, math.log1p(self._ratings[row]) + WHOLE * share - fit[1]

    def _mistyped(self, plain: str) -> Iterator[tuple[int, int]]:
        """(row, typing errors) of names that differ from a plain text by typing errors alone."""
        most = (len(plain) >= FEW) + (len(plain) >= MANY)
        if not most:
            return
        letters, digits = set(plain), [letter for letter in plain if letter.isdigit()]
        near = ((abs(len(key) - len(plain)), len(letters ^ set(key)), n) for n, (key, _, _) in enumerate(self._names))
        able = (n for apart, other, n in near if apart <= most and other <= 2 * most)
        for n in able:
            key, _, row = self._names[n]
            if [letter for letter in key if letter.isdigit()] == digits:
                errors = typing_errors(plain, key, most)
                if errors <= most:
                    yield row, errors


def covering(typed: Sequence[str], name: Sequence[str]) -> Fit | None:
    """The best way to lay all typed words along a name, in order; None where there is none."""
    return _along(tuple(typed), tuple(name), 0, 0, {})


def _along(typed: tuple[str, ...], name: tuple[str, ...], i: int, j: int, known: Known) -> Fit | None:
    """The best fit of the typed words from i on along the words of a name from j on; known: those that have been found."""
    if (i, j) not in known:
        known[i, j] = _best(typed, name, i, j, known)
    return known[i, j]


def _best(typed: tuple[str, ...], name: tuple[str, ...], i: int, j: int, known: Known) -> Fit | None:
    if i == len(typed):
        return 0, NUMBER * sum(_tells(name, at) for at in range(j, len(name)))
    ways = list[Fit]()
    for start in range(j, len(name)):  # the first word from which on there is a way
        left_out = NUMBER * sum(_tells(name, at) for at in range(j, start))
        left_out += GAP * (i > 0 and any(word not in SMALL for word in name[j:start]))
        for end, letters, cost in _steps(typed[i], name, start, i == len(typed) - 1):
            if (rest := _along(typed, name, i + 1, end, known)) is not None:
                ways.append((letters + rest[0], cost + rest[1] + left_out))
        if ways:
            break
    if not ways and i and typed[i] in SMALL and (rest := _along(typed, name, i + 1, j, known)) is not None:
        return rest
    return max(ways, key=lambda fit: fit[0] - fit[1], default=None)


def _tells(name: tuple[str, ...], j: int) -> bool:
    """Whether a word is a number that tells a part from the first: in "Season 2" and "The Second Plate", not in "Episode IV: A
    New Hope", whose first part has one as well."""
    return name[j].isdigit() and (j == len(name) - 1 or not j or name[j - 1] not in COUNTED)


def _steps(word: str, name: tuple[str, ...], j: int, last: bool) -> Iterator[tuple[int, int, float]]:
    """(end, letters, cost): the ways in which a typed word covers the words name[j:end]."""
    joined = ""
    for end in range(j + 1, len(name) + 1):
        joined += name[end - 1]
        if joined == word:
            yield end, len(word), 0.0
            return
        if len(joined) >= len(word):
            if last and joined.startswith(word) and joined != word and (len(word) >= BEGUN or not word.isascii()):
                yield end, len(word), BEGINS
            break
        if not word.startswith(joined):
            break
    if len(word) > 1 and word[0] == name[j][0] and not word.isdigit():
        for end, cost in _initials(word, name, j, 0, 1):
            yield end, sum(map(len, name[j:end])), cost
        if len(word) >= 3 and not VOWELS & set(word) and word == "".join(c for c in name[j] if c not in VOWELS) != name[j]:
            yield j + 1, len(name[j]), BENT


def _initials(word: str, name: tuple[str, ...], j: int, used: int, inside: int) -> Iterator[tuple[int, float]]:
    """(end, cost): the ends j < end, at least two words on, up to which the rest of a word is made of beginnings of words.

    inside: how many letters may come from inside a word.
    """
    if not word:
        if used > 1:
            yield j, 0.0
        return
    if j < len(name) and used and name[j] in SMALL:
        yield from _initials(word, name, j + 1, used, inside)
    if j == len(name) or name[j][0] != word[0]:
        return
    here = name[j]
    if here.isdigit():
        if word.startswith(here):
            yield from _initials(word[len(here) :], name, j + 1, used + 1, inside)
        return
    n = 1
    while n <= len(word) and here.startswith(word[:n]):
        yield from _initials(word[n:], name, j + 1, used + 1, inside)
        n += 1
    if inside and len(word) > 1 and len(here) >= 2 * BEGUN and word[1] in here[2:] and word[1] not in VOWELS:
        for end, cost in _initials(word[2:], name, j + 1, used + 1, 0):
            yield end, cost + BENT


def typing_errors(one: str, other: str, most: int) -> int:
    """How many letters are changed, added, missing or swapped with the next (Damerau 1964); most + 1 where there are more."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i] + [0] * len(other)
        for j, their in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != their))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == their:
                row[j] = min(row[j], earlier[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
