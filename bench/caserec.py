"""mf on 419,943 real MyAnimeList ratings, the 80/10/10 split of the founding comparison; needs the data beside the checkout.

    python bench/caserec.py [RATINGS.csv] [--seeds 5]

The validation part chooses the epoch; the test part is scored once a seed, of people folded in from their training entries, and
from those of the validation part besides. Beside it the first founding notebook's model in Keras, on the same training and test
parts.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from caserec_split import RATINGS, caserec
from keras_peer import keras
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf
from konomi.runtime import Run
from measure import child, mean_and_deviation, save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--warm-only", action="store_true", help="leave out the run that compiles everything anew")
arguments = parser.parse_args()

start = time.perf_counter()
dataset, split = caserec(arguments.ratings)
train, (more, hidden) = split.train_set(dataset), split.test(dataset)
seen, _ = split.validation(dataset)  # training entries alone
prepared = time.perf_counter() - start
rmse, mae, of_more, seconds, epochs = [], [], [], [], []
for seed in range(arguments.seeds):
    start = time.perf_counter()
    model = mf.fit(train, mf.Config(), Run(seed=seed))
    seconds.append(time.perf_counter() - start)
    report = evaluate(model, seen, hidden, train).metrics
    rmse.append(report["rmse"])
    mae.append(report["mae"])
    of_more.append(evaluate(model, more, hidden, train).metrics["rmse"])
    epochs.append(len(model.history))
if arguments.warm_only:
    cold, peers = None, {}
else:
    again = [sys.executable, __file__, arguments.ratings, "--seeds", 2, "--warm-only"]
    with tempfile.TemporaryDirectory() as cache:
        cold = round(child(again, NUMBA_CACHE_DIR=cache)[0], 2)
    peer = keras(["notebook1-dot"], train, hidden)["notebook1-dot"]
    peers = {
        "keras notebook 1 test RMSE": round(peer["rmse"], 4),
        "keras fit s": round(peer["seconds"], 2),
        "keras fit s / konomi fit s": round(peer["seconds"] / statistics.median(seconds), 1),
    }
save(
    "caserec",
    {
        "mf test RMSE, seed 0": round(rmse[0], 4),
        "mf test RMSE, all seeds": mean_and_deviation(rmse),
        "mf test RMSE, validation entries shown besides": mean_and_deviation(of_more),
        "mf test MAE, seed 0": round(mae[0], 4),
        "fit s": [round(s, 2) for s in seconds],
        "the whole process with two seeds and nothing compiled before, s": cold,
        "read, prepare and split s": round(prepared, 2),
        "epochs": epochs,
        **peers,
        "bias test RMSE": round(report["baselines"]["bias"]["rmse"], 4),
        "global mean test RMSE": round(report["baselines"]["global mean"]["rmse"], 4),
    },
)
