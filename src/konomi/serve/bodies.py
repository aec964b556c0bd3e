"""What the service is asked: the bodies of requests. What is not named here is refused, and every size has a bound."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from konomi.ranking.offer import Planned
from konomi.recommend.similar import By
from konomi.serve.saying import Status
from konomi.settings import closest
from konomi.text import visible

MOST_K, MOST_WHY = 200, 10
MOST_ENTRIES = 5_000  # of a profile
MOST_IDS = 100_000  # to exclude and the like: as many as a body has room for
MOST_ITEMS = 1_000  # to rank or to predict
MOST_NAMES, LONGEST = 200, 300  # genres and the like; characters of a title, a name or an id
MOST_ANSWERS = 200  # of an interview


def item_id(value: Any) -> int | str:
    """An id or a title: text, or a whole number of 64 bits."""
    if isinstance(value, str) and 0 < len(value) <= LONGEST and not any("\ud800" <= letter <= "\udfff" for letter in value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise PydanticCustomError("item_id", "is no id: text of 1 to 300 characters, or a whole number of 64 bits")


ItemId = Annotated[
    int | str,
    PlainValidator(item_id),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
                {"type": "string", "minLength": 1, "maxLength": LONGEST},
            ]
        }
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Names = Annotated[list[Name], Field(max_length=MOST_NAMES, fail_fast=True)]
Ids = Annotated[list[ItemId], Field(max_length=MOST_IDS, fail_fast=True)]
Items = Annotated[list[ItemId], Field(min_length=1, max_length=MOST_ITEMS, fail_fast=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Span = Annotated[
    list[Number | None], Field(min_length=2, max_length=2, description="[low, high], both included; null = no bound")
]
Share = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=MOST_K, description="how many titles")]
Reasons = Annotated[int, Field(ge=0, le=MOST_WHY, description="reasons for each title, at most")]
Wishes = Annotated[
    dict[Name, Number], Field(max_length=MOST_NAMES, description="{genre: how much of it is wanted, on the rating scale}")
]


class Body(BaseModel):
    """Part of a request. A field that it does not have is refused, with the nearest one that it has."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        for name in given if isinstance(given, dict) else ():
            if name not in cls.model_fields:
                known = list(cls.model_fields)
                hint, short = f"There are: {', '.join(known)}.", visible(str(name)[:LONGEST])
                told = {"name": short, "near": closest(short, known), "hint": hint}
                raise PydanticCustomError("unknown_field", "There is no such field.{near}", told)
        return given


class Entry(Body):
    """A title of a profile. Without rating and status it was seen; `hidden`: it is not offered, whatever its rating says."""

    item: ItemId
    rating: Number | None = None
    status: Status | None = None


Ratings = Annotated[dict[Name, Number | None], Field(max_length=MOST_ENTRIES)]
Entries = Annotated[list[Entry], Field(max_length=MOST_ENTRIES, fail_fast=True)]


def _kind(profile: Any) -> str:
    return "list" if isinstance(profile, list) else "dict"


Profile = Annotated[
    Annotated[Ratings, Tag("dict")] | Annotated[Entries, Tag("list")],
    Discriminator(_kind),
    Field(description="{item id or title: rating}, null = seen, not rated; or a list of entries"),
]


class Filters(Body):
    """What a title must fulfil to be offered; docs/recommend.md has all of it."""

    any_genre: Names = []
    all_genres: Names = []
    no_genre: Names = []
    types: Names = []
    years: Span = [None, None]
    episodes: Span = [None, None]
    score: Span = [None, None]
    ratings: Annotated[int, Field(ge=0, le=2**31)] = 0
    sensitive: bool = False
    ecchi: bool = True
    planned: Planned = "hide"
    again: bool = False
    parts: bool = False
    sequels: bool = True


class Turned(Body):
    """How to order titles, each from 0 to 1."""

    love: Share = 0.0
    niche: Share = 0.0
    diverse: Share = 0.0
    calibrate: Share = 0.0


class Person(Body):
    """Somebody, of whom nothing is stored."""

    profile: Profile = {}


class Member(Person):
    """One of several people."""

    wishes: Wishes = {}


class Wanted(Body):
    """Which titles to recommend, and how to tell of them."""

    k: Count = 10
    where: Filters = Filters()
    exclude: Annotated[Ids, Field(description="these are not offered")] = []
    include: Annotated[Ids, Field(description="these may be offered whatever `where` says of titles")] = []
    candidates: Annotated[Ids | None, Field(description="only these may be offered")] = None
    after: Annotated[Ids, Field(description="what was shown before, for the next page: none of it comes again")] = []
    why: Reasons = 3
    language: Name = "en"


class Recommend(Wanted):
    """What to see next, for somebody of whom nothing is stored."""

    profile: Profile = {}
    dials: Turned = Turned()
    wishes: Wishes = {}


class Together(Wanted):
    """What to see next, for several people together."""

    people: Annotated[list[Member], Field(min_length=1, max_length=20)]
    dials: Turned = Turned()


class Why(Person):
    """What speaks for an item and against it, for somebody."""

    item: ItemId
    where: Filters = Filters()
    dials: Turned = Turned()
    wishes: Wishes = {}
    language: Name = "en"


class Rank(Person):
    """These items in the order that suits somebody, seen or not, whatever filters would say."""

    items: Items
    dials: Turned = Turned()
    wishes: Wishes = {}
    why: Reasons = 0
    language: Name = "en"


class Predict(Person):
    """How somebody would rate these items."""

    items: Items


class Similar(Body):
    """Titles like these."""

    items: Annotated[list[ItemId], Field(min_length=1, max_length=MOST_NAMES)]
    k: Count = 10
    where: Filters = Filters()
    dials: Turned = Turned()
    by: By = "both"
    exclude: Ids = []


class Said(Body):
    """An answer to a question: a rating, or null for "I do not know it"."""

    item: ItemId
    rating: Number | None


class Ask(Body):
    """The answers so far, in order."""

    answers: Annotated[list[Said], Field(max_length=MOST_ANSWERS)] = []


class Listed(Body):
    """The query of a list of titles."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)

    k: Count = 10
    any_genre: Names = []
    all_genres: Names = []
    no_genre: Names = []
    types: Names = []
    from_year: int | None = None
    to_year: int | None = None
    sensitive: bool = False


class Near(Listed):
    """The query of titles like one."""

    by: By = "both"
