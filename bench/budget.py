"""How long the trainings that `train` chooses among take, beside what is forecast from counts.

    python bench/budget.py [films anime large]

ml-latest-small and the real MyAnimeList ratings, the data beside the checkout; large: three million simulated ratings of 30,000
people and 8,000 items, without `bayes`. Each model is trained twice, like in `train`: on the training entries, its settings
chosen, and on everything, with these. Prints seconds of wall clock, seconds of processor time over the number of cores, which
other work beside does not change much, and the forecast.
"""

import os
import sys
import time
from typing import Any

from caserec_split import RATINGS, caserec
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, all_of, make_split
from konomi.kernels.ids import warm_up
from konomi.models import module, slim
from konomi.pipeline.budget import Counts
from konomi.pipeline.refit import settled
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from konomi.simulate.ratings import simulate
from konomi.simulate.titles import simulated_catalogue
from measure import save

FILMS = RATINGS.parent.parent / "ml-latest-small-2018" / "ml-latest-small.zip"
WAYS = (
    ("slim", "settings chosen", {}),
    ("slim", "usual settings", dict(slim.USUAL)),
    ("bayes", "gibbs", {}),
    ("bayes", "vb", {"method": "vb"}),
    ("mf", "", {}),
)


def loaded(name: str) -> Dataset:
    """A data set."""
    if name == "films":
        return prepare(read_source("movielens", [FILMS], ReadOptions(), Run()))
    if name == "anime":
        return caserec(RATINGS)[0]
    return prepare(simulate(simulated_catalogue(8_000, 0), 30_000, 3_000_000, 0, Run()).table())


def timed(dataset: Dataset, name: str, settings: dict[str, Any]) -> dict[str, float]:
    """Both trainings of a model."""
    split, config, run = make_split(dataset, SplitConfig()), module(name).Config(**settings), Run()
    begun, used = time.perf_counter(), time.process_time()
    first = module(name).fit(split.train_set(dataset), config, run)
    module(name).fit(all_of(dataset).train_set(dataset), settled(config, [first]), run)
    wall, processor = time.perf_counter() - begun, time.process_time() - used
    return {"wall s": round(wall, 2), "processor s / cores": round(processor / (os.cpu_count() or 1), 2)}


def forecast(counts: Counts, name: str, settings: dict[str, Any]) -> float:
    if name == "slim":
        return counts.slim(choice=not settings)
    return counts.bayes(settings.get("method", "gibbs")) if name == "bayes" else counts.mf()


def measured(name: str) -> dict[str, Any]:
    dataset = loaded(name)
    counts = Counts.of(dataset, slim.Config().least)
    found: dict[str, Any] = {"counts": vars(counts)}
    for model, how, settings in WAYS:
        if name != "large" or model != "bayes":
            forecast_s = round(forecast(counts, model, settings), 2)
            found[f"{model} {how}".strip()] = {**timed(dataset, model, settings), "forecast s": forecast_s}
    return found


if __name__ == "__main__":
    warm_up().join()
    save("budget", {name: measured(name) for name in sys.argv[1:] or ("films", "anime", "large")})
