"""Whose titles are these? The entries of a person's list find their items by id, else by every known title, year and type."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.errors import RequestError
from konomi.lists.personal_list import ListEntry, PersonalList
from konomi.lists.spelling import SAME_SOUND, alike, words
from konomi.lists.titles import SUGGESTIONS, YEAR_LAST, TitleIndex, exact, plain

TITLES_AND_IDS = "plain"  # the kind of list whose titles may be item ids
AGREEING = 0.5  # the share of ids that have to go with an agreeing title before ids of their kind are believed
COMPARED = 20  # titles that a misspelt one is compared with
FLOOR = 0.8  # below it a spelling is not taken for the title
LETTERS = 5  # a shorter title is not taken for a misspelt one,
WITHOUT_YEAR = 10  # and this if no year speaks for it: "The Giver" may be "The River" mistyped, or another film
YEARS = {0: 1.0, 1: 0.95, 2: 0.8}
"""How sure a year makes of an item with the same title, by how far apart the two are: sites date films by festival or release.
Further apart it is another item."""
NO_YEAR = 0.95  # the title is spelt just so, and nothing is known of a year
PLAIN = 0.92  # the same, but for punctuation, accents or an article
UNDATED = 0.85  # the same, but that the item's title ends in a year: there may be an older one of that title
OTHER_MARKS = 0.75  # factor where marks differ that tell sequels apart: "K-On!" and "K-On!!", "Gintama" and "Gintama°"
MARKS = re.compile(r"[!?'°♪+*∬∞]")
OLDER = 0.99  # factor of a spelling like a title that ends in a year, where the entry has none
OTHER_TYPE = 0.8  # factor where one is a film and the other is none
SEVERAL = {"its year": 1.0, "its spelling": 0.95, "its other titles": 0.95, "its type": 0.9, "being the main title": 0.85}
"""Factors where several items have the title, by what decided between them; see `POPULAR`."""
POPULAR = 0.65  # nothing but how often it is rated decided


class Found(NamedTuple):
    """An entry and its item row; how sure that is, from 0 to 1; and what told."""

    entry: ListEntry
    row: int
    confidence: float
    how: str


class Missed(NamedTuple):
    """An entry that no item was found for, and the titles it may mean, as `TitleIndex.find` takes them."""

    entry: ListEntry
    suggestions: tuple[str, ...]


class Double(NamedTuple):
    """An entry of an item that another entry is of, too, and is used for."""

    entry: ListEntry
    row: int
    kept: ListEntry


@dataclass(frozen=True)
class Matched:
    """What became of a list. Every entry is in one of the three, in the order of the list.

    matched: those used, one per item; unmatched; doubles; scale: of the ratings in `profile`; notes: of the list, and which ids
    were not believed.
    """

    personal: PersonalList
    matched: tuple[Found, ...]
    unmatched: tuple[Missed, ...]
    doubles: tuple[Double, ...]
    scale: Scale
    notes: tuple[str, ...] = ()

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
        """The profile without what is only planned."""
        profile = self.profile
        return profile if profile.status is None else profile.keep(profile.status != STATUS["plan to watch"])

    @property
    def planned(self) -> tuple[int, ...]:
        """The item rows of what is only planned, in order of the list."""
        return tuple(each.row for each in self.matched if each.entry.status == STATUS["plan to watch"])

    def _on_scale(self, rating: float) -> float:
        """A rating of the list on the scale asked for: in proportion to the highest of each, and clipped."""
        theirs, ours = self.personal.scale or self.scale, self.scale
        if theirs == ours:
            return rating
        if ours.low >= 0:
            rating = rating / theirs.high * ours.high
        else:  # a scale around 0 has no such proportion: its ends are those of the list's
            rating = ours.low + (rating - theirs.low) / (theirs.high - theirs.low) * (ours.high - ours.low)
        return min(max(rating, ours.low), ours.high)


def match_list(personal: PersonalList, index: TitleIndex, scale: Scale) -> Matched:
    """The items of a list's entries, among those of a catalogue.

    Ids are believed only if those of their kind go with agreeing titles: a list's ids need not be the catalogue's. An entry
    with such an id is that item, or none. Else titles have to be the same but for case, accents, punctuation and articles, in
    any language that both know, and years no further apart than two. What is left may be misspelt. `RequestError` where a list
    without a scale of its own has a rating that is not on `scale`.
    """
    _refuse_off_scale(personal, scale)
    rows = {str(id): row for row, id in enumerate(index.ids.to_list())}
    believed, notes = _believed(personal.entries, rows, index)
    found = [_by_id(entry, rows, believed) for entry in personal.entries]
    candidates: dict[int, list[int]] = {}
    unsure = list[int]()
    for n, entry in enumerate(personal.entries):
        if found[n] is None:
            known = any(whose in believed for whose, _ in entry.ids)
            candidates[n] = _same_title(entry, index)
            if not known:
                found[n] = _by_title(entry, candidates[n], index)
            if found[n] is None and personal.kind == TITLES_AND_IDS and entry.title in rows:
                found[n] = Found(entry, rows[entry.title], 1.0, "item id")
            if found[n] is None and not known:
                unsure.append(n)
    missing = [n for n, each in enumerate(found) if each is None]
    near = dict(zip(missing, _nearest([personal.entries[n] for n in missing], index), strict=True)) if missing else {}
    for n in unsure:
        found[n] = _by_spelling(personal.entries[n], near[n], index)
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


def _believed(entries: Sequence[ListEntry], rows: dict[str, int], index: TitleIndex) -> tuple[frozenset[str], tuple[str, ...]]:
    """The kinds of ids that are the catalogue's, and a note on each kind that only looks so."""
    agree: dict[str, list[bool]] = defaultdict(list)
    for entry in entries:
        titles = {plain(name) for name in _names(entry)}
        for whose, id in entry.ids:
            if (row := rows.get(id)) is not None:
                agree[whose].append(any(plain(name) in titles for name in index.names(row)))
    believed = frozenset(whose for whose, each in agree.items() if sum(each) >= AGREEING * len(each))
    notes = [
        f"The {whose} ids are not those of this catalogue: of {len(each):,} that it has, {sum(each):,} go with the same title."
        for whose, each in agree.items()
        if whose not in believed
    ]
    return believed, tuple(notes)


