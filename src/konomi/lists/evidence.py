"""The evidence that an entry of a list is a certain item: its title, year, type and spelling."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from konomi.lists.personal_list import ListEntry
from konomi.lists.spelling import SAME_SOUND, alike, words
from konomi.lists.titles import YEAR_LAST, TitleIndex, exact, plain

# confidences and their factors are in [0, 1]; `python bench/matching.py` prints how often a match of each confidence is right
COMPARED = 20  # titles that a misspelt one is compared with
FLOOR = 0.8  # the least confidence of a match by spelling
LETTERS = 5  # the least letters of a title that may be a misspelt one,
WITHOUT_YEAR = 10  # and the same without a year: "The Giver" may be "The River" mistyped, or another film
YEARS = {0: 1.0, 1: 0.95, 2: 0.8}
"""Confidence in an item with the same title, by the difference of the years: sites date films by festival or by release. With
a larger difference it is another item."""
NO_YEAR = 0.95  # confidence in the exact title where a year is unknown
PLAIN = 0.92  # in the same title but for punctuation, accents or an article
UNDATED = 0.85  # in the same title where the item's title ends in a year: there may be an older item of that title
OTHER_MARKS = 0.75  # factor where marks differ that tell sequels apart: "K-On!" and "K-On!!", "Gintama" and "Gintama°"
OTHER_ARTICLE = 0.9  # factor where one has an article and the other has none: "Deal" and "The Deal" may be two films
ARTICLE = re.compile(r"(the|an?) |.*, (the|an?)$", re.I)
MARKS = re.compile(r"[!?'°♪+*∬∞]")
OLDER = 0.99  # factor where a title of similar spelling ends in a year and the entry has none
PART = 0.85  # in the only item of a year whose title has the entry's as its beginning or end
OTHER_TYPE = 0.8  # factor where one is a film and the other is not
SEVERAL = {"its year": 1.0, "its spelling": 0.95, "its other titles": 0.95, "its type": 0.9, "being the main title": 0.85}
"""Factors where several items have the title, by the evidence that decided between them; see `POPULAR`."""
POPULAR = 0.65  # the factor where only the number of ratings decided


class Likely(NamedTuple):
    """The likely item row of an entry; the confidence, from 0 to 1; how it was found, in words."""

    row: int
    confidence: float
    how: str


def names_of(entry: ListEntry) -> list[str]:
    return [name for name in (entry.title, *entry.titles) if name]


def same_title(entry: ListEntry, index: TitleIndex) -> list[int]:
    """The item rows with one of the entry's names as a title; if there are none, with a name without the year at its end."""
    names = names_of(entry)
    whole = [row for name in names for row in index.rows(name)]
    short = [name[: year.start()] for name in names if (year := YEAR_LAST.search(name))] if not whole else []
    return list(dict.fromkeys([*whole, *(row for name in short for row in index.rows(name))]))


def _year(entry: ListEntry) -> int | None:
    """The entry's year, else the one at the end of its title."""
    if entry.year is not None:
        return entry.year
    return next((int(year[1]) for name in names_of(entry) if (year := YEAR_LAST.search(name.strip()))), None)


def _apart(entry: ListEntry, row: int, index: TitleIndex) -> int | None:
    """How many years an entry and an item are apart; None where either has none."""
    ours, theirs = index.years[row], _year(entry)
    return None if ours is None or theirs is None else abs(ours - theirs)


def _other_marks(names: Sequence[str], titles: Sequence[str]) -> bool:
    """Whether the names have `MARKS`, and no title has the same ones."""
    theirs = {"".join(MARKS.findall(exact(name))) for name in names} - {""}
    return bool(theirs) and theirs.isdisjoint("".join(MARKS.findall(exact(title))) for title in titles)


def _other_article(names: Sequence[str], titles: Sequence[str]) -> bool:
    """Whether either the names or the titles begin with an article, and no other does."""
    with_one = ({ARTICLE.match(text.strip()) is not None for text in texts} for texts in (names, titles))
    return next(with_one).isdisjoint(next(with_one))


