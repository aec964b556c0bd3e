"""Finds items that are parts of one work by their names.

An item owns keys: its name without words that only number or label a part ("2nd Season", "III", "Movie 4", "OVA"), and the
words before its first colon, dash or bracket. Another item with such a key in its name may be a part of the same work. How much
other evidence is needed depends on how rare the key's words are and on what follows the key: "Haikyuu!! 2nd Season" needs
little, "Monster Strike" beside "Monster" more than there is.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log

import polars as pl

from konomi.catalogue.title_words import AMBIGUOUS, CROSSING, JOINING, Name, bare, is_mark, name_of

WORD = re.compile(r"[^\W_]+")
EAST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

LEAST_KEYS = 10_000  # keys, at least, in the share of a word: in a small catalogue all words would look common
MORE = 1000  # items added to the counts of genres, a tenth of them with each genre, for small catalogues
OWNERS = 6  # owners of a key that are kept, the earliest; more bring nothing new
RARE, VERY_RARE = 11.0, 14.0  # least rarity (log share) of a key at the end of a name, and of two words that only begin names

ENOUGH = 1.0
"""The score above which two items are parts of one work. It and the weights below were chosen on the tuning half of
`bench/franchises.csv`: a logistic regression first, then by hand."""
AT_MARK, AT_BREAK, AT_WORD, AT_CROSSING = -2.0, -2.5, -4.0, -7.0  # by what follows the key
ONE_WORD = -2.0  # for a key of one word before another word, times the share of keys with the word that do not begin with it
START, TAIL, TAIL_AT_BREAK = -5.0, -6.0, -5.0  # two words that only begin a name; a key at its end
PER_RARITY, MOST_RARITY = 0.3, 16.0
SAME_GENRES, GENRES_UNKNOWN, PER_YEAR, MOST_YEARS, ONE_IS_MUSIC = 5.0, 0.3, -0.04, 50, -2.0
TELLING = 4.0  # log share; genres less rare than this together count less: 'Drama' alone tells little
ALIKE, UNALIKE = 2.0, -0.5  # for similar and different names in other scripts


@dataclass(frozen=True)
class Facts:
    """The facts of every item, by row; place: its place in an order that does not depend on the order of the rows."""

    names: list[list[Name]]
    eastern: list[list[str]]  # names in other scripts, without white space and signs
    genres: list[frozenset[str]]
    year: list[int | None]
    type: list[str | None]
    episodes: list[int | None]
    place: list[int]

    @classmethod
    def of(cls, items: pl.DataFrame) -> "Facts":
        title, others, year = items["title"].to_list(), items["titles"].to_list(), items["year"].to_list()
        ids = items["item_id"].cast(pl.String).to_list()
        names, eastern = [], []
        for first, rest in zip(title, others, strict=True):
            texts = list(dict.fromkeys(text for text in (first, *(rest or ())) if text))
            far = [text for text in texts if EAST.search(text)]
            near = [text for text in texts if text not in far] or texts[:1]
            names.append([name for text in near if (name := name_of(text)).words])
            eastern.append(["".join(WORD.findall(text.casefold())) for text in far])
        order = sorted(range(len(ids)), key=lambda n: (year[n] or 9999, title[n] or "", len(ids[n]), ids[n]))
        place = [0] * len(ids)
        for k, n in enumerate(order):
            place[n] = k
        genres = [frozenset(genres or ()) for genres in items["genres"].to_list()]
        return cls(names, eastern, genres, year, items["type"].to_list(), items["episodes"].to_list(), place)


@dataclass(frozen=True)
class Keys:
    """key → its owners, the earliest `OWNERS`: whole names without marks, heads, and two words that begin a longer name."""

    whole: dict[str, list[int]]
    head: dict[str, list[int]]
    start: dict[str, list[int]]
    tails: set[str]  # the keys that may stand at the end of a name, and the words they begin with
    openers: set[str]
    rarity: dict[str, float]  # of a key: the sum, over its words, of the logarithm of the share of keys that have the word
    inside: dict[str, float]  # of a word: of the keys that have it, the share that do not begin with it

    @classmethod
    def of(cls, rows: Facts) -> "Keys":
        whole: dict[str, list[int]] = defaultdict(list)
        head: dict[str, list[int]] = defaultdict(list)
        start: dict[str, list[int]] = defaultdict(list)
        for n in sorted(range(len(rows.names)), key=rows.place.__getitem__):
            for name in rows.names[n]:
                end = bare(name.words)
                _own(whole[" ".join(name.words[:end])], n)
                if name.head < end:
                    _own(head[" ".join(name.words[: bare(name.words[: name.head])])], n)
                if end > 2 and JOINING.isdisjoint(name.words[:2]):
                    _own(start[" ".join(name.words[:2])], n)
        keys = whole.keys() | head.keys()
        count = Counter(word for key in keys for word in set(key.split()))
        many = max(len(keys), LEAST_KEYS)
        rare = {word: log(many / n) for word, n in count.items()}
        begun = {key for key, owners in start.items() if len(owners) > 1 and key not in keys}
        rarity = {key: sum(rare.get(word, log(many)) for word in key.split()) for key in keys | begun}
        first = Counter(key.partition(" ")[0] for key in keys)
        inside = {word: 1 - first[word] / n for word, n in count.items()}
        tails = {key for key in whole if " " in key and rarity[key] > RARE}
        start = {key: start[key] for key in begun if rarity[key] > VERY_RARE}
        return cls(dict(whole), dict(head), start, tails, {key.partition(" ")[0] for key in tails}, rarity, inside)

    def _inner(self, name: Name, length: int) -> float:
        """The penalty of a key of one word that goes on without a break: for 'Monster Strike', but not 'Pokemon Crystal'."""
        if length > 1 or _follows(name, length) > AT_WORD:
            return 0.0
        return ONE_WORD * self.inside[name.words[0]]

    def owners(self, key: str) -> list[int]:
        return [*self.whole.get(key, ()), *self.head.get(key, ())] or self.start[key]

    def of_name(self, name: Name) -> Iterator[tuple[str, float]]:
        """The keys in a name, each with its penalty there."""
        words = name.words
        key = ""
        for length, word in enumerate(words, 1):
            key = f"{key} {word}" if key else word
            if key in self.whole or key in self.head:
                rest = words[length:]
                if all(map(is_mark, rest)):
                    yield key, AT_MARK
                elif len(key) > 2 or length in name.breaks:
                    yield key, _follows(name, length) + self._inner(name, length)
            elif length == 2 and key in self.start:
                yield key, START
        for begin in range(1, len(words)):
            if words[begin - 1] in CROSSING:
                return
            if words[begin] in self.openers and (begin in name.breaks or words[begin - 1] not in JOINING):
                end = next((b for b in name.breaks if b > begin), len(words))
                key = " ".join(words[begin : begin + bare(words[begin:end])])
                if key in self.tails:
                    yield key, TAIL_AT_BREAK if begin in name.breaks else TAIL


def _own(owners: list[int], n: int) -> None:
    if len(owners) < OWNERS and n not in owners:
        owners.append(n)


def _follows(name: Name, length: int) -> float:
    """The penalty of a key of `length` words by what follows it."""
    after = name.words[length]
    last = length + 1 == len(name.words) or length + 1 in name.breaks
    if after in CROSSING and not (not last and is_mark(name.words[length + 1])):
        return AT_CROSSING
    if is_mark(after) and (last or after not in AMBIGUOUS):
        return AT_MARK
    return AT_BREAK if length in name.breaks else AT_WORD


def same_work_pairs(rows: Facts, skip: set[int], same: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are parts of one work by their names: an item outside `skip`, and an owner of a key in its name.

    same: whether two rows are known to belong together; such pairs are left out.
    """
    keys = Keys.of(rows)
    count = Counter(genre for genres in rows.genres for genre in genres)
    telling = {genre: log((len(rows.genres) + MORE) / (n + MORE / 10)) for genre, n in count.items()}
    for n, names in enumerate(rows.names):
        if n in skip:
            continue
        for name in names:
            for key, plainness in keys.of_name(name):
                for owner in keys.owners(key):
                    if same(owner, n):
                        continue
                    alike = _alike(rows.eastern[owner], rows.eastern[n])
                    if plainness in (START, TAIL, TAIL_AT_BREAK) and alike == UNALIKE:
                        continue
                    score = plainness + PER_RARITY * min(keys.rarity[key], MOST_RARITY) + alike
                    if score + _likeness(rows, telling, owner, n) > ENOUGH:
                        yield n, owner


