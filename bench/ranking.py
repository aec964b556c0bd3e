"""What to order recommendations by: predicted rating, shrunk by how little is known of an item, a lower bound, or popularity.

    python bench/ranking.py [RATINGS.csv]

Real MyAnimeList ratings, the split of caserec_split.py. For people with at least three hidden ratings: NDCG@10 over the whole
catalogue (relevant: hidden and rated 8 or more), the median number of training ratings of what is recommended, and how many
different titles are recommended to all of them together.
"""

import argparse
from pathlib import Path

import numpy as np

from caserec_split import RATINGS, caserec
from konomi.models import mf
from konomi.runtime import Run
from measure import save

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings", nargs="?", default=RATINGS, type=Path)
K, RELEVANT, PEOPLE = 10, 8, 1500


dataset, split = caserec(parser.parse_args().ratings)
train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
model = mf.fit(train, mf.Config(), Run())
people = np.flatnonzero(hidden.counts >= 3)[:PEOPLE]
shown, wanted = seen.take(people), hidden.take(people)
codes = model.encode(shown)
rating = model.score(codes, "rating")
count = np.bincount(train.seen.item, minlength=len(train.items))
level = model.mean + codes[:, -1:]  # what this person gives an item that nothing is known of
discount = 1 / np.log2(np.arange(K) + 2)


def quality(scores: np.ndarray) -> dict[str, float]:
    scores = scores.copy()
    scores[shown.user, shown.item] = -np.inf
    top = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    relevant = np.zeros(scores.shape, bool)
    relevant[wanted.user, wanted.item] = wanted.rating >= RELEVANT
    hits, possible = np.take_along_axis(relevant, top, axis=1), relevant.sum(axis=1)
    ideal = np.concatenate([[0], np.cumsum(discount)])[np.minimum(possible, K)]
    ndcg = (hits @ discount)[possible > 0] / ideal[possible > 0]
    return {
        "ndcg@10": round(float(ndcg.mean()), 4),
        "median popularity": float(np.median(count[top])),
        "different titles": len(np.unique(top)),
    }


found = {"predicted rating": quality(rating)}
for prior in (25, 100, 300, 1000):
    found[f"shrunk, K = {prior}"] = quality(level + (rating - level) * count / (prior + count))
for z in (1, 4):
    found[f"lower bound, z = {z}"] = quality(rating - z * 1.15 / np.sqrt(count + 1))
found["popularity"] = quality(np.broadcast_to(count.astype(np.float32), rating.shape))
save("ranking", found)
