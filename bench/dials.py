"""What each dial costs and what it buys: lists of ten for people held out whole, half of whose ratings are shown.

    python bench/dials.py [--people 500]

Real MyAnimeList ratings (caserec_split.py) and the 2020 catalogue; what `train` takes by itself, trained on other people. One
dial is turned at a time, the others stay as they are. Draws docs/dials.png.
"""

import argparse
from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.data.labels import interactions
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.evaluate.recommendations import measure_lists, relevant
from konomi.evaluate.records import ItemFacts
from konomi.pipeline.train import train_model as fit
from konomi.ranking.dials import Dials
from konomi.ranking.rerank import mix
from konomi.recommend.filters import Where
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run
from measure import BENCH, save

matplotlib.use("Agg")
import matplotlib.pyplot as plt

K = 10
STEPS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
GAINS = {  # dial → what it is turned up for, and what that is called
    "love": ("average", "Bayesian average rating of what is listed"),
    "niche": ("novelty", "novelty of what is listed, bits"),
    "diverse": ("diversity", "diversity of genres within a list"),
    "calibrate": ("mismatch", "divergence from the person's genre mix"),
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--people", type=int, default=500)
people = parser.parse_args().people

dataset, _ = caserec(RATINGS, CATALOGUE)
split = make_split(dataset, SplitConfig(kind="users", test=0.15))
recommender = Recommender(fit(dataset, None, split, Run(), refit=False))
items, train = recommender.bundle.items, split.train_set(dataset)
seen, hidden = split.test(dataset)
wanted = relevant(hidden, train.labelling)
chosen = np.flatnonzero((wanted.counts > 0) & (seen.counts > 0))[:people]
shown, wanted = seen.take(chosen), wanted.take(chosen)
item_facts, mixes = ItemFacts.of(train.seen, train.items), mix(recommender.ranker.blend.genres)
bayes = items["bayes"].to_numpy()


def mismatch(row: npt.NDArray[np.int32], person: Profiles) -> float:
    """KL(p ‖ q) of the genre mix of what the person likes and that of the list, smoothed as in `rerank.py`."""
    own = mixes[person.item[interactions(person.rating, person.status, dataset.scale) == 1]].sum(axis=0)
    p = own / max(own.sum(), 1e-9)
    q = 0.99 * mixes[row].mean(axis=0) + 0.01 * p
    return float((p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum())


def lists(dials: Dials, where: Where) -> dict[str, Any]:
    """The metrics of everybody's list."""
    rows = np.full((len(shown), 20), -1, np.int32)
    for n in range(len(shown)):
        found = recommender.recommend(shown.slice(n, n + 1), K, where, dials, why=0)
        rows[n, : len(found)] = [recommender.catalogue.item_ids.row(row.item_id, "item") for row in found]
    metrics = measure_lists(np.arange(len(shown), dtype=np.int32), rows, wanted, item_facts).metrics
    top = rows[:, :K]
    return {
        "ndcg@10": round(metrics["ndcg@10"], 4),
        "coverage": round(metrics["coverage@10"], 4),
        "average": round(float(bayes[top].mean()), 3),
        "novelty": round(metrics["novelty@10"], 3),
        "diversity": round(metrics["ild@10"], 4),
        "mismatch": round(float(np.mean([mismatch(row, shown.slice(n, n + 1)) for n, row in enumerate(top)])), 3),
    }


parts, asis = Where(parts=True), Dials()
found = {
    "people": len(shown),
    "as it is": lists(asis, Where()),
    "every part of a franchise": lists(asis, parts),
    **{dial: {f"{step:g}": lists(replace(asis, **{dial: step}), Where()) for step in STEPS} for dial in GAINS},
}
figure, axes = plt.subplots(1, 4, figsize=(15, 3.6), layout="constrained")
for axis, (dial, (gain, name)) in zip(axes, GAINS.items(), strict=True):
    cost, bought = ([found[dial][f"{step:g}"][key] for step in STEPS] for key in ("ndcg@10", gain))
    axis.plot(STEPS, cost, "o-", color="#1f6f8b", label="NDCG@10")
    axis.set(xlabel=dial, ylabel="NDCG@10 of people held out", ylim=(0, None))
    axis.yaxis.label.set_color("#1f6f8b")
    other = axis.twinx()
    other.plot(STEPS, bought, "s--", color="#c1573b")
    other.set_ylabel(name, color="#c1573b")
    axis.grid(alpha=0.3)
figure.suptitle(
    f"What a dial costs (left) and buys (right): as train does, {len(shown)} people held out whole, half of their ratings shown"
)
figure.savefig(BENCH.parent / "docs" / "dials.png", dpi=100)
save("dials", found)
