"""The inverse of a symmetric positive definite matrix, in its own place, tile by tile.

The sweep operator (Goodnight 1979, "A tutorial on the SWEEP operator", section 3, in blocks): sweeping A on the block k, with
P = A_kk⁻¹ and W_i = A_ik P, makes

    A_kk := −P     A_ik := W_i     A_ij := A_ij − W_i A_kj     (i, j ≠ k)

and sweeping it on all blocks, one after the other, makes −A⁻¹. The work is that of a Cholesky factor and its inverse, n³
multiplications and as many additions, but there is nothing to store beside the matrix, and almost all of it is products of
tiles that do not depend on each other. A multi-threaded LAPACK would part its work by the number of threads, and round
accordingly; the tiles are the same at any.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from konomi.arrays import F32
from konomi.runtime import Each, blocks, workers

TILE = 512  # rows and columns of a tile


def negative_inverse(A: F32, threads: int = 1, tile: int = TILE) -> None:
    """−A⁻¹ in the place of A f32[n, n], symmetric and positive definite; only the lower triangle is read, both are written.

    The same bytes at any number of threads. Raises numpy.linalg.LinAlgError where a block is not positive definite.
    """
    parts = [slice(*bounds) for bounds in blocks(len(A), tile)]
    with workers(threads) as each:
        for k in range(len(parts)):
            _sweep(A, parts, k, each)
        each(lambda pair: _mirror(A, parts[pair[0]], parts[pair[1]]), [(i, j) for i in range(len(parts)) for j in range(i + 1)])


def _sweep(A: F32, parts: list[slice], k: int, each: Each) -> None:
    """One sweep, of the lower triangle."""
    own, others = parts[k], [i for i in range(len(parts)) if i != k]
    P = _inverse(A[own, own])
    panel = np.concatenate([A[own, : own.start].T, A[own, own], A[own.stop :, own]])  # A_ik of every i: n × b
    swept = np.empty_like(panel)  # W_i

    def multiply(i: int) -> None:
        np.matmul(panel[parts[i]], P, out=swept[parts[i]])

    def update(pair: tuple[int, int]) -> None:
        rows, columns = parts[pair[0]], parts[pair[1]]
        A[rows, columns] -= swept[rows] @ panel[columns].T

    each(multiply, others)
    each(update, [(i, j) for i in others for j in others if j <= i])
    A[own, : own.start] = swept[: own.start].T
    A[own.stop :, own] = swept[own.stop :]
    A[own, own] = -P


def _mirror(A: F32, rows: slice, columns: slice) -> None:
    """The upper triangle from the lower."""
    if rows == columns:
        A[rows, rows] = np.tril(A[rows, rows]) + np.tril(A[rows, rows], -1).T
    else:
        A[columns, rows] = A[rows, columns].T


def _inverse(block: F32) -> F32:
    """The inverse of one tile, worked out in float64."""
    factor = cho_factor(block.astype(np.float64), lower=True)
    inverse: F32 = cho_solve(factor, np.eye(len(block))).astype(np.float32)
    return inverse
