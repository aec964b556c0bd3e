"""What single settings of mf are worth: validation and test RMSE on real ratings, the split of caserec_split.py.

python bench/settings.py [RATINGS.csv]
"""

import argparse
import time
from pathlib import Path
from typing import Any

from caserec_split import RATINGS, caserec
from konomi.config import Run
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf
from measure import save

SETTINGS: dict[str, dict[str, Any]] = {
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

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)

dataset, split = caserec(parser.parse_args().ratings)
train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
found = {}
for name, changed in SETTINGS.items():
    mf.fit(train, mf.Config(**{**changed, "epochs": 1}), Run())  # compiles
    start = time.perf_counter()
    model = mf.fit(train, mf.Config(**changed), Run())
    found[name] = {
        "valid RMSE": round(float(model.history[:, 1].min()), 4),
        "test RMSE": round(evaluate(model, seen, hidden, train).metrics["rmse"], 4),
        "epochs": len(model.history),
        "fit s": round(time.perf_counter() - start, 2),
    }
save("settings", found)
