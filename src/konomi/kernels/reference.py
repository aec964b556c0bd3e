"""What each kernel means, in plain NumPy. Slow, and right by inspection: the tests hold the kernels to these."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from konomi.kernels.sgd import INSIDE, NONE, OUTSIDE
from konomi.kernels.simulate import uniform


def sgd_block(user, item, y, P, Q, bu, bi, sums, dropout, mean, rate, l2, l2_bias, biases, logistic):
    """Twin of `sgd.sgd_block`."""
    total = 0.0
    for n, (u, i) in enumerate(zip(user, item, strict=True)):
        mask = draw_mask(dropout, n, P.shape[1])
        left, right = (P[u] + bu[u], Q[i] + bi[i]) if biases == INSIDE else (P[u], Q[i])
        z = mean + (mask * left) @ right + (bu[u] + bi[i] if biases == OUTSIDE else 0)
        e = y[n] - (expit(z) if logistic else z)
        total += np.logaddexp(0, z) - y[n] * z if logistic else e**2
        steps = [(0, u, e * mask * right - l2 * P[u]), (1, i, e * mask * left - l2 * Q[i])]
        if biases != NONE:
            slopes = (mask @ right, mask @ left) if biases == INSIDE else (1, 1)
            steps += [(2, u, e * slopes[0] - l2_bias * bu[u]), (3, i, e * slopes[1] - l2_bias * bi[i])]
        for which, row, downhill in steps:
            if sums is not None:
                sums[which][row] += downhill**2
            (P, Q, bu, bi)[which][row] += rate * downhill / (1 if sums is None else np.sqrt(sums[which][row]))
    return total


def draw_mask(dropout, n, dim):
    """The mask of entry n, f64[D]."""
    if dropout is None:
        return np.ones(dim)
    key, first, keep = dropout
    drawn = [uniform(key, first + n * dim + d) for d in range(dim)]
    return np.where(np.array(drawn) < keep, 1 / keep, 0)


def predict_pairs(user, item, P, Q, bu, bi, mean):
    """Twin of `sgd.predict_pairs`."""
    return mean + bu[user] + bi[item] + (P[user] * Q[item]).sum(axis=1)


def fold_in(indptr, item, target, Q, penalty, start, stop, out):
    """Twin of `ridge.fold_in`: the normal equations, person by person."""
    for b in range(start, stop):
        entries = slice(indptr[b], indptr[b + 1])
        X, y, n = Q[item[entries]].astype(float), target[entries].astype(float), indptr[b + 1] - indptr[b]
        if n:
            whole = np.diag(n * penalty[0] + penalty[1])
            out[b] = np.linalg.solve(X.T @ X + whole, X.T @ y + whole @ out[b])


def penalised(w, X, y, offset, penalty, a):
    """What `ridge.fold_in_labels` minimises for one person, and its gradient: (f64, f64[K])."""
    z, whole = offset + X @ w, len(y) * penalty[0] + penalty[1]
    value = np.sum(np.logaddexp(0, z) - y * z) + whole @ (w - a) ** 2 / 2
    return value, X.T @ (expit(z) - y) + whole * (w - a)


def fold_in_labels(indptr, item, label, offset, Q, penalty, start, stop, out):
    """Twin of `ridge.fold_in_labels`: SciPy's minimiser, person by person."""
    for b in range(start, stop):
        entries = slice(indptr[b], indptr[b + 1])
        if indptr[b + 1] > indptr[b]:
            a = out[b].astype(float)
            person = (Q[item[entries]].astype(float), label[entries].astype(float), offset[entries].astype(float), penalty, a)
            out[b] = minimize(penalised, a, person, "BFGS", jac=True, options={"gtol": 1e-9}).x


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


def leave_one_out(item, target, Q, penalty):
    """Twin of `downdate.leave_one_out`: a fold-in of all but one, n times."""

    def folded(kept):
        out = np.zeros((1, Q.shape[1]))
        fold_in(np.array([0, kept.sum()]), item[kept], target[kept], Q, penalty, 0, 1, out)
        return out[0]

    everything = np.ones(len(item), bool)
    return np.array([folded(everything) - folded(everything & (np.arange(len(item)) != j)) for j in range(len(item))])


def gram(item_indptr, user, item_value, indptr, item, value, start, stop, out):
    """Twin of `gram.gram`: the product of the whole table with itself."""
    X = np.zeros((len(indptr) - 1, out.shape[1]))
    X[np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), item] = value
    out[start:stop] = np.tril(X.T @ X)[start:stop]


def negative_inverse(A):
    """Twin of `inverse.negative_inverse`, in float64."""
    return -np.linalg.inv(A.astype(float))
