"""An answer that a person can read: titles with what is known of them, best first."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.recommend.rank import Ranking

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One title; `rating` and `probability` are the predicted rating and the predicted probability of liking (None where the
    model has no such output, or nobody asked), `score` is what it was ordered by.
    """

    item_id: int | str
    title: str
    year: int | None
    type: str | None
    genres: tuple[str, ...]
    rating: float | None
    probability: float | None
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
            predicted = ((row.rating, ".2f"), (row.probability, ".3f"))
            said = "  ".join(format(value, form) for value, form in predicted if value is not None) or f"{row.score:.3f}"
            lines.append(f"{place:>3}. {said}  {row.title}" + (f" ({known})" if known else ""))
        return "\n".join([*lines, *([f"({self.note})"] if self.note else [])]) or "(nothing)"

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict per title, ready for JSON or a data frame."""
        return [{**asdict(row), "genres": list(row.genres)} for row in self.rows]


def answer(items: pl.DataFrame, ranking: Ranking, predicted: Mapping[str, F32], note: str) -> Answer:
    """The first row of a ranking in words; `predicted` has the tasks of the model, each f32[n] for the n items found."""
    found = [int(row) for row in ranking.items[0] if row >= 0]
    known = items[found].iter_rows(named=True)

    def value(output: str, place: int) -> float | None:
        return round(float(predicted[output][place]), 4) if output in predicted else None

    return Answer(
        tuple(
            Row(
                item_id=item["item_id"],
                title=item["title"] or str(item["item_id"]),
                year=item["year"],
                type=item["type"],
                genres=tuple(item["genres"] or ()),
                rating=value("rating", place),
                probability=value("interaction", place),
                score=round(float(ranking.scores[0, place]), 4),
            )
            for place, item in enumerate(known)
        ),
        note,
    )
