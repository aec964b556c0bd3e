"""Fold-in by a few steps of conjugate gradients: near enough to `ridge.py` where more learning follows, in a tenth of the time.

With the names of `ridge.py`, x = w − a solves (QᵀWQ + Λ_n) x = Qᵀ(y − Q a), and W is I. The method of conjugate gradients
(Shewchuk 1994, "An introduction to the conjugate gradient method without the agonizing pain", section B3) never sees the square
matrix: a step takes two products of Q with a vector. Its preconditioner is the diagonal of the matrix as it would be for any n
items, from the mean squares of all of them. For labels W is the variances of the labels, as in one step of Newton's method.
"""

import numba
import numpy as np

LEAST = np.float32(1e-12)  # of the first residual: as far as float32 goes, this is the solution


@numba.njit(nogil=True, cache=True)
def fold_in_roughly(indptr, item, target, Q, penalty, squares, steps, start, stop, out):
    """As `ridge.fold_in`, in float32, with so many steps: out f32[B, K] in place, a before and about w after; target f32[N];
    penalty f32[2, K]; squares f32[K]: about the mean square of the columns of Q."""
    room = np.empty((np.max(np.diff(indptr[start : stop + 1])), Q.shape[1]), np.float32)
    for b in range(start, stop):
        n = indptr[b + 1] - indptr[b]
        if n == 0:
            continue
        X = gathered(item[indptr[b] : indptr[b + 1]], Q, room)
        y = target[indptr[b] : indptr[b + 1]] - np.dot(X, out[b])
        whole = np.float32(n) * penalty[0] + penalty[1]
        out[b] += conjugate(X, None, np.dot(X.T, y), whole, whole + np.float32(n) * squares, steps)


@numba.njit(nogil=True, cache=True)
def fold_in_labels_roughly(indptr, item, label, offset, Q, penalty, squares, steps, start, stop, out):
    """As `ridge.fold_in_labels`, in float32, with one whole step of Newton's method, solved in so many steps."""
    room = np.empty((np.max(np.diff(indptr[start : stop + 1])), Q.shape[1]), np.float32)
    for b in range(start, stop):
        n = indptr[b + 1] - indptr[b]
        if n == 0:
            continue
        X = gathered(item[indptr[b] : indptr[b + 1]], Q, room)
        chance = np.float32(1) / (np.float32(1) + np.exp(-(offset[indptr[b] : indptr[b + 1]] + np.dot(X, out[b]))))
        weight, wanted = chance * (np.float32(1) - chance), np.dot(X.T, label[indptr[b] : indptr[b + 1]] - chance)
        whole = np.float32(n) * penalty[0] + penalty[1]
        out[b] += conjugate(X, weight, wanted, whole, whole + np.sum(weight) * squares, steps)


@numba.njit(nogil=True, cache=True)
def gathered(item, Q, room):
    """The rows of Q for a person's items, in the first rows of `room`."""
    for k in range(len(item)):
        row, copy = Q[item[k]], room[k]  # with them, this takes a quarter of the time
        for j in range(len(row)):
            copy[j] = row[j]
    return room[: len(item)]


@numba.njit(nogil=True, cache=True)
def conjugate(X, weight, wanted, penalty, diagonal, steps):
    """About x f32[K] with (XᵀWX + Λ) x = wanted f32[K]; X f32[n, K]; weight f32[n] of W, or None for I; penalty f32[K] of Λ;
    diagonal f32[K]: about that of the matrix."""
    x, residual = np.zeros_like(wanted), wanted.copy()
    direction = residual / diagonal
    size = first = np.dot(residual, direction)
    for _ in range(steps):
        if not size > LEAST * first:
            break
        along = np.dot(X, direction)
        if weight is not None:
            along *= weight
        ahead = np.dot(X.T, along) + penalty * direction
        length = size / np.dot(direction, ahead)
        x += length * direction
        residual -= length * ahead
        scaled = residual / diagonal
        before, size = size, np.dot(residual, scaled)
        direction = scaled + (size / before) * direction
    return x
