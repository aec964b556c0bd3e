"""How often the intervals around predicted ratings hold the rating: by activity, by height of the prediction, for new people.

    python bench/intervals.py [RATINGS.csv] [--all]

419,943 real MyAnimeList ratings (the data beside the checkout), intervals from the validation part. First the split of
caserec_split.py. Then, for each of five seeds, a tenth of the people is held out whole, a tenth of the other ratings
validates, and the people held out are shown 1, 5, 20 or four fifths of their ratings: coverage of the hidden fifth at 90 %.
"by their own activity" is of the latter, all five seeds together, by how many that is: of these people, who have nothing to do
with the calibration, nothing is cut. `--all` adds the networks.
"""

import argparse
import statistics
from itertools import pairwise
from pathlib import Path

import numpy as np

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, Split, SplitConfig, make_split
from konomi.evaluate.intervals import ACTIVITY, LEVELS, cut, intervals
from konomi.evaluate.predict import predict
from konomi.models import module
from konomi.runtime import Run
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)
parser.add_argument("--all", action="store_true", help="the networks too")
SEEDS, SHOW, HEIGHTS = range(5), (1, 5, 20, None), (1, 6, 7, 7.5, 8, 8.5, 9, 10.1)


def cover(found, true, predicted, activity, level=0.9):
    """Which ratings the intervals hold, bool[N], and how wide they are, f32[N]."""
    low, high = found.around(predicted, activity, level, dataset.scale)
    return (low <= true) & (true <= high), high - low


def share(held, part):
    return {"n": int(part.sum()), "coverage": round(float(held[part].mean()), 4)} if part.any() else {"n": 0}


def known_people(name):
    """The figures of the founding split."""
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
    model = module(name).fit(train, module(name).Config(), Run())
    found = intervals(model, split.validation(dataset)[0], train, Run())
    predicted = predict(model, seen, hidden, ["rating"], dataset.scale, Run())["rating"]
    activity = seen.scored().counts[hidden.user]
    held, width = cover(found, hidden.rating, predicted, activity)
    figures = {"coverage": {}, "mean width": {}}
    for level in LEVELS:
        here, wide = cover(found, hidden.rating, predicted, activity, level)
        figures["coverage"][f"{level:g}"] = round(float(here.mean()), 4)
        figures["mean width"][f"{level:g}"] = round(float(wide.mean()), 3)
    place = np.searchsorted(ACTIVITY, activity, side="right") - 1
    figures["by ratings shown"] = {
        f"from {first}": {**share(held, place == c), "mean width": round(float(width[place == c].mean()), 2)}
        for c, first in enumerate(ACTIVITY)
    }
    figures["by prediction"] = {
        f"{low:g} to {min(high, 10):g}": share(held, (predicted >= low) & (predicted < high)) for low, high in pairwise(HEIGHTS)
    }
    return figures


def new_people(name, seed):
    """Coverage for people who were held out whole, by how many of their ratings are shown."""
    draw = np.random.default_rng(seed)
    part = make_split(dataset, SplitConfig("users", valid=0, test=0.1, shown=0.8, seed=seed)).role.copy()
    part[(part == TRAIN) & (draw.random(len(part)) < 0.1)] = VALID
    assert set(np.unique(part)) == {TRAIN, VALID, TEST, SHOWN}
    parted = Split(part, {}, "")
    train, (seen, hidden) = parted.train_set(dataset), parted.test(dataset)
    model = module(name).fit(train, module(name).Config(), Run(seed=seed))
    found = intervals(model, parted.validation(dataset)[0], train, Run(seed=seed))
    figures = {}
    for show in SHOW:
        able = np.flatnonzero((hidden.counts > 0) & (seen.counts >= (show or 1)))
        shown, rest = seen.take(able), hidden.take(able)
        shown = cut(shown, show, show + 1, draw) if show else shown
        predicted = predict(model, shown, rest, ["rating"], dataset.scale, Run())["rating"]
        activity = shown.scored().counts[rest.user]
        held, width = cover(found, rest.rating, predicted, activity)
        figures[str(show or "all")] = (len(able), float(held.mean()), float(width.mean()))
    return figures, (held, np.searchsorted(ACTIVITY, activity, side="right") - 1)


arguments = parser.parse_args()
dataset, split = caserec(arguments.ratings, CATALOGUE)
results = {}
for name in ["bias", "genre", "mf", *(["nn", "two_tower"] if arguments.all else [])]:
    seeds, of_all = zip(*(new_people(name, seed) for seed in SEEDS), strict=True)
    held, place = (np.concatenate(arrays) for arrays in zip(*of_all, strict=True))
    results[name] = {
        **known_people(name),
        "new people, by ratings shown": {
            show: {
                "people": seeds[0][show][0],
                "coverage": round(statistics.mean(one[show][1] for one in seeds), 4),
                "of each seed": [round(one[show][1], 3) for one in seeds],
                "mean width": round(statistics.mean(one[show][2] for one in seeds), 2),
            }
            for show in seeds[0]
        },
        "new people, by their own activity": {
            f"from {first}": share(held, place == c) for c, first in enumerate(ACTIVITY) if (place == c).any()
        },
    }
save("intervals", results)
