"""Franchises: which items are parts of one work, and in which order to watch them.

They are found by the relations of the catalogue (`related`), or else by names and contents (`same_work.py`), and by the
people who have both (`seen_together.py`, `inner_names.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from konomi.arrays import I32
from konomi.catalogue.inner_names import inner_name_pairs, run_pairs
from konomi.catalogue.likeness import Likeness
from konomi.catalogue.same_work import Keys, same_work_pairs
from konomi.catalogue.seen_together import SeenTogether
from konomi.catalogue.title_facts import Facts
from konomi.catalogue.title_words import NUMBERS, RECAP, SMALL, Name, bare
from konomi.data.profiles import Profiles

BESIDE = 1000
"""Parts from this number on are beside the work: specials, recaps, trailers, music. They are never entry points."""

LONG = 10  # episodes from which on an OVA counts as a series


def franchises(items: pl.DataFrame, seen: Profiles) -> tuple[I32, I32]:
    """franchise i32[I] and part i32[I] of a catalogue (`table.ITEM_COLUMNS`; `related` may be absent), by what people have seen
    of it; there may be no people.

    franchise: the row of the entry point of the item's group; an item alone is its own. part: 0 for the entry point, then 1, 2,
    … in the order of watching: series (or films, where there are none) by year and number, then other series, films and OVAs;
    and from `BESIDE` on specials, recaps, trailers and music. Groups and parts do not depend on the order of the rows.
    """
    rows = Facts.of(items)
    groups = _Groups(list(range(len(items))))
    related = set()
    for a, b in _relations(items):
        related |= {a, b}
        groups.join(a, b)
    keys, together = Keys.of(rows), SeenTogether.of(rows, seen)
    likeness = Likeness.of(rows, together.log_odds)
    for a, b in same_work_pairs(rows, keys, likeness, related, groups.same):
        groups.join(a, b)
    for a, b in inner_name_pairs(rows, keys, likeness, together, related):
        groups.join(a, b)
    best_known: dict[int, int] = {}  # by group
    for n in sorted(range(len(items)), key=lambda n: (-together.people(n), rows.place[n])):
        best_known.setdefault(groups.root(n), n)
    for a, b in run_pairs(rows, likeness, together, [n for n in best_known.values() if n not in related]):
        groups.join(a, b)
    franchise, part = np.arange(len(items), dtype=np.int32), np.zeros(len(items), np.int32)
    for members in groups.members():
        _number(rows, members, franchise, part)
    return franchise, part


def joined(items: pl.DataFrame, old: int) -> tuple[I32, I32]:
    """The same for a catalogue whose first `old` items have their franchise and part: new ones join by relations, else by
    names, and without what people have seen, which a catalogue does not tell.

    Franchises are never parted, and grow together by relations alone: by its name a new item comes to one of them at most.
    """
    rows = Facts.of(items)
    own = items["franchise"].head(old).to_numpy()
    groups = _Groups([*own.tolist(), *range(old, len(items))])
    related = set()
    for a, b in _relations(items):
        related |= {a, b}
        groups.join(a, b)
    first = {words[0] for n in range(old, len(items)) for words in _words(rows, n)}
    skip = related | {n for n in range(old) if first.isdisjoint(words[0] for words in _words(rows, n))}
    likeness = Likeness.of(rows, lambda a, b: 0.0)
    settled = {groups.root(n) for n in range(old)}
    for a, b in same_work_pairs(rows, Keys.of(rows), likeness, skip, groups.same):
        x, y = groups.root(a), groups.root(b)
        if not (x in settled and y in settled):
            groups.join(x, y)
            settled |= {groups.root(x)} if settled & {x, y} else set()
    franchise = np.append(own, np.arange(old, len(items))).astype(np.int32)
    part = np.append(items["part"].head(old).to_numpy(), np.zeros(len(items) - old)).astype(np.int32)
    for members in groups.members():
        if len(set(franchise[members].tolist())) > 1:
            _number(rows, members, franchise, part)
    return franchise, part


def _words(rows: Facts, n: int) -> Iterator[tuple[str, ...]]:
    """The words of each name of an item."""
    return (name.words for name in rows.names[n])


def _number(rows: Facts, members: list[int], franchise: I32, part: I32) -> None:
    """Write down franchise and part of the members of a group."""
    main, beside = _in_order(rows, members)
    franchise[members] = (main or beside)[0]
    if main:
        part[main], part[beside] = np.arange(len(main)), np.arange(len(beside)) + BESIDE
    else:
        part[beside] = np.arange(len(beside))


@dataclass(frozen=True)
class _Groups:
    """Disjoint sets of rows."""

    parent: list[int]

    def root(self, n: int) -> int:
        while self.parent[n] != n:
            self.parent[n] = self.parent[self.parent[n]]
            n = self.parent[n]
        return n

    def same(self, a: int, b: int) -> bool:
        return self.root(a) == self.root(b)

    def join(self, a: int, b: int) -> None:
        self.parent[self.root(a)] = self.root(b)

    def members(self) -> Iterable[list[int]]:
        """The sets of two and more."""
        found = defaultdict(list)
        for n in range(len(self.parent)):
            found[self.root(n)].append(n)
        return (members for members in found.values() if len(members) > 1)


def _relations(items: pl.DataFrame) -> Iterator[tuple[int, int]]:
    """The pairs of rows that the catalogue itself relates."""
    if "related" not in items.columns:
        return
    row = {key: n for n, key in enumerate(items["item_id"].cast(pl.String).to_list())}
    for n, others in enumerate(items["related"].to_list()):
        for other in others or ():
            if row.get(other, n) != n:
                yield n, row[other]


def _in_order(rows: Facts, members: list[int]) -> tuple[list[int], list[int]]:
    """The members of a group in the order of watching: the main parts, and those beside the work."""
    series = any(rows.type[n] == "TV" for n in members)
    tier = {n: _tier(rows, n, series) for n in members}
    age = {n: _age(rows, n) for n in members}
    first = min(members, key=lambda n: (tier[n], age[n]))
    lead = _lead(rows, first)
    for n in members:  # a spin-off of another name comes after the series
        if tier[n] == 0 and all(name.words[: len(lead)] != lead for name in rows.names[n]):
            tier[n] = 1
    ordered = sorted(members, key=lambda n: (n != first, tier[n], age[n]))
    return [n for n in ordered if tier[n] < 3], [n for n in ordered if tier[n] >= 3]


def _lead(rows: Facts, n: int) -> tuple[str, ...]:
    """The words that the names of a series begin with."""
    name = next(iter(rows.names[n]), Name((), ()))
    return name.words[: bare(name.words[: name.head])]


def _age(rows: Facts, n: int) -> tuple[int, tuple[int, ...], int, int]:
    words = rows.names[n][0].words if rows.names[n] else ()
    number = tuple(NUMBERS[word] for word in words[1:] if word in NUMBERS)
    return rows.year[n] or 9999, number, len(words), rows.place[n]


def _tier(rows: Facts, n: int, series: bool) -> int:
    """0 series, 1 films and items of similar length, 2 OVAs, 3 specials, 4 recaps and trailers, 5 music."""
    kind, episodes = rows.type[n], rows.episodes[n] or 0
    words = set(rows.names[n][0].words[1:]) if rows.names[n] else set()
    if kind == "Music":
        return 5
    if words & RECAP:
        return 4
    if kind == "Special" or (kind is not None and words & SMALL):
        return 3
    if kind == "TV" or (episodes >= LONG and (kind == "OVA" or (kind == "ONA" and not series))):
        return 0
    return 1 if kind in ("Movie", None) or episodes >= 4 else 2
