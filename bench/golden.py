"""The figures of tests/test_golden.py: test RMSE of every model on the embedded sample, over the seeds of training; NDCG@10 of
those that only rank.

python bench/golden.py [--seeds 10] [--models mf,ease]
"""

import argparse
import statistics

from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig
from konomi.models import MODELS, module
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from konomi.simulate.sample import sample
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--models", default=",".join(MODELS))
said = parser.parse_args()

dataset = prepare(sample(Run()).table())
found = {}
for model in said.models.split(","):
    figure = "rmse" if module(model).TASKS else "ndcg@10"
    bundles = [train_model(dataset, model, split=SplitConfig(), run=Run(seed=seed), refit=False) for seed in range(said.seeds)]
    values = [bundle.metrics["test"][figure] for bundle in bundles]
    spread = {"mean": round(statistics.mean(values), 5), "standard deviation": round(statistics.stdev(values), 5)}
    found[model] = {"figure": figure, **spread}
save("golden", found)
