"""Batches of pairs, and the distinct people and items in each.

The time is linear in the pairs: they are scattered to batches in order of people, so each batch is in that order without any
sorting.
"""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def scatter(batch, n_batches, order, start):
    """The pairs 0 to N − 1 by batch, in their own order within each: into order i32[N]; batch b is start[b] to start[b+1].

    batch u32[N], from 0 to n_batches − 1; start i64[n_batches + 1].
    """
    start[:] = 0
    for b in batch:
        start[b + 1] += 1
    for b in range(n_batches):
        start[b + 1] += start[b]
    place = start[:-1].copy()
    for n in range(len(batch)):
        order[place[batch[n]]] = n
        place[batch[n]] += 1


@numba.njit(nogil=True, cache=True)
def distinct(pairs, user, item, stamp):
    """The people and items of some pairs (i64[n], rows of user i32[N] and item i32[N], in order of users), and both orders.

    Returns users i64[U], indptr i64[U+1], items i64[I], local i32[n] (the place of each pair's item in `items`), item_indptr
    i64[I+1], left i32[n] and place i32[n] (the pairs in order of items: their person's place in `users`, and their own place).
    stamp i32[all items] is a scratch array of −1, before and afterwards.
    """
    n = len(pairs)
    users, indptr = np.empty(n, np.int64), np.empty(n + 1, np.int64)
    items, local = np.empty(n, np.int64), np.empty(n, np.int32)
    owner, count = np.empty(n, np.int32), np.zeros(n + 1, np.int64)
    n_users = n_items = 0
    for k in range(n):
        u, i = user[pairs[k]], item[pairs[k]]
        if n_users == 0 or users[n_users - 1] != u:
            users[n_users] = u
            indptr[n_users] = k
            n_users += 1
        if stamp[i] < 0:
            stamp[i] = n_items
            items[n_items] = i
            n_items += 1
        local[k] = stamp[i]
        owner[k] = n_users - 1
        count[stamp[i] + 1] += 1
    indptr[n_users] = n
    for i in range(n_items):
        stamp[items[i]] = -1
        count[i + 1] += count[i]
    next_place = count[:n_items].copy()
    left, place = np.empty(n, np.int32), np.empty(n, np.int32)
    for k in range(n):
        m = next_place[local[k]]
        next_place[local[k]] += 1
        left[m] = owner[k]
        place[m] = k
    return users[:n_users], indptr[: n_users + 1], items[:n_items], local, count[: n_items + 1], left, place
