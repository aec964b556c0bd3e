"""How good the top ten of `ease` is, and what its settings do to it; and how long it takes for a large catalogue.

    python bench/ease.py [anime|lists|films …]
    python bench/ease.py --items 17562

Real ratings: 419,943 of MyAnimeList in 2016, 303,441 list entries with statuses, ml-latest-small (the data beside the
checkout); split at random, a tenth validates and a tenth tests. For people with at least one liked entry hidden, 1,500 of them
at most: NDCG@10 over the whole catalogue without what was learnt from (relevant: hidden and liked), beside `popular` and `mf`.

With --items, seconds and memory of the fit for so many items, beside the forecast, on entries that are drawn at random.
"""

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import ITEM_PRIOR
from konomi.kernels.ids import warm_up
from konomi.models import ease, ease_fit, mf, popular
from konomi.models.api import Model
from konomi.models.ease_fit import solve
from konomi.models.shallow import weighed
from konomi.pipeline import memory
from konomi.ranking.rank import rank
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from measure import save

SHARED = Path("../shared/data")
SOURCES = {
    "anime": ("delimited", SHARED / "anime-caserec-2016" / "rating_mal_ids.csv"),
    "lists": ("mal-2020", SHARED / "anime-userlists-2022" / "animelist.csv"),
    "films": ("movielens", SHARED / "ml-latest-small-2018" / "ml-latest-small.zip"),
}
LEAST = {"anime": 3, "lists": 10, "films": 3}  # the lists have twice as many items, most of them on hardly a list
K, PEOPLE = 10, 1500
SHOWN, HELD_OUT = (1, 2, 3, 5, 10, 20), {"anime": 0.15, "lists": 0.3, "films": 0.3}
CHANGES: dict[str, dict[str, Any]] = {
    "as they are": {},
    "disliked = 1: all that was met": {"disliked": 1.0},
    "disliked = 0.5": {"disliked": 0.5},
    "disliked = −0.5": {"disliked": -0.5},
    "l2 = 15": {"l2": 15.0},
    "l2 = 50": {"l2": 50.0},
    "l2 = 500": {"l2": 500.0},
    "l2 = 1500": {"l2": 1500.0},
    "least = 10": {"least": 10},
    "least = 30": {"least": 30},
}
RATED = "the rating, over the highest, for x"


def top_ten(model: Model, shown: Profiles, wanted: Profiles) -> dict[str, float]:
    """NDCG@10, and how many different titles are in anybody's ten."""
    items = rank(model, shown, K, model.item_known[:-1] >= 0).items
    relevant = np.zeros((len(shown), len(model.item_known)), bool)
    relevant[wanted.user, wanted.item] = True
    discount = 1 / np.log2(np.arange(K) + 2)
    ideal = np.cumsum(discount)[np.minimum(wanted.counts, K) - 1]
    ndcg = np.take_along_axis(relevant, items, axis=1) @ discount / ideal
    return {"ndcg@10": round(float(ndcg.mean()), 4), "different titles": len(np.unique(items))}


def by_rating(profiles: Profiles, labelling: Any, disliked: float) -> np.ndarray:
    """Another x: the rating over the highest, and of what was met without a rating the average of those."""
    x = profiles.rating / labelling.scale.high
    return np.where(profiles.consumed, np.nan_to_num(x, nan=0.7), 0).astype(np.float32)


def measure(name: str) -> dict[str, Any]:
    source, path = SOURCES[name]
    dataset: Dataset = prepare(read_source(source, [path], ReadOptions(), Run()))
    split = make_split(dataset, SplitConfig())
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
    liked = hidden.keep(train.labelling.of(hidden) == 1)
    people = np.flatnonzero(liked.counts)[:PEOPLE]
    shown, wanted = seen.take(people), liked.take(people)
    found: dict[str, Any] = {"people": len(people), "items": len(dataset.items)}
    found["popular"] = top_ten(popular.fit(train, popular.Config(), Run()), shown, wanted)
    for prior in (ITEM_PRIOR, 1000.0):
        model = popular.fit(train, popular.Config("bayes", prior), Run())
        found[f"popular, bayes, item_prior = {prior:g}"] = top_ten(model, shown, wanted)
    found["mf"] = top_ten(mf.fit(train, mf.Config(), Run()), shown, wanted)
    usual = ease.Config(least=LEAST[name], **ease.USUAL)
    for change, settings in CHANGES.items():
        config = replace(usual, **settings)
        if config.least >= usual.least:
            start = time.perf_counter()
            model = ease.fit(train, config, Run())
            cost = {"learnt items": len(model.weight), "seconds": round(time.perf_counter() - start, 1)}
            found[f"ease, {change}"] = {**top_ten(model, shown, wanted), **cost}
    usual_values, ease_fit.values = ease_fit.values, by_rating  # type: ignore[assignment]
    for l2 in (50.0, usual.l2):
        found[f"ease, {RATED}, l2 = {l2:g}"] = top_ten(ease.fit(train, replace(usual, l2=l2), Run()), shown, wanted)
    ease_fit.values = usual_values
    return found


def large(n: int, people: int = 20_000, each: int = 100) -> dict[str, Any]:
    """A fit of n items, and somebody with 200 entries."""
    draw = np.random.default_rng(0)
    chance = 1 / np.arange(20, n + 20)
    item = draw.choice(n, people * each, p=chance / chance.sum()).astype(np.int32)
    pairs = np.unique(np.repeat(np.arange(people), each) * n + item)
    user, item = (pairs // n).astype(np.int32), (pairs % n).astype(np.int32)
    given = Profiles.from_entries(people, user, item, np.ones(len(item), np.float32))
    warm_up().join()
    one_penalty = np.ones(1, np.float32)
    solve(weighed(Profiles.of([{0: 1}]), np.ones(1, np.float32), 1, 0.0), one_penalty, Run())  # compiles
    before = memory.resident() or 0
    memory.start_peak()
    start = time.perf_counter()
    penalty = np.full(n, ease.USUAL["l2"], np.float32)
    weight = solve(weighed(given, given.rating, n, 0.0), penalty, Run())
    seconds = time.perf_counter() - start
    grown = (memory.peak() or 0) - before
    zero = np.zeros(n + 1, np.float32)
    labels = np.array([0, 1, 1, 0], np.float32)
    model = ease.Ease(weight, np.arange(n + 1, dtype=np.int32), zero, zero, zero[:1], labels, np.empty((0, 2), np.float32))
    one = Profiles.of([{int(i): 1.0 for i in draw.choice(n, 200, replace=False)}])
    times = []
    for _ in range(20):
        start = time.perf_counter()
        model.score(model.encode(one), "rank")
        times.append(time.perf_counter() - start)
    return {
        "entries": len(item),
        "seconds": round(seconds, 1),
        "GiB": round(grown / 2**30, 2),
        "forecast GiB": round(ease.forecast(n, len(item)) / 2**30, 2),
        "ms to score 200 entries": round(1000 * statistics.median(times), 2),
    }


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", nargs="*", default=[*SOURCES], help="anime, lists, films")
parser.add_argument("--items", nargs="*", type=int)
arguments = parser.parse_args()
if arguments.items:
    save("ease-items", {f"{n} items": large(n) for n in arguments.items})
else:
    save("ease", {name: measure(name) for name in arguments.data})
