"""Misspelt titles: finds similar titles, and tells differences of spelling from differences of meaning."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
import scipy.sparse as sp

from konomi.arrays import Bools

BUCKETS = 1 << 16  # hash buckets of letter triples; a collision only costs a comparison
BATCH = 64  # texts compared with all titles at once
LEAST_SHARED = 0.4  # the share of triples that two titles must have in common to be compared
SAME_SOUND = 0.95  # likeness of titles that differ only in the romanisation of Japanese, or like "2nd" and "II"
PAIR = 0.75  # the least likeness, in [0, 1], of two spellings of one word
REGROUPED = 0.88  # the same for words that are divided in another way
SHORT = 4  # letters; a shorter word that differs is another word
SMALL = frozenset("the a an of and no wo o wa ha ga ni to de he e".split())  # words that may be missing
NTH = "first second third fourth fifth sixth seventh eighth ninth tenth"
ORDINALS = {word: str(n) for n, word in enumerate(NTH.split(), 1)}
ROMANS = {word: str(n) for n, word in enumerate("ii iii iv _ vi vii viii ix _ xi xii xiii".split(), 2) if word != "_"}
VOLUME = ("vol", "volume")  # before a number: "Vol. 2" is 2
LONG = re.compile(r"(?<=o)[uo]|(?<=u)u|(?<=o)h(?![aeiouy])")  # letters that lengthen a vowel: "Shoujo", "Shōjo", "Shojo"
WORD = re.compile(r"[^\W_]+")


def words(title: str) -> tuple[str, ...]:
    """The words of a title: in lower case, without accents, long vowels and apostrophes, numbers in digits.

    "2nd Season", "Season 2" and "II" become "2"; "Season 1" is left out.

    >>> words("Shōjo Kageki II"), words("Shoujo Kageki 2nd Season"), words("Howl's Moving Castle, Season 1")
    (('shojo', 'kageki', '2'), ('shojo', 'kageki', '2'), ('howls', 'moving', 'castle'))
    """
    text = unicodedata.normalize("NFKD", title).casefold().replace("&", " and ").replace("×", " x ")
    text = re.sub(r"[\u0300-\u036f'’`]", "", text)
    found = list[str]()
    for place, word in enumerate(WORD.findall(text)):
        ordinal = re.fullmatch(r"0*(\d+)(?:st|nd|rd|th)|s0?(\d)", word)
        number = (ordinal[1] or ordinal[2]) if ordinal else ORDINALS.get(word) or (ROMANS.get(word) if place else None)
        found.append(number or LONG.sub("", word))
    found = [
        word
        for at, word in enumerate(found)
        if not (word in VOLUME and at and found[at + 1 : at + 2] and found[at + 1].isdigit())
    ]
    seasons = [at for at, word in enumerate(found) if word == "season"]
    for at in reversed(seasons):
        near = next((place for place in (at + 1, at - 1) if 0 <= place < len(found) and found[place].isdigit()), None)
        if near is not None:
            dropped = {at, near} if found[near] == "1" else {at}
            found = [word for place, word in enumerate(found) if place not in dropped]
    return tuple(found)


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """The likeness of two titles' spellings, from 0 to 1, given their `words`; 0 where they differ in meaning.

    They do where one has an additional word, a number or a single letter differs, or a word has no similar one in its place:
    "2nd Season", "Movie" and "R2" are not misspellings. Words of `SMALL` may be missing.
    """
    for kind, i, j, k, l in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        left, right = ([word for word in some if word not in SMALL] for some in (one[i:j], other[k:l]))
        if kind != "equal" and left != right and not _misspelt(left, right):
            return 0.0
    a, b = ("".join(word for word in words if word not in SMALL) for words in (one, other))
    if a == b and a:
        return SAME_SOUND
    return min(SAME_SOUND, SequenceMatcher(None, "".join(one), "".join(other), autojunk=False).ratio())


def _misspelt(left: list[str], right: list[str]) -> bool:
    a, b = "".join(left), "".join(right)
    if a == b:
        return True  # the same letters, divided in another way
    if not a or not b or any(not letter.isascii() or letter.isdigit() for letter in a + b):
        return False
    if len(left) != len(right):
        return SequenceMatcher(None, a, b, autojunk=False).ratio() >= REGROUPED
    return all(
        x == y or (min(len(x), len(y)) >= SHORT and SequenceMatcher(None, x, y, autojunk=False).ratio() >= PAIR)
        for x, y in zip(left, right, strict=True)
    )


class Spellings:
    """Titles indexed by their letter triples, so that a text is compared with few of them.

    titles: (plain title, title, item row) of every title of a catalogue.
    """

    def __init__(self, titles: Sequence[tuple[str, str, int]]) -> None:
        self._titles = titles
        self._triples = _triples([key for key, _, _ in titles])
        self._counts = np.diff(self._triples.indptr)
        self._by_triple = self._triples.T.tocsr()  # BUCKETS × titles

    def nearest(self, texts: Sequence[str], k: int) -> list[list[tuple[float, str, int]]]:
        """For each plain text the k titles that share the most triples with it: (share, title, item row), the nearest first."""
        found = list[list[tuple[float, str, int]]]()
        for start in range(0, len(texts), BATCH):
            asked = _triples(texts[start : start + BATCH])
            shared = (asked @ self._by_triple).tocsr()
            for text, count in enumerate(np.diff(asked.indptr)):
                entries = slice(shared.indptr[text], shared.indptr[text + 1])
                rows = shared.indices[entries]
                share = 2 * shared.data[entries] / (self._counts[rows] + count)
                rows, share = rows[share >= LEAST_SHARED], share[share >= LEAST_SHARED]
                order = np.lexsort((rows, -share))[:k]
                found.append([(float(share[at]), *self._titles[rows[at]][1:]) for at in order])
        return found


def _triples(texts: Sequence[str]) -> sp.csr_matrix:
    """The letter triples of each text, its beginning and end counting as letters: f32 ones, texts × BUCKETS."""
    letters = np.frombuffer("".join(f"\1{text}\2" for text in texts).encode("utf-32-le"), np.uint32).astype(np.int64)
    row = np.repeat(np.arange(len(texts)), np.array([len(text) + 2 for text in texts], np.int64))
    bucket = (letters[:-2] * 961 + letters[1:-1] * 31 + letters[2:]) % BUCKETS
    within: Bools = row[:-2] == row[2:]
    counts = sp.csr_matrix((np.ones(within.sum(), np.float32), (row[:-2][within], bucket[within])), (len(texts), BUCKETS))
    counts.sum_duplicates()
    counts.data[:] = 1
    return counts
