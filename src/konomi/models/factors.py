"""The factors of `mf`: settings, encoding and scoring. `mf.py` has the formulas, `mf_fit.py` the training."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from konomi.arrays import F32, I32
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.errors import ConfigError
from konomi.kernels.ridge import fold_in, fold_in_labels, parts_of_fold_in
from konomi.models.api import check_output, in_short
from konomi.runtime import blocks, one_blas_thread, workers
from konomi.settings import check_types, positive

PEOPLE = 32  # people folded in by one task


@dataclass(frozen=True)
class Config:
    """What is learnt and how fast.

    Rate and penalties are per rating, and for targets of standard deviation 1. `fit` converts them to the deviation σ of the
    ratings, or of the labels 1 and 0, so that a setting means the same on any scale and for interactions.
    """

    task: Literal["rating", "interaction"] = "rating"  # what is predicted
    dim: int = 128  # D, the length of a vector
    biases: Literal["outside", "inside", "none"] = "outside"  # beside the dot product, inside it, or no μ, b_u and b_i at all
    dropout: float = 0.0  # δ, the share of a vector's coordinates that are dropped for each training entry
    optimizer: Literal["sgd", "adagrad"] = "sgd"  # adagrad shortens the steps of coordinates that have had large gradients
    rate: float = 0.04  # γσ, the first epoch's learning rate
    schedule: Literal["constant", "warm-up", "inverse-time"] = "inverse-time"
    decay: float = 0.1  # inverse-time: γ / (1 + decay·epoch)
    warm_up: int = 3  # warm-up: epochs in which the rate rises to γ
    l2: float = 0.05  # λ/σ, the penalty of the vectors
    l2_bias: float = 0.005  # λ_b, the penalty of the biases
    damping: float = 4.0  # κ, in ratings at the mean: holds a bias of ratings to 0, once; 0 = not, and biases begin at 0
    init: float = 0.01  # standard deviation of the initial vectors, over √σ
    epochs: int = 60  # at most
    patience: int = 6  # stop after this many epochs without a better validation error; 0 = never

    def __post_init__(self) -> None:
        check_types(self, "mf")
        positive("mf", dim=self.dim, rate=self.rate, init=self.init, epochs=self.epochs)
        if min(self.decay, self.l2, self.l2_bias, self.damping, self.patience, self.warm_up) < 0:
            raise ConfigError(
                "mf: a setting is negative.", "Set decay, l2, l2_bias, damping, patience and warm_up to 0 or more."
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"mf: dropout is {self.dropout:g}.", "It is a share: set it to 0 or more, and below 1.")

    def rate_at(self, epoch: int) -> np.float32:
        """The learning rate of an epoch, counted from 0."""
        if self.schedule == "inverse-time":
            return np.float32(self.rate / (1 + self.decay * epoch))
        if self.schedule == "warm-up":
            return np.float32(self.rate * min(1, (epoch + 1) / (self.warm_up + 1)))
        return np.float32(self.rate)


@dataclass(frozen=True)
class MF:
    """A trained model.

    mean f32[1]; item_code f32[I+1, D+1], rows [q_i, 1] ([q_i, 0] without b_u); item_bias, item_known f32[I+1]; the row after
    the last item is an unknown item. average f32[D+1]: the mean code; penalty f32[2, D+1]: per rating, and once a person;
    labelling: f32[5] (`Labelling.pack`), or f32[0] in a model of ratings. A code is [p_u, b_u].

    Biases inside are added to the vectors, which leaves the plain dot product plus μ.
    """

    mean: F32
    item_code: F32
    item_bias: F32
    item_known: F32
    average: F32
    penalty: F32
    labelling: F32
    history: F32

    __repr__ = in_short

    @property
    def outputs(self) -> frozenset[str]:
        """The task and "rank"."""
        return frozenset({"interaction" if len(self.labelling) else "rating", "rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """[p_u, b_u] by ridge regression on the profile's ratings, or logistic regression on its labels; f32[B, D+1]."""
        given = with_targets(profiles, self.labelling)
        fixed = self.mean + self.item_bias[given.item]
        codes = np.tile(self.average, (len(given), 1))
        known = (self.item_code, self.penalty.astype(np.float64))

        def fold(task: tuple[int, int]) -> None:
            if len(self.labelling):
                fold_in_labels(given.indptr, given.item, given.rating, fixed, *known, *task, codes)
            else:
                fold_in(given.indptr, given.item, given.rating - fixed, *known, *task, codes)

        with workers(threads if len(given) > PEOPLE else 1) as each:
            each(fold, blocks(len(given), PEOPLE))
        return codes

    @one_blas_thread()
    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        taste = codes[:, :-1] @ self.item_code[rows, :-1].T + self.item_bias[rows]  # B × I
        if output == "rank":
            taste *= self.item_known[rows]
        return _linked(taste + (self.mean + codes[:, -1:]), output)

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        taste = np.einsum("nd,nd->n", codes[:, :-1], self.item_code[item_rows, :-1]) + self.item_bias[item_rows]
        if output == "rank":
            taste *= self.item_known[item_rows]
        return _linked(taste + self.mean + codes[:, -1], output)

    @one_blas_thread()
    def parts(self, profiles: Profiles, items: I32, output: str) -> F32 | None:
        """f32[n, k]: what each rating adds to the scores of items i32[k], from the average person's: A⁻¹ x_j y_j is its part in
        the person's vector, with A of all ratings (`kernels/ridge.py`). None for interactions, whose fold-in is no such sum."""
        check_output(self, output)
        if len(self.labelling):
            return None
        parts = np.zeros((len(profiles.item), len(items)), np.float32)
        entries = np.flatnonzero(~np.isnan(profiles.rating))
        if len(entries) == 0:
            return parts
        item = profiles.item[entries]
        target = profiles.rating[entries] - (self.mean + self.item_bias[item])
        target -= self.item_code[item] @ self.average  # the average person's rating
        added = parts_of_fold_in(item, target, self.item_code, self.penalty.astype(np.float64))  # n × D+1
        taste = added[:, :-1] @ self.item_code[items, :-1].T.astype(np.float64)
        if output == "rank":
            taste *= self.item_known[items]
        parts[entries] = taste + added[:, -1:]
        return parts

    @property
    def dot_outputs(self) -> frozenset[str]:
        """The outputs that `dots` has."""
        return self.outputs - {"interaction"}

    def dots(self, codes: F32, output: str) -> tuple[F32, F32, F32, F32]:
        """p f32[B, D], v f32[I, D], c f32[I], level f32[B]: the score of a code and an item is p·v + c + level."""
        check_output(self, output)
        vectors, constant = self.item_code[:-1, :-1], self.item_bias[:-1]
        if output == "rank":
            vectors, constant = vectors * self.item_known[:-1, None], constant * self.item_known[:-1]
        return codes[:, :-1], vectors, constant, self.mean + codes[:, -1]

    def item_vectors(self) -> F32:
        """q_i of every item, f32[I, D], for comparing items with each other."""
        return self.item_code[:-1, :-1]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {**vars(self)}


def _linked(z: F32, output: str) -> F32:
    """The output of z: a probability for "interaction"; ratings, and ranks of interactions (logits), stay as they are."""
    scores: F32 = expit(z) if output == "interaction" else z
    return scores


def with_targets(profiles: Profiles, labelling: F32) -> Profiles:
    """The entries with a target, which replaces the rating: the rating itself, or the label 1 or 0 where labelling is f32[5]
    (not f32[0])."""
    if len(labelling):
        label = Labelling.unpack(labelling).of(profiles)
        profiles = replace(profiles, rating=np.where(label < 0, np.nan, label).astype(np.float32))
    return profiles.scored()
