"""What training again on everything is worth: entries that neither training has, predicted and found by either model.

    python bench/refit.py [RATINGS.csv] [--seeds 5] [--models mf,ease]

Of the real MyAnimeList ratings (the data beside the checkout) a tenth is held out from all that `train_model` gets, by another
seed each time. It parts the rest as usual and trains with a refit and without. Both are then asked about that tenth, from the
same profiles: everything but it.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from caserec_split import RATINGS
from konomi.bundle.format import Bundle
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig
from konomi.data.table import Table
from konomi.evaluate.metrics import primary
from konomi.models import module
from konomi.pipeline.evaluate import evaluate_model
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from measure import mean_and_deviation, save

SHARE = 10  # one entry in so many is held out

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--models", default="mf,ease")
said = parser.parse_args()

frame = pl.read_csv(said.ratings)


def table(rows: pl.DataFrame) -> Table:
    return Table(rows["user_id"], rows["anime_id"], rows["rating"].to_numpy().astype(np.float32), Scale(1, 10, 1), "caserec")


def figures(bundle: Bundle, rows: Table) -> dict[str, float]:
    """RMSE, where it predicts ratings, and NDCG@10 of the lists that people get."""
    metrics = evaluate_model(bundle, rows, dataset).metrics
    return {"rmse": metrics.get("rmse", np.nan), "ndcg@10": metrics["served"][primary("served").key]}


found: dict[str, dict[str, list[float]]] = {}
for seed in range(said.seeds):
    order = np.random.default_rng(seed).permutation(len(frame))
    held_out, rest = table(frame[order[: len(frame) // SHARE]]), table(frame[order[len(frame) // SHARE :]])
    dataset = prepare(rest)
    for name in said.models.split(","):
        for how in ("without", "refitted"):
            start = time.perf_counter()
            bundle = train_model(dataset, name, SplitConfig(seed=seed), Run(seed=seed), refit=how == "refitted")
            seconds = time.perf_counter() - start
            values = {**figures(bundle, held_out), "seconds": seconds, "epochs": len(bundle.models[name].history)}
            for key, value in values.items():
                found.setdefault(f"{name}, {how}", {}).setdefault(key, []).append(value)
            print(seed, name, how, {key: round(value, 4) for key, value in values.items()}, file=sys.stderr, flush=True)


def gains(name: str, key: str) -> str:
    """Refitted less without, seed by seed."""
    pairs = zip(found[f"{name}, refitted"][key], found[f"{name}, without"][key], strict=True)
    return mean_and_deviation([after - before for after, before in pairs])


def shown(name: str, key: str) -> bool:
    return key != "rmse" or "rating" in module(name).TASKS


save(
    "refit",
    {
        **{
            how: {key: mean_and_deviation(values) for key, values in of.items() if shown(how.partition(",")[0], key)}
            for how, of in found.items()
        },
        **{
            f"{name}, refitted less without": {key: gains(name, key) for key in ("rmse", "ndcg@10") if shown(name, key)}
            for name in said.models.split(",")
        },
        "median seconds more": round(
            statistics.median(
                a - b
                for name in said.models.split(",")
                for a, b in zip(found[f"{name}, refitted"]["seconds"], found[f"{name}, without"]["seconds"], strict=True)
            ),
            2,
        ),
    },
)
