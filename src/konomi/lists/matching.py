"""Matches the entries of a person's list with items: by id, else by every known title, year and type."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from konomi.arguments import expect
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.errors import RequestError
from konomi.lists.evidence import Likely, agrees, by_part, by_spelling, by_title, nearest, same_title
from konomi.lists.personal_list import ListEntry, PersonalList
from konomi.lists.titles import SUGGESTIONS, TitleIndex

TITLES_AND_IDS = "plain"  # the kind of list whose titles may be item ids
AGREEING = 0.5  # the share of a site's ids with an agreeing title, from which on its ids are trusted
CLEAR = 0.95  # the confidence from which on a title and its year go before an id whose title is another


class Found(NamedTuple):
    """An entry and its item row; the confidence, from 0 to 1; how it was found, in words."""

    entry: ListEntry
    row: int
    confidence: float
    how: str


class Missed(NamedTuple):
    """An entry without an item, and the titles that it may mean, in a form that `TitleIndex.find` takes."""

    entry: ListEntry
    suggestions: tuple[str, ...]


class Double(NamedTuple):
    """An entry that is not used, since another one of the same item is kept."""

    entry: ListEntry
    row: int
    kept: ListEntry


@dataclass(frozen=True)
class Matched:
    """A list with its items. Every entry is in matched, unmatched or doubles, in the order of the list.

    matched: the entries that are used, one per item; scale: of the ratings in `profile`; notes: the list's, and those on ids
    that are not trusted.
    """

    personal: PersonalList
    matched: tuple[Found, ...]
    unmatched: tuple[Missed, ...]
    doubles: tuple[Double, ...]
    scale: Scale
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counts = f"{len(self.matched):,} matched, {len(self.unmatched):,} unmatched, {len(self.doubles):,} double"
        return f"Matched({self.personal.kind}: {counts})"

    @cached_property
    def profile(self) -> Profiles:
        """One person's profile: every matched entry, ratings on `scale`, NaN = not scored; statuses where the list has any."""
        found = sorted(self.matched, key=lambda each: each.row)
        ratings = [np.nan if each.entry.rating is None else self._on_scale(each.entry.rating) for each in found]
        status = np.array([each.entry.status for each in found], np.uint8)
        return Profiles(
            np.array([0, len(found)], np.int64),
            np.array([each.row for each in found], np.int32),
            np.array(ratings, np.float32),
            status if status.any() else None,
        )

    @property
    def seen(self) -> Profiles:
        """The profile without planned entries."""
        profile = self.profile
        return profile if profile.status is None else profile.keep(profile.status != STATUS["plan to watch"])

    @property
    def planned(self) -> tuple[int, ...]:
        """The item rows of planned entries, in order of the list."""
        return tuple(each.row for each in self.matched if each.entry.status == STATUS["plan to watch"])

    def _on_scale(self, rating: float) -> float:
        """A rating of the list on `scale`: in proportion to the highest rating of each scale, and clipped."""
        theirs, ours = self.personal.scale or self.scale, self.scale
        if theirs == ours:
            return rating
        if ours.low >= 0:
            rating = rating / theirs.high * ours.high
        else:  # a scale around 0 has no such proportion, so the ends of both scales are mapped to each other
            rating = ours.low + (rating - theirs.low) / (theirs.high - theirs.low) * (ours.high - ours.low)
        return min(max(rating, ours.low), ours.high)


