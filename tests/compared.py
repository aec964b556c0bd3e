"""A comparison that several tests look at: bias, a small mf and the stand-in, on people whose taste is obvious."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from konomi.data.scale import Scale
from konomi.data.split import SplitConfig
from konomi.models import module
from konomi.pipeline.compare import compare_models
from konomi.pipeline.comparison import Comparison
from konomi.reading.frame import Dataset
from konomi.runtime import Run
from stand_in import register

SPLIT = SplitConfig(valid=0.2, test=0.2)
RUN = Run(threads=1)
NASTY = "<b>Fire & $x$ | 好み</b>"  # a title that is markup, mathematics, a table's edge, and not in every font


def rated(rows, items) -> Dataset:
    """A dataset of (user, item, rating) rows on the scale 1 to 10, with a catalogue."""
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    return Dataset.from_frame(frame, scale=Scale(1, 10, 1), items=items)


def two_tastes() -> Dataset:
    """40 people, 12 items with genres: even people rate even items 9 and odd ones 3, odd people the other way, more or less."""
    draw = np.random.default_rng(0)
    rows = [
        (u, 10 + i, int(np.clip((9 if (u + i) % 2 == 0 else 3) + draw.integers(-1, 2), 1, 10)))
        for u in range(40)
        for i in range(12)
        if (3 * u + 5 * i) % 7
    ]
    titles = [NASTY, *(f"Title {i}" for i in range(1, 12))]
    items = pl.DataFrame(
        {"item_id": range(10, 22), "title": titles, "genres": [["Odd" if i % 2 else "Even", "All"] for i in range(12)]}
    )
    return rated(rows, items)


def compared(dataset: Dataset) -> Comparison:
    """bias, a small mf for each task, and a model that everybody's likes decide, for each task too."""
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        models = {name: module(name).Config() for name in ("bias", "mf", "stand-in")}
        models["mf"] = replace(models["mf"], dim=4, epochs=6)
        return compare_models(dataset, models, split=SPLIT, run=RUN)
