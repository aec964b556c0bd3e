"""Catalogue: finds a bundle's items by title or id, and holds its genres and its rating scale."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from konomi.arguments import integer
from konomi.arrays import U8, Bools
from konomi.catalogue.tags import genre_names, item_tags, tag_names
from konomi.data.scale import Scale
from konomi.data.vocab import Vocab
from konomi.errors import RequestError
from konomi.lists.titles import Match, TitleIndex
from konomi.settings import shown


@dataclass(frozen=True, repr=False)
class Catalogue:
    """items: a row per item row, see `Bundle`; scale: of ratings and of wishes; known bool[I]: a model knows it; None = all."""

    items: pl.DataFrame
    scale: Scale
    known: Bools | None = None

    def knows(self, row: int) -> bool:
        """Whether a model knows anything of an item; nobody has rated the others, or hardly anybody."""
        return self.known is None or bool(self.known[row])

    def __repr__(self) -> str:
        return f"Catalogue({len(self.items):,} items, rated {self.scale})"

    @cached_property
    def titles(self) -> TitleIndex:
        """Every title."""
        return TitleIndex(self.items)

    @cached_property
    def names(self) -> list[str]:
        """The name of every item: its title, else its id."""
        return self.items.select(pl.coalesce("title", pl.col("item_id").cast(pl.String)))["title"].to_list()

    @cached_property
    def ids(self) -> list[int | str]:
        """The id of every item."""
        return self.items["item_id"].to_list()

    @cached_property
    def about(self) -> list[tuple[int | None, str | None, tuple[str, ...]]]:
        """Year, type and genres of every item."""
        years, types, genres = (self.items[name].to_list() for name in ("year", "type", "genres"))
        return [(year, kind, tuple(own or ())) for year, kind, own in zip(years, types, genres, strict=True)]

    @cached_property
    def kin(self) -> dict[int, list[int]]:
        """New item → the rows of items that it is placed by, to be named; see `bundle/grown.py`."""
        own = self.items["kin"].to_list() if "kin" in self.items.columns else []
        return {row: rows for row, rows in enumerate(own) if rows is not None}

    @cached_property
    def item_ids(self) -> Vocab:
        """The ids of the item rows."""
        return Vocab(self.items["item_id"])

    @cached_property
    def genres(self) -> list[str]:
        """The names of all genres, as wishes f32[B, G] have them."""
        return genre_names(self.items)

    @cached_property
    def tags(self) -> tuple[list[str], U8]:
        """The names of all tags (genres, types and eras), and which items have them, u8[I, T]."""
        return tag_names(self.items), item_tags(self.items)

    def find(self, title: int | str, exactly: bool = False) -> Match:
        """The item of a title as people write it, or of an item id; RequestError where there is none, or it is neither.

        exactly: as the catalogue has the title, not its half, initials or a typing error: where nobody reads what was meant.
        """
        text_or_id = an_id(title, "neither a title nor an item id")
        if not isinstance(text_or_id, str):
            return Match(self.item_ids.row(text_or_id, "item"))
        return self.titles.find_exactly(text_or_id) if exactly else self.titles.find(text_or_id)

    def handle(self, row: int) -> str:
        """A text by which `find` finds this item and no other: its title and year, or its id where they find another item."""
        name = self.titles.name(row)
        return name if self.titles.find_exactly(name).row == row else str(self.ids[row])


def an_id(value: object, none: str) -> int | str:
    """An id: an int64 or a text; RequestError for anything else, with the message that it is `none`."""
    if isinstance(value, str):
        if value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value):
            return str(value)
    elif (number := integer(value)) is not None and -(2**63) <= number < 2**63:
        return number
    raise RequestError(f"{shown(value)} is {none}.", "Give text or a whole number.")
