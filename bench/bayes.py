"""bayes on real ratings: what it predicts for people folded in from a saved bundle, how long it takes, how large it is.

    python bench/bayes.py [--seeds 3] [--only founding,small]

The profile is the training entries alone. Intervals are those that the model itself says: 1.645 of its standard deviations on
either side. Beside it `bias`, on films `two_tower` too, with the interval of the difference over people.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import konomi
from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import Split, SplitConfig, make_split
from konomi.evaluate.evaluate import evaluate
from konomi.kernels.csr import mark_first
from konomi.models import module
from konomi.models.api import Model
from konomi.pipeline.splits import split_by_files
from konomi.pipeline.train import train_model
from konomi.runtime import Run, blocks
from measure import BENCH, mean_and_deviation, milliseconds, save

DATA = BENCH.parent.parent / "shared" / "data"
ML, FILMS = DATA / "ml-100k", DATA / "ml-latest-small-2018"
SHOWN = (0, 1, 5, 20)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--only", default="founding,founding with contents,u1,u1 with features,films,small")
said = parser.parse_args()


def datasets(name: str) -> tuple[Dataset, Split]:
    """The data and the split of a part of the benchmark."""
    if name.startswith("founding"):
        return caserec(RATINGS, CATALOGUE if name.endswith("contents") else None)
    if name.startswith("u1"):
        more: dict[str, Any] = {"items": ML / "u.item", "users": ML / "u.user"} if name.endswith("features") else {}
        dataset = konomi.prepare(ML / "u.data", **more)
        return dataset, split_by_files(dataset, ML / "u1.test", None, 0.0, 0, Run())
    if name == "films":
        dataset = konomi.prepare(FILMS)
        return dataset, make_split(dataset, SplitConfig())
    whole = konomi.prepare(ML / "u.data")  # small: 5,000 ratings of it, drawn at random
    kept = np.zeros(len(whole.item), bool)
    kept[np.random.default_rng(0).permutation(len(kept))[:5000]] = True
    profiles = whole.profiles.keep(kept)
    dataset = replace(
        whole, indptr=profiles.indptr, item=profiles.item, stored=whole.stored[kept], time=None, manifest=manifest(whole)
    )
    return dataset, make_split(dataset, SplitConfig(test=0.2))


def manifest(dataset: Dataset) -> dict[str, Any]:
    """Its manifest without the hashes, which are of all ratings."""
    return {key: value for key, value in dataset.manifest.items() if key != "sha256"}


def saved(dataset: Dataset, split: Split, name: str, seed: int, **settings: Any) -> tuple[Model, float, float]:
    """A model from a saved bundle, the seconds of its training, the megabytes of its arrays."""
    config = module(name).Config(**settings)
    start = time.perf_counter()
    fitted = module(name).fit(split.train_set(dataset), config, Run(seed=seed))
    seconds = time.perf_counter() - start
    bundle = train_model(dataset, "bias", split, Run(seed=seed), refit=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        save_bundle(path, replace(bundle, models={name: fitted}, configs={name: vars(config)}))
        model = load_bundle(path).models[name]
    return model, seconds, sum(array.nbytes for array in model.state().values()) / 1e6


def cut(seen: Profiles, most: int) -> Profiles:
    """Profiles of at most so many ratings, drawn at random."""
    size, kept = np.minimum(seen.counts, most).astype(np.int64), np.zeros(len(seen.item), np.uint8)
    mark_first(seen.indptr, np.random.default_rng(1).random(len(kept)), size, np.zeros_like(size), 1, 0, kept)
    return seen.keep(kept == 1)


def coverage(model: Any, seen: Profiles, hidden: Profiles, scale: Any) -> float:
    """The share of hidden ratings that the model's own 90 % intervals hold."""
    codes, user, held = model.encode(seen, 2), hidden.user, 0
    for start, stop in blocks(len(user), 4096):
        given = (codes[user[start:stop]], hidden.item[start:stop])
        predicted, half = model.score_pairs(*given, "rating"), 1.645 * np.sqrt(model.variance(*given))
        rating = hidden.rating[start:stop]
        held += int(((scale.clip(predicted - half) <= rating) & (rating <= scale.clip(predicted + half))).sum())
    return held / len(user)


def reasons(model: Any, seen: Profiles) -> float:
    """How far the parts of ratings are from what predictions change by where a rating is left out, over that change: means of
    the absolute values, of 5 ratings each of 100 people and 40 titles."""
    draw, items = np.random.default_rng(0), np.arange(0, len(model.place) - 1, len(model.place) // 40, dtype=np.int32)
    near, far = 0.0, 0.0
    for u in draw.choice(np.flatnonzero(seen.counts >= 10), 100, replace=False):
        profile = seen.slice(u, u + 1)
        parts, whole = model.parts(profile, items, "rating"), model.score(model.encode(profile), "rating", items)[0]
        for entry in draw.choice(len(profile.item), 5, replace=False):
            without = profile.keep(np.arange(len(profile.item)) != entry)
            change = whole - model.score(model.encode(without), "rating", items)[0]
            near, far = near + float(np.abs(parts[entry] - change).sum()), far + float(np.abs(change).sum())
    return near / far


def figures(name: str) -> Iterator[tuple[str, Any]]:
    """What is printed of one part."""
    dataset, split = datasets(name)
    train, (_, hidden), (seen, _) = split.train_set(dataset), split.test(dataset), split.validation(dataset)
    hidden, seen = hidden.scored(), seen.scored()
    bias = module("bias").fit(train, module("bias").Config(), Run())
    module("bayes").fit(train, module("bayes").Config(epochs=2), Run())  # compiles its kernels
    found: dict[str, list[float]] = {}

    def note(what: str, value: float) -> None:
        found.setdefault(what, []).append(value)

    for seed in range(said.seeds):
        model, seconds, size = saved(dataset, split, "bayes", seed)
        note("RMSE", evaluate(model, seen, hidden, train).metrics["rmse"])
        note("fit s", seconds)
        note("coverage of 90 %", coverage(model, seen, hidden, dataset.scale))
        note("MB of arrays", size)
        if name == "founding":
            note("reasons: error over the change by leaving out", reasons(model, seen))
            quick, seconds, _ = saved(dataset, split, "bayes", seed, method="vb")
            note("vb: RMSE", evaluate(quick, seen, hidden, train).metrics["rmse"])
            note("vb: fit s", seconds)
        if name.startswith("founding"):
            for shown in SHOWN:
                some = cut(seen, shown)
                note(f"{shown} shown: RMSE", evaluate(model, some, hidden, train).metrics["rmse"])
                note(f"{shown} shown: coverage", coverage(model, some, hidden, dataset.scale))
        if name == "films":
            other, _, _ = saved(dataset, split, "two_tower", seed)
            note("two_tower RMSE", evaluate(other, seen, hidden, train).metrics["rmse"])
    yield from ((what, mean_and_deviation(values)) for what, values in found.items())
    yield "bias RMSE", round(evaluate(bias, seen, hidden, train).metrics["rmse"], 4)
    if name.startswith("founding"):
        for shown in SHOWN:
            yield f"{shown} shown: bias RMSE", round(evaluate(bias, cut(seen, shown), hidden, train).metrics["rmse"], 4)
        fifty = cut(seen, 50)
        people = [fifty.slice(u, u + 1) for u in np.flatnonzero(fifty.counts == 50)[:200]]
        yield "folding in 50 ratings", milliseconds(model.encode, people)


save("bayes", {name: dict(figures(name)) for name in said.only.split(",")})