def _by_id(entry: ListEntry, rows: dict[str, int], believed: frozenset[str]) -> Found | None:
    known = ((whose, rows[id]) for whose, id in entry.ids if whose in believed and id in rows)
    return next((Found(entry, row, 1.0, f"{whose} id") for whose, row in known), None)


def _names(entry: ListEntry) -> list[str]:
    return [name for name in (entry.title, *entry.titles) if name]


def _same_title(entry: ListEntry, index: TitleIndex) -> list[int]:
    """The item rows that one of the entry's names is a title of; without a year at its end, where it is none with it."""
    names = _names(entry)
    whole = [row for name in names for row in index.rows(name)]
    short = [name[: year.start()] for name in names if (year := YEAR_LAST.search(name))] if not whole else []
    return list(dict.fromkeys([*whole, *(row for name in short for row in index.rows(name))]))


def _year(entry: ListEntry) -> int | None:
    """The entry's year, else the one at the end of its title."""
    if entry.year is not None:
        return entry.year
    return next((int(year[1]) for name in _names(entry) if (year := YEAR_LAST.search(name.strip()))), None)


def _apart(entry: ListEntry, row: int, index: TitleIndex) -> int | None:
    """How many years an entry and an item are apart; None where either has none."""
    ours, theirs = index.years[row], _year(entry)
    return None if ours is None or theirs is None else abs(ours - theirs)


def _other_type(entry: ListEntry, row: int, index: TitleIndex) -> bool:
    """Whether one is a film and the other is known to be none; sites agree on no more than that."""
    ours = index.types[row]
    return bool(ours and entry.type) and (ours == "Movie") != (entry.type == "Movie")


def _other_marks(names: Sequence[str], titles: Sequence[str]) -> bool:
    """Whether the names have marks that tell sequels apart, and none of the titles has the same."""
    theirs = {"".join(MARKS.findall(exact(name))) for name in names} - {""}
    return bool(theirs) and theirs.isdisjoint("".join(MARKS.findall(exact(title))) for title in titles)


