"""Figures that must not drift: the golden value ± 3 × the deviation over seeds that `python bench/golden.py` measured.

Without a seed the deviation is 0: what is written then is what rounding may do, to an error or to an order.
"""

import numpy as np
import polars as pl
import pytest

from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, predefined
from konomi.data.table import Table
from konomi.models import MODELS, module
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from konomi.simulate.sample import sample

GOLDEN = {
    "bias": (1.20589, 0.00001),
    "genre": (1.20837, 0.00001),
    "mf": (1.17946, 0.00073),
    "bayes": (1.13619, 0.00046),
    "nn": (1.18319, 0.00195),
    "hybrid": (1.18229, 0.0015),
    "two_tower": (1.19321, 0.00133),
}
RANKING = {"popular": (0.16317, 0.00001), "ease": (0.36357, 0.0001), "slim": (0.35991, 0.0001)}
"""NDCG@10, of the models that only rank."""
SLOW = ("bayes", "nn", "hybrid", "two_tower")


@pytest.fixture(scope="module")
def simulated():
    simulation = sample(Run())
    return simulation, prepare(simulation.table())


@pytest.mark.parametrize("model", [pytest.param(m, marks=pytest.mark.slow if m in SLOW else ()) for m in sorted(GOLDEN)])
def test_rmse_on_the_embedded_sample(simulated, model):
    simulation, dataset = simulated
    metrics = train_model(dataset, model, split=SplitConfig(), refit=False).metrics["test"]
    golden, deviation = GOLDEN[model]
    assert metrics["rmse"] == pytest.approx(golden, abs=3 * deviation)
    assert simulation.noise_floor < metrics["rmse"] < metrics["baselines"]["global mean"]["rmse"]


@pytest.mark.parametrize("model", sorted(RANKING))
def test_ndcg_on_the_embedded_sample(simulated, model):
    metrics = train_model(simulated[1], model, split=SplitConfig(), refit=False).metrics["test"]
    golden, deviation = RANKING[model]
    assert metrics["ndcg@10"] == pytest.approx(golden, abs=3 * deviation)


def test_every_model_has_a_golden_figure():
    assert GOLDEN.keys() | RANKING.keys() == MODELS.keys()
    assert all(bool(module(name).TASKS) == (name in GOLDEN) for name in MODELS)


@pytest.mark.data
def test_mf_on_real_ratings(shared):
    """The split of the founding comparison: shuffled by RandomState(0), 80 % train, 10 % validation, the last 10 % test."""
    frame = pl.read_csv(shared / "anime-caserec-2016" / "rating_mal_ids.csv")

    def table(rows):
        return Table(
            rows["user_id"], rows["anime_id"], rows["rating"].to_numpy().astype(np.float32), Scale(1, 10, 1), "caserec"
        )

    order = np.random.RandomState(0).permutation(len(frame))
    a, b = int(len(frame) * 0.8), int(len(frame) * 0.9)
    dataset = prepare(table(frame))
    split = predefined(dataset, table(frame[order[b:]]), table(frame[order[a:b]]))
    metrics = train_model(dataset, "mf", split=split, refit=False).metrics["test"]
    assert metrics["rmse"] == pytest.approx(1.1361, abs=3 * 0.0009)
    assert metrics["baselines"]["global mean"]["rmse"] == pytest.approx(1.5805, abs=5e-5)
