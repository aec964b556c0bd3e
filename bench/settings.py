"""What single settings of a model are worth: validation and test RMSE on real ratings, the split of caserec_split.py.

python bench/settings.py [mf | nn | two_tower]
"""

import argparse
import time
from typing import Any

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.evaluate.evaluate import evaluate
from konomi.models import module
from konomi.runtime import Run
from measure import save

MF: dict[str, dict[str, Any]] = {
    "as they are": {},
    "64-d": {"dim": 64},
    "32-d": {"dim": 32},
    "first vectors of 0.1": {"init": 0.1},
    "constant rate": {"schedule": "constant"},
    "warm-up": {"schedule": "warm-up"},
    "half the penalty": {"l2": 0.025},
    "twice the penalty": {"l2": 0.1},
    "adagrad, rate 0.08": {"optimizer": "adagrad", "schedule": "constant", "rate": 0.08},
    "adagrad, rate 0.16": {"optimizer": "adagrad", "schedule": "constant", "rate": 0.16},
    "no biases": {"biases": "none", "init": 0.1},
}

NN: dict[str, dict[str, Any]] = {
    "as they are": {},
    "no dot product": {"product": False},
    "no dot product, no biases": {"product": False, "biased": False},
    "and dropout of half for the penalties": {"product": False, "biased": False, "dropout": 0.5, "l2": 0.0, "l2_dense": 0.0},
    "no penalty of the layers": {"l2_dense": 0.0},
    "a tenth of the penalty of the vectors": {"l2": 0.005},
    "row-wise adagrad": {"optimizer": "rowwise-adagrad", "rate": 0.05},
    "batches of 4,096": {"batch": 4096},
    "batches of 32,768": {"batch": 32768},
}
TWO_TOWER: dict[str, dict[str, Any]] = {
    "as they are": {},
    "the cosine alone": {"biased": False},
    "nothing hidden": {"hide": 0.0},
    "128-32": {"layers": "128-32"},
    "batches of 8,192": {"batch": 8192, "rate": 0.0015},
    "batches of 65,536": {"batch": 65536, "rate": 0.004},
    "batches of 131,072": {"batch": 131072, "rate": 0.006, "epochs": 120},
}
SETTINGS = {"mf": MF, "nn": NN, "two_tower": TWO_TOWER}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model", nargs="?", default="mf", choices=SETTINGS)
chosen = parser.parse_args().model
fit, Config = module(chosen).fit, module(chosen).Config

dataset, split = caserec(RATINGS, CATALOGUE if chosen == "two_tower" else None)
train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
found = {}
for name, changed in SETTINGS[chosen].items():
    fit(train, Config(**{**changed, "epochs": 1}), Run())  # compiles
    start = time.perf_counter()
    model = fit(train, Config(**changed), Run())
    seconds = time.perf_counter() - start
    found[name] = {
        "valid RMSE": round(float(model.history[:, 1].min()), 4),
        "test RMSE": round(evaluate(model, seen, hidden, train).metrics["rmse"], 4),
        "epochs": len(model.history),
        "fit s": round(seconds, 2),
    }
save("settings" if chosen == "mf" else f"settings_{chosen}", found)
