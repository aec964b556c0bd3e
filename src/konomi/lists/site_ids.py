"""The ids of other sites that a catalogue has: an entry with one of them is that item, and no item with another."""

import polars as pl

from konomi.catalogue.other_sites import SITES, site_number
from konomi.lists.personal_list import ListEntry

APART = "tmdb"  # the site that numbers films and series apart


class SiteIds:
    """Items by the ids of other sites, in the order of `SITES`: where two sites disagree, the first is believed.

    items: one row per item row, with the number of ratings and, perhaps, type and the columns of `SITES`.
    """

    def __init__(self, items: pl.DataFrame) -> None:
        self._types: list[str | None] = items["type"].to_list() if "type" in items.columns else [None] * len(items)
        known = {site: items[name] for site, name in SITES.items() if name in items.columns}
        self._ids: dict[str, list[int | None]] = {
            site: ids.to_list() for site, ids in known.items() if ids.null_count() < len(ids)
        }
        best_last = items["ratings"].arg_sort().to_list()  # of several items with one id the best known is meant
        self._rows = {site: {ids[row]: row for row in best_last} for site, ids in self._ids.items()}

    @property
    def sites(self) -> frozenset[str]:
        """The sites whose ids the catalogue has."""
        return frozenset(self._ids)

    def find(self, entry: ListEntry) -> tuple[int, str] | None:
        """The item row that one of an entry's ids says, and the site."""
        pairs = ((self._rows[site].get(id), site) for site, id in self._of(entry))
        return next(((row, site) for row, site in pairs if row is not None and self._says(entry, row) is True), None)

    def is_other(self, entry: ListEntry, row: int) -> bool:
        """Whether an item has another id than the entry."""
        return self._says(entry, row) is False

    def _says(self, entry: ListEntry, row: int) -> bool | None:
        """Whether an entry is an item, by the first site on which both have an id; None where there is none."""
        other_type = entry.is_other_type(self._types[row])
        both = ((self._ids[site][row], id) for site, id in self._of(entry) if not (other_type and site == APART))
        return next((ours == theirs for ours, theirs in both if ours is not None), None)

    def _of(self, entry: ListEntry) -> list[tuple[str, int]]:
        """The sites and ids of an entry that can be looked up."""
        ids = dict(entry.ids)
        return [(site, id) for site in self._ids if (id := site_number(ids.get(site, ""))) is not None]
