"""Training from an earlier model against training anew, where one rating in a hundred is new.

    python bench/warm.py [DATASET] [--seeds 3] [--models mf,nn,ease] [--task rating]

DATASET: a dataset that `konomi prepare` wrote; by default the real MyAnimeList ratings (the data beside the checkout). The
earlier model is fitted on the training entries of the usual split without the new ones: a hundredth drawn from all of them, and
for `ease`, which an update pays for only where few people change, all entries of one person in 250. Both trainings then get
them all, and are measured on the test entries. Each is timed alone, after one that compiles.
"""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from caserec_split import RATINGS
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, make_split
from konomi.data.table import Table
from konomi.models import module
from konomi.pipeline.steps import Experiment
from konomi.runtime import Run
from measure import mean_and_deviation, save

NEW, PEOPLE = 100, 250  # one entry in so many is new, or one person

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("dataset", nargs="?", type=Path)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--models", default="mf,nn,ease")
parser.add_argument("--task", default="rating")
said = parser.parse_args()


def caserec() -> Dataset:
    frame = pl.read_csv(RATINGS)
    rating = frame["rating"].to_numpy().astype(np.float32)
    return prepare(Table(frame["user_id"], frame["anime_id"], rating, Scale(1, 10, 1), "caserec"))


dataset = Dataset.open(said.dataset) if said.dataset else caserec()
found: dict[str, dict[str, list[float]]] = {}
for seed in range(said.seeds):
    run = Run(seed=seed)
    experiment = Experiment.of(dataset, make_split(dataset, SplitConfig()), run)
    rng = np.random.default_rng(seed)
    for name in said.models.split(","):
        kind, seen = module(name), experiment.train.seen
        config = kind.Config(task=said.task) if name in ("mf", "nn") else kind.Config()
        new = rng.random(len(seen.item)) < 1 / NEW if name != "ease" else (rng.random(len(seen)) < 1 / PEOPLE)[seen.user]
        earlier = replace(experiment.train, seen=seen.keep(~new))
        train = replace(experiment.train, learnt=earlier.seen)
        begun = kind.fit(earlier, config, run)
        if seed == 0:
            kind.fit_from(begun, train, config, run)  # compiles
        times, models = [], []
        for fit in (lambda *given: kind.fit(*given), lambda *given: kind.fit_from(begun, *given)):  # noqa: B023 - called at once
            start = time.perf_counter()
            models.append(fit(train, config, run))
            times.append(time.perf_counter() - start)
        for how, model, seconds in zip(("before", "anew", "from it"), (begun, *models), (np.nan, *times), strict=True):
            metrics = experiment.measure(experiment.test, [model]).metrics
            values = {key: metrics[key] for key in ("rmse", "log_loss", "ndcg@10") if key in metrics}
            values |= {"served ndcg@10": metrics["served"]["ndcg@10"], "epochs": len(model.history)}
            values |= {} if how == "before" else {"seconds": seconds}
            for key, value in values.items():
                found.setdefault(f"{name}, {how}", {}).setdefault(key, []).append(value)
            print(seed, name, how, {key: round(value, 4) for key, value in values.items()}, file=sys.stderr, flush=True)

save(
    "warm" if said.task == "rating" else f"warm-{said.task}",
    {
        **{how: {key: mean_and_deviation(values) for key, values in of.items()} for how, of in found.items()},
        **{
            f"{name}, times as fast": round(
                statistics.median(
                    anew / warm
                    for anew, warm in zip(found[f"{name}, anew"]["seconds"], found[f"{name}, from it"]["seconds"], strict=True)
                ),
                1,
            )
            for name in said.models.split(",")
        },
    },
)
