"""The price of forgetting users: test RMSE of the user rows that training learnt beside that of users folded in.

    python bench/fold_in.py [RATINGS.csv]

The split of caserec_split.py. The trained rows' error is read off the history of a fit that has the test part in the place of
the validation part (and a fixed number of epochs, so that it chooses nothing).
"""

import argparse
from dataclasses import replace
from pathlib import Path

from caserec_split import RATINGS, caserec
from konomi.config import Run
from konomi.evaluate.evaluate import evaluate
from konomi.models import module
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)

dataset, split = caserec(parser.parse_args().ratings)
train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
nothing = train.valid.keep(train.valid.rating < 0)
found = {}
for name in ("mf", "nn"):
    fit, config = module(name).fit, module(name).Config()
    epochs = int(fit(train, config, Run()).history[:, 1].argmin()) + 1
    fixed = replace(config, epochs=epochs, patience=0)
    trained = fit(replace(train, valid=hidden), fixed, Run()).history[-1, 1]
    folded = evaluate(fit(replace(train, valid=nothing), fixed, Run()), seen, hidden, train).metrics["rmse"]
    found[name] = {"epochs": epochs, "trained rows": round(float(trained), 4), "folded in": round(folded, 4)}
save("fold_in", found)
