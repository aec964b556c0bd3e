"""An answer that a person can read: titles with what is known of them and why they are there, best first."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from konomi.recommend.reasons import Reason

LEVEL = 0.9  # of the intervals


@dataclass(frozen=True)
class Row:
    """One title. `score` is what it was ordered by.

    rating, probability: predicted, None where no model says so, or nobody asked; interval: where the rating will be, nine times
    in ten; up, down: the person's own ratings that moved the score most; tags: what their taste for genres, types and eras adds
    (models of contents); wishes: what their genre wishes add; planned: whether it is on their list to see.
    """

    item_id: int | str
    title: str
    year: int | None
    type: str | None
    genres: tuple[str, ...]
    score: float
    rating: float | None = None
    interval: tuple[float, float] | None = None
    probability: float | None = None
    up: tuple[Reason, ...] = ()
    down: tuple[Reason, ...] = ()
    tags: tuple[tuple[str, float], ...] = ()
    wishes: tuple[tuple[str, float], ...] = ()
    planned: bool = False

    @property
    def why(self) -> str:
        """The reasons in a line: "Monster (10), Action; but Naruto (4)"."""
        names = [f"{genre} (wish)" for genre, effect in self.wishes if effect > 0]
        names += [_named(reason) for reason in self.up]
        names += [tag for tag, effect in self.tags if effect > 0]
        against = [f"{genre} (wish)" for genre, effect in self.wishes if effect < 0]
        against += [_named(reason) for reason in self.down]
        return "; but ".join(", ".join(part) for part in (names, against) if part) if names else ""


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
            lines.append(f"{place:>3}. {'  '.join(_predicted(row))}  {row.title}" + (f" ({known})" if known else ""))
            if row.why:
                lines.append(f"     for {row.why}")
        return "\n".join([*lines, *([f"({self.note})"] if self.note else [])]) or "(nothing)"

    def _repr_html_(self) -> str:
        """The same as a table, for notebooks."""
        heads = ("", "title", "year", "type", "predicted", "for")
        rows = [
            (str(place), row.title, str(row.year or ""), row.type or "", "  ".join(_predicted(row)), row.why)
            for place, row in enumerate(self.rows, 1)
        ]
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        head = "".join(f"<th>{name}</th>" for name in heads)
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict per title, ready for JSON or a data frame."""
        return [{**asdict(row), "genres": list(row.genres)} for row in self.rows]


def _named(reason: Reason) -> str:
    return reason.title if reason.rating is None else f"{reason.title} ({reason.rating:g})"


def _predicted(row: Row) -> Sequence[str]:
    """What is predicted of a title; its score where nothing is."""
    said = [] if row.rating is None else [f"{row.rating:.2f}"]
    if row.interval is not None:
        said.append(f"{row.interval[0]:.1f}–{row.interval[1]:.1f}")
    if row.probability is not None:
        said.append(f"{row.probability:.3f}")
    return said or [f"{row.score:.3f}"]
