"""How long the reasons for ten titles take, and how exact they are, for each model that explains itself by leaving ratings out.

    python bench/reasons.py [RATINGS.csv] [--all]

419,943 real MyAnimeList ratings (the data beside the checkout), split of caserec_split.py. Profiles of 20, 200 and 1,000
ratings: milliseconds (median and 99th percentile of many calls on one thread) of `without` for ten items, and the largest
difference between what it says and what encoding and scoring the shortened profile gives. `--all` adds the networks.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.evaluate.intervals import cut
from konomi.models import module
from konomi.recommend.reasons import without
from konomi.runtime import Run
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)
parser.add_argument("--all", action="store_true", help="the networks too")
SIZES, K, PEOPLE, CALLS, REFITTED = (20, 200, 1000), 10, 20, 200, 20

arguments = parser.parse_args()
dataset, split = caserec(arguments.ratings, CATALOGUE)
train = split.train_set(dataset)
draw = np.random.default_rng(0)


def measured(model, output, size):
    """The figures of profiles of so many ratings."""
    able = np.flatnonzero(train.seen.counts >= size)
    able = draw.choice(able, min(PEOPLE, len(able)), replace=False)
    people = cut(train.seen.take(np.sort(able)), size, size + 1, draw)
    people = [people.slice(b, b + 1) for b in range(len(people))]
    items = [np.argsort(-model.score(model.encode(one), output)[0])[:K].astype(np.int32) for one in people]
    start = time.perf_counter()
    effects = [without(model, *pair, output) for pair in zip(people, items, strict=True)]
    calls = CALLS if time.perf_counter() - start < 2 else len(people)
    seconds = []
    for call in range(calls):
        b = call % len(people)
        start = time.perf_counter()
        without(model, people[b], items[b], output)
        seconds.append(time.perf_counter() - start)
    worst = 0.0
    for one, wanted, found in zip(people[:3], items, effects, strict=False):
        score = model.score(model.encode(one), output, wanted)[0]
        for j in draw.choice(size, REFITTED, replace=False):
            shorter = one.keep(np.arange(size) != j)
            worst = max(worst, np.abs(score - model.score(model.encode(shorter), output, wanted)[0] - found[j]).max())
    median, late = np.quantile(seconds, [0.5, 0.99]) * 1000
    largest = float(np.mean([np.abs(found).max() for found in effects]))
    return {
        "median ms": round(float(median), 2),
        "p99 ms": round(float(late), 2),
        "calls": calls,
        "largest effect": round(largest, 4),
        "furthest from leaving it out": float(f"{worst:.1e}"),
    }


results = {}
for name in ["bias", "genre", "mf", "ease", *(["nn", "two_tower"] if arguments.all else [])]:
    model = module(name).fit(train, module(name).Config(), Run())
    results[name] = {str(size): measured(model, "rank", size) for size in SIZES}
save("reasons", results)
