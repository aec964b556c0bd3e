"""Person: what is known of somebody, read and checked once, whatever it was given as.

ratings by title or item id, or Profiles ┐
a list that a site has handed out        ├──> Person ──> Recommender ──> Answer
somebody in the dataset                  │
wishes for genres, or nothing at all     ┘
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import as_path, expect, is_number
from konomi.arrays import F32, I32
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.lists.matching import Matched, match_list
from konomi.lists.personal_list import PersonalList, read_list
from konomi.lists.titles import Match
from konomi.recommend.catalogue import Catalogue, an_id
from konomi.recommend.filters import named
from konomi.settings import shown

NOTHING = np.empty(0, np.int32)
SHOWN = 3  # titles of a list that an error shows, at most

Ratings = Mapping[int | str, float] | Mapping[str, float] | Mapping[int, float]
"""Title as people write it, or item id → rating."""


@dataclass(frozen=True, repr=False)
class Given:
    """A typed rating and the item that its text was understood as.

    title, item_id: the item's; also: titles of other items that the text may mean, the most rated first.
    """

    text: str
    rating: float
    match: Match
    title: str
    item_id: int | str
    also: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Given({self.text!r} → {self.title!r}: {self.rating:g})"


@dataclass(frozen=True, repr=False, eq=False)
class Person:
    """What is known of somebody, in the rows of one catalogue.

    profile: their entries; wishes: f32[1, G] on the rating scale, a column for each of the catalogue's genres, NaN = no wish;
    None without any wish; given: how each typed rating was understood; matched: how their list was matched; hidden i32[H]: the
    items that they are never offered, whatever the filters say, see `hidden.py`; no model sees them.
    """

    catalogue: Catalogue
    profile: Profiles
    wishes: F32 | None = None
    given: tuple[Given, ...] = ()
    matched: Matched | None = None
    hidden: I32 = field(default_factory=lambda: NOTHING)

    def __repr__(self) -> str:
        wishes = 0 if self.wishes is None else int((~np.isnan(self.wishes)).sum())
        return f"Person(entries: {len(self.profile.item):,}, wishes: {wishes})"

    def hiding(self, rows: I32) -> "Person":
        """The same person, who is also never offered these item rows."""
        return replace(self, hidden=np.union1d(self.hidden, rows).astype(np.int32))

    @property
    def unknown(self) -> bool:
        """Whether they have neither an entry nor a wish."""
        return not len(self.profile.item) and self.wishes is None


def person_of(
    catalogue: Catalogue,
    profile: Ratings | Profiles | Person | None = None,
    *,
    user: int | str | None = None,
    list_file: Path | str | PersonalList | None = None,
    wishes: Mapping[str, float] | None = None,
    dataset: Callable[[], Dataset],
) -> Person:
    """What is known of one person. Nothing has to be given. Where profile and list both have an item, the profile counts.

    profile: {title or item id: rating}, or Profiles of one person; list_file: a file for `read_list`; user: the id of somebody
    in the dataset, instead of profile and list_file; wishes: {genre: how much of it is wanted, on the rating scale}. A Person
    is returned unchanged, and nothing else may be given with one.

    RequestError for an unknown title (with suggestions), user or genre, a rating off the scale, two ratings of one item, an
    item row outside the catalogue, or a list of which nothing is in the catalogue. DataError where a list or the dataset cannot
    be read.
    """
    if isinstance(profile, Person):
        if not (user is None and list_file is None and wishes is None):
            raise RequestError("A Person is given, and more beside it.", "Give all of it to `Recommender.person`.")
        if profile.catalogue.items is not catalogue.items:
            raise RequestError("This Person was understood by another Recommender.", "Ask the same, or this one for a Person.")
        return profile
    wished = wish_row(wishes, catalogue)
    if user is not None:
        if profile is not None or list_file is not None:
            raise RequestError("Somebody in the dataset has a profile.", "Give a user, or a profile and a list.")
        return Person(catalogue, dataset().profile(an_id(user, "no user id")), wished)
    given = () if isinstance(profile, Profiles) else understood(profile, catalogue)
    typed = profile if isinstance(profile, Profiles) else Profiles.of([{one.match.row: one.rating for one in given}])
    typed = checked(typed, catalogue)
    if len(typed) != 1:
        raise RequestError(f"Profiles of {len(typed):,} people.", "Give one person's, or ask `recommend_many`.")
    if list_file is None:
        return Person(catalogue, typed, wished, given)
    matched = match_list(_read(list_file), catalogue.titles, catalogue.scale)
    if not matched.matched and not len(typed.item):
        raise _nothing_matched(matched)
    return Person(catalogue, joined(typed, matched.profile), wished, given, matched)


def people_of(catalogue: Catalogue, people: Profiles | Iterable[Ratings | Profiles | Person | None]) -> list[Person]:
    """Many people, each as by `person_of`; Profiles may hold many people."""
    if isinstance(people, Profiles):
        profiles = checked(people, catalogue)
        return [Person(catalogue, profiles.slice(b, b + 1)) for b in range(len(profiles))]
    if isinstance(people, Mapping | str | bytes | Person) or not isinstance(people, Iterable):
        raise RequestError(f"{shown(people)} is not several people.", "Give a list of profiles, or Profiles of many.")
    return [person_of(catalogue, each, dataset=_nobody) for each in people]


def understood(ratings: Ratings | None, catalogue: Catalogue) -> tuple[Given, ...]:
    """Typed ratings with their items, in the order given; RequestError as for `person_of`."""
    if ratings is None:
        return ()
    expect(ratings, Mapping, "a profile", RequestError, "Give {title or item id: rating}, or Profiles.")
    scale, given = catalogue.scale, dict[int, Given]()
    for text, rating in ratings.items():
        match = catalogue.find(text)
        row, title = match.row, catalogue.titles.name(match.row)
        if not is_number(rating):
            raise RequestError(f'"{text}": {shown(rating)} is not a number.', f"Ratings go from {scale}.", str(text))
        rating = rating if isinstance(rating, int | float) else float(rating)
        with np.errstate(over="ignore"):  # 1e300 is infinite, and so off the scale
            on_scale = scale.valid(np.array([rating], np.float32))[0]
        if math.isnan(rating) or not on_scale:
            message = f'"{text}": {rating:g} is not a rating on the scale of this model.'
            raise RequestError(message, f"Ratings go from {scale}.", str(text))
        if row in given:
            raise RequestError(f'"{given[row].text}" and "{text}" are the same title: {title}.', "Rate it once.")
        also = tuple(catalogue.titles.name(other) for other in match.also)
        given[row] = Given(str(text), rating, match, title, catalogue.ids[row], also)
    return tuple(given.values())


def checked(profiles: Profiles, catalogue: Catalogue) -> Profiles:
    """The same profiles; RequestError unless they are valid, over this catalogue's items and on its scale."""
    arrays: list[Any] = [profiles.indptr, profiles.item, profiles.rating]
    arrays += [] if profiles.status is None else [profiles.status]
    if not all(isinstance(array, np.ndarray) and array.ndim == 1 for array in arrays) or not len(profiles.indptr):
        raise RequestError("The profile is not made of arrays.", "Make it with `Profiles.of`.")
    if [array.dtype.kind for array in arrays[:3]] != ["i", "i", "f"] or (profiles.counts < 0).any() or profiles.indptr[0]:
        raise RequestError("The arrays of the profile are not those of Profiles.", "Make it with `Profiles.of`.")
    if {len(array) for array in arrays[1:]} != {int(profiles.indptr[-1])}:
        raise RequestError("The arrays of the profile do not have the same entries.", "Make it with `Profiles.of`.")
    if len(profiles.item) and not 0 <= profiles.item.min() <= profiles.item.max() < len(catalogue.items):
        raise RequestError(
            "The profile has an item row that is not in the catalogue.", f"Rows go from 0 to {len(catalogue.items) - 1:,}."
        )
    ascending, first = np.diff(profiles.item) > 0, profiles.indptr[1:-1]
    ascending[first[(first > 0) & (first < len(profiles.item))] - 1] = True  # where another person begins
    if not ascending.all():
        raise RequestError("The profile has an item twice, or out of order.", "Make it with `Profiles.of`.")
    odd = profiles.rating[~catalogue.scale.within(profiles.rating)]
    if len(odd):
        raise RequestError(f"The profile has a rating of {odd[0]:g}.", f"Ratings go from {catalogue.scale}.")
    return profiles


