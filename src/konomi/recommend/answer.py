"""An answer that a person can read: titles, best first, each with what the catalogue knows of it and the reasons for it."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from konomi.recommend.person import Given, Person
from konomi.recommend.reasons import Reason
from konomi.recommend.understood import facts, sentences
from konomi.text import visible

LEVEL = 0.9  # the probability that a rating lies in its interval


@dataclass(frozen=True)
class Row:
    """One title. `score` is what the titles are ordered by.

    rating, probability: predicted, None where no model of the bundle predicts it, and for `similar`; interval: where the rating
    lies with probability `LEVEL`; up, down: the person's own entries that move the score most; tags: what their taste for
    genres, types and eras adds (models of contents); wishes: what their genre wishes add; planned: whether they plan to see it.
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
    def reasons(self) -> tuple[str, str]:
        """The reasons for the title and the reasons against it, in words: ("Monster (10), Action", "Naruto (4)")."""
        sides = []
        for sign, given in ((1, self.up), (-1, self.down)):
            wished = [f"{genre} (wish)" for genre, effect in self.wishes if sign * effect > 0]
            tags = [tag for tag, effect in self.tags if sign * effect > 0]
            sides.append(", ".join([*wished, *map(_named, given), *tags]))
        return sides[0], sides[1]


@dataclass(frozen=True, repr=False)
class Answer:
    """Titles, best first, for a `person`; person is None in an answer of `similar`.

    note: has to be shown with the titles ("simulated ratings …"); empty for real ratings.
    """

    rows: tuple[Row, ...]
    note: str = ""
    person: Person | None = field(default=None, compare=False)

    @property
    def understood(self) -> tuple[Given, ...]:
        """Each typed rating: its text, the title and item_id it was understood as, and the titles that it may `also` mean."""
        return () if self.person is None else self.person.given

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
            lines += [f"     {sign} {text}" for sign, text in zip("+−", row.reasons, strict=True) if text]
        lines = [*self._sentences(), *(lines or ["(nothing)"]), *([f"({self.note})"] if self.note else [])]
        return "\n".join(map(visible, lines))

    def _repr_html_(self) -> str:
        """The same as a table, for notebooks."""
        heads = ("", "title", "year", "type", "predicted", "for it", "against it")
        rows = [
            (str(place), row.title, str(row.year or ""), row.type or "", "  ".join(_predicted(row)), *row.reasons)
            for place, row in enumerate(self.rows, 1)
        ]
        html_rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(visible(cell))}</td>" for cell in row) + "</tr>" for row in rows
        )
        head = "".join(f"<th>{name}</th>" for name in heads)
        before = "".join(f"<p>{html.escape(visible(line))}</p>" for line in self._sentences())
        note = f"<p>{html.escape(visible(self.note))}</p>" if self.note else ""
        return f"{before}<table><thead><tr>{head}</tr></thead><tbody>{html_rows}</tbody></table>{note}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict per title, ready for JSON or a data frame."""
        return [{**asdict(row), "genres": list(row.genres)} for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """The whole answer, ready for JSON: `given` and `list` (how the person was understood), `recommendations`, `note`."""
        understood = {} if self.person is None else facts(self.person)
        return {**understood, "recommendations": self.to_dicts(), "note": self.note}

    def _sentences(self) -> list[str]:
        return [] if self.person is None else sentences(self.person)


def _named(reason: Reason) -> str:
    notes = [*([] if reason.rating is None else [f"{reason.rating:g}"]), *(["dropped"] if reason.dropped else [])]
    return f"{reason.title} ({', '.join(notes)})" if notes else reason.title


def _predicted(row: Row) -> Sequence[str]:
    """The predictions for a title; its score where there are none."""
    texts = [] if row.rating is None else [f"{row.rating:.2f}"]
    if row.interval is not None:
        texts.append(f"{row.interval[0]:.1f}–{row.interval[1]:.1f}")
    if row.probability is not None:
        texts.append(f"{row.probability:.3f}")
    return texts or [f"{row.score:.3f}"]
