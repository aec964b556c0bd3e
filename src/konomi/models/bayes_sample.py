"""What `bayes` keeps of its chain: samples, and the model that is made of them."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F16, F32, F64
from konomi.data.profiles import Profiles
from konomi.data.statistics import trust
from konomi.models.bayes_settings import Config
from konomi.models.bayes_side import Design
from konomi.models.bayes_state import Problem, State
from konomi.models.kept import Sample
from konomi.models.posterior import Bayes

USUAL = 0.25  # people weigh n^−¼ an entry in what is said of somebody unknown: between all people alike and all entries alike
HALF = np.float16
DAMPED = 5.0  # ratings without error that are added to an item's


def sample(problem: Problem, state: State, config: Config, means: F32, drawn: F32) -> Sample:
    """What is kept of the chain where it is now; means, drawn f32[n, K]: of the items' rows, and a draw of them."""
    users, items = state.users, state.items
    n, J = len(items.rows), len(problem.people) if config.implicit else 0
    vectors = np.tile(items.centre.astype(np.float32), (len(problem.place), 1))
    first = J  # effects of contents come after those of raters
    for matrix in problem.contents:
        effects = items.effects[first : first + matrix.shape[1]]
        told = np.diff(matrix[problem.rated].tocsc().indptr) > 0  # those that some item with entries has
        vectors[:-1] += matrix @ (effects * told[:, None])
        first += matrix.shape[1]
    vectors[problem.rated] = means
    tell = users.effects[:n] if config.implicit else np.zeros((n, config.dim), np.float32)
    many = np.diff(items.ratings.indptr)
    typical = np.stack([unknown(problem, state) - users.centre, many @ tell.astype(np.float64) / many.sum()])
    return Sample(
        item=vectors.astype(HALF),
        drawn=drawn.astype(HALF),
        tell=tell.astype(HALF),
        feature=users.effects[n if config.implicit else 0 :].astype(HALF),
        prior=users.centre.astype(np.float32),
        precision=users.precision.astype(np.float32),
        noise=np.array(state.noise, np.float32),
        typical=typical.astype(np.float32),
        taken=spread_of_choice(problem, tell, users.design if config.implicit else None).astype(np.float32),
    )


def spread_of_choice(problem: Problem, tell: F32, design: Design | None) -> F64:
    """The covariance among people of F = n^−½ Σ y_j, what their choice of items says of them, f64[K, K]; 0 without a design."""
    if design is None:
        return np.zeros((tell.shape[1], tell.shape[1]))
    weight = problem.seen.counts.astype(np.float64) ** (1 - USUAL)
    weight /= weight.sum()
    said = (design.by_row[:, : len(tell)] @ tell).astype(np.float64)
    said -= weight @ said
    spread: F64 = (said * weight[:, None]).T @ said
    return spread


def unknown(problem: Problem, state: State) -> F64:
    """The vector of somebody of whom nothing is known, f64[K]: the regression of all ratings on the items, as if one person had
    given them."""
    users, items = state.users, state.items
    weight: F64 = problem.seen.counts.astype(np.float64) ** -USUAL
    bounds, other, target = items.ratings
    many = np.add.reduceat(weight[other], bounds[:-1])
    total = np.add.reduceat(weight[other] * target, bounds[:-1])
    x: F64 = items.rows.astype(np.float64)
    rest: F64 = total - many * x[:, -1]
    x[:, -1] = 1
    A: F64 = users.precision + (x * many[:, None]).T @ x
    return np.asarray(np.linalg.solve(A, users.precision @ users.centre + rest @ x))


def model(problem: Problem, config: Config, samples: list[Sample], history: list[tuple[float, float]]) -> Bayes:
    """The model of these samples."""

    def stacked(name: str, axis: int) -> npt.NDArray[Any]:
        return np.ascontiguousarray(np.stack([getattr(each, name) for each in samples], axis=axis))

    features = problem.train.features if config.contents and problem.seen.features is not None else ()
    item = stacked("item", 1)
    found = Bayes(
        center=np.array([problem.mean, problem.sigma], np.float32),
        item=item,
        place=problem.place,
        drawn=stacked("drawn", 1),
        tell=stacked("tell", 1),
        prior=stacked("prior", 0),
        precision=stacked("precision", 0),
        noise=stacked("noise", 0),
        typical=stacked("typical", 1),
        taken=stacked("taken", 0),
        feature=stacked("feature", 1),
        bounds=np.cumsum([0, *(len(feature.categories) for feature in features)]),
        knobs=np.array([config.shape, config.freedom], np.float32),
        space=space(item[:-1, :, :-1].astype(np.float32), config.dim),
        gap=np.zeros(len(problem.place), np.float32),
        item_known=trust(np.bincount(problem.seen.item, minlength=len(problem.place))),
        history=np.array(history, np.float32).reshape(-1, 2),
    )
    return replace(found, gap=gap(problem, found))


def gap(problem: Problem, found: Bayes) -> F32:
    """What is added to what a model says of somebody unknown, f32[I+1]: the share, by least squares, of each item's mean error
    (damped) that tells of the ratings that are left out of it."""
    seen = problem.seen
    said = found.score(found.encode(Profiles.of([{}])), "rating")[0]
    error = seen.rating.astype(np.float64) - said[seen.item]
    count = np.bincount(seen.item, minlength=len(said) + 1)
    total = np.bincount(seen.item, error, minlength=len(said) + 1)
    others = (total[seen.item] - error) / (count[seen.item] - 1 + DAMPED)
    share = float(np.clip((others @ error) / max(others @ others, 1e-9), 0, 1))
    return (share * total / (count + DAMPED)).astype(np.float32)


def space(vectors: F32, dim: int) -> F16:
    """Items in `dim` coordinates that keep their mean dot products over the samples, f16[I, dim]: vectors f32[I, S, K−1]."""
    flat = vectors.reshape(len(vectors), -1) / np.float32(math.sqrt(vectors.shape[1]))
    _, axes = np.linalg.eigh(flat.T @ flat)
    placed = np.zeros((len(flat), dim), HALF)
    main = axes[:, ::-1][:, :dim]
    placed[:, : main.shape[1]] = flat @ main
    return placed
