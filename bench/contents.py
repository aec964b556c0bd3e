"""What each field of the catalogue is worth to bayes: RMSE on the validation entries of the founding split.

    python bench/contents.py [--seeds 1] [--only none,studios]

Genres, type, year and episodes are always there. People are folded in from their training entries. Rare: titles with fewer than
five training ratings.
"""

import argparse

import numpy as np
import scipy.sparse as sp

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.evaluate.evaluate import evaluate
from konomi.models import bayes_state, module
from konomi.models.bayes_design import contents, made_by, one_of
from konomi.runtime import Run

RARE = 5
FIELDS = {
    "none": (),
    "studios": ("studios",),
    "source": ("source",),
    "age": ("age",),
    "studios and age": ("studios", "age"),
    "all": ("studios", "source", "age"),
}
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=1)
parser.add_argument("--only", default=",".join(FIELDS))
said = parser.parse_args()

dataset, split = caserec(RATINGS, CATALOGUE)
train, (seen, hidden) = split.train_set(dataset), split.validation(dataset)
seen, hidden = seen.scored(), hidden.scored()
rated = np.bincount(train.seen.scored().item, minlength=len(train.items))
rare = hidden.keep(rated[hidden.item] < RARE)
usual = contents(train.items.drop("studios"))
matrices = {
    "studios": made_by(train.items["studios"]),
    **{name: sp.csr_matrix(one_of(train.items[name])) for name in ("source", "age")},
}
for seed in range(said.seeds):
    for name in said.only.split(","):
        told = [*usual, *(matrices[field] for field in FIELDS[name])]
        bayes_state.contents = lambda _, told=told: told
        model = module("bayes").fit(train, module("bayes").Config(), Run(seed=seed))
        whole, few = (evaluate(model, seen, some, train).metrics["rmse"] for some in (hidden, rare))
        print(f"seed {seed}, {name}: RMSE {whole:.4f}, of {len(rare.item)} of rare titles {few:.4f}", flush=True)