def by_title(entry: ListEntry, candidates: Sequence[int], index: TitleIndex) -> Likely | None:
    """The candidate that fits the entry best: by year, spelling, other titles, type, main title, number of ratings."""
    apart = {row: _apart(entry, row, index) for row in candidates if not index.site_ids.is_other(entry, row)}
    rows = [row for row in apart if apart[row] is None or apart[row] in YEARS]
    if not rows:
        return None
    exact_names, plain_names = {exact(name) for name in names_of(entry)}, {plain(name) for name in names_of(entry)}
    titles = {row: index.names(row) for row in rows}

    def evidence(row: int) -> tuple[float, ...]:
        """The evidence for a row, in the order of `SEVERAL`."""
        years = 0.0 if apart[row] is None else YEARS[apart[row] or 0]
        exactly = len({exact(title) for title in titles[row]} & exact_names)
        also = len({plain(title) for title in titles[row]} & plain_names)
        type = (entry.type is None or entry.type == index.types[row]) - entry.is_other_type(index.types[row])
        return years, exactly, also, type, plain(titles[row][0]) in plain_names

    best, *others = sorted(rows, key=lambda row: (*(-each for each in evidence(row)), -index.ratings[row], row))
    _, exactly, also, _, _ = evidence(best)
    sure = YEARS[apart[best] or 0] if apart[best] is not None else NO_YEAR if exactly else PLAIN if also else UNDATED
    first_exact = exact(names_of(entry)[0]) in {exact(title) for title in titles[best]}
    if not first_exact and _other_marks(names_of(entry), titles[best]):
        sure *= OTHER_MARKS
    if not exactly and _other_article(names_of(entry), titles[best]):
        sure *= OTHER_ARTICLE
    if entry.is_other_type(index.types[best]):
        sure *= OTHER_TYPE
    how = "title" if apart[best] is None else "title and year"
    if others:
        pairs = zip(SEVERAL, evidence(best), evidence(others[0]), strict=True)
        by = next((what for what, mine, theirs in pairs if mine != theirs), None)
        sure *= SEVERAL[by] if by else POPULAR
        how += f", of {len(rows)} by {by or 'having the most ratings'}"
    return Likely(best, round(sure, 3), how)


def by_part(entry: ListEntry, index: TitleIndex) -> Likely | None:
    """The only item of the entry's year that has one of its names as the beginning or the end of a title, around a colon or a
    dash: "Star Wars" (1977), "Castle in the Sky" (1986)."""
    year = _year(entry)
    rows = {row for name in names_of(entry) for row in index.parts.get(plain(YEAR_LAST.sub("", name.strip())), ())}
    of_year = [
        row for row in rows if year is not None and index.years[row] == year and not entry.is_other_type(index.types[row])
    ]
    same = [row for row in of_year if not index.site_ids.is_other(entry, row)]
    return Likely(same[0], PART, "a part of the title, and year") if len(same) == 1 else None


def agrees(entry: ListEntry, row: int, index: TitleIndex) -> bool:
    """Whether an entry and an item have a title in common, but for case and punctuation."""
    return not {plain(name) for name in names_of(entry)}.isdisjoint(map(plain, index.names(row)))


def nearest(entries: Sequence[ListEntry], index: TitleIndex) -> list[list[tuple[float, str, int]]]:
    """For each entry the titles nearest to any of its names: (share of triples, title, item row), the nearest first."""
    asked = [(n, plain(YEAR_LAST.sub("", name.strip()))) for n, entry in enumerate(entries) for name in names_of(entry)]
    near: list[list[tuple[float, str, int]]] = [[] for _ in entries]
    for (n, _), found in zip(asked, index.spellings.nearest([text for _, text in asked], COMPARED), strict=True):
        near[n] += found
    return [sorted(each, key=lambda one: -one[0]) for each in near]


def by_spelling(entry: ListEntry, near: Sequence[tuple[float, str, int]], index: TitleIndex) -> Likely | None:
    """The item whose title is spelt most like one of the entry's names, with a confidence of at least `FLOOR`."""
    names = [words(YEAR_LAST.sub("", name.strip())) for name in names_of(entry)]
    best: tuple[float, int] | None = None
    for _, title, row in near:
        apart = _apart(entry, row, index)
        if (apart is not None and apart not in YEARS) or index.site_ids.is_other(entry, row):
            continue
        other = words(YEAR_LAST.sub("", title))
        least = WITHOUT_YEAR if apart is None else LETTERS
        likeness = [like for name in names if (like := alike(name, other)) == SAME_SOUND or len("".join(name)) >= least]
        sure = max(likeness, default=0.0) * (NO_YEAR if apart is None else YEARS[apart])
        if apart is None and YEAR_LAST.search(title):
            sure *= OLDER
        if sure >= FLOOR and _other_marks(names_of(entry), [title]):
            sure *= OTHER_MARKS
        if entry.is_other_type(index.types[row]):
            sure *= OTHER_TYPE
        if sure >= FLOOR and (best is None or (sure, index.ratings[row]) > (best[0], index.ratings[best[1]])):
            best = sure, row
    return best and Likely(best[1], round(best[0], 3), "spelling")
