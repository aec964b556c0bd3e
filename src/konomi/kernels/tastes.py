"""Tastes for kinds of titles, such as genres, added to the scores of titles that have few of them each."""

import numba


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def add_tastes(indptr, kind, amount, taste, out):
    """out_bi += Σ amount[n] taste_b,kind[n] over the kinds n of title i, indptr[i] to indptr[i+1].

    indptr i64[I+1], kind i32[N], amount f32[N], taste f32[B, K], out f32[B, I].
    """
    for b in range(len(out)):
        for i in range(out.shape[1]):
            for n in range(indptr[i], indptr[i + 1]):
                out[b, i] += amount[n] * taste[b, kind[n]]
