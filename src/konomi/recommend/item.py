"""A title with all that is known of it, and its franchise in order."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from konomi.catalogue.franchises import BESIDE
from konomi.recommend.ground import Ground
from konomi.recommend.records import Part as Part


@dataclass(frozen=True)
class Item:
    """facts: what the catalogue says of a title, by column; known: a model knows it; franchise: its parts in the order of
    watching, itself among them, or () where it stands alone."""

    row: int
    item_id: int | str
    title: str
    known: bool
    facts: dict[str, Any]
    franchise: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {**asdict(self), "franchise": [asdict(part) for part in self.franchise]}


def item_of(ground: Ground, title: int | str) -> Item:
    """A title as people write it, or an item id; RequestError where there is none."""
    catalogue, row = ground.catalogue, ground.catalogue.find(title).row
    facts = {name: value for name, value in ground.bundle.items.row(row, named=True).items() if name not in PLACES}
    return Item(row, catalogue.ids[row], catalogue.names[row], catalogue.knows(row), facts, _franchise(ground, row))


PLACES = ("franchise", "part", "kin")  # columns of rows, which mean nothing outside


def _franchise(ground: Ground, row: int) -> tuple[Part, ...]:
    catalogue, (franchise, part), rule = ground.catalogue, ground.ranker.franchise, ground.ranker.rule
    rows = np.flatnonzero(franchise == franchise[row])
    if len(rows) == 1:
        return ()
    place = rule.entry[rule.group[row]]
    entry = int(rule.order[place]) if place >= 0 else -1
    found = []
    for one in rows[np.argsort(part[rows], kind="stable")].tolist():
        year, kind, _ = catalogue.about[one]
        beside = bool(part[one] >= BESIDE)
        found.append(Part(catalogue.ids[one], catalogue.names[one], year, kind, one == entry, beside))
    return tuple(found)
