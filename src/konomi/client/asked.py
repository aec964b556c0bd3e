"""What a client asks, in types: the bodies of `serve.bodies` as dictionaries, of which every part may be left out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Required, TypedDict

from konomi.recommend.records import By
from konomi.serve.status import Status

Id = int | str


class Entry(TypedDict, total=False):
    """A title of a profile: an id, or a title as people type it."""

    item: Required[Id]
    rating: float | None
    status: Status | None


class Row(Entry, total=False):
    """What somebody says of an item, one of many. at: when, by default as the row is sent; deleted: it is taken back."""

    at: datetime | str | None
    deleted: bool


class Facts(TypedDict, total=False):
    """What an item is; None = as the catalogue of the bundle has it."""

    title: str | None
    titles: Sequence[str] | None
    genres: Sequence[str] | None
    year: int | None
    type: str | None
    episodes: int | None
    studios: Sequence[str] | None
    source: str | None
    age: str | None
    image: str | None
    related: Sequence[Id] | None
    sensitive: bool | None


class ItemRow(Facts, total=False):
    """The same, one of many. withdrawn: it is not offered any more."""

    item: Required[Id]
    withdrawn: bool


Profile = Mapping[str, float | None] | Mapping[int, float | None] | Sequence[Entry]


class Filters(TypedDict, total=False):
    """What a title must fulfil to be offered; docs/recommend.md has all of it."""

    any_genre: Sequence[str]
    all_genres: Sequence[str]
    no_genre: Sequence[str]
    types: Sequence[str]
    years: Sequence[float | None]
    episodes: Sequence[float | None]
    score: Sequence[float | None]
    ratings: int
    sensitive: bool
    ecchi: bool
    planned: Literal["hide", "show", "only"]
    again: bool
    parts: bool
    sequels: bool


class Dials(TypedDict, total=False):
    """How to order titles, each from 0 to 1."""

    love: float
    niche: float
    diverse: float
    calibrate: float


class Told(TypedDict, total=False):
    """What else an answer for somebody goes by."""

    dials: Dials
    wishes: Mapping[str, float]


class Wanted(Told, total=False):
    """Which titles to recommend, and how to tell of them."""

    k: int
    where: Filters
    exclude: Sequence[Id]
    include: Sequence[Id]
    candidates: Sequence[Id] | None
    after: Sequence[Id]
    why: int
    language: str


class Ordered(Told, total=False):
    """How to order given items, and how to tell of them."""

    why: int
    language: str


class Asked(Told, total=False):
    """What a verdict on one title goes by."""

    where: Filters
    language: str


class Like(TypedDict, total=False):
    """Which titles like others to give."""

    k: int
    where: Filters
    dials: Dials
    by: By
    exclude: Sequence[Id]


class Listed(TypedDict, total=False):
    """What an address can say of a list of titles."""

    k: int
    any_genre: Sequence[str]
    all_genres: Sequence[str]
    no_genre: Sequence[str]
    types: Sequence[str]
    from_year: int | None
    to_year: int | None
    sensitive: bool


class Near(Listed, total=False):
    """The same, of titles like one."""

    by: By


class Member(TypedDict, total=False):
    """One of several people."""

    profile: Profile
    wishes: Mapping[str, float]
