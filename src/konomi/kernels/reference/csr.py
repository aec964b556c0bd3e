"""The definitions of `csr.py` in plain NumPy."""

import numpy as np


def stable_order(key, n, order, out):
    """Twin of `csr.stable_order`."""
    out[:] = order[np.argsort(key[order], kind="stable")]


def mark_last(user, item, order, n_items, last):
    """Twin of `csr.mark_last`."""
    order = order if len(order) else range(len(user))
    latest = {(user[entry], item[entry]): entry for entry in order}
    last[:] = [latest[u, i] == entry for entry, (u, i) in enumerate(zip(user, item, strict=True))]


def marked_only(order, marked, out):
    """Twin of `csr.marked_only`."""
    order = order if len(order) else np.arange(len(marked))
    out[:] = order[marked[order]]


def gather(values, order, out):
    """Twin of `csr.gather`."""
    out[:] = values[order]


def count_marked(key, n, marked):
    """Twin of `csr.count_marked`."""
    return np.bincount(key[marked], minlength=n)


def kept_indptr(indptr, kept):
    """Twin of `csr.kept_indptr`."""
    return np.concatenate([[0], np.cumsum(kept)])[indptr]


def mark_first(indptr, key, firsts, seconds, first, second, mark):
    """Twin of `csr.mark_first`."""
    for row in range(len(indptr) - 1):
        order = indptr[row] + np.argsort(key[indptr[row] : indptr[row + 1]])
        mark[order[: firsts[row]]] = first
        mark[order[firsts[row] : firsts[row] + seconds[row]]] = second


def unmark_others(user, item, keep_user, keep_item, marked):
    """Twin of `csr.unmark_others`."""
    by_item = marked & ~keep_item[item]
    by_user = marked & ~by_item & ~keep_user[user]
    marked &= ~(by_item | by_user)
    return by_item.sum(), by_user.sum()


def sort_rows(indptr, item, order, start, stop):
    """Twin of `csr.sort_rows`."""
    for row in range(start, stop):
        entries = order[indptr[row] : indptr[row + 1]]
        entries[:] = entries[np.argsort(item[entries])]


def ascend(indptr, item, n_items, start, stop):
    """Twin of `csr.ascend`."""
    rows = [item[indptr[row] : indptr[row + 1]] for row in range(start, stop)]
    return all((np.diff(row) > 0).all() and ((row >= 0) & (row < n_items)).all() for row in rows)


def count_and_sum(item, rating, n_items, unit):
    """Twin of `csr.count_and_sum`, with Python's unlimited integers."""
    scored = [(i, round(float(r) * unit)) for i, r in zip(item, rating, strict=True) if not np.isnan(r)]
    count, total = [0] * n_items, [0] * n_items
    for i, whole in scored:
        count[i] += 1
        total[i] += whole
    return count, total


def power_sums(rating, unit):
    """Twin of `csr.power_sums`."""
    whole = [round(float(r) * unit) for r in rating if not np.isnan(r)]
    return len(whole), sum(whole), sum(w * w for w in whole)
