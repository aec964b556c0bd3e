"""Train mf at the shape of the first founding notebook (12.46 M ratings, 41,735 × 3,448, 100-d, 5 epochs), beside Keras.

    python bench/train.py [--runs 3] [--keras-steps N]

Keras trains all five epochs (about 20 minutes on two cores); --keras-steps N times N batches an epoch instead and leaves its
RMSE out.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from konomi.config import Run
from konomi.data.invented import invented_catalogue
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.data.synth import simulate
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf
from measure import bandwidth, child, flop_rate, peak_memory, peers_python, save

USERS, ITEMS, RATINGS, TEST, DIM, EPOCHS = 41_735, 3_448, 12_563_786, 100_000, 100, 5

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--keras-steps", type=int, default=0)
arguments = parser.parse_args()

run = Run()
simulation = simulate(invented_catalogue(ITEMS, 0), USERS, RATINGS, 0, run)
dataset = prepare(simulation.table(), run=run)
split = make_split(dataset, SplitConfig(valid=0, test=TEST))
train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
config = mf.Config(dim=DIM, epochs=EPOCHS, patience=0)
mf.fit(train, mf.Config(dim=DIM, epochs=1, patience=0), run)  # compiles, warms
seconds = []
for _ in range(arguments.runs):
    start = time.perf_counter()
    model = mf.fit(train, config, run)
    seconds.append(time.perf_counter() - start)
peak = peak_memory()
middle = sorted(seconds)[len(seconds) // 2]
start = time.perf_counter()
report = evaluate(model, seen, hidden, train).metrics
evaluated = time.perf_counter() - start

with tempfile.TemporaryDirectory() as folder:
    order = np.random.default_rng(0).permutation(len(train.seen.item))
    for name, profiles, rows in (("train", train.seen, order), ("test", hidden, slice(None))):
        for column in ("user", "item", "rating"):
            np.save(Path(folder) / f"{name}_{column}.npy", getattr(profiles, column)[rows])
    more = [arguments.keras_steps] if arguments.keras_steps else []
    keras = json.loads(child([peers_python(), "bench/peers/keras_mf.py", folder, EPOCHS, *more])[2])

rate = len(train.seen.item) * EPOCHS / middle
work = rate * 8 * DIM / 1e9  # a dot product and two updates of two multiply-adds each, times D
save(
    "train",
    {
        "ratings": len(train.seen.item),
        "konomi fit": f"{middle:.2f} s ({min(seconds):.2f}–{max(seconds):.2f} of {len(seconds)})",
        "konomi ratings/s": round(rate),
        "konomi test RMSE": round(report["rmse"], 4),
        "bias test RMSE": round(report["baselines"]["bias"]["rmse"], 4),
        "noise floor": round(simulation.noise_floor, 4),
        "evaluate s": round(evaluated, 2),
        "peak GB with the data": round(peak, 2),
        "keras rows/s": round(keras["rows_per_s"]),
        "keras fit s": round(keras["seconds"], 1),
        "keras test RMSE": None if arguments.keras_steps else round(keras["rmse"], 4),
        "ratio": round(rate / keras["rows_per_s"]),
        "GFLOP/s": round(work, 1),
        "share of the matrix-product rate": round(work / flop_rate(), 3),
        "cache traffic GB/s": round(rate * 4 * DIM * 4 / 1e9, 1),
        "memory copy GB/s": round(bandwidth(), 1),
    },
)
