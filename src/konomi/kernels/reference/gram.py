"""The definition of `gram.py` in plain NumPy."""

import numpy as np


def gram(item_indptr, user, item_value, indptr, item, value, start, stop, out):
    """Twin of `gram.gram`: the product of the dense X with itself."""
    X = np.zeros((len(indptr) - 1, out.shape[1]), np.int64)
    X[np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), item] = value
    out[start:stop] = np.tril(X.T @ X)[start:stop]