def match_list(personal: PersonalList, index: TitleIndex, scale: Scale) -> Matched:
    """Match the entries of a list with the items of a catalogue.

    An id of a site whose ids the catalogue has decides: the entry is that item, and none that has another one. Ids of other
    kinds are believed only if those of their kind go with agreeing titles: a list's ids need not be the catalogue's. An entry
    with such an id is that item, or none, unless its title and year are clearly those of another. Else titles have to be the
    same but for case, accents, punctuation and articles, in any language that both know, and years no further apart than two.
    What is left may be misspelt, or be the beginning or the end of the only such title of its year. `RequestError` where a list
    without a scale of its own has a rating that is not on `scale`, and for what is no list, index or scale.
    """
    expect(personal, PersonalList, "a list", RequestError, "Give what konomi.read_list gave.")
    expect(index, TitleIndex, "an index of titles", RequestError, "Give `titles` of a Recommender.")
    expect(scale, Scale, "a scale", RequestError, "Give konomi.Scale(1, 10, 1), for instance.")
    _refuse_off_scale(personal, scale)
    rows = {str(id): row for row, id in enumerate(index.ids.to_list())}
    trusted, notes = _trusted(personal.entries, rows, index)
    found = [_by_site_id(entry, index) or _believed(_by_id(entry, rows, trusted), index) for entry in personal.entries]
    candidates: dict[int, list[int]] = {}
    unsure = list[int]()
    for n, entry in enumerate(personal.entries):
        if found[n] is None:
            has_id = any(whose in trusted for whose, _ in entry.ids)
            candidates[n] = same_title(entry, index)
            if not has_id:
                found[n] = _found(entry, by_title(entry, candidates[n], index))
            if found[n] is None and personal.kind == TITLES_AND_IDS and entry.title in rows:
                found[n] = Found(entry, rows[entry.title], 1.0, "item id")
            if found[n] is None and not has_id:
                unsure.append(n)
    missing = [n for n, each in enumerate(found) if each is None]
    near = dict(zip(missing, nearest([personal.entries[n] for n in missing], index), strict=True)) if missing else {}
    for n in unsure:
        entry = personal.entries[n]
        found[n] = _found(entry, by_spelling(entry, near[n], index) or by_part(entry, index))
    unmatched = tuple(
        Missed(personal.entries[n], _suggested([*candidates[n], *(row for _, _, row in near[n])], index))
        for n, each in enumerate(found)
        if each is None
    )
    matched, doubles = _once([each for each in found if each is not None])
    return Matched(personal, matched, unmatched, doubles, scale, (*personal.notes, *notes))


def _refuse_off_scale(personal: PersonalList, scale: Scale) -> None:
    if personal.scale is not None:
        return
    for entry in personal.entries:
        if entry.rating is not None and not scale.valid(np.array([entry.rating], np.float32))[0]:
            raise RequestError(
                f'{entry.place}: "{entry.name}": {entry.rating:g} is not a rating on the scale of this model.',
                f"Ratings go from {scale}.",
            )


def _trusted(entries: Sequence[ListEntry], rows: dict[str, int], index: TitleIndex) -> tuple[frozenset[str], tuple[str, ...]]:
    """The sites whose ids are the catalogue's, and a note on each site whose ids are found there but are others."""
    agree: dict[str, list[bool]] = defaultdict(list)
    for entry in entries:
        for whose, id in entry.ids:
            if whose not in index.site_ids.sites and (row := rows.get(id)) is not None:
                agree[whose].append(agrees(entry, row, index))
    trusted = frozenset(whose for whose, each in agree.items() if sum(each) >= AGREEING * len(each))
    notes = [
        f"The {whose} ids are not those of this catalogue: of {len(each):,} that it has, {sum(each):,} go with the same title."
        for whose, each in agree.items()
        if whose not in trusted
    ]
    return trusted, tuple(notes)


def _by_site_id(entry: ListEntry, index: TitleIndex) -> Found | None:
    found = index.site_ids.find(entry)
    return found and Found(entry, found[0], 1.0, f"{found[1]} id")


def _by_id(entry: ListEntry, rows: dict[str, int], trusted: frozenset[str]) -> Found | None:
    pairs = ((whose, rows[id]) for whose, id in entry.ids if whose in trusted and id in rows)
    return next((Found(entry, row, 1.0, f"{whose} id") for whose, row in pairs), None)


def _believed(found: Found | None, index: TitleIndex) -> Found | None:
    """What was found by an id, unless the entry's title is clearly that of another item: the id is another site's."""
    if found is None or agrees(found.entry, found.row, index):
        return found
    likely = by_title(found.entry, same_title(found.entry, index), index)
    return Found(found.entry, *likely) if likely is not None and likely.confidence >= CLEAR else found


def _found(entry: ListEntry, likely: Likely | None) -> Found | None:
    return likely and Found(entry, *likely)


def _suggested(rows: Sequence[int], index: TitleIndex) -> tuple[str, ...]:
    return tuple(index.name(row) for row in list(dict.fromkeys(rows))[:SUGGESTIONS])


def _once(found: Sequence[Found]) -> tuple[tuple[Found, ...], tuple[Double, ...]]:
    """One entry per item, by confidence, then by having a rating, then the later; and the entries that are not used."""
    best: dict[int, int] = {}
    for n, each in enumerate(found):
        at = best.get(each.row)
        if at is None or _weight(each) >= _weight(found[at]):
            best[each.row] = n
    kept = set(best.values())
    doubles = tuple(Double(each.entry, each.row, found[best[each.row]].entry) for n, each in enumerate(found) if n not in kept)
    return tuple(each for n, each in enumerate(found) if n in kept), doubles


def _weight(found: Found) -> tuple[float, bool]:
    return found.confidence, found.entry.rating is not None
