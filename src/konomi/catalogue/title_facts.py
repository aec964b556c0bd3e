"""What a catalogue says of every title that tells which of them belong together."""

import re
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from konomi.catalogue.title_words import Name, name_of
from konomi.text import READ

WORD = re.compile(r"[^\W_]+")
EAST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@lru_cache(READ)
def _eastern(text: str) -> str | None:
    """A name in another script without white space and signs; None for others."""
    return "".join(WORD.findall(text.casefold())) if EAST.search(text) else None


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
            far = [letters for text in texts if (letters := _eastern(text)) is not None]
            near = texts if not far else [text for text in texts if _eastern(text) is None] or texts[:1]
            names.append([name for text in near if (name := name_of(text)).words])
            eastern.append(far)
        order = sorted(range(len(ids)), key=lambda n: (year[n] or 9999, title[n] or "", len(ids[n]), ids[n]))
        place = [0] * len(ids)
        for k, n in enumerate(order):
            place[n] = k
        genres = [frozenset(genres or ()) for genres in items["genres"].to_list()]
        return cls(names, eastern, genres, year, items["type"].to_list(), items["episodes"].to_list(), place)
