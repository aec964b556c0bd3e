"""Charts: titles for nobody in particular, the most liked and the newest."""

import numpy as np

from konomi.arrays import F32, I64, Bools
from konomi.data.profiles import Profiles
from konomi.ranking.dials import AS_THEY_ARE
from konomi.recommend.answer import Answer
from konomi.recommend.explain import row_of
from konomi.recommend.filters import Where
from konomi.recommend.ground import Ground, offer_of


def popular(ground: Ground, k: int, where: Where) -> Answer:
    """The k titles that are liked by the most: in order of `silent.robust_popularity`, which is how many have rated a title,
    in e-folds, and how well. Counts alone would put a title first that everybody knows and few like.

    Of a franchise its entry point, unless every part is asked for; the score is that of a silent person, 1 = the most liked.
    """
    blend = ground.ranker.blend
    offered = ground.ranker.offered(Profiles.of([{}]), ground.mask(where, AS_THEY_ARE), offer_of(where))[0]
    return _best(ground, blend.silent_scores, offered, ground.places(k))


def newest(ground: Ground, k: int, where: Where) -> Answer:
    """The k titles of the latest years, the best known of a year first; titles without a year, and specials and the like of a
    franchise, are left out. Also titles that no model knows.

    Of a franchise its newest part, unless every part is asked for; the score is the year.
    """
    items, mask, k = ground.bundle.items, ground.mask(where, AS_THEY_ARE), ground.places(k)
    year = items["year"].cast(float).fill_null(np.nan).to_numpy()
    franchise, _ = ground.ranker.franchise
    offered = mask & ~np.isnan(year)
    order = np.lexsort((np.arange(len(year)), -ground.ranker.blend.silent_scores, -year))
    order = order[offered[order]]
    if not where.parts:
        order = order[ground.ranker.rule.main[order]]
        order = order[np.sort(np.unique(franchise[order], return_index=True)[1])]
    return _told(ground, order[:k], year)


def _best(ground: Ground, scores: F32, offered: Bools, k: int) -> Answer:
    order = np.argsort(-scores, kind="stable")
    return _told(ground, order[offered[order]][:k], scores)


def _told(ground: Ground, rows: I64, scores: F32) -> Answer:
    return Answer(tuple(row_of(ground.catalogue, row, float(scores[row])) for row in rows.tolist()), ground.note)
