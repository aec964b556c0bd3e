"""A model's predictions of hidden entries."""

from collections.abc import Iterable

import numpy as np

from konomi.arrays import F32
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.models.api import Model
from konomi.runtime import Run, Stage, blocks

BLOCK = 4096  # people encoded at once
NUMBERS = 1 << 22  # of codes that are repeated at once, one for each pair


def predict(model: Model, seen: Profiles, hidden: Profiles, outputs: Iterable[str], scale: Scale, run: Run) -> dict[str, F32]:
    """The outputs for every hidden entry, f32[N] each, "rating" on the scale; `seen` and `hidden` are of the same people."""
    out = {output: np.empty(len(hidden.item), np.float32) for output in outputs}
    people = np.flatnonzero(hidden.counts)
    for done in range(0, len(people), BLOCK):
        run.progress(Stage("evaluate", done, len(people), "people"))
        block = people[done : done + BLOCK]
        pairs = hidden.take(block)
        with run.workers():
            codes = model.encode(seen.take(block), run.threads)
        first, user = hidden.indptr[block[0]], pairs.user  # people in between have no hidden entries
        for start, stop in blocks(len(user), max(NUMBERS // max(codes.shape[1], 1), 1)):
            of_pairs = codes[user[start:stop]]
            for output, predicted in out.items():
                predicted[first + start : first + stop] = model.score_pairs(of_pairs, pairs.item[start:stop], output)
    run.progress(Stage("evaluate", len(people), max(len(people), 1), "people"))
    return {output: scale.clip(predicted) if output == "rating" else predicted for output, predicted in out.items()}
