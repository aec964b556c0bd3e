"""Which item to ask somebody about next, so that their answer tells the most about their ratings of all others.

Two beliefs are held about a person, and both change with every answer.

Taste. Their opinion of item i, less everybody's, in units of the standard deviation of a rating, is

    y_i = v_i·w + noise        w ~ N(0, Σ)        noise ~ N(0, 1)

with v_i the model's vector of the item (less the mean of all; a last 1 for the person's offset). With M = Σ_i n_i v_i v_iᵀ / N
over the N training ratings, the error that remains, over titles as often as people rate them, is tr(MΣ). A rating of x lowers
it by

    gain(x) = v_xᵀ Σ M Σ v_x / (1 + v_xᵀ Σ v_x)

(A-optimality: Chaloner & Verdinelli 1995, §2.2; for ratings Jin & Si 2004, "A Bayesian approach toward active learning for
collaborative filtering"). Σ starts at M, scaled: where the squares of users' and items' vectors are penalised alike for each
rating, any minimum has Σ_u n_u p_u p_uᵀ = Σ_i n_i q_i q_iᵀ, so the items' vectors show how people's vectors spread.

Knowing. They know item i with probability σ(z_i), z_i = logit of how common it is + x_i·h. x_i describes the item (its genres,
type and era, how common it is, a last 1), and h ~ N(0, C) what this person tends to know. Each answer, "I do not know it"
included, moves h by one step of Bayesian logistic regression (Spiegelhalter & Lauritzen 1990, §4).

The next question is the item x with the highest σ(z_x)·gain(x): the idea of popularity × entropy (Rashid et al. 2002, "Getting
to know you"), with both factors estimated for this person. The gain depends on which items were rated, not on the ratings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from konomi.arrays import F32, F64, I32, Bools
from konomi.bundle.format import Bundle
from konomi.catalogue.tags import content_vectors
from konomi.errors import RequestError
from konomi.models.api import HasItemVectors, Model, first_placing
from konomi.ranking.offer import open_to_all, withdrawn
from konomi.runtime import one_blas_thread

TASTE, OFFSET = 0.1, 0.4  # variances of v·w over titles as people rate them, and of a person's offset; 1 is a rating's noise
LEAST_TASTE, MOST_TASTE = 0.01, 0.5  # a measured taste is clipped to these
COMMON = 0.5  # the share of people who know the best known title
HABIT, DEPTH, ACTIVITY = 1.0, 0.1, 1.0  # variances of h: of each trait, of liking what is common, of knowing much


@dataclass(frozen=True)
class Questions:
    """What can be asked, the same for everybody.

    vectors f32[I, D], rows [v_i, 1]; wanted f64[D, D], M; taste f64[D, D], Σ before the first answer; traits f32[I, T], the
    x_i; habit f64[T], the diagonal of C; common f32[I], log odds that an item is known; franchise i32[I]: one item of each is
    asked about; askable bool[I]: may be asked about.
    """

    vectors: F32
    wanted: F64
    taste: F64
    traits: F32
    habit: F64
    common: F32
    franchise: I32
    askable: Bools


@dataclass(frozen=True)
class Interview:
    """What one person was asked, and what is believed of them; `answered` gives the next state.

    answers: (item row, rating or None for "I do not know it"), in order; taste f64[D, D], Σ; spread f32[I], v_iᵀΣv_i; pull
    f32[I], v_iᵀΣMΣv_i; habit f64[T, T], C; knows f32[I], the z_i; askable bool[I].
    """

    answers: tuple[tuple[int, float | None], ...]
    taste: F64
    spread: F32
    pull: F32
    habit: F64
    knows: F32
    askable: Bools

    @property
    def ratings(self) -> dict[int, float]:
        """{item row: rating} of what they know."""
        return {row: rating for row, rating in self.answers if rating is not None}


def measured_taste(metrics: Mapping[str, Any]) -> float:
    """The variance of taste over the variance of noise, by the model's measured errors: (RMSE of `bias` / RMSE)² − 1, clipped
    to [`LEAST_TASTE`, `MOST_TASTE`]; `TASTE` where the errors were not measured. metrics: a bundle's metrics["test"], or {}."""
    offsets = metrics.get("baselines", {}).get("bias", {}).get("rmse")
    if not offsets or not metrics.get("rmse"):
        return TASTE
    ratio = float(offsets / metrics["rmse"])
    return min(max(ratio**2 - 1, LEAST_TASTE), MOST_TASTE)


def questions_of(bundle: Bundle) -> Questions:
    """The questions for a bundle, by its first model with item vectors and its measured errors."""
    measured = measured_taste(bundle.metrics.get("test", {}))
    return questions(first_placing(bundle.models.values()), bundle.items, measured)