def _likeness(rows: Facts, telling: dict[str, float], a: int, b: int) -> float:
    """The evidence of genres, years and types that two items are parts of one work."""
    score = SAME_GENRES * _share(telling, rows.genres[a], rows.genres[b])
    score += PER_YEAR * min(abs((rows.year[a] or rows.year[b] or 0) - (rows.year[b] or rows.year[a] or 0)), MOST_YEARS)
    return score + ONE_IS_MUSIC * ((rows.type[a] == "Music") != (rows.type[b] == "Music"))


def _share(telling: dict[str, float], a: frozenset[str], b: frozenset[str]) -> float:
    """The weighted share of common genres (Jaccard), rare genres weighing more; less where all of them are common."""
    if not a or not b:
        return GENRES_UNKNOWN
    both, either = (sum(telling[genre] for genre in sorted(some)) for some in (a & b, a | b))
    return both / max(either, TELLING)


def _alike(a: list[str], b: list[str]) -> float:
    """`ALIKE` where names in other scripts begin alike or one contains the other, else `UNALIKE`; 0 where an item has none."""
    if not a or not b:
        return 0.0
    for x in a:
        for y in b:
            shorter = min(len(x), len(y))
            begins = next((k for k in range(shorter) if x[k] != y[k]), shorter)
            if begins >= 4 or (begins >= 2 and begins == shorter) or (shorter >= 4 and (x in y or y in x)):
                return ALIKE
    return UNALIKE
