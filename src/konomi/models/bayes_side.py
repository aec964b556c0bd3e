"""One side of `bayes` while it is trained, its people or its items: a regression for each row, and effects of features.

Rows are drawn with over-relaxation: not W ~ N(w̄, A⁻¹) but

    W' = w̄ + ρ(W − w̄) + √(1 − ρ²) L⁻ᵀz,  −1 < ρ < 0

which leaves the same distribution as it is, and goes through it in long strokes instead of a random walk (Adler 1981,
"Over-relaxation method for the Monte Carlo evaluation of the partition function for multiquadratic actions").
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, F64, I32, I64
from konomi.kernels.effects import WIDE, add_effects, draw_effects
from konomi.kernels.expectations import expect_rows
from konomi.kernels.regressions import draw_rows
from konomi.models.chance import Chance
from konomi.runtime import Each, blocks

ROWS = 128  # rows drawn by one task
START = 0.1  # standard deviation of the first vectors
LEAST = 1e-9  # of a feature's precision
FREEDOM, SCALE, EFFECT_SCALE = 1.0, 0.1, 0.01  # times K: the freedom of the priors of Λ and Λ_Y, and their scales' inverses
OVER = -0.9  # ρ of over-relaxation; docs/decisions.md has what it is worth


class Ratings(NamedTuple):
    """The entries of each row: indptr i64[R+1]; other i32[N], the row of the other side; target f32[N]."""

    indptr: I64
    other: I32
    target: F32


@dataclass(frozen=True)
class Design:
    """The features f of R rows, J in all, and the group of each: by_row is R × J; group i32[J], 0 = who rated what."""

    by_row: sp.csr_matrix
    by_feature: sp.csc_matrix
    group: I32

    @classmethod
    def of(cls, parts: list[tuple[sp.csr_matrix, I32]]) -> "Design":
        """From matrices side by side, each with the group of its columns."""
        by_row = sp.hstack([matrix for matrix, _ in parts], format="csr", dtype=np.float32)
        by_row.indptr, by_row.indices = by_row.indptr.astype(np.int64), by_row.indices.astype(np.int32)
        by_feature = by_row.tocsc()
        by_feature.indptr, by_feature.indices = by_feature.indptr.astype(np.int64), by_feature.indices.astype(np.int32)
        return cls(by_row, by_feature, np.concatenate([group for _, group in parts]).astype(np.int32))


class Unsure(NamedTuple):
    """How unsure the rows are in variational Bayes: covariance f32[R, T], their lower triangles; loose f32[R] = tr(Λ A⁻¹);
    squares f64[R] = the expected Σ ρ² e²; scatter f64[K, K] = Σ ω A⁻¹."""

    covariance: F32
    loose: F32
    squares: F64
    scatter: F64


@dataclass
class Side:
    """What is known of R rows and J features: rows f32[R, K]; effects f32[J, K]; centre f64[K]: m; precision, spread
    f64[K, K]: Λ and Λ_Y; tau f64[G]: of each group of features, the first always 1; omega f32[R]; told f32[R, K]: Σ_j f_rj y_j.
    """

    ratings: Ratings
    design: Design
    rows: F32
    effects: F32
    centre: F64
    precision: F64
    spread: F64
    tau: F64
    omega: F32
    told: F32
    unsure: Unsure | None = None
    blurred: F64 | None = None

    @classmethod
    def begin(cls, ratings: Ratings, design: Design, dim: int, draw: np.random.Generator) -> "Side":
        """Before the first sweep."""
        R, J = len(ratings.indptr) - 1, len(design.group)
        return cls(
            ratings=ratings,
            design=design,
            rows=np.float32(START) * draw.standard_normal((R, dim), np.float32),
            effects=np.zeros((J, dim), np.float32),
            centre=np.zeros(dim),
            precision=np.eye(dim),
            spread=np.eye(dim) / START**2,
            tau=np.ones(int(design.group.max(initial=0)) + 1),
            omega=np.ones(R, np.float32),
            told=np.zeros((R, dim), np.float32),
        )

    def sweep(self, other: "Side", root: F32, alpha: F32, freedom: float, chance: Chance, each: Each) -> Callable[[], F32]:
        """Take everything once from draws or from means, given the other side; root f32[I] and alpha f32[R] as in `draw_rows`;
        freedom: ν, or 0 for ω = 1. Returns what gives the means of the rows, of which they were drawn."""
        rest = self.rows - self.told  # m + E
        if freedom:
            away = (rest - self.centre) @ np.linalg.cholesky(self.precision)
            far = np.einsum("rk,rk->r", away, away) + (self.unsure.loose if self.unsure else 0)
            shapes = np.full(len(far), (freedom + self.rows.shape[1]) / 2)
            self.omega = (chance.gamma(shapes) / ((freedom + far) / 2)).astype(np.float32)
        self._prior(rest, chance)
        self._effects(rest, chance, each)
        key = chance.keys(1)[0]
        by_row = self.design.by_row
        features = (by_row.indptr, by_row.indices, by_row.data, self.effects)
        each(lambda span: add_effects(*features, *span, self.told), blocks(len(self.told), ROWS))
        prior = self.told + self.centre.astype(np.float32)
        precision = self.precision.astype(np.float32)
        arrays = (*self.ratings, other.rows, root, alpha, self.omega, precision, prior @ precision)
        if not chance.noise:
            self._expect(arrays, other.unsure, each)
            return lambda: self.rows
        before, self.rows = self.rows, np.empty_like(self.rows)
        means = np.empty_like(self.rows)

        def regress(noise: float, over: float, out: F32) -> F32:
            steps = (key, noise, np.float32(over), before)
            each(lambda span: draw_rows(*arrays, *steps, *span, out), blocks(len(out), ROWS))
            return out

        regress(math.sqrt(1 - OVER**2), OVER, self.rows)
        return lambda: regress(0.0, 0.0, means)

    def _expect(self, arrays: tuple[Any, ...], other: Unsure | None, each: Each) -> None:
        """The rows' means, and how unsure they are."""
        R, K = self.rows.shape
        T = K * (K + 1) // 2
        others = np.zeros((len(arrays[3]), T), np.float32) if other is None else other.covariance
        mean, own = np.empty_like(self.rows), np.empty((R, T), np.float32)
        loose, squares = np.empty(R, np.float32), np.empty(R)

        def task(span: tuple[int, int]) -> F64:
            scatter = np.zeros((K, K))
            expect_rows(*arrays, others, *span, mean, own, loose, squares, scatter)
            return scatter

        scatters = each(task, blocks(R, ROWS))
        self.rows, self.unsure = mean, Unsure(own, loose, squares, np.sum(scatters, axis=0))

    def _prior(self, rest: F32, chance: Chance) -> None:
        """m and Λ (Salakhutdinov & Mnih 2008, eq. 14, with weights ω)."""
        R, K = rest.shape
        weight = self.omega.astype(np.float64)
        n = weight.sum()
        mean = weight @ rest / n
        scatter = (rest - mean).T @ ((rest - mean) * weight[:, None]) + sum(self._doubts())
        inverse = SCALE * K * np.eye(K) + scatter + n / (n + 1) * np.outer(mean, mean)
        self.precision = chance.wishart(FREEDOM * K + R, inverse)
        factor = np.linalg.cholesky(self.precision * (n + 1))
        self.centre = mean * n / (n + 1) + np.linalg.solve(factor.T, chance.normal(K))

    def _doubts(self) -> list[F64]:
        """What variational Bayes adds to the scatter of the rows: how unsure they and the effects of features are."""
        return [part for part in (self.unsure and self.unsure.scatter, self.blurred) if part is not None]

    def _effects(self, rest: F32, chance: Chance, each: Each) -> None:
        """y, then Λ_Y and τ."""
        J, K = self.effects.shape
        if not J:
            return
        lower = np.linalg.cholesky(self.precision)
        half = np.linalg.solve(lower, np.linalg.solve(lower, self.spread).T)  # L⁻¹ Λ_Y L⁻ᵀ
        scale, turn = np.linalg.eigh((half + half.T) / 2)
        T = lower @ turn
        turned = (rest - self.centre) @ T
        effects = self.effects @ T
        by_feature, weight = self.design.by_feature, self.tau[self.design.group]
        arrays = (by_feature.indptr, by_feature.indices, by_feature.data, self.omega, weight.astype(np.float32))
        keys = chance.keys(K)

        def some(span: tuple[int, int]) -> F32:
            part = slice(*span)
            effect = np.ascontiguousarray(effects[:, part], np.float32)
            left = np.ascontiguousarray(turned[:, part], np.float32)
            scaled = np.maximum(scale[part], LEAST).astype(np.float32)
            draw_effects(*arrays, scaled, keys[span[0]], chance.noise, left, effect)
            return effect

        back = np.linalg.inv(T)
        y = np.concatenate(each(some, blocks(K, WIDE)), axis=1).astype(np.float64) @ back
        inverse = EFFECT_SCALE * K * np.eye(K) + (y * weight[:, None]).T @ y
        varied = np.zeros((J, K))  # of y, in the turned coordinates
        if not chance.noise:
            varied = 1 / (np.outer(weight, np.maximum(scale, LEAST)) + (by_feature.power(2).T @ self.omega)[:, None])
            inverse += (back.T * (weight @ varied)) @ back
            many = by_feature.power(2).T @ self.omega  # Σ f² ω of each feature
            self.blurred = (back.T * (many @ varied)) @ back
        self.spread = chance.wishart(FREEDOM * K + J, inverse)
        far = np.einsum("jk,kl,jl->j", y, self.spread, y, optimize=True) + varied @ np.diag(back @ self.spread @ back.T)
        for g in range(1, len(self.tau)):
            of_group = self.design.group == g
            self.tau[g] = chance.gamma(1 + of_group.sum() * K / 2) / (1 + far[of_group].sum() / 2)
        self.effects = y.astype(np.float32)
