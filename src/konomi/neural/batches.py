"""Batches: random pairs with their distinct people and items, so that each of these is computed once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from konomi.arrays import I32, I64
from konomi.kernels.batches import distinct, scatter
from konomi.runtime import beside


@dataclass(frozen=True)
class Batch:
    """n pairs in order of people, of U distinct people and I distinct items.

    pairs i32[n]: the pairs' numbers. users i64[U], items i64[I]: the distinct rows. indptr i64[U+1]: the pairs of each person.
    item i32[n]: the place of each pair's item in `items`. The same pairs in order of items: item_indptr i64[I+1], user i32[n]
    (places in `users`), place i32[n] (their places in the order of people).
    """

    pairs: I32
    users: I64
    indptr: I64
    items: I64
    item: I32
    item_indptr: I64
    user: I32
    place: I32

    def __len__(self) -> int:
        return len(self.pairs)


SHARE, LEAST, MOST = 64, 12 << 10, 1 << 17  # batches of an epoch; the least and the most pairs of a batch
FEWEST = 16  # batches of an epoch, at least


def size(pairs: int) -> int:
    """The size of a batch: 1/64 of the pairs, from 12,288 to 131,072, but at most 1/16 of the pairs.

    Larger batches save time, but an epoch of few batches learns little.
    """
    return min(max(pairs // SHARE, min(LEAST, pairs // FEWEST), 1), MOST)


def batches(user: I32, item: I32, n_items: int, size: int, draw: np.random.Generator) -> Iterator[Batch]:
    """All pairs (user i32[N] ascending, item i32[N]) in random batches of about `size`.

    The next batch is made on another thread while the caller works on the current one.
    """
    count = max(round(len(user) / size), 1)
    order, start = np.empty(len(user), np.int32), np.empty(count + 1, np.int64)
    scatter(draw.integers(0, count, len(user), np.uint32), count, order, start)
    stamp = np.full(n_items, -1, np.int32)

    def make(b: int) -> Batch:
        pairs = order[start[b] : start[b + 1]]
        return Batch(pairs, *distinct(pairs, user, item, stamp))

    coming = beside(make, 0)
    for b in range(1, count + 1):
        batch = coming()
        if b < count:
            coming = beside(make, b)
        if len(batch):
            yield batch
