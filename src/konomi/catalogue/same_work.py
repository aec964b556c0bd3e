"""Finds items that are parts of one work by their names.

An item owns keys: its name without words that only number or label a part ("2nd Season", "III", "Movie 4", "OVA"), and the
words before its first colon, dash or bracket. Another item with such a key in its name may be a part of the same work. How much
other evidence is needed depends on how rare the key's words are and on what follows the key: "Haikyuu!! 2nd Season" needs
little, "Monster Strike" beside "Monster" more than there is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log

from konomi.catalogue.likeness import UNALIKE, Likeness
from konomi.catalogue.title_facts import Facts
from konomi.catalogue.title_words import AMBIGUOUS, CROSSING, JOINING, Name, bare, is_mark

LEAST_KEYS = 10_000  # keys, at least, in the share of a word: in a small catalogue all words would look common
OWNERS = 6  # owners of a key that are kept, the earliest; more bring nothing new
RARE, VERY_RARE = 11.0, 14.0  # least rarity (log share) of a key at the end of a name, and of two words that only begin names

ENOUGH = 1.0
"""The score above which two items are parts of one work. It and the weights below were chosen on the tuning half of
`bench/franchises.csv`: a logistic regression first, then by hand."""
AT_MARK, AT_BREAK, AT_WORD, AT_CROSSING = -2.0, -2.5, -4.0, -7.0  # by what follows the key
ONE_WORD = -2.0  # for a key of one word before another word, times the share of keys with the word that do not begin with it
START, TAIL, TAIL_AT_BREAK = -5.0, -6.0, -5.0  # two words that only begin a name; a key at its end
PER_RARITY, MOST_RARITY = 0.3, 16.0


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

    def weight(self, key: str) -> float:
        """What the rarity of a key speaks for one work."""
        return PER_RARITY * min(self.rarity[key], MOST_RARITY)

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


def same_work_pairs(
    rows: Facts, keys: Keys, likeness: Likeness, skip: set[int], same: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are parts of one work by their names: an item outside `skip`, and an owner of a key in its name.

    same: whether two rows are known to belong together; such pairs are left out.
    """
    for n, names in enumerate(rows.names):
        if n in skip:
            continue
        for name in names:
            for key, plainness in keys.of_name(name):
                for owner in keys.owners(key):
                    if same(owner, n):
                        continue
                    alike = likeness.of_names(owner, n)
                    if plainness in (START, TAIL, TAIL_AT_BREAK) and alike == UNALIKE:
                        continue
                    if plainness + keys.weight(key) + alike + likeness(owner, n) > ENOUGH:
                        yield n, owner
