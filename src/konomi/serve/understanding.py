"""From what a request says to what the library takes. An item id comes before a title that is written like it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from konomi.arrays import F32
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.lists.titles import Match
from konomi.ranking.dials import Dials
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.filters import Where
from konomi.recommend.person import Person, wish_row
from konomi.serve import bodies, replies
from konomi.serve.current import Served
from konomi.serve.problems import Unknown
from konomi.serve.saying import CODES, Status
from konomi.serve.store.tables import HIDDEN, HIDDEN_FRANCHISE

Profile = Mapping[str, float | None] | list[bodies.Entry]
MISTYPED = 10  # titles of a request that are not written as in the catalogue: each takes a tenth of a second to read


@dataclass
class Reader:
    """Finds the items of one request, and keeps how titles were understood."""

    served: Served
    understood: list[replies.Understood] = field(default_factory=list)
    mistyped: int = 0

    @property
    def catalogue(self) -> Catalogue:
        """Of the served bundle."""
        return self.served.recommender.catalogue

    def row(self, item: int | str, where: str) -> int:
        """The item row of an id, else of a title; `Unknown` where there is none, with `where` it stood in the request."""
        found = self.served.rows.get(str(item))
        if found is not None:
            return found
        if isinstance(item, int):
            raise Unknown(f"{item}: no item has this id.", "Give ids of the catalogue, or titles.", where)
        try:
            match = self.catalogue.find(item, exactly=True)
        except RequestError as error:
            match = self._mistyped(item, where, error)
        names = self.catalogue.names
        also = tuple(names[other] for other in match.also)
        self.understood.append(replies.Understood(item, self.catalogue.ids[match.row], names[match.row], also))
        return match.row

    def known(self, ids: Iterable[int | str]) -> tuple[list[int], int]:
        """The item rows of ids, and how many ids no item has. A title is no id here."""
        found = [self.served.rows.get(str(one)) for one in ids]
        rows = [row for row in found if row is not None]
        return rows, len(found) - len(rows)

    def _mistyped(self, title: str, where: str, error: RequestError) -> Match:
        if self.mistyped == MISTYPED:
            raise RequestError(f"More than {MISTYPED} titles are not written as in the catalogue.", "Send item ids.", where)
        self.mistyped += 1
        try:
            return self.catalogue.find(title)
        except RequestError as cause:
            raise Unknown(cause.message, cause.hint, where) from error


def asker(profile: Profile, wishes: Mapping[str, float], reader: Reader) -> Person:
    """Who asks. `Unknown` for an item that is not there; RequestError for a rating or wish off the scale, or an item twice."""
    told = dict[int, tuple[float | None, int]]()
    for place, item, rating, status in _entries(profile):
        row = reader.row(item, place)
        if row in told:
            raise RequestError(f"{item}: {reader.catalogue.names[row]} is in the profile twice.", "Give it once.", place)
        told[row] = None if rating is None else _on_scale(rating, place, reader.catalogue), _code(rating, status)
    return person_in(reader.served, told, _wished(wishes, reader.catalogue))


def person_in(served: Served, told: Mapping[int, tuple[float | None, int]], wishes: F32 | None) -> Person:
    """Somebody by what they say of item rows, {row: (rating, status as in `tables.entry`)}. What is hidden is no status, and a
    hidden title that was rated still has its rating."""
    entries = [(row, rating, code) for row, (rating, code) in sorted(told.items()) if code < HIDDEN or rating is not None]
    status = np.array([code if code < HIDDEN else 0 for _, _, code in entries], np.uint8)
    profile = Profiles(
        np.array([0, len(entries)], np.int64),
        np.array([row for row, _, _ in entries], np.int32),
        np.array([np.nan if rating is None else rating for _, rating, _ in entries], np.float32),
        status if status.any() else None,
    )
    franchise, _ = served.recommender.ranker.franchise
    whole = np.isin(franchise, franchise[[row for row, (_, code) in told.items() if code == HIDDEN_FRANCHISE]])
    hidden = [row for row, (_, code) in told.items() if code == HIDDEN]
    person = Person(served.recommender.catalogue, profile, wishes)
    return person.hiding(np.union1d(np.flatnonzero(whole), hidden).astype(np.int32))


def dials_of(turned: bodies.Turned) -> Dials:
    """The dials of a request."""
    return Dials(**turned.model_dump())


def where_of(filters: bodies.Filters, **more: object) -> Where:
    """The filters of a request, and more of them."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in filters}
    return Where(**{**given, **more})  # type: ignore[arg-type]


def _entries(profile: Profile) -> Iterable[tuple[str, int | str, float | None, Status | None]]:
    """Where each entry stands in the request, its item, rating and status."""
    if isinstance(profile, list):
        return ((f"profile.{n}", each.item, each.rating, each.status) for n, each in enumerate(profile))
    return ((f"profile.{item}", item, rating, None) for item, rating in profile.items())


def _wished(wishes: Mapping[str, float], catalogue: Catalogue) -> F32 | None:
    try:
        return wish_row(wishes, catalogue)
    except RequestError as error:
        raise RequestError(error.message, error.hint, "wishes") from None


def _code(rating: float | None, status: Status | None) -> int:
    """The code of a status; what is neither rated nor said more of was seen."""
    return CODES[status] if status else 0 if rating is not None else CODES["seen"]


def _on_scale(rating: float, place: str, catalogue: Catalogue) -> float:
    with np.errstate(over="ignore"):  # 1e300 is infinite, and so off the scale
        if not catalogue.scale.valid(np.array([rating], np.float32))[0]:
            message = f"{rating:g} is not a rating on the scale of this model."
            raise RequestError(message, f"Ratings go from {catalogue.scale}.", place)
    return rating
