"""Test RMSE with the default settings, on few ratings and on many: mean and deviation over seeds of training.

    python bench/small.py [--seeds 3] [--models bias,mf,nn,hybrid,two_tower,bayes] [--only "founding, whole"]

A tenth of a dataset tests and a tenth validates, as `konomi train` draws them; u1 and the whole founding split have test
entries of their own. Samples are ratings of the founding file drawn at random, another sample for each seed. Profiles are the
training and the validation entries.
"""

import argparse
from dataclasses import replace

import numpy as np

import konomi
from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.data.dataset import Dataset
from konomi.data.split import Split, SplitConfig, make_split
from konomi.evaluate.evaluate import evaluate
from konomi.models import module
from konomi.pipeline.splits import split_by_files
from konomi.runtime import Run
from measure import BENCH, mean_and_deviation, save

DATA = BENCH.parent.parent / "shared" / "data"
ML, FILMS = DATA / "ml-100k", DATA / "ml-latest-small-2018"
WHOLE = "founding, whole"
SETS = ("ml-latest-small", "ml-100k u1", "founding, 5,000", "founding, 20,000", "founding, 100,000", WHOLE)


def data_of(name: str, seed: int) -> tuple[Dataset, Split]:
    """The dataset of that name, and its split."""
    if name == "ml-latest-small":
        dataset = konomi.prepare(FILMS)
        return dataset, make_split(dataset, SplitConfig())
    if name == "ml-100k u1":
        dataset = konomi.prepare(ML / "u.data", items=ML / "u.item", users=ML / "u.user")
        return dataset, split_by_files(dataset, ML / "u1.test", None, 0.1, 0, Run())
    dataset, split = caserec(RATINGS, CATALOGUE)
    return (dataset, split) if name == WHOLE else sampled(dataset, int(name.split()[1].replace(",", "")), seed)


def sampled(dataset: Dataset, ratings: int, seed: int) -> tuple[Dataset, Split]:
    """So many of its ratings, drawn at random, and a split of these."""
    kept = np.zeros(len(dataset.item), bool)
    kept[np.random.default_rng(seed).permutation(len(kept))[:ratings]] = True
    some = dataset.profiles.keep(kept)
    manifest = {key: value for key, value in dataset.manifest.items() if key != "sha256"}  # the hashes are of all ratings
    small = replace(dataset, indptr=some.indptr, item=some.item, stored=dataset.stored[kept], time=None, manifest=manifest)
    return small, make_split(small, SplitConfig())


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--models", default="bias,mf,nn,hybrid,two_tower,bayes")
parser.add_argument("--only", action="append", choices=SETS, help="a dataset; may be repeated")
said = parser.parse_args()

found: dict[str, dict[str, str]] = {}
for data in said.only or SETS:
    errors: dict[str, list[float]] = {}
    for seed in range(said.seeds):
        dataset, split = data_of(data, seed)
        train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
        for name in said.models.split(","):
            model = module(name).fit(train, module(name).Config(), Run(seed=seed))
            errors.setdefault(name, []).append(evaluate(model, seen, hidden, train).metrics["rmse"])
    found[data] = {name: mean_and_deviation(values) for name, values in errors.items()}
save("small", found)
