"""The definition of `strata.py` in plain NumPy."""

import numpy as np


def strata(indptr, item, target, user_block, item_block, grid):
    """Twin of `strata._scatter`: a stable sort by block."""
    user = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
    block = user_block[user].astype(np.int64) * grid + item_block[item]
    order = np.argsort(block, kind="stable")
    return user[order], item[order], target[order], np.searchsorted(block[order], np.arange(grid * grid + 1))
