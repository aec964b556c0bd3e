"""The best unseen items of many profiles: profile → code → scores → mask → top-k."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from konomi.data.profiles import Profiles
from konomi.kernels.threads import blocks
from konomi.kernels.topk import topk
from konomi.models import Model

SCORES = 1 << 24  # scores held at once: 64 MiB


@dataclass(frozen=True)
class Ranking:
    """K items for each of B profiles, best first: items i32[B, K], padded with −1; scores f32[B, K], padded with NaN."""

    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def rank(
    model: Model,
    profiles: Profiles,
    k: int,
    allowed: npt.NDArray[np.bool_],
    output: str | None = None,
    threads: int = 1,
) -> Ranking:
    """The k items with the highest scores among those allowed (bool[I]), without any item of the profile, scored or not.

    `output` is what is scored; by default "rank" where the model has it, else "rating". Fewer than k items are padded; equal
    scores come in order of item row.
    """
    output = output or ("rank" if "rank" in model.outputs else "rating")
    items = np.empty((len(profiles), k), np.int32)
    scores = np.empty((len(profiles), k), np.float32)
    for start, stop in blocks(len(profiles), max(SCORES // len(allowed), 1)):
        part = profiles.slice(start, stop)
        block = model.score(model.encode(part, threads), output)  # b × I
        items[start:stop], scores[start:stop] = topk(block, k, part.indptr, part.item, allowed, threads)
    return Ranking(items, scores)