def joined(first: Profiles, second: Profiles) -> Profiles:
    """Two profiles of one person as one; where both have an item, the entry of the first."""
    rest = second.keep(~np.isin(second.item, first.item))
    both = Profiles.stacked([first, rest])
    return Profiles.from_entries(1, np.zeros(len(both.item), np.int32), both.item, both.rating, both.status)


def wish_row(wishes: Mapping[str, float] | None, catalogue: Catalogue) -> F32 | None:
    """f32[1, G], NaN = no wish; None without any wish. RequestError as for `person_of`."""
    if wishes is None:
        return None
    expect(wishes, Mapping, "wishes", RequestError, 'Give {genre: how much}, such as {"Action": 9}.', "wishes")
    scale, row = catalogue.scale, np.full((1, len(catalogue.genres)), np.nan, np.float32)
    for genre, value in wishes.items():
        if not isinstance(genre, str):
            raise RequestError(f"{shown(genre)} is no genre.", f"There are: {', '.join(catalogue.genres)}.", "wishes")
        if not is_number(value) or not scale.low <= value <= scale.high:
            text = f"{value:g}" if is_number(value) else shown(value)
            raise RequestError(
                f'The wish "{genre}": {text} is not on the scale of this model.',
                f"It goes from {scale.low:g} to {scale.high:g}.",
            )
        place = catalogue.genres.index(named("genre", genre, catalogue.genres))
        if not math.isnan(row[0, place]):
            raise RequestError(f'The genre "{catalogue.genres[place]}" is wished for twice.', "Say once how much.", "wishes")
        row[0, place] = value
    return row if wishes else None


def wishes_of(people: Sequence[Person]) -> F32 | None:
    """The wishes of B people, f32[B, G]; None where nobody has any."""
    if all(person.wishes is None for person in people):
        return None
    nothing = np.full((1, len(people[0].catalogue.genres)), np.nan, np.float32)
    return np.concatenate([nothing if person.wishes is None else person.wishes for person in people])


def _read(list_file: Path | str | PersonalList) -> PersonalList:
    return list_file if isinstance(list_file, PersonalList) else read_list(as_path(list_file, "a list", RequestError))


def _nothing_matched(matched: Matched) -> RequestError:
    """Why a list says nothing about anybody here."""
    names = [f'"{miss.entry.name}"' for miss in matched.unmatched[:SHOWN]]
    more = ", …" if len(matched.unmatched) > SHOWN else ""
    notes = " ".join(matched.notes)
    return RequestError(
        f"Nothing on this list is in the catalogue: {', '.join(names)}{more}." + (f" {notes}" if notes else ""),
        "Is it a list of the same kind of titles? Rate some by hand, or ask for anybody's recommendations without a list.",
        "list_file",
    )


def _nobody() -> Dataset:
    raise AssertionError("no user is asked for")
