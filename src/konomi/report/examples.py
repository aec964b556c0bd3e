"""Lists of a few people, as each model gives them: figures say how good lists are, these show what they are like."""

import numpy as np

from konomi.evaluate.metrics import SERVED
from konomi.evaluate.recommendations import relevant
from konomi.pipeline.comparison import Comparison
from konomi.report.tables import MISSING, Grid, sorted_by_primary

LIKES = (5, 20, 80)  # of the people shown, about
FAVOURITES, PLACES = 5, 5  # titles that a person is described by; places of a list
HIT = "✓"


def examples(comparison: Comparison) -> list[Grid]:
    """A table for each of a few people: who they are by what they like, and the first places of their list by each model.

    A title that they turned out to like is marked. None where no lists are known, as of several folds.
    """
    lists = {name: ranked.items for name, ranked in comparison.lists(SERVED).items() if ranked.items is not None}
    if not lists:
        return []
    people = next(iter(comparison.lists(SERVED).values())).user
    seen, hidden = comparison.split.test(comparison.dataset)
    liked, wanted = (relevant(some, comparison.train.labelling) for some in (seen, hidden))
    known = liked.counts[people]
    chosen = dict.fromkeys(int(np.argmin(np.abs(known - n))) for n in LIKES)  # places in `people`
    order = sorted_by_primary(comparison, SERVED, lists)
    raters = np.bincount(comparison.train.seen.item, minlength=len(comparison.dataset.items))
    grids = []
    for place in chosen:
        mine, found = (some.take(people[[place]]) for some in (liked, wanted))
        best = mine.item[np.lexsort((mine.item, -raters[mine.item], -np.nan_to_num(mine.rating)))]
        described = "; ".join(comparison.dataset.titles(best[:FAVOURITES].tolist()))
        more = f"; and {len(best) - FAVOURITES:,} more" if len(best) > FAVOURITES else ""
        columns = [_titles(comparison, lists[name][place], found.item.tolist()) for name in order]
        rows = [(str(n), *cells) for n, cells in enumerate(zip(*columns, strict=True), 1)]
        who = f"Somebody who likes {described}{more}" if len(best) else "Somebody who likes nothing that is known"
        grids.append(Grid(who, ("", *order), rows, 1 + len(order)))
    return grids


def _titles(comparison: Comparison, items: np.ndarray, wanted: list[int]) -> list[str]:
    """The first titles of a list, with what turned out to be liked marked."""
    rows = [int(item) for item in items[:PLACES]]
    titles = iter(comparison.dataset.titles([row for row in rows if row >= 0]))
    return [MISSING if row < 0 else next(titles) + (f" {HIT}" if row in wanted else "") for row in rows]
