"""What the service answers on people. msgspec writes these records as JSON, and OpenAPI describes the same ones."""

from dataclasses import dataclass
from typing import Literal

from konomi.serve.status import Status

Outcome = Literal["stored", "same", "older", "unknown item"]


@dataclass(frozen=True)
class RowOutcome:
    """What became of a row. stored: it is what counts now; same: that was said already; older: something newer was said, or the
    person was erased since; unknown item: stored, and used once a catalogue has the item. clamped: its time was in the future,
    and is taken as now."""

    item: str
    outcome: Outcome
    clamped: bool = False


@dataclass(frozen=True)
class Outcomes:
    """What became of the rows, in order, and how many of each."""

    counts: dict[str, int]
    rows: tuple[RowOutcome, ...]


@dataclass(frozen=True)
class StoredEntry:
    """What somebody says of an item. title: null where the served catalogue does not have the item."""

    item: str
    title: str | None
    rating: float | None
    status: Status | None
    at: str


@dataclass(frozen=True)
class Entries:
    """A page of entries. after: for the next page; null on the last one."""

    entries: tuple[StoredEntry, ...]
    after: str | None


@dataclass(frozen=True)
class Erased:
    """How many entries were erased. at: when, RFC 3339: a model that was `made` after it, or at that time, has learnt nothing
    of them; models: the same in words, for the model that answers."""

    entries: int
    at: str
    models: str


@dataclass(frozen=True)
class ListedEntry:
    """An entry of a list, and the item that it was matched with. confidence: from 0 to 1; how: by which rule."""

    text: str
    item: str
    title: str
    rating: float | None
    confidence: float
    how: str


@dataclass(frozen=True)
class Unmatched:
    """An entry of a list that is not in the catalogue, and titles that it may mean."""

    text: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """How a list was understood. stored: whether it was kept (no: a dry run); outcomes: what became of the matched entries;
    doubles: entries on a title that another one is on, too."""

    site: str
    stored: bool
    matched: tuple[ListedEntry, ...]
    unmatched: tuple[Unmatched, ...]
    doubles: tuple[str, ...]
    notes: tuple[str, ...]
    counts: dict[str, int]


@dataclass(frozen=True)
class MadeKey:
    """A key, whole: it is shown this once."""

    id: str
    key: str


@dataclass(frozen=True)
class ShownKey:
    """A key without its secret. expires, used: RFC 3339, null = never."""

    id: str
    name: str
    scopes: tuple[str, ...]
    person: str | None
    created: str
    expires: str | None
    used: str | None


@dataclass(frozen=True)
class RemovedKey:
    """A key that opens nothing any more."""

    id: str


@dataclass(frozen=True)
class Session:
    """Whose own data the caller may use; null = nobody's."""

    person: str | None
