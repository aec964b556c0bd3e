"""The figures of tests/test_golden.py: test RMSE of every model on the embedded sample, over the seeds of training.

python bench/golden.py [--seeds 10]
"""

import argparse
import statistics

from konomi.config import Run
from konomi.data.prepare import prepare
from konomi.data.sample import sample
from konomi.data.split import SplitConfig
from konomi.models import MODELS
from konomi.train import train
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=10)
seeds = range(parser.parse_args().seeds)

dataset = prepare(sample(Run()).table())
found = {}
for model in MODELS:
    bundles = [train(dataset, model, split=SplitConfig(), run=Run(seed=seed)) for seed in seeds]
    rmse = [bundle.facts["metrics"]["test"]["rmse"] for bundle in bundles]
    found[model] = {"mean": round(statistics.mean(rmse), 5), "standard deviation": round(statistics.stdev(rmse), 5)}
save("golden", found)
