"""The definition of `franchises.offer` in plain NumPy."""

import numpy as np


def offered(people, franchise, part, main, known, allowed):
    """bool[B, I]; people: (items seen, items dropped among them) of each person. See `FranchiseRule.offered`."""
    out = np.zeros((len(people), len(part)), np.bool_)
    for row, (seen, dropped) in zip(out, people, strict=True):
        for f in np.unique(franchise):
            parts = np.flatnonzero(franchise == f)
            parts = parts[np.lexsort((parts, part[parts]))]
            entry = next((i for i in parts if known[i] and main[i]), None)
            seen_main = [k for k, i in enumerate(parts) if i in seen and main[i]]
            if any(i in dropped and main[i] for i in parts):
                continue
            last = len(parts) if entry is None else int(np.flatnonzero(parts == entry)[0])
            if any(k <= last for k in seen_main):
                following = [i for i in parts if known[i] and allowed[i] and main[i] and i not in seen]
                row[following[:1]] = True
            elif entry is not None and entry not in seen:
                row[entry] = allowed[entry]
    return out
