"""Circle: what is popular among people like somebody.

    q_i = exp(t_i − max t)     the maximum over all known titles that the person has not seen

    t_i = log(1 + n_i) + z (a Σ_j u_j log lift_ji + b Σ_{g of i} τ_g / √|G_i| + c τ_{year of i} − d log(1 + n_i))

    τ_g = log((k_g + P s_g) / ((W + P) s_g))         k_g = Σ_j w_j has_jg

w_j in [0, 1] is how much the person likes title j (`Labelling.strength`), W = Σ w_j, u_j = w_j / W, and z = W / (W + m) in
[0, 1) how much is known of them: somebody who likes nothing gets what is popular with everybody. n_i are the ratings of title
i. τ is how much more of a genre they like than others do: has_jg is 1 where title j has genre g, and s_g its mean over all
ratings. It is the same for years, of which every title has those about its own: has_jy ∝ exp(−|y_j − y| / Y), 1 in all.

Without genres and years this is naive Bayes with averaged evidence: likelier is what fans of the same titles like more than
others do (`data/lifts.py`). `bench/circle.py` measures the constants.

Every entry has its part in q, and popularity has the rest. With the logarithmic mean L(x, y) = (x − y) / (log x − log y),

    q_i = q⁰_i + L(q_i, q⁰_i) Σ_j d_ji         q⁰_i = exp((1 − d z) log(1 + n_i) − max t)

exactly, where d_ji is the share of entry j in t_i; τ_g = Σ_j w_j (has_jg − s_g) / L(k_g + P s_g, (W + P) s_g) is a sum in the
same way. (The logarithmic mean Divisia index of Ang 2004, "Decomposition analysis for policymaking in energy", section 3.)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import scipy.sparse as sp

from konomi.arrays import F32, F64, I32, I64, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.labels import Labelling
from konomi.data.lifts import STEP, Lifts
from konomi.data.profiles import Profiles
from konomi.kernels.dots import weighted_sums

LIFT, GENRE, YEAR, DAMP = 3.0, 0.55, 0.5, 0.35  # a, b, c, d
KNOWING = 0.9  # m, in titles at the top mark
USUAL = 2.0  # P, in titles of the usual genres and years
YEARS = 7.0  # Y


@dataclass(frozen=True, repr=False)
class Kinds:
    """Kinds of titles, such as genres, of which every title may have some: has f32[I, K], how much of each kind a title has;
    share f32[K] > 0: the mean of that over all ratings; counts f32[I, K]: how much the taste for each kind counts for a title.
    """

    has: F32
    share: F32
    counts: F32

    @classmethod
    def of(cls, has: F32, counts: F32, ratings: I64) -> "Kinds":
        """From has and counts f32[I, K], without kinds that nobody has rated."""
        share = ratings.astype(np.float64) @ has / max(ratings.sum(), 1)
        some = share > 0
        has, counts = (np.ascontiguousarray(each[:, some]) for each in (has, counts))  # products copy what is not
        return cls(has, share[some].astype(np.float32), counts)

    def odds(self, liked: Profiles, weight: F32, total: F32) -> tuple[F32, F32]:
        """k + P s and (W + P) s of each kind, f32[B, K] each. weight f32[N]: how much each entry is liked, total f32[B]."""
        likes = sp.csr_matrix((weight, liked.item, liked.indptr), (len(liked), len(self.has))) @ self.has
        return likes + USUAL * self.share, (total[:, None] + USUAL) * self.share

    def tilts(self, liked: Profiles, weight: F32, total: F32) -> F32:
        """What the taste for all kinds adds to each title, f32[B, I]."""
        over, under = self.odds(liked, weight, total)
        tilts: F32 = np.log(over / under) @ self.counts.T
        return tilts

    def parts(self, liked: Profiles, weight: F32, total: F32, items: I32) -> F64:
        """What each of the n entries of one person adds to that for items i32[k], f64[n, k]."""
        over, under = self.odds(liked, weight, total)
        each = weight[:, None] * (self.has[liked.item] - self.share) / logarithmic_mean(over[0], under[0])  # n × K
        parts: F64 = each.astype(np.float64) @ self.counts[items].T
        return parts


@dataclass(frozen=True, repr=False)
class Circled:
    """q f32[B, I] of B people, and their max t f32[B]."""

    score: F32
    top: F32

    def of(self, person: int) -> "Circled":
        """The same for one of the B people alone."""
        row = slice(person, person + 1)
        return Circled(self.score[row], self.top[row])


@dataclass(frozen=True, repr=False)
class Circle:
    """items: the catalogue, of which genres, year and ratings are used; labelling: what is liked."""

    items: pl.DataFrame
    labelling: Labelling
    lifts: Lifts

    def __repr__(self) -> str:
        return f"Circle({len(self.items):,} items, {self.lifts})"

    def around(self, profiles: Profiles, known: Bools) -> Circled:
        """What is popular among people like each of B. known bool[I]: the titles that a model knows."""
        liked, weight = self.liked(profiles)
        total, knowing = self._weights(liked, weight)
        t = (1 - DAMP * knowing)[:, None] * self.log_ratings  # B × I
        share = np.divide(weight, np.repeat(total, liked.counts), dtype=np.float32)
        t[:, self.lifts.item] += (LIFT * STEP * knowing)[:, None] * self._lifted(liked, share)
        for weighed, kinds in self.kinds:
            t += (weighed * knowing)[:, None] * kinds.tilts(liked, weight, total)
        open_to = np.where(known, t, -np.inf)
        open_to[profiles.user, profiles.item] = -np.inf
        best = open_to.max(axis=1, initial=-np.inf)
        top = np.where(np.isfinite(best), best, t.max(axis=1, initial=0)).astype(np.float32)
        return Circled(np.exp(t - top[:, None]), top)

    def parts(self, profile: Profiles, circled: Circled, items: I32) -> tuple[F32, F32]:
        """The parts of q of one person, for items i32[k]: of each of their n entries, f32[n, k], and of popularity, f32[k]."""
        parts = np.zeros((len(profile.item), len(items)), np.float32)
        strength = self.labelling.strength(profile)
        entries = np.flatnonzero(strength)
        liked, weight = self.liked(profile)
        total, knowing = self._weights(liked, weight)
        tilted = np.zeros((len(entries), len(items)))
        if len(entries):
            share = (weight / total[0])[:, None]
            place = self.place[liked.item]
            rows, columns = np.flatnonzero(place >= 0), np.flatnonzero(self.place[items] >= 0)
            lift = np.zeros_like(tilted)
            lift[np.ix_(rows, columns)] = STEP * self.lifts.steps[np.ix_(place[rows], self.place[items[columns]])]
            tilted += LIFT * share * lift
            for weighed, kinds in self.kinds:
                tilted += weighed * kinds.parts(liked, weight, total, items)
        tilted *= knowing[0]
        score = circled.score[0, items].astype(np.float64)
        plain = np.exp((1 - DAMP * knowing[0]) * self.log_ratings[items].astype(np.float64) - circled.top[0])
        parts[entries] = tilted * logarithmic_mean(score, plain)
        return parts, plain.astype(np.float32)

    def liked(self, profiles: Profiles) -> tuple[Profiles, F32]:
        """The entries that people like to some degree, and how much, f32[N] in (0, 1]."""
        strength = self.labelling.strength(profiles)
        return profiles.keep(strength > 0), strength[strength > 0]

    def _weights(self, liked: Profiles, weight: F32) -> tuple[F32, F32]:
        """W and z of each person, f32[B]."""
        total = np.bincount(liked.user, weight, len(liked)).astype(np.float32)
        return total, total / (total + np.float32(KNOWING))

    def _lifted(self, liked: Profiles, share: F32) -> F32:
        """The mean steps of lift of the best known titles, f32[B, M], by the share f32[N] of each liked entry."""
        has = self.place[liked.item] >= 0
        kept, out = liked.keep(has), np.empty((len(liked), len(self.lifts.item)), np.float32)
        weighted_sums(kept.indptr, self.place[kept.item], share[has], self.lifts.steps, 0, len(kept), out)
        return out

    @cached_property
    def place(self) -> I32:
        """The row of each item among the lifts, i32[I], −1 = it has none."""
        return self.lifts.place(len(self.items))

    @cached_property
    def ratings(self) -> I64:
        """How many ratings each item has, i64[I]."""
        return self.items["ratings"].to_numpy()

    @cached_property
    def log_ratings(self) -> F32:
        """log(1 + n), f32[I]."""
        logs: F32 = np.log1p(self.ratings).astype(np.float32)
        return logs

    @property
    def kinds(self) -> tuple[tuple[float, Kinds], ...]:
        """Genres and years, each with its constant."""
        return (GENRE, self.genres), (YEAR, self.years)

    @cached_property
    def genres(self) -> Kinds:
        """The taste for each genre of a title counts 1 / √|G_i|."""
        genres = genre_matrix(self.items).astype(np.float32)
        return Kinds.of(genres, genres / np.sqrt(np.maximum(genres.sum(axis=1, keepdims=True), 1)), self.ratings)

    @cached_property
    def years(self) -> Kinds:
        """Of the distinct years, the taste for the title's own counts; a title without a year has none."""
        years = self.items["year"].drop_nulls().unique().sort().to_numpy().astype(np.float32)
        own = self.items["year"].cast(pl.Float32).to_numpy()[:, None] == years
        about = np.exp(-np.abs(years[:, None] - years) / YEARS)
        about /= about.sum(axis=1, keepdims=True)
        return Kinds.of(own @ about, own.astype(np.float32), self.ratings)


def logarithmic_mean(x: F32, y: F32) -> F32:
    """(x − y) / (log x − log y), elementwise, x where both are nearly equal; x, y > 0."""
    logs = np.log(x) - np.log(y)
    apart = np.abs(logs) > 1e-6
    return np.where(apart, (x - y) / np.where(apart, logs, 1), x)
