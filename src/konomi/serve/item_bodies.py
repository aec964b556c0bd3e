"""What the service is told of items. The fields are columns of a catalogue (`table.ITEM_COLUMNS`)."""

from typing import Annotated

from pydantic import Field

from konomi.serve.bodies import LONGEST, MOST_NAMES, Body
from konomi.serve.people_bodies import MOST_ROWS, StoredId

MOST_NUMBER = 2**31 - 1
Url = Annotated[str, Field(max_length=2_000, pattern=r"^https?://[!#-;=?-\[\]_a-z~]+$", description="an http address")]
Fact = Annotated[
    str, Field(min_length=1, max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
Facts = Annotated[list[Fact], Field(max_length=MOST_NAMES, fail_fast=True)]


class ItemBody(Body):
    """What a client says of an item. What is null or left out is as the catalogue of the bundle has it, if it has the item."""

    title: Fact | None = None
    titles: Annotated[Facts | None, Field(description="its other names")] = None
    genres: Facts | None = None
    year: Annotated[int, Field(ge=1, le=9999, description="of first airing")] | None = None
    type: Annotated[Fact | None, Field(description="TV, Movie, …")] = None
    episodes: Annotated[int, Field(ge=0, le=MOST_NUMBER)] | None = None
    studios: Facts | None = None
    source: Annotated[Fact | None, Field(description="what it was made from: Manga, Original, …")] = None
    age: Annotated[Fact | None, Field(description="whom it is for: G, PG-13, …")] = None
    image: Url | None = None
    related: Annotated[
        list[StoredId | int] | None, Field(max_length=1_000, description="ids of other parts of the franchise")
    ] = None
    sensitive: Annotated[bool | None, Field(description="not for everybody: left out unless it is asked for")] = None


class ItemRow(ItemBody):
    """The same, one of many."""

    item: StoredId | int
    withdrawn: Annotated[bool, Field(description="it is not offered any more")] = False


ItemRows = Annotated[list[ItemRow], Field(max_length=MOST_ROWS)]
