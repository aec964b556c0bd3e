"""What the service answers. msgspec writes these records as JSON, and OpenAPI describes the same ones."""

from dataclasses import dataclass
from typing import Literal

from konomi.recommend.records import How, Keeps, Part, Reason, Row

Id = int | str


@dataclass(frozen=True)
class Why:
    """What speaks for a title and what against it, in words; empty where nothing does."""

    pro: str
    contra: str


@dataclass(frozen=True, kw_only=True)
class Title(Row):
    """A title, and why it is there.

    score: what titles are ordered by; rating, probability: predicted, null where no model predicts it; interval: where the
    rating lies with a probability of 90 %; deviation: the rating's standard deviation by the model itself; up, down: the
    entries of the profile that move the score most; popular: what popularity adds, null where it is a small part; tags: what
    taste for genres, types and eras adds; wishes: what the wishes add; planned: whether the profile plans to see it; like: of a
    title that nobody has rated yet, those that it is placed by.
    """

    why: Why


@dataclass(frozen=True)
class Understood:
    """The item that a typed title was understood as, and others that it may mean, the likeliest first."""

    text: str
    item_id: Id
    title: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Unknown:
    """How many ids of each list no item has."""

    exclude: int = 0
    include: int = 0
    candidates: int = 0


@dataclass(frozen=True)
class Answer:
    """Titles, best first.

    id: of this answer; model: that gave it; common: the entries that speak for most of the titles, told once; remarks: what has
    to be said of the whole answer; note: has to be shown with the titles; doubtful: whether none of them is likely to please;
    parts: whether the effects of entries are parts of the scores; understood: titles that were typed.
    """

    id: str
    model: str
    titles: tuple[Title, ...]
    common: tuple[Reason, ...]
    remarks: tuple[str, ...]
    note: str
    doubtful: bool
    parts: bool
    understood: tuple[Understood, ...]
    unknown: Unknown


@dataclass(frozen=True)
class Item:
    """What the catalogue knows of an item. ratings: of the training; known: whether a model knows anything of it; withdrawn: it
    is not offered any more; franchise: its parts in the order of watching, itself among them, empty where it stands alone."""

    item_id: Id
    title: str
    titles: tuple[str, ...]
    year: int | None
    type: str | None
    genres: tuple[str, ...]
    episodes: int | None
    score: float | None
    ratings: int
    sensitive: bool
    known: bool
    franchise: tuple[Part, ...]
    studios: tuple[str, ...]
    source: str | None
    age: str | None
    image: str | None
    related: tuple[str, ...]
    withdrawn: bool


@dataclass(frozen=True)
class Found:
    """A title that was searched for. name: in which the text was found; how: in which way."""

    item_id: Id
    title: str
    name: str
    how: How
    year: int | None
    type: str | None


@dataclass(frozen=True)
class Hits:
    """Titles that a text may be the beginning of, the likeliest first."""

    model: str
    hits: tuple[Found, ...]


@dataclass(frozen=True)
class Shared:
    """A title for several people. each: how it stands for each of them, in the order of the request."""

    item_id: Id
    title: str
    score: float
    each: tuple[Title, ...]


@dataclass(frozen=True)
class Group:
    """Titles for several people together, best first."""

    id: str
    model: str
    titles: tuple[Shared, ...]
    note: str
    understood: tuple[Understood, ...]
    unknown: Unknown


@dataclass(frozen=True)
class Verdict:
    """One title for one person. kept: what keeps it from their list, empty = nothing; filters: those that do, in words;
    doubtful: whether they are predicted to dislike it."""

    model: str
    title: Title
    kept: tuple[Keeps, ...]
    filters: tuple[str, ...]
    doubtful: bool
    note: str


@dataclass(frozen=True)
class Predicted:
    """A predicted rating. item: as it was asked for; the rest is null where no item is meant by it or nothing is predicted;
    interval: where the rating lies with a probability of 90 %."""

    item: Id
    item_id: Id | None
    title: str | None
    rating: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Predictions:
    """Predicted ratings, in the order of the items."""

    model: str
    ratings: tuple[Predicted, ...]
    note: str
    understood: tuple[Understood, ...]


@dataclass(frozen=True)
class Question:
    """The item to ask about next; null where none is left. low, high, step: of the rating scale, step 0 = any value."""

    model: str
    item: Item | None
    answered: int
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Alive:
    """The process answers."""

    status: Literal["alive"] = "alive"


@dataclass(frozen=True)
class Ready:
    """Whether requests can be answered: what each check says, "ok" or what is wrong."""

    ready: bool
    model: str
    checks: dict[str, str]
