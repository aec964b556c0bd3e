"""What the service is told of people: the bodies of requests that are kept."""

from typing import Annotated

from pydantic import Field

from konomi.serve.bodies import Body, Number, Turned, Wanted, Wishes
from konomi.serve.saying import Status
from konomi.serve.store.tables import LONGEST_ID

MOST_ROWS = 10_000  # of one request

StoredId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
When = Annotated[str, Field(max_length=40, description="RFC 3339, such as 2026-11-28T20:15:00Z; without it: now")]


class EntryBody(Body):
    """What somebody says of an item: a rating, a status, or both. The newest `at` counts, of equal ones the last to arrive."""

    rating: Number | None = None
    status: Status | None = None
    at: When | None = None


class EntryRow(EntryBody):
    """The same, one of many."""

    item: StoredId | int
    deleted: Annotated[bool, Field(description="what was said of the item is taken back")] = False


Rows = Annotated[list[EntryRow], Field(max_length=MOST_ROWS)]


class Settings(Body):
    """What is kept with a person beside the entries; it replaces what was kept."""

    wishes: Wishes = Field(default_factory=dict)
    dials: Turned = Turned()


class RecommendTo(Wanted):
    """What to see next, for somebody who is stored; wishes and dials: null = those that are kept."""

    dials: Turned | None = None
    wishes: Wishes | None = None
