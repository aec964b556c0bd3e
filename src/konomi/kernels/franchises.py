"""Which items may be offered to people, at most one of each franchise; `reference/franchises.py` has the definition.

A person without entries is offered the entry points. Only the franchises in a profile differ from that, so a person costs a
copy of I bytes and a pass over the parts of these franchises.
"""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def offer(indptr, item, state, group, bounds, order, main, entry, allowed, fresh, out):
    """Write out, bool[B, I].

    indptr i64[B+1], item i32[N]; state u8[N]: 0 = not seen, 1 = seen, 2 = seen and dropped. group i32[I]: the franchise of an
    item, from 0; its parts, in order, are order[bounds[g]:bounds[g+1]] (i32[I], i64[G+1]). main bool[I]: not beside the work;
    entry i32[G]: its place in `order`, −1 = none; allowed bool[I]; fresh bool[I]: the row of a person without entries.
    """
    mark = np.zeros(len(group), np.uint8)
    for b in range(len(out)):
        row = out[b]
        row[:] = fresh
        for n in range(indptr[b], indptr[b + 1]):
            if state[n]:
                mark[item[n]] = state[n]
        for n in range(indptr[b], indptr[b + 1]):
            if not state[n]:
                continue
            g = group[item[n]]
            begun, left = False, False
            last = entry[g] if entry[g] >= 0 else bounds[g + 1] - 1
            for k in range(bounds[g], bounds[g + 1]):
                i = order[k]
                row[i] = False
                if mark[i] and main[i]:
                    left |= mark[i] == 2
                    begun |= k <= last
            if left:
                continue
            if begun:
                for k in range(bounds[g], bounds[g + 1]):
                    if allowed[order[k]] and not mark[order[k]]:
                        row[order[k]] = True
                        break
            elif entry[g] >= 0:
                row[order[entry[g]]] = allowed[order[entry[g]]]
        for n in range(indptr[b], indptr[b + 1]):
            mark[item[n]] = 0
