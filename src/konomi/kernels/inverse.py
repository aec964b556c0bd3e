"""The inverse of a symmetric positive definite matrix, in place, tile by tile.

The sweep operator (Goodnight 1979, "A tutorial on the SWEEP operator", section 3, in blocks): sweeping A on block k, with
P = A_kk⁻¹ and W_i = A_ik P, gives

    A_kk := −P     A_ik := W_i     A_ij := A_ij − W_i A_kj     (i, j ≠ k)

and sweeping it on all blocks, one after the other, gives −A⁻¹. It takes as long as a Cholesky factor and its inverse, n³
multiplications and as many additions, but needs almost no memory beside the matrix, and nearly all of it is products of
independent tiles. A multi-threaded LAPACK divides its work by the number of threads, so its rounding depends on it; the tiles
do not.
"""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve

from konomi.arrays import F32, F64
from konomi.runtime import Each, blocks, workers

TILE = 512  # rows and columns of a tile


def negative_inverse(A: F32, threads: int = 1, tile: int = TILE) -> None:
    """Replace A f32[n, n], symmetric and positive definite, by −A⁻¹; only the lower triangle is read, both are written.

    The same bytes at any number of threads. numpy.linalg.LinAlgError where a block is not positive definite.
    """
    spans = [slice(*bounds) for bounds in blocks(len(A), tile)]
    with workers(threads) as each:
        for k in range(len(spans)):
            _sweep(A, spans, k, each)
        each(lambda pair: _mirror(A, spans[pair[0]], spans[pair[1]]), [(i, j) for i in range(len(spans)) for j in range(i + 1)])


def add_low_rank(A: F32, U: sp.csr_matrix, sign: F64, each: Each, tile: int = TILE) -> None:
    """Replace A = −M⁻¹ f32[n, n] by −(M + Uᵀ S U)⁻¹, where U is k × n and S f64[k] the diagonal of 1 and −1.

        −(M + Uᵀ S U)⁻¹ = A + (U A)ᵀ (S − U A Uᵀ)⁻¹ (U A)

    The same bytes at any number of threads.
    """
    spans = [slice(*bounds) for bounds in blocks(len(A), tile)]
    UA = np.concatenate(each(lambda span: U @ A[:, span], spans), axis=1)  # k × n
    inner = np.linalg.inv(np.diag(sign) - (U @ UA.T.astype(np.float64)).T)

    def update(rows: slice) -> None:
        A[rows] += (UA[:, rows].T @ inner).astype(np.float32) @ UA

    each(update, spans)


def _sweep(A: F32, spans: list[slice], k: int, each: Each) -> None:
    """One sweep of the lower triangle."""
    own, others = spans[k], [i for i in range(len(spans)) if i != k]
    P = _inverse(A[own, own])
    panel = np.concatenate([A[own, : own.start].T, A[own, own], A[own.stop :, own]])  # A_ik of every i: n × b
    swept = np.empty_like(panel)  # W_i

    def multiply(i: int) -> None:
        np.matmul(panel[spans[i]], P, out=swept[spans[i]])

    def update(pair: tuple[int, int]) -> None:
        rows, columns = spans[pair[0]], spans[pair[1]]
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
    """The inverse of one tile, computed in float64."""
    factor = cho_factor(block.astype(np.float64), lower=True)
    inverse: F32 = cho_solve(factor, np.eye(len(block))).astype(np.float32)
    return inverse
