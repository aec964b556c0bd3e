"""One of each franchise: the entry point to whoever has not begun it, then the next part.

A sequel is nothing for somebody who has not seen the first, and ten seasons of one work are one recommendation. Who has dropped
a part does not want the next.
"""

import numpy as np
import numpy.typing as npt

from konomi.data.franchise import BESIDE
from konomi.data.labels import STATUS, planned
from konomi.data.profiles import Profiles
from konomi.kernels.parts import offer
from konomi.kernels.threads import blocks, workers

I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

PEOPLE = 256  # of one task


def offered(profiles: Profiles, franchise: I32, part: I32, known: Bools, allowed: Bools, threads: int = 1) -> Bools:
    """Which items may be offered to whom, bool[B, I]; at most one of each franchise.

    franchise i32[I] and part i32[I]: as `data.franchise.franchises` has them; known bool[I]: the model can say something of the
    item; allowed bool[I]: the request does not filter it out. Seen are all entries but those planned.

    The entry point of a franchise is its first known part that is not beside the work (`BESIDE`). Who has seen it, or a part
    before it, is offered the first part in order that is known, allowed and unseen. Everybody else is offered the entry point
    or, if it is not allowed, nothing. Who has dropped a part, other than one beside the work, is offered nothing of it.
    """
    main = part < BESIDE
    order = np.lexsort((np.arange(len(part)), part, franchise)).astype(np.int32)
    first = np.diff(franchise[order], prepend=-1) != 0
    bounds = np.append(np.flatnonzero(first), len(order))
    group = np.empty(len(part), np.int32)
    group[order] = np.cumsum(first, dtype=np.int32) - 1
    entry = np.full(len(bounds) - 1, -1, np.int32)
    candidates = np.flatnonzero((known & main)[order])[::-1]
    entry[group[order[candidates]]] = candidates  # the last written is the first in order
    open_ = known & allowed & main
    fresh = np.zeros(len(part), np.bool_)
    entries = order[entry[entry >= 0]]
    fresh[entries] = open_[entries]
    state = (~planned(profiles)).view(np.uint8)
    if profiles.status is not None:
        state[profiles.status == STATUS["dropped"]] = 2
    out = np.empty((len(profiles), len(part)), np.bool_)
    with workers(threads) as each:
        each(
            lambda rows: offer(
                profiles.indptr, profiles.item, state, group, bounds, order, main, entry, open_, fresh, *rows, out
            ),
            blocks(len(profiles), PEOPLE),
        )
    return out
