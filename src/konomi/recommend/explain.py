"""The titles of a list in words: what is predicted of each, in which interval, and why it is there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from konomi.arrays import F32, I32
from konomi.bundle.format import Bundle
from konomi.catalogue.tags import genre_names
from konomi.data.labels import planned
from konomi.data.profiles import Profiles
from konomi.evaluate.intervals import Intervals
from konomi.models.api import TASKS
from konomi.ranking.blend import WISH, Blend, Scores
from konomi.ranking.wishes import wish_scores
from konomi.recommend.answer import LEVEL, Row
from konomi.recommend.reasons import blended, features, moving, reasons


@dataclass(frozen=True)
class Asked:
    """One person's question and what came of it: the profile, its genre wishes f32[1, G] (None = none), the scores."""

    person: Profiles
    wishes: F32 | None
    scores: Scores


def row_of(bundle: Bundle, names: Sequence[str], row: int, score: float) -> Row:
    """An item row without what is predicted of it."""
    item = bundle.items.row(row, named=True)
    return Row(
        item_id=item["item_id"],
        title=names[row],
        year=item["year"],
        type=item["type"],
        genres=tuple(item["genres"] or ()),
        score=round(score, 4),
    )


def explained(
    bundle: Bundle,
    order: Blend,
    ids: Sequence[int | str],
    names: Sequence[str],
    intervals: Intervals | None,
    asked: Asked,
    found: I32,
    best: F32,
    why: int,
) -> tuple[Row, ...]:
    """The rows of a list: items found i32[k], their scores best f32[k]; names: of all items; why: so many reasons each way."""
    person, scores = asked.person, asked.scores
    rating, probability = (_predicted(bundle, scores, task, found) for task in TASKS)
    spans: list[tuple[float, float] | None] = [None] * len(found)
    if rating is not None:
        rating = bundle.scale.clip(rating)
        if intervals is not None:
            ends = intervals.around(rating, int(person.scored().counts[0]), LEVEL, bundle.scale)
            spans = [(round(float(low), 2), round(float(high), 2)) for low, high in zip(*ends, strict=True)]
    effects = blended(order, scores, person, found) if why else np.empty((0, len(found)), np.float32)
    told = reasons(effects, person, ids, names, why)
    tags = moving(*features(scores, bundle.items, person, found), why)
    plans = set(person.item[planned(person)].tolist())
    return tuple(
        replace(
            row_of(bundle, names, row, float(best[place])),
            rating=None if rating is None else round(float(rating[place]), 4),
            interval=spans[place],
            probability=None if probability is None else round(float(probability[place]), 4),
            up=told[place][0],
            down=told[place][1],
            tags=tags[place],
            wishes=_granted(bundle, order, asked.wishes, row),
            planned=row in plans,
        )
        for place, row in enumerate(found.tolist())
    )


def _predicted(bundle: Bundle, scores: Scores, task: str, items: I32) -> F32 | None:
    """What the model that gives this output says of some items, f32[k]; None where none does."""
    model = bundle.giving(task)
    return None if model is None else model.score(scores.codes[id(model)], task, items)[0]


def _granted(bundle: Bundle, order: Blend, wishes: F32 | None, row: int) -> tuple[tuple[str, float], ...]:
    """What each wish adds to the score of an item: those for its genres."""
    if wishes is None:
        return ()
    alone = np.where(np.eye(wishes.shape[1], dtype=bool), wishes, np.nan).astype(np.float32)
    fit = wish_scores(order.genres[[row]], alone, bundle.scale)[:, 0]
    effects = WISH * order.popularity[row] * fit / math.sqrt(int((~np.isnan(wishes)).sum()))
    return tuple((name, round(float(effects[g]), 4)) for g, name in enumerate(genre_names(bundle.items)) if effects[g])
