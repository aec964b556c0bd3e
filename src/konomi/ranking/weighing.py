"""Fits the weights of a blend: how much each model counts, by how many titles somebody likes.

People are parted into groups of one size by the number of titles that they like. In each, that model is added to an order that
helps NDCG@10 on the validation entries most, some of them several times, and the mean of all that were added is the order.
(Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from libraries of models", sections 2 and 2.1.) It begins
with the model that is best for all people; what does not help by more than its standard error stays out: few people decide.
"""

from dataclasses import replace

import numpy as np

from konomi.arrays import F32, F64, I64, Bools
from konomi.data.gains import hits, ndcg
from konomi.data.split import TrainSet
from konomi.kernels.topk import best_of
from konomi.models.api import ordering
from konomi.models.choice import AT_ONCE, K, Validation
from konomi.ranking.blend import Blend
from konomi.ranking.circle import Liked
from konomi.ranking.weights import Weights
from konomi.runtime import Run, Stage, blocks

GROUPS = 5
LEAST = 100  # people of a group; where there are fewer at all, nothing is fitted
ROUNDS = 10  # models that are added
BEST = 50  # items of each model that may be among the first of a blend


def fitted(blend: Blend, train: TrainSet, run: Run) -> Blend:
    """The same blend, with weights by the validation entries; as it is where one model orders titles, or people are few."""
    if len(ordering(blend.models)) < 2:
        return blend
    people = Validation.of(train)
    if len(people.shown) < LEAST:
        return blend
    liked = Liked.of(people.shown, blend.labelling).profiles.counts
    scores, wanted = _candidates(blend, people, run)  # M × P × C, P × C
    count = people.wanted.counts
    best = int(np.argmax([_ndcg(score, wanted, count).mean() for score in scores]))
    parts = np.array_split(np.argsort(liked, kind="stable"), min(len(liked) // LEAST, GROUPS))
    rows = dict[float, tuple[float, ...]]()
    for part in parts:
        rows.setdefault(float(np.median(liked[part])), _selected(scores[:, part], wanted[part], count[part], best))
    return replace(blend, weights=Weights(tuple(rows), tuple(rows.values())))


def _candidates(blend: Blend, people: Validation, run: Run) -> tuple[F32, Bools]:
    """Of each person the items that are among the best `BEST` of a model: their scores by each, f32[M, P, C], and whether they
    are wanted, bool[P, C]. What is there a second time has the score −inf, and is not wanted again."""
    scores, found = [], []
    for start, stop in blocks(len(people.shown), AT_ONCE):
        run.progress(Stage("weigh models", start, len(people.shown), "people"))
        shown = people.shown.slice(start, stop)
        each = blend.normal(shown, run.threads)  # M × B × I
        each[:, :, ~blend.known] = -np.inf
        each[:, shown.user, shown.item] = -np.inf
        many = min(BEST, each.shape[2])
        best = np.argpartition(-each, many - 1, axis=2)[:, :, :many]
        best = np.sort(best.transpose(1, 0, 2).reshape(stop - start, -1), axis=1)  # B × C
        of_best = np.take_along_axis(each, best[None], axis=2)
        of_best[:, np.diff(best, axis=1, prepend=-1) == 0] = -np.inf
        scores.append(of_best)
        found.append(hits(best.astype(np.int32), people.wanted.slice(start, stop)) & (of_best[0] > -np.inf))
    run.progress(Stage("weigh models", len(people.shown), len(people.shown), "people"))
    return np.concatenate(scores, axis=1), np.concatenate(found)


def _selected(scores: F32, wanted: Bools, count: I64, first: int) -> tuple[float, ...]:
    """The share of each model in a group of people, beginning with one of them."""
    times = np.zeros(len(scores))
    times[first], total = 1, scores[first]
    shares, best = times.copy(), _ndcg(total, wanted, count)
    for _ in range(ROUNDS - 1):
        figures = [_ndcg(total + score, wanted, count) for score in scores]
        added = int(np.argmax([figure.mean() for figure in figures]))
        total, times[added] = total + scores[added], times[added] + 1
        more = figures[added] - best
        if more.mean() > more.std() / np.sqrt(len(more)):
            shares, best = times.copy(), figures[added]
    return tuple((shares / shares.sum()).tolist())


def _ndcg(scores: F32, wanted: Bools, count: I64) -> F64:
    """NDCG@10 of each person, f64[P], of items in order of scores f32[P, C]; of equal ones the first comes first."""
    places, _ = best_of(scores, min(K, scores.shape[1]))
    return ndcg(np.take_along_axis(wanted, places, axis=1), count, K)
