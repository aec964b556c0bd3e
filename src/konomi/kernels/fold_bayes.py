"""Fold-in of people by samples of the posterior of everything else: kernels of `models/bayes.py`, which has the formulas.

A person is one regression a sample (`regressions.py`), and `LANES` samples are solved side by side. α and ω come from a few
steps of a fixed point, in which the data decide on d = tr A⁻¹αG of the K coordinates, and the prior on the others:

    α = (k + (n − d)/2) / (k/a₀ + ½ Σ e²)        ω = (ν + d) / (ν + EᵀΛE)

(d: the effective number of parameters of ridge regression, Hastie, Tibshirani & Friedman 2009, eq. 3.50.)
"""

import numba
import numpy as np

from konomi.kernels.random import gamma, normals, stream
from konomi.kernels.regressions import LANES, STEP, add_products, backward, factor, forward

FIXED = 2  # steps of the fixed point after the first solution
ONE = np.float32(1)


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def solve(precision, pull, G, h, alpha, omega, A, b):
    """Factor A = ωΛ + αG and form b = ω·pull + αh for each lane: precision, G, A f32[K, K, LANES], pull, h, b f32[K, LANES];
    alpha, omega f32[LANES]. b ← L⁻¹ b."""
    K = len(b)
    for a in range(K):
        for c in range(a + 1):
            for n in range(LANES):
                A[a, c, n] = omega[n] * precision[a, c, n] + alpha[n] * G[a, c, n]
        for n in range(LANES):
            b[a, n] = omega[n] * pull[a, n] + alpha[n] * h[a, n]
    factor(A)
    forward(A, b)


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def quadratic(S, w, row, out):
    """out[n] = wᵀ S w of each lane: S f32[K, K, LANES], symmetric, its lower triangle is read; w f32[K, LANES]; row f32[LANES]:
    room."""
    out[:] = 0
    for a in range(len(w)):
        row[:] = 0
        for c in range(a):
            for n in range(LANES):
                row[n] += S[a, c, n] * w[c, n]
        for n in range(LANES):
            out[n] += w[a, n] * (ONE * 2 * row[n] + S[a, a, n] * w[a, n])


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def loose(L, T, X, row, out):
    """out[n] = tr(A⁻¹ Λ) of each lane, the sum of the squares of L⁻¹T: A = LLᵀ of `factor`, Λ = TTᵀ with T f32[K, K, LANES], a
    lower triangle; X f32[K, K, LANES] and row f32[LANES]: room."""
    out[:] = 0
    K = L.shape[0]
    for j in range(K):
        for i in range(j, K):
            for n in range(LANES):
                row[n] = T[i, j, n]
            for k in range(j, i):
                for n in range(LANES):
                    row[n] -= L[i, k, n] * X[j, k, n]
            for n in range(LANES):
                X[j, i, n] = row[n] * L[i, i, n]
                out[n] += X[j, i, n] * X[j, i, n]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def errors(squares, G, h, w, row, out):
    """out[n] = Σ (t − xᵀw)² of each lane, from squares f32[LANES] = Σ t², G = Σ x xᵀ and h = Σ x t; row f32[LANES]: room."""
    quadratic(G, w, row, out)
    for a in range(len(w)):
        for n in range(LANES):
            out[n] -= ONE * 2 * h[a, n] * w[a, n]
    for n in range(LANES):
        out[n] = max(out[n] + squares[n], np.float32(0))


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def gather(item, place, target, drawn, mean, first, Z, t, G1, h1, G, h, squares):
    """The sums of one person's n entries for each of `LANES` samples from `first` on: G, h, squares, as in `errors`.

    item, place i32[n]: rows of mean f32[I, S, K], and of drawn f32[J, S, K], which counts where it has the row."""
    S, K = mean.shape[1], mean.shape[2]
    for n in range(LANES):
        s = min(first + n, S - 1)
        squares[n] = 0
        G1[:] = 0
        h1[:] = 0
        for begin in range(0, len(item), STEP):
            many = min(STEP, len(item) - begin)
            for k in range(many):
                e = begin + k
                x = drawn[place[e], s] if place[e] < len(drawn) else mean[item[e], s]
                for c in range(K - 1):
                    Z[k, c] = x[c]
                t[k] = target[e] - x[K - 1]
                Z[k, K - 1] = 1
                squares[n] += t[k] * t[k]
            add_products(many, Z, t, G1, h1)
        for a in range(K):
            h[a, n] = h1[a]
            for c in range(a + 1):
                G[a, c, n] = G1[a, c]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def pulled(precision, centre, out):
    """out = Λ·prior of each lane: precision f32[K, K, LANES], its lower triangle is read; centre, out f32[K, LANES]."""
    out[:] = 0
    for a in range(len(out)):
        for c in range(a + 1):
            for n in range(LANES):
                out[a, n] += precision[a, c, n] * centre[c, n]
            if c < a:
                for n in range(LANES):
                    out[c, n] += precision[a, c, n] * centre[a, n]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def fold_people(
    indptr,
    item,
    place,
    target,
    drawn,
    vectors,
    level,
    precision,
    lower,
    noise,
    shape,
    freedom,
    key,
    mean,
    draw,
    alphas,
    omegas,
    counts,
):
    """Fold in B people by S samples.

    indptr i64[B+1], item, place i32[N], target f32[N]; drawn f32[J, S, K], vectors f32[I, S, K]: see `gather`; level i64[B]:
    the place of their Λ in precision f32[T, S, K, K] and of its Cholesky factor in lower; noise f32[S]: a₀; shape: k; freedom:
    ν, or 0 for ω = 1. mean f32[B, S, K]: the prior means before, the posterior means after; alphas, omegas, counts f32[B, S]:
    α, ω and d of these; draw f32[B, S, K]: a draw with the same α, and with an ω that is drawn. Its random numbers are those of
    the sample, the same for everybody.
    """
    S, K = vectors.shape[1], vectors.shape[2]
    Z, t = np.empty((STEP, K), np.float32), np.empty(STEP, np.float32)
    G1, h1 = np.empty((K, K), np.float32), np.empty(K, np.float32)
    G, A, X = np.empty((K, K, LANES), np.float32), np.empty((K, K, LANES), np.float32), np.empty((K, K, LANES), np.float32)
    P, T = np.empty((K, K, LANES), np.float32), np.empty((K, K, LANES), np.float32)
    h, w, pull = np.empty((K, LANES), np.float32), np.empty((K, LANES), np.float32), np.empty((K, LANES), np.float32)
    centre, away = np.empty((K, LANES), np.float32), np.empty((K, LANES), np.float32)
    alpha, omega, squares = np.empty(LANES, np.float32), np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    missed, far, inner = np.empty(LANES, np.float32), np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    base, row, known = np.empty(LANES, np.float32), np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    z = np.empty(K)
    for first in range(0, S, LANES):
        for n in range(LANES):
            base[n] = noise[min(first + n, S - 1)]
        before = -1
        for b in range(len(mean)):
            if level[b] != before:
                before = level[b]
                for n in range(LANES):
                    s = min(first + n, S - 1)
                    P[:, :, n], T[:, :, n] = precision[before, s], lower[before, s]
            entries = slice(indptr[b], indptr[b + 1])
            many = np.float32(indptr[b + 1] - indptr[b])
            gather(item[entries], place[entries], target[entries], drawn, vectors, first, Z, t, G1, h1, G, h, squares)
            for n in range(LANES):
                alpha[n], omega[n], known[n] = base[n], ONE, 0
                centre[:, n] = mean[b, min(first + n, S - 1)]
            pulled(P, centre, pull)
            for step in range(FIXED + 1):
                solve(P, pull, G, h, alpha, omega, A, w)
                backward(A, w)
                if step == FIXED or many == 0:
                    break
                loose(A, T, X, row, inner)
                errors(squares, G, h, w, row, missed)
                away[:] = w - centre
                quadratic(P, away, row, far)
                for n in range(LANES):
                    known[n] = min(max(K - omega[n] * inner[n], ONE * 0), many)
                    alpha[n] = (shape + (many - known[n]) / 2) / (shape / base[n] + missed[n] / 2)
                    if freedom > 0:
                        omega[n] = (freedom + known[n]) / (freedom + far[n])
            for n in range(min(LANES, S - first)):
                alphas[b, first + n], omegas[b, first + n], counts[b, first + n] = alpha[n], omega[n], known[n]
                mean[b, first + n] = w[:, n]
            for n in range(LANES):
                if freedom > 0:
                    shape_of = (freedom + known[n]) / 2
                    omega[n] *= gamma(stream(stream(key, first + n), 0), shape_of) / shape_of
            solve(P, pull, G, h, alpha, omega, A, w)
            for n in range(LANES):
                normals(stream(stream(key, first + n), 1), z)
                for a in range(K):
                    w[a, n] += np.float32(z[a])
            backward(A, w)
            for n in range(min(LANES, S - first)):
                draw[b, first + n] = w[:, n]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def prior_means(indptr, place, tell, typical, few, out):
    """Add to out f32[B, S, K] what a person's n entries say of them by themselves: t F + (1 − t) t (F − √n ȳ) − t c̄, with
    t = n / (n + few) and F = n^-½ Σ y. place i32[N]: rows of tell f32[n, S, K], those after the last have y = 0; typical
    f32[2, S, K]: c̄ and ȳ."""
    S, K = out.shape[1], out.shape[2]
    total = np.empty((S, K), np.float32)
    for b in range(len(out)):
        n = np.float32(indptr[b + 1] - indptr[b])
        if n == 0:
            continue
        total[:] = 0
        for e in range(indptr[b], indptr[b + 1]):
            if place[e] < len(tell):
                y = tell[place[e]]
                for s in range(S):
                    for k in range(K):
                        total[s, k] += y[s, k]
        t = n / (n + few)
        own, usual = (t + (ONE - t) * t) / np.sqrt(n), (ONE - t) * t * np.sqrt(n)
        for s in range(S):
            for k in range(K):
                out[b, s, k] += own * total[s, k] - usual * typical[1, s, k] - t * typical[0, s, k]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=True)
def code_dots(codes, item, vectors, out):
    """out[n] = codes[n] · vectors[item[n]], f32[N]: codes f32[N, D], item i32[N], −1 = the last of vectors f32[I+1, D]."""
    for n in range(len(out)):
        row = vectors[item[n]]
        dot = np.float32(0)
        for d in range(codes.shape[1]):
            dot += codes[n, d] * row[d]
        out[n] = dot
