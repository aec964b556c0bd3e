"""A person's taste in figures: how they rate beside others who have rated the same titles.

With r the person's rating of a title and m the mean of all training ratings of it, e = r − m says how much more they like it
than others do. Their offset b is the mean of e; a tag (a genre, type or era) that n of these titles have is liked more by

    Σ (e − b) / (n + C)        C = `TASTE_PRIOR`

than the rest of what they rate: shrunk, as in `catalogue/taste.py`, so that one title makes no taste.
"""

import math
from typing import Any

import numpy as np

from konomi.arrays import Bools
from konomi.catalogue.taste import TASTE_PRIOR
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.person import Person
from konomi.recommend.records import Apart, TagTaste
from konomi.recommend.records import TasteFigures as TasteFigures

MOST = 10  # tags each way, and titles, at most
WELL_KNOWN = 0.5  # the share of all ratings that the popular titles have together


def taste_of(person: Person) -> TasteFigures:
    """The figures of one person, by the catalogue that they were understood by; without reading any other person."""
    profile, catalogue = person.profile, person.catalogue
    scored = profile.scored()
    rating, others = scored.rating.astype(np.float64), catalogue.items["mean"].cast(float).fill_null(np.nan).to_numpy()
    above = rating - others[scored.item]
    beside = ~np.isnan(above)
    offset = float(above[beside].mean()) if beside.any() else None
    item, e = scored.item[beside], above[beside] - (offset or 0.0)
    value, many = np.unique(scored.rating, return_counts=True)
    seen = profile.item[profile.consumed]
    tags = _tags(catalogue, item, e)
    return TasteFigures(
        entries=len(profile.item),
        rated=len(rating),
        seen=len(seen),
        planned=int(profile.planned.sum()),
        dropped=int(profile.dropped.sum()),
        mean=round(float(rating.mean()), 4) if len(rating) else None,
        beside=int(beside.sum()),
        offset=None if offset is None else round(offset, 4),
        histogram=dict(zip(value.round(2).tolist(), many.tolist(), strict=True)),
        more=tuple(sorted((tag for tag in tags if tag.effect > 0), key=lambda tag: -tag.effect)[:MOST]),
        less=tuple(sorted((tag for tag in tags if tag.effect < 0), key=lambda tag: tag.effect)[:MOST]),
        apart=tuple(
            Apart(catalogue.ids[row], catalogue.names[row], round(r, 2), round(float(others[row]), 2))
            for row, r in ((int(item[j]), float(rating[beside][j])) for j in np.argsort(-np.abs(e), kind="stable")[:MOST])
        ),
        popular=round(float(_well_known(catalogue)[seen].mean()), 4) if len(seen) else None,
    )


def _tags(catalogue: Catalogue, item: Any, e: Any) -> list[TagTaste]:
    """Every tag of these titles, with its effect."""
    names, tags = catalogue.tags
    own = tags[item].astype(np.float64)
    count = own.sum(axis=0)
    effect = (e @ own) / (count + TASTE_PRIOR)
    return [TagTaste(names[t], round(float(effect[t]), 4), int(count[t])) for t in np.flatnonzero(count).tolist()]


def _well_known(catalogue: Catalogue) -> Bools:
    """bool[I]: the most rated titles that have `WELL_KNOWN` of all ratings together."""
    ratings = catalogue.items["ratings"].to_numpy()
    order = np.argsort(-ratings, kind="stable")
    known = np.zeros(len(ratings), np.bool_)
    enough = np.searchsorted(np.cumsum(ratings[order]), math.ceil(WELL_KNOWN * ratings.sum())) + 1
    known[order[:enough]] = True
    return known & (ratings > 0)
