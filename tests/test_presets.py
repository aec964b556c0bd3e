"""The founding notebooks' settings, every file of docs/presets: each trains to a finite error that falls."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from konomi.data.split import SplitConfig, make_split
from konomi.models import module
from konomi.runtime import Run
from konomi.settings import read_toml, settings

PRESETS = sorted((Path(__file__).parents[1] / "docs" / "presets").glob("*.toml"))
SHORT = 10  # epochs: a batch of the checkerboard is all of it, so that an epoch of a network is one step


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_presets_train(preset, checkerboard):
    genres = pl.Series("genres", [["Odd" if i % 2 else "Even"] for i in range(20)])
    items = checkerboard.items.with_columns(genres)
    train = make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)
    ((name, table),) = (pair for pair in read_toml(preset).items() if pair[0] != "split")
    config = settings(module(name).Config, {**table, "epochs": min(table["epochs"], SHORT)}, str(preset))
    model = module(name).fit(type(train)(**{**vars(train), "items": items}), config, Run())
    assert len(model.history) == config.epochs and np.isfinite(model.history).all()
    assert model.history[-1, 0] < model.history[0, 0]
