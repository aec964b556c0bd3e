"""The best unseen items of many profiles: profile → code → scores → mask → top-k."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from konomi.arguments import expect, whole
from konomi.arrays import F32, I32, Bools
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.kernels.best_dots import best_dots
from konomi.kernels.topk import topk
from konomi.models.api import HasDots, Model, check_output
from konomi.runtime import blocks
from konomi.settings import shown

SCORES = 1 << 24  # scores held at once: 64 MiB
MANY = 64  # people for whom it pays to put the items in order first
PEOPLE = 1 << 14  # whose codes are held at once, where no scores are held
MOST_PLACES = 1 << 20  # of one list
BLOCK = 256  # people scored at once, fewer where there are very many items: the rounding of a product depends on it


@dataclass(frozen=True, repr=False)
class Ranking:
    """K items for each of B profiles, best first: items i32[B, K], padded with −1; scores f32[B, K], padded with NaN."""

    items: I32
    scores: F32

    def __repr__(self) -> str:
        people, places = self.items.shape
        return f"Ranking({people:,} × {places:,} items)"


Best = Callable[[int, int], Ranking]
"""best(start, stop) → the ranking of these people."""


def rank(
    model: Model,
    profiles: Profiles,
    k: int,
    allowed: Bools,
    output: str | None = None,
    threads: int = 1,
) -> Ranking:
    """The k allowed items (bool[I]) with the highest scores, without any item of the profile, rated or not.

    `output` is what is scored; by default "rank" where the model has it, else "rating". Fewer than k items are padded; equal
    scores come in order of item row. Of a model that `HasDots` most scores are not computed where people are many
    (`kernels/best_dots.py`); they get the same bytes in any company.
    RequestError for an output that the model does not have, and for anything that is none of this.
    """
    expect(model, Model, "a model", RequestError, "Give one of `models` of a konomi.Bundle.")
    expect(profiles, Profiles, "profiles", RequestError, "Make them with `Profiles.of`.")
    if not isinstance(allowed, np.ndarray) or allowed.dtype != bool or allowed.shape != (len(model.item_known) - 1,):
        raise RequestError(
            "`allowed` is not a bool for each item.", "Give np.ones(n_items, bool) to allow them all.", "allowed"
        )
    k, threads = whole("k", k, 1), whole("threads", threads, 1)
    if k > MOST_PLACES:
        raise RequestError(f"k is {shown(k)}.", f"Ask for {MOST_PLACES:,} places at most.", "k")
    output = output if output is not None else "rank" if "rank" in model.outputs else "rating"
    check_output(model, output)
    dots = len(profiles) >= MANY and isinstance(model, HasDots) and output in model.dot_outputs
    items, scores = np.empty((len(profiles), k), np.int32), np.empty((len(profiles), k), np.float32)
    for start, stop in blocks(len(profiles), PEOPLE if dots else max(min(BLOCK, SCORES // len(allowed)), 1)):
        people = profiles.slice(start, stop)
        codes, seen = model.encode(people, threads), (people.indptr, people.item)
        if dots:
            assert isinstance(model, HasDots)
            left, vectors, constant, level = model.dots(codes, output)
            found, best = best_dots(np.ascontiguousarray(left), vectors, constant, k, *seen, allowed, threads)
            items[start:stop], scores[start:stop] = found, best + level[:, None]
        else:
            items[start:stop], scores[start:stop] = topk(model.score(codes, output), k, *seen, allowed, threads)
    return Ranking(items, scores)
