"""How good the top ten of `slim` and `ease` is on real data, what validation chose, and what `slim` costs for much data.

    python bench/rankers.py [anime|lists|films|citeulike|lastfm …] [--seeds 3]
    python bench/rankers.py --large
    python bench/rankers.py --answers

The data beside the checkout: 419,943 ratings of MyAnimeList in 2016 in the founding split, 303,441 list entries with statuses,
ml-latest-small, CiteULike-a and last.fm's plays as presence in their published parts. A seed draws the split, or what validates
where only a test part is published; nothing else is random, so data with all parts given have one figure. NDCG@10 and recall@20
are of the models' own order on test entries over the whole catalogue, training and validation entries shown; the models have
learnt training entries alone.

--large: seconds and peak memory of a training, the choice included, of 41,000 items × 30,000 people with 0.8 M training
entries; items are as popular and people as active, relative to each other, as in the 2016 ratings, and two thirds of somebody's
entries are of one of 400 groups of items, their own.

--answers: the bundle of a catalogue of 17,573 items, and answers of ten titles with reasons to people with 200 ratings.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from caserec_split import caserec
from konomi.bundle.format import save_bundle
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import PRESENCE
from konomi.data.split import Split, SplitConfig, make_split, predefined
from konomi.data.table import Table
from konomi.evaluate.evaluate import evaluate
from konomi.kernels.ids import warm_up
from konomi.models import ease, popular, slim
from konomi.models.slim import forecast
from konomi.pipeline.train import train_model
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run
from lists import with_some
from measure import mean_and_deviation, milliseconds, save

SHARED = Path("../shared/data")
ANIME = SHARED / "anime-caserec-2016" / "rating_mal_ids.csv"
CATALOGUE = SHARED / "anime-meta-2020" / "anime.csv"
SOURCES = {
    "lists": ("mal-2020", SHARED / "anime-userlists-2022" / "animelist.csv"),
    "films": ("movielens", SHARED / "ml-latest-small-2018" / "ml-latest-small.zip"),
}
GIVEN = ("anime", "citeulike")  # every part is published
LEAST = {"lists": 10, "citeulike": 4}  # for ease, whose matrix is n × n
PLAIN = {"dropout": 0.0, "user_power": 0.0, "item_power": 0.0, "relaxed": 0.0}


def presence(rows: pl.DataFrame) -> Table:
    """Pairs of a user and an item, as completed entries without ratings."""
    completed = np.full(len(rows), 2, np.uint8)
    return Table(rows["u"], rows["i"], np.full(len(rows), np.nan, np.float32), PRESENCE, "pairs", status=completed)


def pairs(path: Path, separator: str) -> pl.DataFrame:
    names = {"u": pl.Int64, "i": pl.Int64, "plays": pl.Float64}
    return pl.read_csv(path, has_header=False, separator=separator, new_columns=list(names), schema_overrides=names)["u", "i"]


def loaded(name: str, seed: int) -> tuple[Dataset, Split]:
    """A data set in its split."""
    if name == "anime":
        return caserec(ANIME)
    if name == "citeulike":
        train, valid, test = (pairs(SHARED / name / f"{part}.txt", " ").unique(maintain_order=True) for part in PARTS)
        valid, test = valid.join(train, ["u", "i"], "anti"), test.join(train, ["u", "i"], "anti")
        test = test.join(valid, ["u", "i"], "anti")
        dataset = prepare(presence(pl.concat([train, valid, test])))
        return dataset, predefined(dataset, presence(test), presence(valid))
    if name == "lastfm":
        train, test = (pairs(SHARED / "lastfm-plays" / f"{part}.txt", "\t") for part in ("train", "test"))
        dataset = prepare(presence(pl.concat([train, test])))
        return dataset, predefined(dataset, presence(test), seed=seed)
    source, path = SOURCES[name]
    dataset = prepare(read_source(source, [path], ReadOptions(), Run()))
    return dataset, make_split(dataset, SplitConfig(seed=seed))


PARTS = ("train", "valid", "test")


def quality(name: str, seeds: int) -> dict[str, Any]:
    """NDCG@10 and recall@20 of each model on the test entries, what was chosen, and the seconds of the first training."""
    least = LEAST.get(name, 3)
    models = {
        "popular": (popular, popular.Config()),
        "ease, λ = 150 and nothing else": (ease, ease.Config(l2=150.0, least=least, **PLAIN)),
        "ease": (ease, ease.Config(least=least)),
        "slim": (slim, slim.Config()),
    }
    found: dict[str, dict[str, Any]] = {model: {"ndcg@10": [], "recall@20": [], "chosen": []} for model in models}
    for seed in range(1 if name in GIVEN else seeds):
        dataset, split = loaded(name, seed)
        train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
        for model, (kind, config) in models.items():
            start = time.perf_counter()
            fitted = kind.fit(train, config, Run(seed=seed))
            found[model].setdefault("fit s", round(time.perf_counter() - start, 1))
            metrics = evaluate(fitted, seen, hidden, train, metrics=("recall@20",)).metrics
            for figure in ("ndcg@10", "recall@20"):
                found[model][figure].append(metrics[figure])
            found[model]["chosen"].append(getattr(fitted, "chosen", {}))
        print(name, seed, {model: figures["ndcg@10"][-1] for model, figures in found.items()}, file=sys.stderr)
    for figures in found.values():
        figures |= {figure: mean_and_deviation(figures[figure]) for figure in ("ndcg@10", "recall@20")}
    return {"items": len(dataset.items), "people": len(dataset.users), **found}


def large(people: int = 30_000, items: int = 41_000, entries: int = 800_000, groups: int = 400) -> dict[str, Any]:
    """A training of so much simulated data in this process."""
    draw, real = np.random.default_rng(0), pl.read_csv(ANIME)
    ranked = np.sort(real["anime_id"].value_counts()["count"].to_numpy())[::-1]
    popular_as = np.interp(np.linspace(0, 1, items), np.linspace(0, 1, len(ranked)), ranked)
    active = draw.choice(real["user_id"].value_counts()["count"].to_numpy(), people)
    count = np.maximum(np.rint(active * (2 * entries / active.sum())), 2).astype(int)  # many are drawn twice
    user, group = np.repeat(np.arange(people), count), draw.integers(0, groups, items)
    item = draw.choice(items, len(user), p=popular_as / popular_as.sum())
    own = draw.integers(0, groups, people)
    for g in range(groups):
        members = np.flatnonzero(group == g)
        theirs = np.flatnonzero((own[user] == g) & (draw.random(len(user)) < 2 / 3))
        item[theirs] = draw.choice(members, len(theirs), p=popular_as[members] / popular_as[members].sum())
    each_once = pl.DataFrame({"u": draw.integers(0, people, items), "i": np.arange(items)})
    drawn = pl.DataFrame({"u": user, "i": item}).sample(fraction=1, shuffle=True, seed=0)
    rows = pl.concat([each_once, drawn]).unique(maintain_order=True).head(round(entries / 0.9))
    dataset = prepare(presence(rows))
    train = make_split(dataset, SplitConfig(valid=0.1, test=0)).train_set(dataset)
    warm_up().join()
    slim.fit(make_small(), slim.Config(nearest=8), Run())  # compiles
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, stages = time.perf_counter(), []
    model = slim.fit(train, slim.Config(least=1), Run(progress=lambda stage: stages.append((stage, time.perf_counter()))))
    seconds = time.perf_counter() - start
    chosen_at = max((at for stage, at in stages if stage.what.startswith("choose")), default=start)
    return {
        "entries, and of these to learn from": [len(rows), len(train.seen.item)],
        "items learnt": len(model.scale),
        "people": len(dataset.users),
        "most entries of one item, of one person": [int(n) for n in (np.bincount(item).max(), np.bincount(user).max())],
        "chosen": model.chosen,
        "seconds": round(seconds, 1),
        "of these to choose": round(chosen_at - start, 1),
        "forecast GiB": round(forecast(len(model.scale), 256, len(train.seen.item), Run().threads) / 2**30, 2),
        "peak GiB of the process": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "peak GiB before the training": round(before / 2**20, 2),
    }


def make_small() -> Any:
    """A training set that takes no time."""
    rows = pl.DataFrame({"u": [u for u in range(9) for _ in range(4)], "i": [(u + k) % 7 for u in range(9) for k in range(4)]})
    dataset = prepare(presence(rows))
    return make_split(dataset, SplitConfig(valid=0.2, test=0)).train_set(dataset)


def answers(people: int = 200, given: int = 200) -> dict[str, Any]:
    """The size of a bundle of the founding data with a whole catalogue, and how long answers take."""
    dataset, _ = caserec(ANIME, CATALOGUE)
    found: dict[str, Any] = {"items": len(dataset.items)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        bundle = train_model(dataset, {"slim": {"least": 1}}, path=None)
        model = bundle.models["slim"]

        save_bundle(path, bundle)
        arrays = sum(array.nbytes for array in model.state().values())
        found |= {
            "items learnt": len(model.scale),
            "chosen": model.chosen,
            "weights": len(model.weight),
            "MB of slim": round(arrays / 1e6, 2),
            "MB of lifts": round(sum(a.nbytes for a in vars(bundle.lifts).values()) / 1e6, 2),
            "MB of the bundle": round(path.stat().st_size / 1e6, 2),
            "MB of slim if 17,562 items had K weights each": round(17_562 * (4 * model.chosen["nearest"] + 16) / 1e6, 2),
        }
        draw, recommender = np.random.default_rng(0), Recommender.load(path)
        asked = with_some(dataset, draw.choice(np.flatnonzero(dataset.profiles.counts >= given), people), given, draw)
        found[f"answer, {given} ratings, with reasons"] = milliseconds(recommender.recommend, asked)
        found["without reasons"] = milliseconds(lambda profile: recommender.recommend(profile, why=0), asked)
        found["slim alone: scores and reasons of ten"] = milliseconds(
            lambda profile: (model.score(model.encode(profile), "rank"), model.parts(profile, TEN, "rank")), asked
        )
    return found


TEN = np.arange(10, dtype=np.int32)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=["anime", "lists", "films", "citeulike", "lastfm"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--answers", action="store_true")
    said = parser.parse_args()
    if said.large:
        save("rankers-large", large())
    elif said.answers:
        save("rankers-answers", answers())
    else:
        save("rankers", {name: quality(name, said.seeds) for name in said.data})
