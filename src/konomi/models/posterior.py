"""The posterior that `bayes` has learnt: encoding and scoring. `bayes.py` has the formulas, `bayes_fit.py` the training."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F16, F32, F64, I32, I64
from konomi.data.profiles import Profiles
from konomi.kernels.fold_bayes import code_dots, fold_people, prior_means
from konomi.models.api import check_output, in_short
from konomi.runtime import blocks, one_blas_thread, workers

PEOPLE = 16  # people folded in by one task
SEED = np.uint64(0x6B6F6E6F6D69)  # of the draws for people: the same for everybody
FADES = 4.0  # entries after which half of the gap is left
FEW = 20.0  # entries after which a profile's own implicit feedback has half of the weight
LEVELS = np.array([0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 30, 45, 70, 120, 250])  # entries; a person has the level below


@dataclass(frozen=True)
class Bayes:
    """S samples of the posterior of everything but people.

    center f32[2]: μ and σ; item f16[I+1, S, K]: the means of V given all else of the sample, the row after the last for an
    unknown item; place i32[I+1]: its place among the n items with entries, n for others; drawn, tell f16[n, S, K]: their V and
    y; prior f32[S, K]: m; precision f32[S, K, K]: Λ; noise f32[S]: a₀; typical f32[2, S, K]: c̄ and ȳ; taken f32[S, K, K]: the
    covariance of F; feature f16[C, S, K]: effects of people's categories, bounds i64[F+1]: where each feature's begin; knobs
    f32[2]: k, ν; space f16[I, K]: where items lie; gap f32[I+1]: what is added of somebody unknown, and fades as people are
    known. A code is a person's S means, S draws, S times 1/α, and how much of the gap is left.
    """

    center: F32
    item: F16
    place: I32
    drawn: F16
    tell: F16
    prior: F32
    precision: F32
    noise: F32
    typical: F32
    taken: F32
    feature: F16
    bounds: I64
    knobs: F32
    space: F16
    gap: F32
    item_known: F32
    history: F32

    __repr__ = in_short

    outputs = frozenset({"rating", "rank"})

    @cached_property
    def vectors(self) -> F32:
        """The means of V in float32, f32[I+1, S, K]."""
        return self.item.astype(np.float32)

    @cached_property
    def _drawn(self) -> F32:
        return self.drawn.astype(np.float32)

    @cached_property
    def _tell(self) -> F32:
        return self.tell.astype(np.float32)

    @cached_property
    def _levels(self) -> tuple[F32, F32]:
        """(Λ⁻¹ + (1 − t)² Cov F)⁻¹ for each number of entries in `LEVELS`, the last of which is Λ, and its Cholesky factors,
        f32[T, S, K, K]."""
        rest = 1 - LEVELS / (LEVELS + FEW)
        rest[-1] = 0
        spread = np.linalg.inv(self.precision.astype(np.float64)) + rest[:, None, None, None] ** 2 * self.taken
        precision = np.linalg.inv(spread)
        return precision.astype(np.float32), np.linalg.cholesky(precision).astype(np.float32)

    @property
    def size(self) -> tuple[int, int]:
        """S, K."""
        return self.prior.shape[0], self.prior.shape[1]

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """f32[B, 2 S K + S + 1]; each person alone, given the samples."""
        given = profiles.scored()
        S, K = self.size
        codes = np.empty((len(given), 2 * S * K + S + 1), np.float32)

        def fold(span: tuple[int, int]) -> None:
            people = given.slice(*span)
            mean, draw, (alpha, _, known) = self.folded(people)
            shape = self.knobs[0] + (people.counts[:, None] - known) / 2
            variance = shape / (np.maximum(shape - 1, 0.5) * alpha)  # the mean of 1/α
            parts = (mean.reshape(len(people), -1), draw.reshape(len(people), -1), variance, left(people.counts)[:, None])
            codes[slice(*span)] = np.concatenate(parts, axis=1, dtype=np.float32)

        with workers(threads if len(given) > PEOPLE else 1) as each:
            each(fold, blocks(len(given), PEOPLE))
        return codes

    def folded(self, people: Profiles) -> tuple[F32, F32, F32]:
        """mean f32[B, S, K], draw f32[B, S, K], (α, ω, d) f32[3, B, S], of people with scored entries alone."""
        mean = self._priors(people)
        draw, found = np.empty_like(mean), np.empty((3, len(people), self.size[0]), np.float32)
        shape, freedom = map(float, self.knobs)
        entries = (people.indptr, people.item, self.place[people.item], self._target(people))
        samples = (self._drawn, self.vectors, self._level(people), *self._levels, self.noise)
        fold_people(*entries, *samples, shape, freedom, SEED, mean, draw, *found)
        return mean, draw, found

    def _level(self, people: Profiles) -> I64:
        """The place of each person's number of entries in `LEVELS`."""
        found: I64 = np.searchsorted(LEVELS, people.counts, side="right") - 1
        return found

    def _target(self, people: Profiles) -> F32:
        target: F32 = (people.rating - self.center[0]) / self.center[1]
        return target

    def _priors(self, people: Profiles) -> F32:
        """The prior mean of each person and sample, f32[B, S, K]; people have scored entries alone."""
        out = np.empty((len(people), *self.size), np.float32)
        out[:] = self.prior + self.typical[0]
        prior_means(people.indptr, self.place[people.item], self._tell, self.typical, np.float32(FEW), out)
        if people.features is not None and people.features.shape[1] == len(self.bounds) - 1:
            for f, (first, end) in enumerate(zip(self.bounds[:-1], self.bounds[1:], strict=True)):
                category = people.features[:, f]
                known = (category >= 0) & (category < end - first)
                out[known] += self.feature[first + category[known]]
        return out

    @one_blas_thread()
    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        met, level = self._met(codes)
        vectors = self.vectors.reshape(len(self.vectors), -1)
        taste = met @ vectors[rows].T + codes[:, -1:] * self.gap[rows]
        if output == "rank":
            taste *= self.item_known[rows]
        scores: F32 = taste + level[:, None]
        return scores

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        met, level = self._met(codes)
        taste = np.empty(len(codes), np.float32)
        code_dots(met, item_rows, self.vectors.reshape(len(self.vectors), -1), taste)
        taste += codes[:, -1] * self.gap[item_rows]
        if output == "rank":
            taste *= self.item_known[item_rows]
        scores: F32 = taste + level
        return scores

    def _met(self, codes: F32) -> tuple[F32, F32]:
        """[p_s, 1] σ/S f32[B, S K] of each code, which meets [q_s, b_s], and μ + σ b_u f32[B]."""
        S, K = self.size
        met = codes[:, : S * K].reshape(-1, S, K) * (self.center[1] / S)
        level = self.center[0] + met[:, :, -1].sum(axis=1)
        met[:, :, -1] = self.center[1] / S
        return met.reshape(len(codes), -1), level

    def variance(self, codes: F32, item_rows: I32) -> F32:
        """σ² (the mean of 1/α + the variance of the samples' predictions), f32[N]."""
        S, K = self.size
        draw = codes[:, S * K : 2 * S * K].reshape(-1, S, K)
        item, place = self.vectors[item_rows], self.place[item_rows]
        item[place < len(self.drawn)] = self._drawn[place[place < len(self.drawn)]]
        predicted = np.einsum("nsk,nsk->ns", draw[:, :, :-1], item[:, :, :-1]) + draw[:, :, -1] + item[:, :, -1]
        variance = codes[:, 2 * S * K : -1].mean(axis=1) + predicted.var(axis=1)
        squared: F32 = (self.center[1] ** 2 * variance).astype(np.float32)
        return squared

    @one_blas_thread()
    def parts(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[n, k]: what each rating of one profile adds, given the person's noise α and prior (ω, and n in its weights):

        A⁻¹ (ω Λ f_j + α x_j (t_j − x_j·p₀))        p₀ = m + c̄, the mean of somebody unknown; f_j: what j adds to the prior
        """
        check_output(self, output)
        parts = np.zeros((len(profiles.item), len(items)), np.float32)
        entries = np.flatnonzero(~np.isnan(profiles.rating))
        if len(entries) == 0:
            return parts
        given = profiles.scored()
        _, _, (alpha, omega, _) = self.folded(given)
        place = self.place[given.item]
        x = self.vectors[given.item].astype(np.float64)  # n × S × K
        x[place < len(self.drawn)] = self.drawn[place[place < len(self.drawn)]]
        target = self._target(given)[:, None] - x[:, :, -1]
        x[:, :, -1] = 1
        nobody = self._priors(given.keep(np.zeros(len(given.item), np.bool_)))[0].astype(np.float64)  # S × K
        target = target - np.einsum("nsk,sk->ns", x, nobody)
        precision = self._levels[0][self._level(given)[0]] * omega[0][:, None, None].astype(np.float64)
        A = precision + alpha[0][:, None, None] * np.einsum("nsk,nsl->skl", x, x, optimize=True)
        pulled = np.einsum("skl,nsl->nsk", precision, self._added(given)) + (alpha[0] * target)[:, :, None] * x
        added = np.linalg.solve(A, pulled.transpose(1, 2, 0)).transpose(2, 0, 1)  # n × S × K
        level = added[:, :, -1:].sum(axis=1)
        added[:, :, -1] = 0
        scale = float(self.center[1]) / self.size[0]
        right = self.vectors[items].reshape(len(items), -1).astype(np.float64)
        taste = scale * (added.reshape(len(entries), -1) @ right.T)
        taste += (left(given.counts) - 1) / len(entries) * self.gap[items]  # every rating lets as much of the gap fade
        if output == "rank":
            taste *= self.item_known[items]
        parts[entries] = taste + scale * level
        return parts

    def _added(self, given: Profiles) -> F64:
        """What each of one person's n entries adds to the prior mean, f64[n, S, K]."""
        n = len(given.item)
        t = n / (n + FEW)
        typical, tell = self.typical.astype(np.float64), np.zeros((n, *self.size))
        place = self.place[given.item]
        tell[place < len(self.tell)] = self.tell[place[place < len(self.tell)]]
        own = tell / np.sqrt(n)
        added: F64 = t * own + (1 - t) * t * (own - typical[1] / np.sqrt(n)) - t * typical[0] / n
        return added

    def item_vectors(self) -> F32:
        """f32[I, K]: the principal axes of the items' vectors in all samples."""
        return self.space.astype(np.float32)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {name: array for name, array in vars(self).items() if name in self.__dataclass_fields__}


def left(counts: I64) -> F32:
    """How much is left of what is added of somebody unknown, for people with so many entries, f32[B]."""
    return (FADES / (FADES + counts)).astype(np.float32)
