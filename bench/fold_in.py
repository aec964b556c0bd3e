"""The price of forgetting users, and what a fold-in makes of people with few ratings.

    python bench/fold_in.py [RATINGS.csv]
    python bench/fold_in.py --few [anime films lists]

Without --few: test RMSE of the user rows that training learnt beside that of users folded in, on the split of caserec_split.py.
The trained rows' error is read off the history of a fit that has the test part in the place of the validation part (and a fixed
number of epochs, so that it chooses nothing). Beside the fold-in of mf, what it was with the penalty of training alone: without
one that does not go with the number of ratings, and around nothing instead of around the average person.

With --few: the same two, on the hidden ratings of people who were held out whole (at most 400 with 20 ratings to show, half of
theirs), when 1, 3, 5, 10, 20, 40 or all of the others are shown: RMSE of the real ratings of 2016 and of ml-latest-small, log
loss of the interactions of userlists.py. "nothing": none shown.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from caserec_split import RATINGS, caserec
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf, module
from konomi.models.factors import MF, with_targets
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from measure import save
from userlists import userlists

FILMS = Path("../shared/data/ml-latest-small-2018/ml-latest-small.zip")
SHOWN = (1, 3, 5, 10, 20, 40)
PEOPLE, LEAST = 400, 20


def of_training_alone(model: MF) -> MF:
    """The same weights, folded into as training has it."""
    once = np.full_like(model.average, 1e-7)
    return replace(model, average=np.zeros_like(model.average), penalty=np.stack([model.penalty[0], once]))


def forgetting(ratings: Path) -> dict[str, Any]:
    dataset, split = caserec(ratings)
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
    nothing = train.valid.keep(train.valid.rating < 0)
    found: dict[str, Any] = {}
    for name in ("mf", "nn"):
        fit, config = module(name).fit, module(name).Config()
        epochs = int(fit(train, config, Run()).history[:, 1].argmin()) + 1
        fixed = replace(config, epochs=epochs, patience=0)
        trained = fit(replace(train, valid=hidden), fixed, Run()).history[-1, 1]
        model = fit(replace(train, valid=nothing), fixed, Run())
        found[name] = {"epochs": epochs, "trained rows": round(float(trained), 4), **_figures(model, seen, hidden, train)}
        if isinstance(model, MF):
            found["mf, penalty of training alone"] = _figures(of_training_alone(model), seen, hidden, train)
    return found


def _figures(model: Any, seen: Profiles, hidden: Profiles, train: Any) -> dict[str, float]:
    metrics = evaluate(model, seen, hidden, train).metrics
    return {"folded in": round(metrics["rmse"], 4), "ndcg@10": round(metrics["ndcg@10"], 4)}


def few(name: str) -> dict[str, Any]:
    dataset, config = _read(name)
    split = make_split(dataset, SplitConfig("users", test=0.15 if name == "anime" else 0.3))
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
    model = mf.fit(train, config, Run())
    if len(model.labelling):
        seen, hidden = (part.keep(train.labelling.of(part) >= 0) for part in (seen, hidden))
    else:
        seen, hidden = seen.scored(), hidden.scored()
    people = np.flatnonzero((seen.counts >= LEAST) & (hidden.counts > 0))[:PEOPLE]
    shown, tested = seen.take(people), hidden.take(people)
    order = np.lexsort((np.random.default_rng(0).random(len(shown.item)), shown.user))
    place = np.empty(len(order), np.int64)  # of an entry among those of its person
    place[order] = np.arange(len(order)) - np.repeat(shown.indptr[:-1], shown.counts)
    found: dict[str, Any] = {"people": len(people), "once, vector and bias": model.penalty[1, [0, -1]].round(3).tolist()}
    found["nothing"] = _error(model, shown.keep(place < 0), tested, dataset)
    for k in (*SHOWN, len(order)):
        part = shown.keep(place < k)
        both = {"penalty of training alone": of_training_alone(model), "folded in": model}
        found[str(k) if k in SHOWN else "all"] = {way: _error(m, part, tested, dataset) for way, m in both.items()}
    return found


def _read(name: str) -> tuple[Dataset, mf.Config]:
    if name == "lists":
        return userlists()[0], mf.Config(task="interaction")
    if name == "films":
        return prepare(read_source("movielens", [FILMS], ReadOptions(), Run())), mf.Config()
    return caserec(RATINGS)[0], mf.Config()


def _error(model: MF, shown: Profiles, tested: Profiles, dataset: Dataset) -> float:
    told = with_targets(tested, model.labelling)
    output = "interaction" if len(model.labelling) else "rating"
    z = model.score_pairs(model.encode(shown)[told.user], told.item, output)
    if output == "interaction":
        return round(float(-np.log(np.where(told.rating > 0, z, 1 - z)).mean()), 4)
    return round(float(np.sqrt(np.mean((dataset.scale.clip(z) - told.rating) ** 2))), 4)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)
parser.add_argument("--few", nargs="*", choices=["anime", "films", "lists"])
said = parser.parse_args()
if said.few is None:
    save("fold_in", forgetting(said.ratings))
else:
    save("fold_in-few", {name: few(name) for name in said.few or ["anime", "films", "lists"]})
