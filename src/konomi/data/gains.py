"""What a list of recommendations gains: its hits, and NDCG. Models choose settings by it, and evaluation measures it."""

import numpy as np

from konomi.arrays import F64, I32, I64, Bools
from konomi.data.profiles import Profiles


def hits(items: I32, relevant: Profiles) -> Bools:
    """bool[B, K]: whether each of the items i32[B, K], padded with −1, is relevant to its person."""
    width = np.int64(max(items.max(initial=-1), relevant.item.max(initial=-1))) + 2
    key = relevant.user * width + relevant.item + 1  # ascending
    listed = np.arange(len(items))[:, None] * width + items + 1
    place = np.searchsorted(key, listed.ravel())
    found: Bools = (np.append(key, -1)[place].reshape(items.shape) == listed) & (items >= 0)
    return found


def ndcg(hit: Bools, count: I64, k: int) -> F64:
    """Σ_n hit_n / log₂(n + 1) over the first k places n, divided by the highest sum that a list can have.

    (Järvelin & Kekäläinen 2002, with gains of 0 and 1 and the discount of Burges et al. 2005.)
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0], np.cumsum(discount)])[np.minimum(count, k)]
    found: F64 = hit[:, :k] @ discount[: hit.shape[1]] / ideal
    return found
