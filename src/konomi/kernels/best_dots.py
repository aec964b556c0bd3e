"""The k items with the highest dot product with a person's vector, without computing most of the products.

No product p·v + c is above |p||v| + c (Cauchy–Schwarz). Items are sorted by this bound for a person of median length and cut
into tiles. The first tile gives a score that k items reach, and tiles whose bounds are all below it are skipped. Where items
differ in length or constant, most are skipped; where they do not, none are.

The products of a tile are a matrix product, whose rounding depends on the people in it. It only proposes items: all that may be
among the k best are scored again, one by one, and these scores decide. So the result depends neither on blocks nor on threads.
"""

import threading

import numba
import numpy as np

from konomi.arrays import F32, F64, I32, I64, Bools
from konomi.kernels.topk import NEVER, bound, collect, groups, kth, put_in_order, sortable
from konomi.runtime import blocks, workers

PEOPLE = 256  # people of one task
TILE = 1024  # items of one product
KNOTS = 32  # lengths of people for which a tile's highest bound is computed


def best_dots(
    left: F32,
    vectors: F32,
    constant: F32,
    k: int,
    indptr: I64,
    seen: I32,
    allowed: Bools,
    threads: int = 1,
) -> tuple[I32, F32]:
    """The k highest p_b·v_i + c_i of every row, as `topk` would give them: items i32[B, k] and scores f32[B, k].

    left f32[B, D], rows p_b; vectors f32[I, D]; constant f32[I]; k, indptr, seen, allowed, threads as for `topk`.
    Items and people with a number that is not finite are left out.
    """
    items = np.full((len(left), k), -1, np.int32)
    scores = np.full((len(left), k), np.nan, np.float32)
    length, long = np.nan_to_num(_lengths(left)), _lengths(vectors)
    shown = np.flatnonzero(allowed & np.isfinite(long) & np.isfinite(constant)).astype(np.int32)
    if not (k and len(shown) and len(left)):
        return items, scores
    long = long[shown]
    order = np.argsort(-(np.median(length) * long + constant[shown]), kind="stable")
    item_at = shown[order]
    place_of = np.full(len(vectors), -1, np.int32)
    place_of[item_at] = np.arange(len(item_at), dtype=np.int32)
    tiles = blocks(len(item_at), TILE)
    v, c = vectors[item_at], constant[item_at]
    reach = _reach(length, long[order], c, [start for start, _ in tiles])
    # twice the largest rounding error of a product of D numbers: n u / (1 − n u) of the lengths, u = 2^−24
    slack = (left.shape[1] + 2) * 2.0**-22 * (length * long.max() + np.abs(c).max())

    own = threading.local()

    def find(task: tuple[int, int]) -> None:
        rows = slice(*task)
        p, give = left[rows], slack[rows].astype(np.float32)
        if not hasattr(own, "kept"):  # reused: touching new memory for the first time would take longer than the work in it
            own.kept = np.empty((2, min(PEOPLE, len(left)), len(item_at)), np.int32)
        value, at = own.kept[:, : len(p)]
        size = np.zeros(len(p), np.int64)
        least = np.full(len(p), -np.inf, np.float32)
        for (start, stop), most in zip(tiles, reach, strict=True):
            people = np.flatnonzero(most[rows] + give >= least).astype(np.int32)
            if len(people):
                product = (p if len(people) == len(p) else p[people]) @ v[start:stop].T
                bounds = indptr[task[0] : task[1] + 1]
                _propose(product, people, start, c, place_of, bounds, seen, give, k, value, at, size, least)
        _decide(p, v, c, item_at, value, at, size, items[rows], scores[rows], np.empty(len(vectors), np.float32))

    with workers(threads) as each:
        each(find, blocks(len(left), PEOPLE))
    return items, scores


def _lengths(x: F32) -> F64:
    """The length of every row, f64[n], not below the true one."""
    lengths: F64 = np.sqrt(np.einsum("nd,nd->n", x, x, dtype=np.float64)) * (1 + 1e-12)
    return lengths


