"""What people say, between JSON and the store: checked on the way in, named on the way out."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, get_args

import numpy as np

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import RequestError
from konomi.serve.status import Status as Status
from konomi.serve.store import clock
from konomi.serve.store.entries import Change
from konomi.serve.store.tables import HIDDEN, HIDDEN_FRANCHISE, LONGEST_ID, TAKEN_BACK

CODES: dict[Status, int] = {
    "seen": STATUS["completed"],
    "watching": STATUS["watching"],
    "on hold": STATUS["on hold"],
    "dropped": STATUS["dropped"],
    "planned": STATUS["plan to watch"],
    "hidden": HIDDEN,
    "hidden franchise": HIDDEN_FRANCHISE,
}
NAMES: dict[int, Status] = {code: name for name, code in CODES.items()}
assert set(CODES) == set(get_args(Status))


class Said(NamedTuple):
    """What somebody says of an item, as it was sent: item: an id as text; at: RFC 3339, None = now."""

    item: str
    rating: float | None = None
    status: Status | None = None
    at: str | None = None
    taken_back: bool = False


def changes_of(
    person: str, said: Sequence[Said], scale: Scale, now: Callable[[], int] = clock.now
) -> tuple[list[Change], list[bool]]:
    """The changes, and for each whether its time was in the future and is taken as now.

    RequestError for an id that is none, a rating off the scale, what says nothing, or a time that is none: with the place of
    the row, if there are several.
    """
    checked_id(person, "person")
    present, changes, clamped = now(), list[Change](), list[bool]()
    for n, one in enumerate(said):
        place = f"Row {n + 1:,}: " if len(said) > 1 else ""
        try:
            at = present if one.at is None else clock.parsed(one.at)
            status = TAKEN_BACK if one.taken_back else CODES[one.status] if one.status is not None else 0
            changes.append(Change(person, checked_id(one.item, "item"), _rating(one, status, scale), status, min(at, present)))
            clamped.append(at > present)
        except RequestError as error:
            raise RequestError(place + error.message, error.hint, error.field) from None
    return changes, clamped


def checked_id(id: str, what: str) -> str:
    """An id that any store can hold; RequestError for an empty or a long one, and for letters that cannot be shown."""
    if not 0 < len(id) <= LONGEST_ID:
        message = f"An id has 1 to {LONGEST_ID} letters, and this one of a {what} {len(id):,}."
        raise RequestError(message, "Give a shorter one." if id else "Give one.", what)
    if not id.isprintable():
        raise RequestError(f"The id of the {what} has letters that cannot be shown.", "Give one without.", what)
    return id


def _rating(said: Said, status: int, scale: Scale) -> float | None:
    if said.rating is None:
        if said.status is None and not said.taken_back:
            raise RequestError("Neither a rating nor a status.", "Give one of them, or both.", "rating")
        return None
    if not _on_scale(said.rating, scale):
        message = f"{said.rating:g} is not a rating on the scale of this model."
        raise RequestError(message, f"Ratings go from {scale}.", "rating")
    if status == CODES["planned"]:
        raise RequestError("Planned, and rated.", "A title that is rated was seen: leave out one of the two.", "status")
    return said.rating


@lru_cache(maxsize=10_000)  # people say the same few numbers
def _on_scale(rating: float, scale: Scale) -> bool:
    with np.errstate(over="ignore"):  # 1e300 is infinite, and so off the scale
        return not math.isnan(rating) and bool(scale.valid(np.array([rating], np.float32))[0])
