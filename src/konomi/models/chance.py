"""Where the steps of `bayes` take random quantities from: draws of their distributions, or the means of these."""

from typing import Protocol

import numpy as np

from konomi.arrays import F64, U64


class Chance(Protocol):
    """Draws or means. noise: 1 or 0, what the kernels' own random numbers are multiplied by."""

    noise: float

    def wishart(self, freedom: float, inverse: F64) -> F64:
        """Of the Wishart distribution with this freedom and the scale `inverse`⁻¹, f64[K, K]."""
        ...

    def gamma(self, shape: F64 | float) -> F64:
        """Of gamma distributions of these shapes and scale 1."""
        ...

    def normal(self, n: int) -> F64:
        """Of the standard normal distribution, f64[n]."""
        ...

    def keys(self, n: int) -> U64:
        """Keys of streams for kernels, u64[n]."""
        ...


class Draws:
    """Draws, from a generator."""

    noise = 1.0

    def __init__(self, draw: np.random.Generator) -> None:
        self._draw = draw

    def wishart(self, freedom: float, inverse: F64) -> F64:
        """By Bartlett's decomposition."""
        K = len(inverse)
        lower = np.tril(self._draw.standard_normal((K, K)), -1)
        lower[np.diag_indices(K)] = np.sqrt(self._draw.chisquare(freedom - np.arange(K)))
        # inverse = CCᵀ, so C⁻ᵀ C⁻¹ is the scale
        half = np.linalg.solve(np.linalg.cholesky(inverse).T, lower)
        return np.asarray(half @ half.T)

    def gamma(self, shape: F64 | float) -> F64:
        """In the order of the shapes."""
        return np.asarray(self._draw.standard_gamma(shape))

    def normal(self, n: int) -> F64:
        """n numbers."""
        return self._draw.standard_normal(n)

    def keys(self, n: int) -> U64:
        """n numbers."""
        return np.asarray(self._draw.integers(2**64, size=n, dtype=np.uint64))


class Means:
    """The means: for variational Bayes."""

    noise = 0.0

    def wishart(self, freedom: float, inverse: F64) -> F64:
        """freedom · scale."""
        return np.asarray(freedom * np.linalg.inv(inverse))

    def gamma(self, shape: F64 | float) -> F64:
        """The shapes."""
        return np.asarray(shape, np.float64)

    def normal(self, n: int) -> F64:
        """Zeros."""
        return np.zeros(n)

    def keys(self, n: int) -> U64:
        """Zeros."""
        return np.zeros(n, np.uint64)
