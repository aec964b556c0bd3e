"""An answer that a person can read: titles with what is known of them, best first."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from konomi.recommend.rank import Ranking


@dataclass(frozen=True)
class Row:
    """One title; `rating` is the predicted rating (None where nobody asked for one), `score` what it was ordered by."""

    item_id: int | str
    title: str
    year: int | None
    type: str | None
    genres: tuple[str, ...]
    rating: float | None
    score: float


@dataclass(frozen=True, repr=False)
class Answer:
    """Titles, best first. `note` has to be shown with them ("simulated ratings …"); it is empty for real ratings."""

    rows: tuple[Row, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> Row:
        return self.rows[place]

    def __repr__(self) -> str:
        lines = []
        for place, row in enumerate(self.rows, 1):
            known = ", ".join(str(fact) for fact in (row.year, row.type) if fact is not None)
            value = f"{row.score:.3f}" if row.rating is None else f"{row.rating:.2f}"
            lines.append(f"{place:>3}. {value}  {row.title}" + (f" ({known})" if known else ""))
        return "\n".join([*lines, *([f"({self.note})"] if self.note else [])]) or "(nothing)"

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict per title, ready for JSON or a data frame."""
        return [{**asdict(row), "genres": list(row.genres)} for row in self.rows]


def answer(items: pl.DataFrame, ranking: Ranking, ratings: list[float] | None, note: str) -> Answer:
    """The first row of a ranking in words; `ratings` are the predicted ratings of its items, in its order."""
    found = [int(row) for row in ranking.items[0] if row >= 0]
    known = items[found].iter_rows(named=True)
    return Answer(
        tuple(
            Row(
                item_id=item["item_id"],
                title=item["title"] or str(item["item_id"]),
                year=item["year"],
                type=item["type"],
                genres=tuple(item["genres"] or ()),
                rating=None if ratings is None else round(ratings[place], 4),
                score=round(float(ranking.scores[0, place]), 4),
            )
            for place, item in enumerate(known)
        ),
        note,
    )