@one_blas_thread()
def questions(model: Model | HasItemVectors | None, items: pl.DataFrame, taste: float = TASTE) -> Questions:
    """The questions for a model. Without item vectors (or for None) items are described by their genres, type and era.

    items: a bundle's catalogue, with `ratings`, and `franchise` where it is known; taste: tr(MΣ) before the first answer, see
    `measured_taste`. Nobody is asked about sensitive titles, withdrawn ones and titles without a rating.
    """
    count = items["ratings"].to_numpy().astype(np.float64)
    tags = content_vectors(items).astype(np.float64)
    v = model.item_vectors().astype(np.float64) if isinstance(model, HasItemVectors) else tags
    share = count / max(count.sum(), 1)
    v = v - share @ v
    second = (v * share[:, None]).T @ v
    D = v.shape[1] + 1
    prior = np.zeros((D, D))
    prior[:-1, :-1] = second * (taste / max(float((second**2).sum()), 1e-30))
    prior[-1, -1] = OFFSET
    vectors = np.column_stack([v, np.ones(len(v))])
    odds = COMMON * count / max(count.max(initial=0), 1)
    common = np.log(np.maximum(odds, 1e-9) / (1 - odds))
    depth = common - share @ common
    return Questions(
        vectors=vectors.astype(np.float32),
        wanted=(vectors * share[:, None]).T @ vectors,
        taste=prior,
        traits=np.column_stack([tags, depth, np.ones(len(tags))]).astype(np.float32),
        habit=np.append(np.full(tags.shape[1], HABIT), [DEPTH, ACTIVITY]),
        common=common.astype(np.float32),
        franchise=items["franchise"].to_numpy() if "franchise" in items.columns else np.arange(len(items), dtype=np.int32),
        askable=(count > 0) & open_to_all(items) & ~withdrawn(items),
    )


def start(asking: Questions) -> Interview:
    """The state before the first question."""
    across = asking.taste @ asking.wanted @ asking.taste
    return Interview(
        answers=(),
        taste=asking.taste,
        spread=_quadratic(asking.vectors, asking.taste),
        pull=_quadratic(asking.vectors, across),
        habit=np.diag(asking.habit),
        knows=asking.common,
        askable=asking.askable,
    )


@one_blas_thread()
def next_question(interview: Interview) -> int:
    """The item row to ask about next (of equals the first); −1 where none is left."""
    return int(np.argmax(np.where(interview.askable, _worth(interview), -1))) if interview.askable.any() else -1


@one_blas_thread()
def answered(asking: Questions, interview: Interview, row: int, rating: float | None) -> Interview:
    """The state after the answer about an item row: a rating, or None for "I do not know it". Takes about a millisecond.

    RequestError where the row was asked about before, or is no item row.
    """
    if not 0 <= row < len(asking.askable) or any(row == before for before, _ in interview.answers):
        raise RequestError(f"Item row {row} is not in the catalogue, or was asked about before.", "Ask `next_question`.")
    x = asking.traits[row].astype(np.float64)
    chance = float(expit(interview.knows[row]))
    along = interview.habit @ x
    certainty = 1 + chance * (1 - chance) * (x @ along)
    step = along * (((rating is not None) - chance) / certainty)
    after = replace(
        _closed(asking, interview, row),
        answers=(*interview.answers, (row, rating)),
        habit=interview.habit - np.outer(along, along) * (chance * (1 - chance) / certainty),
        knows=interview.knows + asking.traits @ step.astype(np.float32),
    )
    return after if rating is None else _rated(asking, after, row, 1.0)


@one_blas_thread()
def first_questions(asking: Questions, k: int) -> I32:
    """The item rows to ask about in one go, without waiting for answers, i32[k] or fewer.

    Each is the `next_question` after the ones before it; those count as ratings of weight σ(z), the probability that they are
    known.
    """
    interview, rows = start(asking), list[int]()
    while len(rows) < k and (row := next_question(interview)) >= 0:
        interview = _rated(asking, _closed(asking, interview, row), row, float(expit(interview.knows[row])))
        rows.append(row)
    return np.array(rows, np.int32)


def _worth(interview: Interview) -> F32:
    """σ(z)·gain of every item, f32[I]."""
    worth: F32 = expit(interview.knows) * np.maximum(interview.pull, 0) / (1 + np.maximum(interview.spread, 0))
    return worth


def _closed(asking: Questions, interview: Interview, row: int) -> Interview:
    """The state without any more questions about this item's franchise."""
    return replace(interview, askable=interview.askable & (asking.franchise != asking.franchise[row]))


def _rated(asking: Questions, interview: Interview, row: int, weight: float) -> Interview:
    """The state after a rating of the item with this weight: Σ by Sherman & Morrison, and the terms of every item.

    With g = Σv_x and κ = weight / (1 + weight v_xᵀΣv_x):  Σ' = Σ − κ g gᵀ,  and so for every item
    v'Σ'v = v'Σv − κ (v·g)²  and  v'Σ'MΣ'v = v'ΣMΣv − 2κ (v·g)(v·ΣMg) + κ² (v·g)² gᵀMg.
    """
    v = asking.vectors[row].astype(np.float64)
    g = interview.taste @ v
    Mg = asking.wanted @ g
    kappa = weight / (1 + weight * (v @ g))
    a = asking.vectors @ g.astype(np.float32)  # v_i·g of every item
    b = asking.vectors @ (interview.taste @ Mg).astype(np.float32)
    return replace(
        interview,
        taste=interview.taste - kappa * np.outer(g, g),
        spread=interview.spread - np.float32(kappa) * a * a,
        pull=interview.pull + np.float32(kappa) * a * (np.float32(kappa * (g @ Mg)) * a - 2 * b),
    )


def _quadratic(x: F32, matrix: F64) -> F32:
    """x_iᵀ A x_i of every row, f32[I]."""
    values: F32 = np.einsum("id,id->i", x @ matrix.astype(np.float32), x)
    return values
