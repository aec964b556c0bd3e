"""An answer that a person can read: titles, best first, each with what the catalogue knows of it and the reasons for it."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from konomi.recommend.person import Given, Person
from konomi.recommend.records import Reason
from konomi.recommend.records import Row as Row
from konomi.recommend.understood import facts, sentences
from konomi.recommend.words import listed, titles, words
from konomi.text import visible

LEVEL = 0.9  # the probability that a rating lies in its interval


@dataclass(frozen=True, repr=False)
class Answer:
    """Titles, best first, for a `person`; person is None in an answer of `similar`.

    note: has to be shown with the titles ("simulated ratings …"); empty for real ratings. common: the entries that speak for
    most of the titles, told once. doubtful: whether none of the titles is likely to please. parts: whether the effects of
    entries are parts of the scores; else they are what leaving an entry out changes. nothing: which filter let no title pass.
    """

    rows: tuple[Row, ...]
    note: str = ""
    person: Person | None = field(default=None, compare=False)
    common: tuple[Reason, ...] = ()
    doubtful: bool = False
    parts: bool = True
    nothing: str = ""

    def remarks(self, language: str = "en") -> list[str]:
        """What has to be said of the whole answer, in sentences; see `words.languages`."""
        said = words(language)
        common = [said["common"].format(titles=titles(self.common, language))] if self.common else []
        popular = [said["most_popular"]] * (self.mostly_popular and not self._anybody)
        left_out = not self.parts and any(row.up or row.down for row in self.rows)
        nothing = [self.nothing.replace("`", "")] if self.nothing else []
        return nothing + [said["nothing_pleases"]] * self.doubtful + common + popular + [said["without"]] * left_out

    @property
    def mostly_popular(self) -> bool:
        """Whether popularity speaks for most of the titles."""
        return sum(row.popular is not None for row in self.rows) > max(len(self.rows) / 2, 2)

    @property
    def _anybody(self) -> bool:
        """Whether nothing but popularity could speak: nothing is known of the person."""
        return self.person is None or bool(self.person.profile.silent[0])

    def why(self, row: Row, language: str = "en") -> tuple[str, str]:
        """What speaks for a title and what against it, in words: ("because of Monster 10; popular", "Naruto 4"). What the
        remarks say of most titles is not repeated."""
        said, sides = words(language), []
        by_popularity = self.mostly_popular or self._anybody
        for sign, given, wished, because, taste in (
            (1, row.up, "wished", "because", "tags"),
            (-1, row.down, "unwished", "against", "untaste"),
        ):
            wishes = [genre for genre, effect in row.wishes if sign * effect > 0]
            tags = [tag for tag, effect in row.tags if sign * effect > 0]
            once = {reason.item_id for reason in self.common}
            own = [reason for reason in given if sign < 0 or reason.item_id not in once]
            texts = [
                *([said[wished].format(genres=listed(wishes, language))] if wishes else []),
                *([said[because].format(titles=titles(own, language))] if own else []),
                *([said[taste].format(tags=listed(tags, language))] if tags else []),
                *([said["new"].format(titles=listed(row.like, language))] if sign > 0 and row.like else []),
                *([said["popular"]] if sign > 0 and row.popular and not by_popularity else []),
            ]
            sides.append("; ".join(texts))
        return sides[0], sides[1]

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
            lines += [f"     {sign} {text}" for sign, text in zip("+−", self.why(row), strict=True) if text]
        lines = [*self._sentences(), *(lines or ["(nothing)"]), *([f"({self.note})"] if self.note else [])]
        return "\n".join(map(visible, lines))

    def _repr_html_(self) -> str:
        """The same as a table, for notebooks."""
        heads = ("", "title", "year", "type", "predicted", "for it", "against it")
        rows = [
            (str(place), row.title, str(row.year or ""), row.type or "", "  ".join(_predicted(row)), *self.why(row))
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
        """The whole answer, ready for JSON: `given` and `list` (how the person was understood), `recommendations`, the entries
        `common` to most of them, the `remarks`, `note`."""
        understood = {} if self.person is None else facts(self.person)
        common = [asdict(reason) for reason in self.common]
        told = {"common": common, "remarks": self.remarks(), "parts": self.parts, "doubtful": self.doubtful}
        return {**understood, "recommendations": self.to_dicts(), **told, "note": self.note}

    def _sentences(self) -> list[str]:
        return [*([] if self.person is None else sentences(self.person)), *self.remarks()]


def _predicted(row: Row) -> Sequence[str]:
    """The predictions for a title; its score where there are none."""
    texts = [] if row.rating is None else [f"{row.rating:.2f}"]
    if row.interval is not None:
        texts.append(f"{row.interval[0]:.1f}–{row.interval[1]:.1f}")
    if row.probability is not None:
        texts.append(f"{row.probability:.3f}")
    return texts or [f"{row.score:.3f}"]
