"""The definition of `topk.py` in plain NumPy."""

import numpy as np


def topk(scores, k, indptr, seen, allowed):
    """The k best allowed and unseen items of every row; see `topk.topk` for shapes."""
    items = np.full((len(scores), k), -1, np.int32)
    best = np.full((len(scores), k), np.nan, np.float32)
    for b, row in enumerate(scores):
        left = allowed & ~np.isnan(row)
        left[seen[indptr[b] : indptr[b + 1]]] = False
        candidates = np.flatnonzero(left)
        order = candidates[np.lexsort((candidates, -row[candidates]))][:k]
        items[b, : len(order)] = order
        best[b, : len(order)] = row[order]
    return items, best
