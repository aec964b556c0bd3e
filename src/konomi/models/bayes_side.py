"""One side of `bayes` while it is trained, its people or its items: a regression for each row, and effects of features.

Rows are drawn with over-relaxation: not W ~ N(w̄, A⁻¹) but

    W' = w̄ + ρ(W − w̄) + √(1 − ρ²) L⁻ᵀz,  −1 < ρ < 0

which leaves the same distribution as it is, and goes through it in long strokes instead of a random walk (Adler 1981,
"Over-relaxation method for the Monte Carlo evaluation of the partition function for multiquadratic actions").
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, F64, I32, I64, U64
from konomi.kernels.effects import WIDE, add_effects, draw_effects
from konomi.kernels.regressions import draw_rows
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

    def sweep(
        self, other: F32, root: F32, alpha: F32, freedom: float, draw: np.random.Generator, each: Each
    ) -> Callable[[], F32]:
        """Draw everything once, given the rows of the other side f32[I, K]; root f32[I] and alpha f32[R] as in `draw_rows`;
        freedom: ν, or 0 for ω = 1. Returns what gives the means of the rows, of which they were drawn."""
        rest = self.rows - self.told  # m + E
        if freedom:
            away = (rest - self.centre) @ np.linalg.cholesky(self.precision)
            far = np.einsum("rk,rk->r", away, away)
            shape = (freedom + self.rows.shape[1]) / 2
            self.omega = (draw.standard_gamma(shape, len(far)) / ((freedom + far) / 2)).astype(np.float32)
        self._draw_prior(rest, draw)
        self._draw_effects(rest, draw, each)
        key = draw.integers(2**64, dtype=np.uint64)
        by_row = self.design.by_row
        features = (by_row.indptr, by_row.indices, by_row.data, self.effects)
        each(lambda span: add_effects(*features, *span, self.told), blocks(len(self.told), ROWS))
        prior = self.told + self.centre.astype(np.float32)
        precision = self.precision.astype(np.float32)
        arrays = (*self.ratings, other, root, alpha, self.omega, precision, prior @ precision, key)
        before, self.rows = self.rows, np.empty_like(self.rows)
        means = np.empty_like(self.rows)

        def regress(noise: float, over: float, out: F32) -> F32:
            steps = (noise, np.float32(over), before)
            each(lambda span: draw_rows(*arrays, *steps, *span, out), blocks(len(out), ROWS))
            return out

        regress(math.sqrt(1 - OVER**2), OVER, self.rows)
        return lambda: regress(0.0, 0.0, means)

    def _draw_prior(self, rest: F32, draw: np.random.Generator) -> None:
        """m and Λ (Salakhutdinov & Mnih 2008, eq. 14, with weights ω)."""
        R, K = rest.shape
        weight = self.omega.astype(np.float64)
        n = weight.sum()
        mean = weight @ rest / n
        scatter = (rest - mean).T @ ((rest - mean) * weight[:, None])
        inverse = SCALE * K * np.eye(K) + scatter + n / (n + 1) * np.outer(mean, mean)
        self.precision = wishart(FREEDOM * K + R, inverse, draw)
        factor = np.linalg.cholesky(self.precision * (n + 1))
        self.centre = mean * n / (n + 1) + np.linalg.solve(factor.T, draw.standard_normal(K))

    def _draw_effects(self, rest: F32, draw: np.random.Generator, each: Each) -> None:
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
        by_feature, tau = self.design.by_feature, self.tau.astype(np.float32)[self.design.group]
        arrays = (by_feature.indptr, by_feature.indices, by_feature.data, self.omega, tau)
        keys: U64 = np.asarray(draw.integers(2**64, size=K, dtype=np.uint64))

        def some(span: tuple[int, int]) -> F32:
            part = slice(*span)
            effect = np.ascontiguousarray(effects[:, part], np.float32)
            left = np.ascontiguousarray(turned[:, part], np.float32)
            scaled = np.maximum(scale[part], LEAST).astype(np.float32)
            draw_effects(*arrays, scaled, keys[span[0]], 1.0, left, effect)
            return effect

        drawn = np.concatenate(each(some, blocks(K, WIDE)), axis=1).astype(np.float64)
        y = np.linalg.solve(T.T, drawn.T).T
        weight = self.tau[self.design.group]
        self.spread = wishart(FREEDOM * K + J, EFFECT_SCALE * K * np.eye(K) + (y * weight[:, None]).T @ y, draw)
        far = np.einsum("jk,kl,jl->j", y, self.spread, y, optimize=True)
        for g in range(1, len(self.tau)):
            of_group = self.design.group == g
            self.tau[g] = draw.standard_gamma(1 + of_group.sum() * K / 2) / (1 + far[of_group].sum() / 2)
        self.effects = y.astype(np.float32)


def wishart(freedom: float, inverse: F64, draw: np.random.Generator) -> F64:
    """A draw of the Wishart distribution with this freedom and the scale `inverse`⁻¹, f64[K, K] (Bartlett's decomposition)."""
    K = len(inverse)
    lower = np.tril(draw.standard_normal((K, K)), -1)
    lower[np.diag_indices(K)] = np.sqrt(draw.chisquare(freedom - np.arange(K)))
    # inverse = CCᵀ, so C⁻ᵀ C⁻¹ is the scale
    half = np.linalg.solve(np.linalg.cholesky(inverse).T, lower)
    return half @ half.T