def _reach(length: F64, long: F64, constant: F32, starts: list[int]) -> F64:
    """Upper bounds of a person's scores in each tile, f64[tiles, B]: at least the maximum of |p||v| + c over its items.

    length f64[B]; long f64[I]; constant f32[I]. The maximum is convex in |p|, so it is computed for `KNOTS` lengths and lies
    below the straight lines between them.
    """
    knots = np.linspace(length.min(), length.max(), KNOTS)
    most = np.maximum.reduceat(np.multiply.outer(long, knots) + constant[:, None], starts)  # tiles × KNOTS
    return np.array([np.interp(length, knots, row) for row in most])


@numba.njit(nogil=True, cache=True)
def _propose(product, people, start, constant, place_of, indptr, seen, give, k, value, at, size, least):
    """Process one tile: product f32[n, T] of these people and the items at places start to start + T − 1.

    For person b it keeps the size[b] items that may be among the k best: their places at[b], their scores value[b] (sortable
    integers), and least[b], a score that k items reach.
    """
    n_items = product.shape[1]
    tile, highest, one = np.empty(n_items, np.int32), np.empty(groups(k), np.int32), np.empty(1, np.float32)
    offset = constant[start : start + n_items]
    for n in range(len(people)):
        b = people[n]
        sortable(product[n], offset, tile)
        for entry in range(indptr[b], indptr[b + 1]):
            place = place_of[seen[entry]] - start
            if 0 <= place < n_items:
                tile[place] = NEVER
        if size[b] == 0:
            least[b] = max(least[b], score_of(bound(tile, k, highest)))
        before = size[b]
        size[b] = collect(tile, _lower(least[b], give[b], one), before, value[b], at[b])
        for m in range(before, size[b]):
            at[b, m] += start
        if size[b] > max(before, k):
            least[b] = max(least[b], score_of(kth(value[b], size[b], k)))
            enough, kept = _lower(least[b], give[b], one), 0
            for m in range(size[b]):
                if value[b, m] >= enough:
                    value[b, kept], at[b, kept] = value[b, m], at[b, m]
                    kept += 1
            size[b] = kept


@numba.njit(nogil=True, cache=True)
def score_of(value):
    """The score of a sortable integer, −∞ for one that stands for no score."""
    score = np.int32(value ^ ((value >> 31) & 0x7FFFFFFF)).view(np.float32)
    return score if score == score else np.float32(-np.inf)


@numba.njit(nogil=True, cache=True)
def _lower(score, give, one):
    """The sortable integer of score − give; above `NEVER`."""
    one[0] = score - give
    bits = one.view(np.int32)[0]
    return max(np.int32(bits ^ ((bits >> 31) & 0x7FFFFFFF)), np.int32(NEVER + 1))


@numba.njit(nogil=True, cache=True)
def _decide(left, vectors, constant, item_at, value, at, size, items, scores, score_at):
    """Score the proposed items one by one, and write the k best in order to items i32[n, k] and scores f32[n, k]."""
    exact, key = np.empty(len(item_at), np.float32), np.empty(len(item_at), np.int64)
    zero, item = np.zeros(len(item_at), np.float32), np.empty(len(item_at), np.int32)
    for b in range(len(left)):
        n = size[b]
        for m in range(n):
            exact[m] = dot(left[b], vectors[at[b, m]]) + constant[at[b, m]]
            item[m] = item_at[at[b, m]]
        sortable(exact[:n], zero[:n], value[b])
        put_in_order(value[b], item, n, key, items[b])
        for m in range(n):
            score_at[item[m]] = exact[m]
        for place in range(min(n, items.shape[1])):
            scores[b, place] = score_at[items[b, place]]


@numba.njit(nogil=True, fastmath=True, cache=True)
def dot(left, right):
    """left · right, f32[D] each, always summed in the same order."""
    z = np.float32(0)
    for d in range(len(left)):
        z += left[d] * right[d]
    return z