def _by_title(entry: ListEntry, candidates: Sequence[int], index: TitleIndex) -> Found | None:
    """The item with the entry's title. Of several: by year, spelling, other titles, type, main title, number of ratings."""
    apart = {row: _apart(entry, row, index) for row in candidates}
    rows = [row for row in candidates if apart[row] is None or apart[row] in YEARS]
    if not rows:
        return None
    spelt, loosely = {exact(name) for name in _names(entry)}, {plain(name) for name in _names(entry)}
    titles = {row: index.names(row) for row in rows}

    def evidence(row: int) -> tuple[float, ...]:
        """What speaks for a row, in the order of `SEVERAL`."""
        years = 0.0 if apart[row] is None else YEARS[apart[row] or 0]
        exactly = len({exact(title) for title in titles[row]} & spelt)
        also = len({plain(title) for title in titles[row]} & loosely)
        type = (entry.type is None or entry.type == index.types[row]) - _other_type(entry, row, index)
        return years, exactly, also, type, plain(titles[row][0]) in loosely

    best, *others = sorted(rows, key=lambda row: (*(-each for each in evidence(row)), -index.ratings[row], row))
    _, exactly, also, _, _ = evidence(best)
    sure = YEARS[apart[best] or 0] if apart[best] is not None else NO_YEAR if exactly else PLAIN if also else UNDATED
    if _other_marks(_names(entry), titles[best]):
        sure *= OTHER_MARKS
    if _other_type(entry, best, index):
        sure *= OTHER_TYPE
    how = "title" if apart[best] is None else "title and year"
    if others:
        pairs = zip(SEVERAL, evidence(best), evidence(others[0]), strict=True)
        by = next((what for what, mine, theirs in pairs if mine != theirs), None)
        sure *= SEVERAL[by] if by else POPULAR
        how += f", of {len(rows)} by {by or 'having the most ratings'}"
    return Found(entry, best, round(sure, 3), how)


def _nearest(entries: Sequence[ListEntry], index: TitleIndex) -> list[list[tuple[float, str, int]]]:
    """For each entry the titles nearest to any of its names: (share of letters, title, item row)."""
    asked = [(n, plain(YEAR_LAST.sub("", name.strip()))) for n, entry in enumerate(entries) for name in _names(entry)]
    near: list[list[tuple[float, str, int]]] = [[] for _ in entries]
    for (n, _), found in zip(asked, index.spellings.nearest([text for _, text in asked], COMPARED), strict=True):
        near[n] += found
    return [sorted(each, key=lambda one: -one[0]) for each in near]


def _by_spelling(entry: ListEntry, near: Sequence[tuple[float, str, int]], index: TitleIndex) -> Found | None:
    """The item whose title is spelt most like one of the entry's, if it is like enough and of about the same year."""
    names = [words(YEAR_LAST.sub("", name.strip())) for name in _names(entry)]
    best: tuple[float, int] | None = None
    for _, title, row in near:
        apart = _apart(entry, row, index)
        if apart is not None and apart not in YEARS:
            continue
        other = words(YEAR_LAST.sub("", title))
        least = WITHOUT_YEAR if apart is None else LETTERS
        likeness = [like for name in names if (like := alike(name, other)) == SAME_SOUND or len("".join(name)) >= least]
        sure = max(likeness, default=0.0) * (NO_YEAR if apart is None else YEARS[apart])
        if apart is None and YEAR_LAST.search(title):
            sure *= OLDER
        if sure >= FLOOR and _other_marks(_names(entry), [title]):
            sure *= OTHER_MARKS
        if _other_type(entry, row, index):
            sure *= OTHER_TYPE
        if sure >= FLOOR and (best is None or (sure, index.ratings[row]) > (best[0], index.ratings[best[1]])):
            best = sure, row
    return best and Found(entry, best[1], round(best[0], 3), "spelling")


def _suggested(rows: Sequence[int], index: TitleIndex) -> tuple[str, ...]:
    return tuple(index.name(row) for row in list(dict.fromkeys(rows))[:SUGGESTIONS])


def _once(found: Sequence[Found]) -> tuple[tuple[Found, ...], tuple[Double, ...]]:
    """One entry per item: the surer, then one with a rating, then the later; and those that are not used."""
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
