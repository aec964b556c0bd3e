"""Which of `slim` and `ease` orders titles where none is named: validation entries decide, and in doubt it is `ease`.

Validation entries are of people whose other entries were learnt. New people get better lists by `ease` where both find as much
of those: it takes all titles into account, `slim` the nearest ones, which a few people may have made near by chance
(docs/decisions.md).
"""

from typing import Any, NamedTuple

import numpy as np

from konomi.data.split import TrainSet
from konomi.errors import FitError
from konomi.models import ease, slim
from konomi.models.choice import Validation
from konomi.pipeline.budget import Counts
from konomi.runtime import Run

PLAIN: dict[str, Any] = {"l2": 150.0, "dropout": 0.0, "user_power": 0.0, "item_power": 0.0, "relaxed": 0.0}
"""Settings of `ease`: those that validation entries choose put more of what everybody has into lists."""
MOST = 10_000  # titles: the matrix of more takes more than 400 MB of every bundle
SURE = 2.0  # standard errors that `slim` has to be better by


class Order(NamedTuple):
    """What orders titles, with its settings, and why."""

    name: str
    settings: dict[str, Any]
    why: str


def open_to_ease(counts: Counts, run: Run, seconds: float) -> bool:
    """Whether `ease` may take part: its matrix is not too large for the memory, for a bundle, and for the time."""
    fits = counts.known <= MOST and ease.forecast(counts.known, counts.entries) <= run.memory
    return fits and counts.ease() <= seconds


def better(settings: dict[str, Any] | None, train: TrainSet, run: Run) -> Order | None:
    """The better one on the validation entries of `train`; settings: of `slim`, None = chosen by these, too. None where they
    cannot tell, since there are none, or one of the two has nothing to learn from."""
    people = Validation.of(train)
    if not len(people.shown):
        return None
    try:
        near = slim.fit(train, slim.Config(**(settings or {})), run)
        whole = ease.fit(train, ease.Config(**PLAIN), run)
    except FitError:
        return None
    found, other = people.each(near, run), people.each(whole, run)
    more = found - other
    measured = f"NDCG@10 {found.mean():.4f} against {other.mean():.4f} on the validation entries."
    if more.mean() > SURE * more.std() / np.sqrt(len(more)):
        return Order("slim", near.chosen, f"slim orders the titles: it is better than ease, {measured}")
    return Order("ease", dict(PLAIN), f"ease orders the titles: slim is not better by more than chance, {measured}")
