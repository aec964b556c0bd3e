"""Somebody, as a client knows them: an id, and all that can be asked and said of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Unpack

from konomi.client.asked import Dials, Id, Row, Wanted
from konomi.client.calls import Calls
from konomi.client.errors import NotThere, ServiceError
from konomi.client.rows import NDJSON, bodies, moment, segment, timed
from konomi.recommend.records import TasteFigures
from konomi.serve.people_replies import Entries, Erased, Imported, Outcomes, RowOutcome, StoredEntry
from konomi.serve.replies import Answer, Verdict
from konomi.serve.status import Status

PAGE = 1_000  # entries that are asked for at once
MOST_BYTES = 4_000_000  # of a body


@dataclass(frozen=True)
class Settings:
    """What is kept with a person beside the entries: {genre: how much of it is wanted}, {dial: from 0 to 1}."""

    wishes: dict[str, float] = field(default_factory=dict)
    dials: dict[str, float] = field(default_factory=dict)


class Somebody:
    """A person of the service. They exist from their first entry on; until then, `NotThere`."""

    def __init__(self, calls: Calls, id: str) -> None:
        self.id, self._calls, self._path = id, calls, f"/v1/people/{segment(id, 'person')}"

    def put(
        self, item: Id, rating: float | None = None, status: Status | None = None, at: datetime | str | None = None
    ) -> RowOutcome:
        """Say something of an item: a rating, a status, or both. at: when it was said, by default now."""
        return self._calls.put(
            f"{self._path}/entries/{segment(item, 'item')}",
            RowOutcome,
            {"rating": rating, "status": status, "at": moment(at)},
        )

    def put_many(self, rows: Iterable[Row]) -> Outcomes:
        """Say something of any number of items; what became of each row, in order.

        A body of up to 10,000 rows is stored as a whole or not at all. Where a later one fails, a note on the error tells how
        many rows are stored; all of them may be sent again.
        """
        told, counts = list[RowOutcome](), Counter[str]()
        for before, body in bodies(map(timed, rows), MOST_BYTES):
            try:
                some = self._calls.ask("PUT", f"{self._path}/entries", Outcomes, content=body, media=NDJSON)
            except ServiceError as error:
                error.add_note(f"The {before:,} rows before these are stored.")
                raise
            told += some.rows
            counts.update(some.counts)
        return Outcomes(dict(counts), tuple(told))

    def take_back(self, item: Id, at: datetime | str | None = None) -> RowOutcome:
        """Take back what was said of an item."""
        return self._calls.ask("DELETE", f"{self._path}/entries/{segment(item, 'item')}", RowOutcome, params={"at": moment(at)})

    def entries(self) -> Iterator[StoredEntry]:
        """All that somebody says, page by page as it is needed."""
        after: str | None = None
        while True:
            page = self._calls.get(f"{self._path}/entries", Entries, {"after": after, "limit": PAGE})
            yield from page.entries
            if (after := page.after) is None:
                return

    def recommend(self, **wanted: Unpack[Wanted]) -> Answer:
        """What to see next, and why; dials and wishes: by default those that are kept."""
        return self._calls.post(f"{self._path}/recommend", Answer, wanted)

    def why(self, item: Id, language: str = "en") -> Verdict:
        """What speaks for an item and against it, and what keeps it from their list."""
        return self._calls.get(f"{self._path}/why/{segment(item, 'item')}", Verdict, {"language": language})

    def taste(self) -> TasteFigures:
        """Their taste in figures."""
        return self._calls.get(f"{self._path}/taste", TasteFigures)

    def settings(self) -> Settings:
        """The wishes and dials that are kept."""
        return self._calls.get(f"{self._path}/settings", Settings)

    def set_settings(self, wishes: Mapping[str, float] | None = None, dials: Dials | None = None) -> Settings:
        """Keep wishes and dials instead of those that were kept."""
        return self._calls.put(f"{self._path}/settings", Settings, {"wishes": wishes or {}, "dials": dials or {}})

    def import_list(self, content: bytes, name: str = "list", dry_run: bool = False) -> Imported:
        """Store the list that a site has handed out, as a file; dry_run: only tell how it is understood. Its entries get the
        time of their arrival, so it is not repeated where it is not known whether it has arrived."""
        return self._calls.ask(
            "POST",
            f"{self._path}/import",
            Imported,
            params={"name": name, "dry_run": dry_run},
            content=content,
            media="application/octet-stream",
            repeat=dry_run,
        )

    def export(self, format: Literal["json", "csv"] = "json") -> bytes:
        """All that is kept of them, as a file."""
        return self._calls.raw("GET", f"{self._path}/export", params={"format": format})

    def erase(self) -> Erased | None:
        """Erase all that is kept of them; None where nobody has this id, such as where an earlier try has done it, whose
        answer was lost."""
        try:
            return self._calls.ask("DELETE", self._path, Erased)
        except NotThere:
            return None


def by_person(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """(person, row) → each person's rows, in order, with their times."""
    found = dict[str, list[Row]]()
    for id, row in rows:
        found.setdefault(id, []).append(timed(row))
    return found
