"""Table: the result of reading any source, before ids become rows."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from konomi.arrays import F32, I64, U8, Bools
from konomi.data.scale import Scale

ITEM_COLUMNS = {
    "item_id": None,  # int64 or string, as in the ratings
    "title": pl.String,
    "titles": pl.List(pl.String),  # all its other names
    "genres": pl.List(pl.String),
    "year": pl.Int32,  # of first airing
    "type": pl.String,  # TV, Movie, OVA, …
    "episodes": pl.Int32,
    "studios": pl.List(pl.String),  # that made it; null where the source has none
    "source": pl.String,  # what it was made from: Manga, Original, Light novel, …
    "age": pl.String,  # whom it is for, by the name of the class: G, PG-13, R, …; never an opinion
    "score": pl.Float32,  # the community's mean rating, on the community's scale
    "score_count": pl.Int64,
    "image": pl.String,  # a URL
    "related": pl.List(pl.String),  # ids, as text, of other parts of the same franchise; null where the source has none
    "imdb_id": pl.Int64,  # other sites' ids, as numbers: 133093 for tt0133093
    "tmdb_id": pl.Int64,
    "sensitive": pl.Boolean,  # Hentai or Erotica
}
"""The columns of a catalogue; all but item_id may be null, `sensitive` never is."""


@dataclass(frozen=True)
class Rejects:
    """Rows that were left out because they could not be read: their lines in the file, the reasons, the text."""

    line: list[int] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """One row per entry, in file order.

    user_id, item_id: integer or string Series[N]; rating f32[N], NaN = not scored; status u8[N] (codes of `labels.STATUS`, 0 =
    unknown) or None; time i64[N], seconds since 1970, 0 = unknown, or None; weight f32[N] > 0, or None; deleted bool[N], the
    rows that say that there is no such entry, or None; items: a catalogue with `ITEM_COLUMNS`, or None where the source has
    only ids; users: the column user_id and one of text for each feature, or None; scale: of the ratings; source: its name;
    note: a text to show with the data; rejects, catalogue_rejects: rows of the ratings and of the catalogue that were left out;
    files: those that were read, for the hash of the input; reading: the columns that were guessed, by the names of
    `formats.ReadOptions`; signal: what says that somebody likes something. Where that is presence alone, or counts, nothing is
    rated and every entry is completed, unless its status says otherwise; counts are weights; features_left_out: columns of
    the users that tell everybody apart.
    """

    user_id: pl.Series
    item_id: pl.Series
    rating: F32
    scale: Scale
    source: str
    status: U8 | None = None
    time: I64 | None = None
    items: pl.DataFrame | None = None
    note: str = ""
    rejects: Rejects = field(default_factory=Rejects)
    catalogue_rejects: Rejects = field(default_factory=Rejects)
    files: tuple[Path, ...] = ()
    reading: dict[str, str] = field(default_factory=dict)
    signal: Literal["ratings", "presence", "counts"] = "ratings"
    features_left_out: tuple[str, ...] = ()
    weight: F32 | None = None
    deleted: Bools | None = None
    users: pl.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.rating)

    def __repr__(self) -> str:
        known = "" if self.items is None else f", {len(self.items):,} titles"
        return f"Table({self.source}: {len(self):,} entries on the scale {self.scale}{known})"
