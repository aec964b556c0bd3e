"""Train mf at the shape of the first founding notebook (12.46 M ratings, 41,735 × 3,448, 100-d, 5 epochs), beside Keras.

    python bench/train.py [--runs 3] [--keras-steps N]

Keras trains all five epochs (about 20 minutes on two cores); --keras-steps N times N batches an epoch instead and leaves its
RMSE out.
"""

import argparse
import statistics
import time

from first_shape import first_shape
from keras_peer import keras
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf
from konomi.runtime import Run
from measure import bandwidth, flop_rate, median_and_range, peak_memory, save

DIM, EPOCHS = 100, 5

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--keras-steps", type=int)
arguments = parser.parse_args()

run = Run()
dataset, split, noise_floor = first_shape(run)
train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
config = mf.Config(dim=DIM, epochs=EPOCHS, patience=0)
mf.fit(train, mf.Config(dim=DIM, epochs=1, patience=0), run)  # compiles, warms
seconds = []
for _ in range(arguments.runs):
    start = time.perf_counter()
    model = mf.fit(train, config, run)
    seconds.append(time.perf_counter() - start)
peak = peak_memory()
start = time.perf_counter()
report = evaluate(model, seen, hidden, train).metrics
evaluated = time.perf_counter() - start

peer = keras(["notebook1-dot"], train, hidden, EPOCHS, arguments.keras_steps)["notebook1-dot"]
rate = len(train.seen.item) * EPOCHS / statistics.median(seconds)
work = rate * 8 * DIM / 1e9  # a dot product and two updates of two multiply-adds each, times D
save(
    "train",
    {
        "ratings": len(train.seen.item),
        "konomi fit": median_and_range(seconds),
        "konomi ratings/s": round(rate),
        "konomi test RMSE": round(report["rmse"], 4),
        "bias test RMSE": round(report["baselines"]["bias"]["rmse"], 4),
        "noise floor": round(noise_floor, 4),
        "evaluate s": round(evaluated, 2),
        "peak GB with the data": round(peak, 2),
        "keras rows/s": round(peer["rows_per_s"]),
        "keras fit s": round(peer["seconds"], 1),
        "keras test RMSE": None if arguments.keras_steps else round(peer["rmse"], 4),
        "ratio": round(rate / peer["rows_per_s"]),
        "GFLOP/s": round(work, 1),
        "share of the matrix-product rate": round(work / flop_rate(), 3),
        "cache traffic GB/s": round(rate * 4 * DIM * 4 / 1e9, 1),
        "memory copy GB/s": round(bandwidth(), 1),
    },
)
