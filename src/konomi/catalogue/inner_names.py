"""Finds items that are parts of one work by what their names have inside, believed where the same people have both.

An inner name is a key (`same_work.py`) that does not begin the name it is in: 'Super *Danganronpa* 2.5'. 'Fantasy', the name of
a work as well, is in many names, but whoever has one of these titles does not have the others: such a key has no cohesion.
A run is a row of letters, not of words: 'Bak*emonogatari*', 'Nis*emonogatari*'. By runs only the best known titles of works are
compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from konomi.catalogue.likeness import Likeness
from konomi.catalogue.same_work import ENOUGH, Keys
from konomi.catalogue.seen_together import FEW, SeenTogether
from konomi.catalogue.title_facts import Facts
from konomi.catalogue.title_words import CROSSING, JOINING, Name, is_mark

WORDS, LETTERS = 4, 5  # of an inner name: words at most, letters at least
INNER, AT_BREAK, PER_COHESION = -7.0, 1.0, 0.5  # an inner name; after a break; for each e-fold of its cohesion
RUN, RUN_LETTERS, RUN_TITLES = -3.5, 8, 200  # a run of so many letters, in so many titles at most: all of them tell nothing
COHERENT, TOGETHER = 1.1, 1.0  # log odds, at least: of the titles with an inner name, and of the two themselves


def inner_name_pairs(
    rows: Facts, keys: Keys, likeness: Likeness, together: SeenTogether, skip: set[int]
) -> Iterator[tuple[int, int]]:
    """Pairs of an item outside `skip`, and an owner of a name inside its name."""
    having: dict[str, list[int]] = defaultdict(list)  # key → the items with it anywhere in a name
    inside: dict[str, dict[int, float]] = defaultdict(dict)  # key → item with it inside a name → for where it stands
    for n, names in enumerate(rows.names):
        for name in names:
            for key, begin in _keys_in(name, keys):
                having[key].append(n)
                if n not in skip and _may_begin(name, begin):
                    inside[key][n] = max(inside[key].get(n, 0.0), AT_BREAK * (begin in name.breaks))
    for key, places in inside.items():
        cohesion = together.cohesion(set(having[key]))
        if cohesion < COHERENT:
            continue
        for n, place in places.items():
            for owner in keys.owners(key):
                if n != owner and together.log_odds(n, owner) > TOGETHER:
                    score = INNER + place + keys.weight(key) + PER_COHESION * cohesion + likeness.of_names(n, owner)
                    if score + likeness(n, owner) > ENOUGH:
                        yield n, owner


def _keys_in(name: Name, keys: Keys) -> Iterator[tuple[str, int]]:
    """The keys in a name that may be inner names, with the places of their first words."""
    for begin in range(len(name.words)):
        for end in range(begin + 1, min(begin + WORDS, len(name.words)) + 1):
            words = name.words[begin:end]
            key = " ".join(words)
            if (key in keys.whole or key in keys.head) and sum(map(len, words)) >= LETTERS and not all(map(is_mark, words)):
                yield key, begin


def _may_begin(name: Name, begin: int) -> bool:
    """Whether an inner name may begin there: not at the beginning, in no phrase, and in no second work of a crossover."""
    before = name.words[:begin]
    return begin > 0 and CROSSING.isdisjoint(before) and (begin in name.breaks or before[-1] not in JOINING)


def run_pairs(rows: Facts, likeness: Likeness, together: SeenTogether, best_known: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pairs of items with a common run of letters in their names, of the best known title of every work."""
    having: dict[str, set[int]] = defaultdict(set)
    for n in best_known:
        if together.people(n) >= FEW:
            for name in rows.names[n]:
                letters = "".join(word for word in name.words if not is_mark(word))
                for begin in range(len(letters) - RUN_LETTERS + 1):
                    having[letters[begin : begin + RUN_LETTERS]].add(n)
    sharing = (sorted(items) for items in having.values() if len(items) <= RUN_TITLES)
    for a, b in sorted({pair for items in sharing for pair in combinations(items, 2)}):
        if together.log_odds(a, b) > TOGETHER and RUN + likeness.of_names(a, b) + likeness(a, b) > ENOUGH:
            yield a, b
