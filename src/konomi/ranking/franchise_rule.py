"""One of each franchise: the entry point to whoever has not begun it, then the next part.

A sequel is nothing for somebody who has not seen the first, and ten seasons of one work are one recommendation. Who has dropped
a part does not want the next.
"""

from dataclasses import dataclass

import numpy as np

from konomi.arrays import I32, I64, Bools
from konomi.catalogue.franchises import BESIDE
from konomi.data.profiles import Profiles
from konomi.kernels.franchises import offer


@dataclass(frozen=True)
class FranchiseRule:
    """A catalogue's franchises, sorted: the parts of franchise g, in order, are order[bounds[g]:bounds[g+1]].

    order i32[I]; bounds i64[G+1]; group i32[I]: the franchise of an item, from 0; entry i32[G]: the place of its entry point in
    `order`, −1 = none; main bool[I]: not beside the work (`BESIDE`: specials, recaps, trailers, music); known bool[I]: the
    model can say something of it.
    """

    group: I32
    bounds: I64
    order: I32
    entry: I32
    main: Bools
    known: Bools

    @classmethod
    def of(cls, franchise: I32, part: I32, known: Bools) -> "FranchiseRule":
        """By franchise i32[I] and part i32[I], as `catalogue.franchises` has them. The entry point of a franchise is its
        first known part that is not beside the work."""
        main = part < BESIDE
        order = np.lexsort((np.arange(len(part)), part, franchise)).astype(np.int32)
        first = np.diff(franchise[order], prepend=-1) != 0
        bounds = np.append(np.flatnonzero(first), len(order))
        group = np.empty(len(part), np.int32)
        group[order] = np.cumsum(first, dtype=np.int32) - 1
        entry = np.full(len(bounds) - 1, -1, np.int32)
        candidates = np.flatnonzero((known & main)[order])[::-1]
        entry[group[order[candidates]]] = candidates  # the last written is the first in order
        return cls(group, bounds, order, entry, main, known)

    def offered(self, profiles: Profiles, allowed: Bools) -> Bools:
        """Which items may be offered to whom, bool[B, I]; at most one of each franchise. allowed bool[I]: not filtered out.

        Seen are all entries but those planned. What is beside the work is never offered. Who has seen the entry point of a
        franchise, or a part before it, is offered the first part in order that is known, allowed and unseen. Everybody else is
        offered the entry point or, if it is not allowed, nothing. Who has dropped a part, other than one beside the work, is
        offered nothing of the franchise.
        """
        allowed = self.known & allowed & self.main
        fresh = np.zeros(len(allowed), np.bool_)
        entries = self.order[self.entry[self.entry >= 0]]
        fresh[entries] = allowed[entries]
        state = (~profiles.planned).view(np.uint8)
        state[profiles.dropped] = 2
        out = np.empty((len(profiles), len(allowed)), np.bool_)
        rule = (self.group, self.bounds, self.order, self.main, self.entry, allowed, fresh)
        offer(profiles.indptr, profiles.item, state, *rule, out)
        return out
