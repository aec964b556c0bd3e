"""Tastes for kinds of titles, such as genres, added to the scores of titles that have few of them each."""

import numba


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def add_tastes(indptr, kind, amount, taste, out):
    """out_bi += Σ amount[n] taste_b,kind[n] over the kinds n of title i, indptr[i] to indptr[i+1].

    indptr i64[I+1], kind u16[N], amount f32[N], taste f32[B, K], out f32[B, I].
    """
    for b in range(len(out)):
        own, row = taste[b], out[b]
        for i in range(len(row)):
            total = row[i]
            for n in range(indptr[i], indptr[i + 1]):
                total += amount[n] * own[kind[n]]
            row[i] = total
