"""One title of each franchise: its entry point for people who have not begun it, else the next part.

A sequel is no recommendation for people who have not seen the first part. Ten seasons of one work are one recommendation, not
ten. People who have dropped a part do not want the next, and those who are in the middle of one do not need it yet.
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
    `order`, −1 = none; main bool[I]: not beside the work (`BESIDE`: specials, recaps, trailers, music); known bool[I]: a model
    knows it.
    """

    group: I32
    bounds: I64
    order: I32
    entry: I32
    main: Bools
    known: Bools

    @classmethod
    def of(cls, franchise: I32, part: I32, known: Bools) -> "FranchiseRule":
        """From franchise i32[I] and part i32[I], as `catalogue.franchises` gives them. The entry point of a franchise is its
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

    def offered(self, profiles: Profiles, allowed: Bools, sequels: bool = True) -> Bools:
        """bool[B, I]: the items that each person may be offered, at most one of each franchise. allowed bool[I]: passes the
        filters; sequels: whether franchises that they have begun go on.

        Every entry counts as seen but planned ones. Items beside the work are never offered. People who have seen the entry
        point of a franchise, or a part before it, are offered its first part that is known, allowed and unseen. People who have
        dropped a part that is not beside the work, or have not finished one, are offered nothing of the franchise. All others
        are offered the entry point or, if it is not allowed, nothing.
        """
        allowed = self.known & allowed & self.main
        fresh = np.zeros(len(allowed), np.bool_)
        entries = self.order[self.entry[self.entry >= 0]]
        fresh[entries] = allowed[entries]
        state = (~profiles.planned).view(np.uint8)
        state[profiles.dropped | profiles.unfinished if sequels else ~profiles.planned] = 2
        out = np.empty((len(profiles), len(allowed)), np.bool_)
        rule = (self.group, self.bounds, self.order, self.main, self.entry, allowed, fresh)
        offer(profiles.indptr, profiles.item, state, *rule, out)
        return out
