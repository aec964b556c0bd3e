"""What over-relaxation is worth to the chain of `bayes`, on the founding split: RMSE of people folded in, by ρ and by sweeps.

    python bench/over_relaxation.py [--rho 0,-0.8,-0.9,-0.95] [--sweeps 80,160]

The last column predicts with the items' drawn vectors instead of their means, as samples are usually used.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from caserec_split import RATINGS, caserec
from konomi.evaluate.evaluate import evaluate
from konomi.models import bayes, bayes_side
from konomi.runtime import Run
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rho", default="0,-0.8,-0.9,-0.95")
parser.add_argument("--sweeps", default="80,160")
said = parser.parse_args()

dataset, split = caserec(RATINGS)
train, (_, hidden), (seen, _) = split.train_set(dataset), split.test(dataset), split.validation(dataset)
found = {}
for sweeps in map(int, said.sweeps.split(",")):
    for rho in map(float, said.rho.split(",")):
        bayes_side.OVER = rho
        start = time.perf_counter()
        model = bayes.fit(train, bayes.Config(epochs=sweeps, burn_in=sweeps // 4), Run())
        seconds = time.perf_counter() - start
        rated = model.place < len(model.drawn)
        drawn = model.item.copy()
        drawn[rated] = model.drawn[model.place[rated]]
        of_means, of_draws = (
            evaluate(each, seen, hidden, train).metrics["rmse"] for each in (model, replace(model, item=drawn))
        )
        found[f"{sweeps} sweeps, rho {rho:g}"] = {
            "validation RMSE of the chain": round(float(np.nanmin(model.history[:, 1])), 4),
            "test RMSE": round(of_means, 4),
            "by draws": round(of_draws, 4),
            "fit s": round(seconds, 1),
        }
save("over_relaxation", found)
