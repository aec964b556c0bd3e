"""genre: a person's taste per genre; the transparent baseline. Every prediction can be checked by hand from the profile.

    r̂_ui = m_i + b_u + 1/|G_i| Σ_{g ∈ G_i} t_ug

    m_i = (C·μ + Σ_u r_ui) / (C + n_i)                  Bayesian average of the item (`catalogue/tags.py`)
    b_u = Σ_i (r_ui − m_i) / (n_u + λ_u)                damped offset of the person
    t_ug = Σ_{i: g ∈ G_i} (r_ui − m_i − b_u) / (n_ug + K)    their taste: how much more they rate items with genre g

A person's taste for a genre without a rating is 0, and an item without genres has no taste term; without genres in the
catalogue the model is nearly `bias`. Only m_i is learnt. A code is b_u and the tastes, from the shown ratings alone, so no
rating takes part in its own prediction.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from konomi.arrays import F32, I32, U8
from konomi.catalogue.tags import genre_matrix
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import bayesian_average, damped, item_sums, mean_rating, trust
from konomi.errors import ConfigError, FitError
from konomi.models.api import check_output, in_short
from konomi.runtime import Run, one_blas_thread
from konomi.settings import check_types

GENRES_WORTH = 5  # ratings: as far as an item with genres that nobody has rated is known

TASKS = ("rating",)


@dataclass(frozen=True)
class Config:
    """The priors: how many ratings at the mean are added to those of an item, a taste and a person."""

    item_prior: float = 5.0  # C ≥ 0, in ratings of an item
    taste_prior: float = 2.0  # K ≥ 0, in ratings of a genre by a person
    damp_user: float = 5.0  # λ_u ≥ 0, in ratings of a person

    def __post_init__(self) -> None:
        check_types(self, "genre")
        if min(self.item_prior, self.taste_prior, self.damp_user) < 0:
            raise ConfigError("genre: a setting is negative.", "Set item_prior, taste_prior and damp_user to 0 or more.")


@dataclass(frozen=True)
class Genre:
    """mean, taste_prior, damp_user f32[1]; item_offset (m_i − μ), item_known f32[I+1]; genres u8[I+1, G], 1 where an item has
    a genre, in the order of `tags.genre_names`. The row after the last item is an unknown item.
    """

    mean: F32
    taste_prior: F32
    damp_user: F32
    item_offset: F32
    item_known: F32
    genres: U8
    history: F32

    __repr__ = in_short

    outputs = frozenset({"rating", "rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """[b_u, t_u1 … t_uG], f32[B, 1+G]."""
        scored = profiles.scored()
        rest = scored.rating.astype(np.float64) - self.mean - self.item_offset[scored.item]
        offset = damped(np.bincount(scored.user, rest, len(scored)), scored.counts, self.damp_user)
        rest -= offset[scored.user]
        shape = (len(scored), len(self.genres))
        genres = self.genres.astype(np.float64)
        total, count = (sp.csr_matrix((x, scored.item, scored.indptr), shape) @ genres for x in (rest, np.ones_like(rest)))
        codes: F32 = np.column_stack([offset, damped(total, count, self.taste_prior)]).astype(np.float32)
        return codes

    @one_blas_thread()
    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        scores = codes[:, 1:] @ _shares(self.genres[rows]).T + self.item_offset[rows]  # B × I
        if output == "rank":
            scores *= self.item_known[rows]
        scores += self.mean + codes[:, :1]
        return scores

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        scores: F32 = np.einsum("ng,ng->n", codes[:, 1:], _shares(self.genres[item_rows])) + self.item_offset[item_rows]
        if output == "rank":
            scores *= self.item_known[item_rows]
        scores += self.mean + codes[:, 0]
        return scores

    def parts(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[N, k]: the part of each rating in b_u, and in the tastes for the genres that it shares with items i32[k]:

        (r_uj − m_j) / (n_u + λ_u) + 1/|G_i| Σ_{g ∈ G_i ∩ G_j} (r_uj − m_j − b_u) / (n_ug + K)
        """
        check_output(self, output)
        rated = ~np.isnan(profiles.rating)
        scored, has = profiles.keep(rated), self.genres[profiles.item[rated]].astype(np.float64)  # n × G
        rest = scored.rating.astype(np.float64) - self.mean - self.item_offset[scored.item]
        offset = self.encode(profiles)[0, 0]
        share = has / np.maximum(has.sum(axis=0) + self.taste_prior[0], 1e-9)
        tastes = (rest - offset)[:, None] * share @ _shares(self.genres[items]).T.astype(np.float64)
        if output == "rank":
            tastes *= self.item_known[items]
        parts = np.zeros((len(profiles.item), len(items)), np.float32)
        parts[rated] = tastes + (rest / max(float(len(rest) + self.damp_user[0]), 1e-9))[:, None]
        return parts

    def features(self, profiles: Profiles, items: I32, output: str) -> F32:
        """What one person's taste for each genre adds to the scores of items i32[k]: t_ug / |G_i|, f32[G, k]."""
        check_output(self, output)
        added: F32 = self.encode(profiles)[0, 1:, None] * _shares(self.genres[items]).T
        return added * self.item_known[items] if output == "rank" else added

    def item_vectors(self) -> F32:
        """1/|G_i| for each genre of every item, f32[I, G], for comparing items with each other."""
        return _shares(self.genres[:-1])

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {**vars(self)}


def _shares(genres: U8) -> F32:
    """1/|G_i| for each genre of an item, f32[n, G]."""
    many = np.maximum(genres.sum(axis=1, dtype=np.float32, keepdims=True), 1)
    shares: F32 = genres / many
    return shares


def fit(train: TrainSet, config: Config, run: Run) -> Genre:
    """The items' Bayesian averages; no seed, no epochs. FitError where there is no rating."""
    seen = train.seen.scored()
    if len(seen.item) == 0:
        raise FitError("There is no rating to learn from.", "Lower `valid` and `test`, or prepare more data.")
    mean = np.float32(mean_rating(seen.rating, train.scale))
    count, total = item_sums(seen, len(train.items) + 1, train.scale)
    prior = max(config.item_prior, 1e-9)  # an item without ratings is at the mean, prior or not
    genres = genre_matrix(train.items)
    return Genre(
        mean=np.array([mean]),
        taste_prior=np.array([config.taste_prior], np.float32),
        damp_user=np.array([config.damp_user], np.float32),
        item_offset=bayesian_average(total, count, float(mean), prior) - mean,
        item_known=trust(count + np.append(GENRES_WORTH * genres.any(axis=1), 0)),
        genres=np.vstack([genres, np.zeros_like(genres, shape=(1, genres.shape[1]))]),
        history=np.empty((0, 2), np.float32),
    )


SHAPES = {
    "mean": "f32[1]",
    "taste_prior": "f32[1] 0..",
    "damp_user": "f32[1] 0..",
    "item_offset": "f32[I+1]",
    "item_known": "f32[I+1] 0..1",
    "genres": "u8[I+1, G] 0..1",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Genre:
    """The model of a `state()`."""
    return Genre(**state)
