"""The definition of `downdate.py` in plain NumPy."""

import numpy as np

from konomi.kernels.reference.ridge import fold_in


def leave_one_out(item, target, Q, penalty):
    """Twin of `downdate.leave_one_out`: n fold-ins, each without one rating."""

    def folded(kept):
        out = np.zeros((1, Q.shape[1]))
        fold_in(np.array([0, kept.sum()]), item[kept], target[kept], Q, penalty, 0, 1, out)
        return out[0]

    everything = np.ones(len(item), bool)
    return np.array([folded(everything) - folded(everything & (np.arange(len(item)) != j)) for j in range(len(item))])
