"""One hidden layer over pairs of people and items: the terms of a network that have to be computed for each pair.

A dense layer over two concatenated vectors is the sum of a dense layer of each, W [e_u, e_i] = W_u e_u + W_i e_i, so both sums
are computed once for each distinct person and item of a batch. For a pair there remains, for each output o ("head"),

    z_o = b_uo + b_io + e_u·e_i + Σ_k V_ok w_uk max(a_uk + a_ik, 0)

Either side has a f32[·, H], e f32[·, P] and b f32[·, O]; V f32[O, H]; drop f32[U, H] is the dropout w of the hidden units for
each person, 0 or 1 / (1 − p); it has no rows without dropout. Pairs are in order of people: person u has the pairs indptr[u] to
indptr[u+1]; item i32[N] is their row on the items' side. `neural/pairs.py` has the same in torch.
"""

import numba
import numpy as np


@numba.njit(nogil=True, fastmath=True, cache=True)
def forward(indptr, item, left, right, V, drop, start, stop, out):
    """z of the pairs of people start to stop, into out f32[N, O]; left and right are (a, e, b) of people and items."""
    H, P = left[0].shape[1], left[1].shape[1]
    weight = V.copy()
    for u in range(start, stop):
        a, e, b = left[0][u], left[1][u], left[2][u]
        _drop_out(weight, V, drop, u)
        for n in range(indptr[u], indptr[u + 1]):
            c, f, g = right[0][item[n]], right[1][item[n]], right[2][item[n]]
            dot = np.float32(0)
            for d in range(P):
                dot += e[d] * f[d]
            for o in range(len(V)):
                z = dot + b[o] + g[o]
                for k in range(H):
                    z += weight[o, k] * max(a[k] + c[k], np.float32(0))
                out[n, o] = z


@numba.njit(nogil=True, fastmath=True, cache=True)
def backward_left(indptr, item, left, right, V, drop, dz, start, stop, d_left, d_V):
    """From dz f32[N, O], the gradient of z: write the gradient of people's rows to d_left, add the gradient of V to d_V
    f32[O, H]."""
    H, P = left[0].shape[1], left[1].shape[1]
    weight, of_person = V.copy(), np.empty_like(V)
    for u in range(start, stop):
        a = left[0][u]
        d_a, d_e, d_b = d_left[0][u], d_left[1][u], d_left[2][u]
        d_a[:] = 0
        d_e[:] = 0
        d_b[:] = 0
        of_person[:] = 0
        _drop_out(weight, V, drop, u)
        for n in range(indptr[u], indptr[u + 1]):
            c, f = right[0][item[n]], right[1][item[n]]
            total = np.float32(0)
            for o in range(len(V)):
                s = dz[n, o]
                total += s
                d_b[o] += s
                for k in range(H):
                    x = a[k] + c[k]
                    on = s if x > 0 else np.float32(0)
                    d_a[k] += on * weight[o, k]
                    of_person[o, k] += on * x
            for d in range(P):
                d_e[d] += total * f[d]
        for o in range(len(V)):
            for k in range(H):
                d_V[o, k] += of_person[o, k] * (drop[u, k] if len(drop) else np.float32(1))


@numba.njit(nogil=True, fastmath=True, cache=True)
def backward_right(item_indptr, user, place, left, right, V, drop, dz, start, stop, d_right):
    """Write the gradient of the items' rows to d_right (as right), from the same pairs in order of items.

    Item i has the pairs item_indptr[i] to item_indptr[i+1]; user i32[N] is their row on the people's side, place i32[N] their
    row in dz.
    """
    H, P = left[0].shape[1], left[1].shape[1]
    for i in range(start, stop):
        c = right[0][i]
        d_c, d_f, d_g = d_right[0][i], d_right[1][i], d_right[2][i]
        d_c[:] = 0
        d_f[:] = 0
        d_g[:] = 0
        for m in range(item_indptr[i], item_indptr[i + 1]):
            u = user[m]
            a, e = left[0][u], left[1][u]
            total = np.float32(0)
            for o in range(len(V)):
                s = dz[place[m], o]
                total += s
                d_g[o] += s
                if len(drop):
                    for k in range(H):
                        d_c[k] += s * V[o, k] * drop[u, k] if a[k] + c[k] > 0 else np.float32(0)
                else:
                    for k in range(H):
                        d_c[k] += s * V[o, k] if a[k] + c[k] > 0 else np.float32(0)
            for d in range(P):
                d_f[d] += total * e[d]


@numba.njit(nogil=True, inline="always")
def _drop_out(weight, V, drop, u):
    """The hidden units' weights for person u."""
    if len(drop):
        for o in range(len(V)):
            for k in range(drop.shape[1]):
                weight[o, k] = V[o, k] * drop[u, k]
