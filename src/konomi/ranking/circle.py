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

from konomi.arrays import F32, F64, I32, I64, U16, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.labels import Labelling
from konomi.data.lifts import STEP, Lifts
from konomi.data.profiles import Profiles
from konomi.kernels.dots import weighted_sums
from konomi.kernels.tastes import add_tastes

LIFT, GENRE, YEAR, DAMP = 3.0, 0.55, 0.5, 0.35  # a, b, c, d
KNOWING = 0.9  # m, in titles at the top mark
USUAL = 2.0  # P, in titles of the usual genres and years
YEARS = 7.0  # Y


@dataclass(frozen=True, repr=False)
class Liked:
    """The entries that B people like to some degree, weight f32[N] in (0, 1]: how much, w. Of each person total f32[B]: W, and
    knowing f32[B]: z."""

    profiles: Profiles
    weight: F32
    total: F32
    knowing: F32

    @classmethod
    def of(cls, profiles: Profiles, labelling: Labelling) -> "Liked":
        """By a labelling."""
        strength = labelling.strength(profiles)
        liked, weight = profiles.keep(strength > 0), strength[strength > 0]
        total = np.bincount(liked.user, weight, len(liked)).astype(np.float32)
        return cls(liked, weight, total, total / (total + np.float32(KNOWING)))

    def of_one(self, person: int) -> "Liked":
        """The same for one of the B people alone."""
        first, last = self.profiles.indptr[person : person + 2]
        row = slice(person, person + 1)
        return Liked(self.profiles.slice(person, person + 1), self.weight[first:last], self.total[row], self.knowing[row])

    @property
    def share(self) -> F32:
        """u of each entry, f32[N]."""
        share: F32 = np.divide(self.weight, np.repeat(self.total, self.profiles.counts), dtype=np.float32)
        return share


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

    @cached_property
    def counting(self) -> tuple[I64, U16, F32]:
        """What is not 0 of `counts`, in compressed rows: indptr i64[I+1], kind u16[N], amount f32[N]."""
        item, kind = np.nonzero(self.counts)
        indptr = np.searchsorted(item, np.arange(len(self.counts) + 1))
        return indptr, kind.astype(np.uint16), self.counts[item, kind]

    def odds(self, liked: Liked) -> tuple[F32, F32]:
        """k + P s and (W + P) s of each kind, f32[B, K] each."""
        people, likes = liked.profiles, np.empty((len(liked.profiles), len(self.share)), np.float32)
        weighted_sums(people.indptr, people.item, liked.weight, self.has, 0, len(people), likes)
        return likes + USUAL * self.share, (liked.total[:, None] + USUAL) * self.share

    def add(self, liked: Liked, weighed: F32, t: F32) -> None:
        """Add to t f32[B, I] what the taste for all kinds does, times weighed f32[B]."""
        over, under = self.odds(liked)
        add_tastes(*self.counting, np.log(over / under) * weighed[:, None], t)

    def parts(self, liked: Liked, items: I32) -> F64:
        """What each of the n entries of one person adds to the taste of items i32[k], f64[n, k]."""
        over, under = self.odds(liked)
        apart = liked.weight[:, None] / logarithmic_mean(over, under)  # n × K
        each = apart * (self.has[liked.profiles.item] - self.share)
        parts: F64 = each.astype(np.float64) @ self.counts[items].T
        return parts


@dataclass(frozen=True, repr=False)
class Circled:
    """q f32[B, I] of B people, their max t f32[B], and what they like."""

    score: F32
    top: F32
    liked: Liked

    def of(self, person: int) -> "Circled":
        """The same for one of the B people alone."""
        row = slice(person, person + 1)
        return Circled(self.score[row], self.top[row], self.liked.of_one(person))


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
        liked = Liked.of(profiles, self.labelling)
        t = (1 - DAMP * liked.knowing)[:, None] * self.log_ratings  # B × I
        t[:, self.lifts.item] += (LIFT * STEP * liked.knowing)[:, None] * self._lifted(liked)
        for weighed, kinds in self.kinds:
            kinds.add(liked, weighed * liked.knowing, t)
        open_to = np.where(known, t, np.float32(-np.inf))
        open_to[profiles.user, profiles.item] = -np.inf
        best = open_to.max(axis=1, initial=-np.inf)
        top = np.where(np.isfinite(best), best, t.max(axis=1, initial=0)).astype(np.float32)
        t -= top[:, None]
        return Circled(np.exp(t, out=t), top, liked)

    def parts(self, profile: Profiles, circled: Circled, items: I32) -> tuple[F32, F32]:
        """The parts of q of one person, for items i32[k]: of each of their n entries, f32[n, k], and of popularity, f32[k]."""
        parts, liked = np.zeros((len(profile.item), len(items)), np.float32), circled.liked
        tilted = LIFT * STEP * liked.share[:, None] * self._steps(liked.profiles.item, items)
        for weighed, kinds in self.kinds:
            tilted = tilted + weighed * kinds.parts(liked, items)
        score, knowing = circled.score[0, items].astype(np.float64), liked.knowing[0]
        plain = np.exp((1 - DAMP * knowing) * self.log_ratings[items].astype(np.float64) - circled.top[0])
        entries = np.searchsorted(profile.item, liked.profiles.item)
        parts[entries] = tilted * knowing * logarithmic_mean(score, plain)
        return parts, plain.astype(np.float32)

    def _lifted(self, liked: Liked) -> F32:
        """The mean steps of lift of the best known titles, f32[B, M]."""
        has = self.place[liked.profiles.item] >= 0
        kept = liked.profiles.keep(has)
        return self.lifts.sums(kept.indptr, self.place[kept.item], liked.share[has])

    def _steps(self, liked: I32, items: I32) -> F64:
        """The steps of lift of each of n liked items with each of k items, f64[n, k]; 0 without any."""
        steps = np.zeros((len(liked), len(items)))
        row, column = np.flatnonzero(self.place[liked] >= 0), np.flatnonzero(self.place[items] >= 0)
        steps[np.ix_(row, column)] = self.lifts.between(self.place[liked[row]], self.place[items[column]])
        return steps

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
