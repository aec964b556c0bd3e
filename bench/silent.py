"""What to show somebody who has said nothing: NDCG@10 of one list for everybody, by several formulas; and the list spread out.

    python bench/silent.py

Real MyAnimeList ratings (the caserec file, with the catalogue of 2020) and ml-latest-small, the data beside the checkout. A
quarter of the people is held out whole, by three seeds; a list is made of the others' ratings alone. Relevant to somebody: what
they rated 8 or more of 10, 4 or more of 5; those with five ratings or more count. Beside it the mean rating of the ten by those
of them who know them, and how many of the ten a person knows.
"""

import numpy as np
import polars as pl

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.catalogue.tags import content_vectors, genre_matrix
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.ranking.rerank import rerank
from konomi.ranking.silent import QUALITY, robust_popularity
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from measure import mean_and_deviation, save

K, SEEDS, CANDIDATES = 10, 3, 200
FILMS = RATINGS.parent.parent / "ml-latest-small-2018"


def formulas(items: pl.DataFrame) -> dict[str, np.ndarray]:
    n, b = items["ratings"].to_numpy().astype(np.float64), items["bayes"].to_numpy().astype(np.float64)
    share = n / n.sum()
    above = b - share @ b
    z = above / np.sqrt(share @ above**2)
    found = {"number of ratings": n, "Bayesian average, C = 25": b}
    for prior in (100, 1000):
        mean = items["mean"].fill_null(0).to_numpy()
        found[f"Bayesian average, C = {prior}"] = (prior * (share @ mean) + n * mean) / (prior + n)
    found |= {f"log(1 + n) + {beta} z": np.log1p(n) + beta * z for beta in (0.25, 0.5, 0.75, 1, 2)}
    found |= {"log(1 + n) z": np.log1p(n) * z, "n z": n * z}
    return found


def measured(top: np.ndarray, hidden, good: float) -> tuple[float, float, float]:
    """NDCG@10, mean rating of the ten, how many of the ten are known."""
    place = np.full(hidden.item.max() + 1, K)
    place[top[top < len(place)]] = np.flatnonzero(top < len(place))
    at, liked = place[hidden.item], hidden.rating >= good
    discount = np.append(1 / np.log2(np.arange(K) + 2), 0)
    ideal = np.concatenate([[0], np.cumsum(discount)])
    possible = np.bincount(hidden.user[liked], minlength=len(hidden))
    gained = np.bincount(hidden.user[liked], discount[at[liked]], len(hidden))
    ndcg = (gained / ideal[np.minimum(possible, K)].clip(1e-9))[possible > 0].mean()
    return float(ndcg), float(hidden.rating[at < K].mean()), float((at < K).sum() / len(hidden))


def study(dataset: Dataset, good: float) -> dict[str, object]:
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(SEEDS):
        split = make_split(dataset, SplitConfig("users", valid=0, test=0.25, shown=0, seed=seed))
        train, (_, hidden) = split.train_set(dataset), split.test(dataset)
        hidden = hidden.take(np.flatnonzero(hidden.counts >= 5))
        items = add_statistics(train.items, train.seen, train.scale)
        sensitive = items["sensitive"].to_numpy()
        lists = {
            name: np.argsort(np.where(sensitive, np.inf, -score), kind="stable")[:K] for name, score in formulas(items).items()
        }
        score = np.where(sensitive, -np.inf, robust_popularity(items)).astype(np.float32)
        pool = np.argsort(-score, kind="stable")[:CANDIDATES]
        vectors, none = content_vectors(items)[pool], np.zeros((CANDIDATES, 0), np.float32)
        for diverse in (0.5, 1.0, 2.0):
            chosen = rerank(score[pool], K, vectors, none, np.zeros(0, np.float32), diverse, 0)
            lists[f"log(1 + n) + {QUALITY} z, spread by {diverse:g}"] = pool[chosen]
        for name, top in lists.items():
            found.setdefault(name, []).append(measured(top, hidden, good))
    genres, decade = genre_matrix(items), items["year"] // 10
    return {
        name: {
            "NDCG@10": mean_and_deviation([v[0] for v in values]),
            "their mean rating": round(float(np.mean([v[1] for v in values])), 2),
            "of ten known": round(float(np.mean([v[2] for v in values])), 2),
            "genres": int(genres[lists[name]].any(axis=0).sum()),
            "decades": decade[lists[name]].n_unique(),
            "list": [f"{title} ({year})" for title, year in items[lists[name]].select("title", "year").iter_rows()],
        }
        for name, values in found.items()
    }


films = prepare(read_source(None, [FILMS], ReadOptions(), Run()))
save("silent", {"anime": study(caserec(RATINGS, CATALOGUE)[0], 8), "films": study(films, 4)})
