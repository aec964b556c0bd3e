"""What each kernel means, in plain NumPy. Slow, and right by inspection: the tests hold the kernels to these."""

import numpy as np


def sgd_block(user, item, target, P, Q, bu, bi, rate, l2, l2_bias, biased):
    """Twin of `sgd.sgd_block`."""
    total = 0.0
    for u, i, y in zip(user, item, target, strict=True):
        e = y - P[u] @ Q[i] - (bu[u] + bi[i] if biased else 0)
        if biased:
            bu[u], bi[i] = bu[u] + rate * (e - l2_bias * bu[u]), bi[i] + rate * (e - l2_bias * bi[i])
        P[u], Q[i] = P[u] + rate * (e * Q[i] - l2 * P[u]), Q[i] + rate * (e * P[u] - l2 * Q[i])
        total += e**2
    return total


def adagrad_block(user, item, target, P, Q, bu, bi, GP, GQ, gu, gi, rate, l2, l2_bias, biased):
    """Twin of `sgd.adagrad_block`."""
    total = 0.0
    for u, i, y in zip(user, item, target, strict=True):
        e = y - P[u] @ Q[i] - (bu[u] + bi[i] if biased else 0)
        steps = [(P, GP, u, e * Q[i] - l2 * P[u]), (Q, GQ, i, e * P[u] - l2 * Q[i])]
        if biased:
            steps += [(bu, gu, u, e - l2_bias * bu[u]), (bi, gi, i, e - l2_bias * bi[i])]
        for weights, sums, row, downhill in steps:
            sums[row] += downhill**2
            weights[row] += rate * downhill / np.sqrt(sums[row])
        total += e**2
    return total


def predict_pairs(user, item, P, Q, bu, bi, mean):
    """Twin of `sgd.predict_pairs`."""
    return mean + bu[user] + bi[item] + (P[user] * Q[item]).sum(axis=1)


def fold_in(indptr, item, target, Q, penalty, start, stop, out):
    """Twin of `ridge.fold_in`: the normal equations, person by person."""
    for b in range(start, stop):
        entries = slice(indptr[b], indptr[b + 1])
        X, y, n = Q[item[entries]].astype(float), target[entries].astype(float), indptr[b + 1] - indptr[b]
        if n:
            out[b] = np.linalg.solve(X.T @ X + n * np.diag(penalty), X.T @ y)


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


def strata(indptr, item, target, user_block, item_block, grid):
    """Twin of `strata._scatter`: a stable sort by block."""
    user = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
    block = user_block[user].astype(np.int64) * grid + item_block[item]
    order = np.argsort(block, kind="stable")
    return user[order], item[order], target[order], np.searchsorted(block[order], np.arange(grid * grid + 1))


def kept_indptr(indptr, kept):
    """Twin of `csr.kept_indptr`."""
    return np.concatenate([[0], np.cumsum(kept)])[indptr]


def mark_first(indptr, key, firsts, seconds, first, second, part):
    """Twin of `csr.mark_first`."""
    for row in range(len(indptr) - 1):
        order = indptr[row] + np.argsort(key[indptr[row] : indptr[row + 1]])
        part[order[: firsts[row]]] = first
        part[order[firsts[row] : firsts[row] + seconds[row]]] = second


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


def count_and_sum(item, rating, n_items):
    """Twin of `csr.count_and_sum`."""
    scored = ~np.isnan(rating)
    return np.bincount(item[scored], minlength=n_items), np.bincount(item[scored], rating[scored], n_items)
