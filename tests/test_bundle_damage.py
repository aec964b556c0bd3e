"""A few of the damages of `python bench/damage.py`: what is altered is refused, what is loaded answers with numbers."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from konomi.bundle.format import save_bundle
from konomi.data.split import SplitConfig
from konomi.models import mf, module
from konomi.pipeline import train
from konomi.runtime import Run


@pytest.fixture(scope="module")
def damage():
    bench = Path(__file__).parents[1] / "bench"
    spec = importlib.util.spec_from_file_location("damage", bench / "damage.py")
    assert spec
    assert spec.loader
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(bench))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [0, 1])
def test_damage_is_found_and_never_served(damage, checkerboard, tmp_path, seed):
    models = {"ease": module("ease").Config(l2=5), "mf": mf.Config(dim=4, epochs=2), "genre": module("genre").Config()}
    path = tmp_path / "model"
    save_bundle(path, train(checkerboard, models, SplitConfig(valid=0.2), Run(threads=1)))
    assert damage.outcome(path, sealed=True) == "served"
    found = damage.damaged(path, np.random.default_rng(seed), 25)
    assert all(set(found[kind.__name__]) == {"refused"} for kind in damage.BYTES)
    for kind in damage.CONTENTS:
        assert set(found[kind.__name__]) <= {"refused", "served"} and found[kind.__name__]["refused"] > 5
