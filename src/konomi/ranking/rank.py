"""The best unseen items of many profiles: profile → code → scores → mask → top-k."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from konomi.arrays import F32, I32, Bools
from konomi.data.profiles import Profiles
from konomi.kernels.best_dots import best_dots
from konomi.kernels.topk import topk
from konomi.models.api import HasDots, Model
from konomi.runtime import blocks

SCORES = 1 << 24  # scores held at once: 64 MiB
MANY = 64  # people from which on it pays to sort the items first
PEOPLE = 1 << 14  # people whose codes are held at once, where no scores are held
BLOCK = 256  # people scored at once, fewer where there are very many items; the rounding of a product depends on it


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

    output: by default "rank" where the model has it, else "rating". Fewer than k items are padded; equal scores come in order
    of item row. For many people and a model that `HasDots`, most scores are not computed (`kernels/best_dots.py`); a person's
    ranking then has the same bytes whoever else is ranked.
    """
    output = output or ("rank" if "rank" in model.outputs else "rating")
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
