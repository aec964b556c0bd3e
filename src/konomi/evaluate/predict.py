"""A model's predictions of hidden entries."""

from collections.abc import Iterable

import numpy as np

from konomi.arrays import F32
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.models.api import Model
from konomi.runtime import Run, Stage

BLOCK = 4096  # people scored at once


def predict(model: Model, seen: Profiles, hidden: Profiles, outputs: Iterable[str], scale: Scale, run: Run) -> dict[str, F32]:
    """The outputs for every hidden entry, f32[N] each, "rating" on the scale; `seen` and `hidden` are of the same people."""
    out = {output: np.empty(len(hidden.item), np.float32) for output in outputs}
    people = np.flatnonzero(hidden.counts)
    for start in range(0, len(people), BLOCK):
        run.progress(Stage("evaluate", start, len(people), "people"))
        block = people[start : start + BLOCK]
        pairs = hidden.take(block)
        with run.workers():
            codes = model.encode(seen.take(block), run.threads)[pairs.user]
        entries = slice(hidden.indptr[block[0]], hidden.indptr[block[-1] + 1])  # people in between have no hidden entries
        for output, predicted in out.items():
            predicted[entries] = model.score_pairs(codes, pairs.item, output)
    run.progress(Stage("evaluate", len(people), max(len(people), 1), "people"))
    return {output: scale.clip(predicted) if output == "rating" else predicted for output, predicted in out.items()}
