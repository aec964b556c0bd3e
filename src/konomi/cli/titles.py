"""Tables of titles, and the output of an answer."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from konomi.cli.console import note, say, show, table

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from konomi.recommend.answer import Answer, Row
    from konomi.recommend.filters import Where
    from konomi.recommend.recommender import Recommender

COLUMNS: "dict[str, Callable[[Row], str | None]]" = {
    "predicted": lambda row: None if row.rating is None else f"{row.rating:.2f}",
    "90 %": lambda row: None if row.interval is None else f"{row.interval[0]:.1f}–{row.interval[1]:.1f}",
    "probability": lambda row: None if row.probability is None else f"{row.probability:.3f}",
    "similarity": lambda row: f"{row.score:.2f}",
    "distance": lambda row: f"{-row.score:.2f}",
}
"""Columns of a table of titles."""


OPTIONS = {"types": "--type", "ecchi": "--hide-ecchi", "sensitive": "(without --allow-sensitive)"}
"""Options that are not called like the filter."""


def show_answer(answer: "Answer", recommender: "Recommender", where: "Where") -> None:
    """Print an answer as a table with its notes; where it is empty, why."""
    from konomi.recommend.filters import unknown_ids

    items = recommender.bundle.items
    if unknown := unknown_ids(where, items):
        say(f"{unknown:,} of the {len(where.without):,} ids that are not wanted are in no title's place: they are ignored.")
    if answer.nothing:
        say(re.sub(r"`(\w+)`", lambda name: OPTIONS.get(name[1], f"--{name[1].replace('_', '-')}"), answer.nothing))
        return
    if not len(answer):
        left = int((recommender.allowed(where) & recommender.ranker.blend.known).sum())
        say(f"There is nothing left to recommend: of the {left:,} titles that pass the filters none is new or comes next.")
        say("Try --all-parts, which offers specials and any part of a series, or --again.")
        return
    if answer.person is None or answer.person.unknown:
        say('Nothing is known of you: this is for anybody. Say something: --rate "TITLE=9", --genre "GENRE=9", --profile FILE.')
    show(*answer.remarks())
    show(titles_table(f"Recommended, by {' and '.join(recommender.ordered_by)}", answer, "predicted", "90 %", "probability"))
    note(answer.note)


def titles_table(title: str, answer: "Answer", *values: str) -> "Grid":
    """A table of titles, each with its reasons or else its genres beneath; values: names of `COLUMNS`, left out where empty."""
    facts = {name: [COLUMNS[name](row) for row in answer] for name in values}
    known = {name: cells for name, cells in facts.items() if any(cells)}
    cells = zip(range(1, len(answer) + 1), *known.values(), (_titled(answer, row) for row in answer), strict=True)
    return table(title, ("", *known, "title"), cells, ("", *known))


def _titled(answer: "Answer", row: "Row") -> tuple[str, ...]:
    """A title with what is known of it, and a line for each side of the reasons."""
    known = ", ".join(str(fact) for fact in (row.year, row.type) if fact is not None)
    name = row.title + (f" ({known})" if known else "") + (", planned" if row.planned else "")
    sides = [f"{sign} {text}" for sign, text in zip("+−", answer.why(row), strict=True) if text]
    return name, *(sides or [text for text in (", ".join(row.genres),) if text])
