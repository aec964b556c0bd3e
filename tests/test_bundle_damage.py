"""A few of the damages of `python bench/damage.py bundle`: what is altered is refused, what is loaded answers with numbers."""

from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from konomi.bundle.format import save_bundle
from konomi.data.split import SplitConfig
from konomi.models import mf, module
from konomi.pipeline.train import train_model
from konomi.runtime import Run


@pytest.fixture(scope="module")
def bundles():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1] / "bench"))
        yield import_module("damaged_bundles")


@pytest.mark.parametrize("seed", [0, 1])
def test_damage_is_found_and_never_served(bundles, checkerboard, tmp_path, seed):
    models = {"ease": module("ease").Config(l2=5), "mf": mf.Config(dim=4, epochs=2), "genre": module("genre").Config()}
    path = tmp_path / "model"
    save_bundle(path, train_model(checkerboard, models, SplitConfig(valid=0.2), Run(threads=1)))
    whole = path.read_bytes()
    ends = Counter(bundles.damaged(path, np.random.default_rng(seed), 150))
    for kind in bundles.BYTES:
        assert {end for name, end in ends if name == kind.__name__} == {"refused"}
    for kind in bundles.CONTENTS:
        assert {end for name, end in ends if name == kind.__name__} <= {"refused", "works"}
        assert ends[kind.__name__, "refused"] > 5
    assert path.read_bytes() == whole
