"""Items like an item, or like several: by the item vectors of a model, by their contents in the catalogue, or by both."""

from typing import get_args

import numpy as np

from konomi.arrays import F32, I32
from konomi.bundle.format import Bundle
from konomi.catalogue.tags import content_vectors
from konomi.data.statistics import ITEM_PRIOR
from konomi.errors import RequestError
from konomi.models.api import first_placing
from konomi.recommend.records import By as By
from konomi.settings import closest, shown

METRICS = ("cosine", "euclidean")


def nearness(bundle: Bundle, rows: I32, by: By = "both", metric: str = "cosine") -> F32:
    """The mean nearness of every item to the items of `rows` i32[n], f32[I]; NaN where nothing is known of an item.

    content: the cosine of `tags.content_vectors`. factors: the cosine of the item vectors of the first model that has some, or
    minus their distance. both: the mean of the two cosines, or half of the only one that is known. The vector of an item with
    few training ratings n is mostly noise, so its nearness is shrunk:

        cosine: cos(q_i, q_j) · w_j    euclidean: −|q_i − q_j| / w_j    w_j = n_j / (n_j + C), C = `ITEM_PRIOR`

    RequestError for an unknown way or metric, or where there is nothing to compare by.
    """
    _check_one_of("way", by, get_args(By))
    _check_one_of("metric", metric, METRICS)
    if metric != "cosine" and by != "factors":
        raise RequestError("Contents are compared by cosine alone.", "Ask for the cosine, or compare by factors.")
    content = _content(bundle, rows) if by != "factors" else None
    factors = _factors(bundle, rows, metric, by == "factors") if by != "content" else None
    if content is None or factors is None:
        near = content if factors is None else factors
        assert near is not None
        return near
    both = (content + factors) / 2
    return np.where(np.isnan(factors), content / 2, np.where(np.isnan(content), factors / 2, both)).astype(np.float32)


def _check_one_of(what: str, value: object, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str):
        raise RequestError(f"{shown(value)} is no {what}.", f"It is one of: {', '.join(choices)}.", what)
    if value not in choices:
        raise RequestError(f'Unknown {what} "{value}".{closest(value, choices)}', f"It is one of: {', '.join(choices)}.", what)


def _content(bundle: Bundle, rows: I32) -> F32:
    vectors = content_vectors(bundle.items)
    near: F32 = (vectors @ vectors[rows].T).mean(axis=1)
    near[~vectors.any(axis=1)] = np.nan
    return near


def _factors(bundle: Bundle, rows: I32, metric: str, needed: bool) -> F32 | None:
    """f32[I]. Where no model has item vectors, or no row has a training rating: RequestError if `needed`, else None."""
    model = first_placing(bundle.models.values())
    if model is None:
        if needed:
            raise RequestError(
                "No model of this bundle has item vectors.", "Compare by content, or train one that has, such as mf."
            )
        return None
    ratings = bundle.items["ratings"].to_numpy()
    known = rows[ratings[rows] > 0]
    if not len(known):
        if needed:
            name = bundle.items["title"][int(rows[0])] or bundle.items["item_id"][int(rows[0])]
            raise RequestError(f"{name} has no training rating, so nothing is near it.", "Compare by content.")
        return None
    vectors, weight = model.item_vectors(), ratings / (ratings + ITEM_PRIOR)
    with np.errstate(invalid="ignore", divide="ignore"):  # of items without a rating
        if metric == "cosine":
            unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            near = (unit @ unit[known].T).mean(axis=1) * weight
        else:
            near = -np.mean([np.linalg.norm(vectors - vectors[row], axis=1) for row in known], axis=0) / weight
    return np.where(ratings > 0, near, np.nan).astype(np.float32)
