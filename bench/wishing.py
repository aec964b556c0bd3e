"""What genre wishes are worth: lists of ten for people held out whole, of whom wishes are known, alone or with ratings.

    python bench/wishing.py [--seeds 3]

Real MyAnimeList ratings (the caserec file, with the catalogue of 2020) and ml-latest-small, the data beside the checkout. A
third of the people is held out; half of what each rated is hidden, and what could be shown is not recommended. ease and mf,
trained on the others, answer together. Wishes are taken from what could be shown in three ways; for each of them, and each
weight of the wishes: NDCG@10, by how much it is above that of the most rated titles, the share of the ten that have a genre
wished for, and of those that have one not wanted. "As it is" is the order as served; "as far as known" adds a weight · the
item's popularity · its fit to the wishes; "all alike" is the same without the popularity; "learnt" a ridge regression of what
others have rated (1 or 0) on their wishes, taken in each way. Then the lists for wishes as people type them, alone and beside
five ratings.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.catalogue.tags import genre_matrix, genre_names
from konomi.catalogue.taste import genre_taste
from konomi.data.dataset import Dataset
from konomi.data.lifts import lifts
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, TrainSet, make_split
from konomi.data.statistics import add_statistics
from konomi.evaluate.genre_wishes import LEAST, apart, named
from konomi.evaluate.recommendations import list_length, measure_lists, relevant
from konomi.evaluate.records import ItemFacts
from konomi.kernels.topk import topk
from konomi.models import ease, mf
from konomi.pipeline.newcomers import drawn
from konomi.ranking.blend import WISH, Blend
from konomi.ranking.dials import Dials
from konomi.ranking.silent import robust_popularity
from konomi.ranking.wishes import wish_scores
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from measure import mean_and_deviation, save

F32 = npt.NDArray[np.float32]

K, SHOWN, FEW = 10, 20, 5
WEIGHTS, ALIKE = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0), (0.3, 0.5, 1.0)
PENALTY = 10.0  # of the ridge regression
FILMS = RATINGS.parent.parent / "ml-latest-small-2018"
TYPED = {
    "anime": (
        {"Romance": 9, "Comedy": 8, "Ecchi": 1},
        {"Action": 9, "Thriller": 7},
        {"Horror": 9},
        {"Slice of Life": 9, "Mecha": 2},
        {"Sports": 10, "Shounen": 8},
    ),
    "films": (
        {"Romance": 4.5, "Comedy": 4, "Horror": 0.5},
        {"Action": 4.5, "Thriller": 3.5},
        {"Horror": 4.5},
        {"Animation": 4.5, "Children": 1},
        {"Documentary": 5, "War": 4},
    ),
}
RATED = {
    "anime": {
        "Death Note": 9.0,
        "Naruto": 7.0,
        "Shingeki no Kyojin": 9.0,
        "Sword Art Online": 6.0,
        "Fullmetal Alchemist: Brotherhood": 10.0,
    },
    "films": {
        "The Matrix": 4.5,
        "Pulp Fiction": 5.0,
        "Fight Club": 4.5,
        "Jurassic Park": 3.0,
        "The Lord of the Rings: The Two Towers": 4.0,
    },
}


@dataclass(frozen=True)
class Held:
    """The people of one seed: all that could be shown of them, what of it is shown, and what is to be found."""

    known: Profiles
    few: Profiles
    wanted: Profiles
    train: TrainSet
    order: Blend

    def take(self, people: npt.NDArray[np.int64]) -> "Held":
        parts = (part.take(people) for part in (self.known, self.few, self.wanted))
        return Held(*parts, self.train, self.order)


def most(profiles: Profiles, train: TrainSet) -> F32:
    """How many titles of a genre somebody rated."""
    return centred(many_of(profiles, train), many_of(profiles, train))


def rated(profiles: Profiles, train: TrainSet) -> F32:
    """Their mean rating of a genre."""
    return centred(genre_taste(profiles.scored(), train.items, mean=0.0, prior=0.0), many_of(profiles, train))


def many_of(profiles: Profiles, train: TrainSet) -> npt.NDArray[np.float64]:
    """How many titles of each genre each person rated, f64[B, G]."""
    scored, genres = profiles.scored(), genre_matrix(train.items).astype(np.float64)
    return sp.csr_matrix((np.ones(len(scored.item)), scored.item, scored.indptr), (len(scored), len(genres))) @ genres


def centred(taste: npt.NDArray[Any], many: npt.NDArray[np.float64]) -> F32:
    """Of the genres that people can speak of, less that of their genre in the middle, so that the worst is below 0."""
    able = np.where(many >= LEAST, taste, np.nan)
    spoken = (~np.isnan(able)).sum(axis=1, keepdims=True)
    middle = np.take_along_axis(np.sort(able, axis=1), np.minimum(spoken // 2, able.shape[1] - 1), 1)  # NaN comes last
    return (able - middle).astype(np.float32)


TELLING: dict[str, Callable[[Profiles, TrainSet], F32]] = {
    "what sets them apart": apart,
    "what they have most of": most,
    "what they rate highest": rated,
}


FIRST, MODELS = next(iter(TELLING)), ("ease", "mf")


def strength(wishes: F32, scale: Scale) -> F32:
    """From −1 to 1, 0 where nothing is wished."""
    return np.nan_to_num((wishes - (scale.low + scale.high) / 2) / ((scale.high - scale.low) / 2))


def learnt(wishes: F32, people: Profiles, scale: Scale, n: int) -> npt.NDArray[np.float64]:
    """f64[1 + G, I]: what share of people rates an item, and what a wish adds to it."""
    told = np.column_stack([np.ones(len(people)), strength(wishes, scale)])
    has = sp.csr_matrix((np.ones(len(people.item)), people.item, people.indptr), (len(people), n))
    gram = told.T @ told + np.diag([1e-6, *[PENALTY] * wishes.shape[1]])
    return np.linalg.solve(gram, (has.T @ told).T)


def people_of(dataset: Dataset, seed: int) -> Held:
    split = make_split(dataset, SplitConfig("users", valid=0, test=0.3, shown=0.5, seed=seed))
    train, (known, hidden) = split.train_set(dataset), split.test(dataset)
    wanted = relevant(hidden, train.labelling)
    able = np.flatnonzero((known.scored().counts >= SHOWN) & (wanted.counts > 0))
    known, items = known.take(able), add_statistics(train.items, train.seen, train.scale)
    few = drawn(known, FEW, np.random.default_rng(seed).random(len(known.item)))
    run = Run(seed=seed)
    models = (ease.fit(train, ease.Config(), run), mf.fit(train, mf.Config(), run))
    return Held(known, few, wanted.take(able), train, Blend(models, items, train.labelling, lifts(train, run)))


def figures(scores: F32, held: Held, wishes: F32) -> tuple[float, float, float]:
    """NDCG@10, the share of the ten with a genre wished for, that with one not wanted."""
    items = topk(scores.astype(np.float32), list_length(), held.known.indptr, held.known.item, held.order.known, 1)[0]
    item_facts = ItemFacts.of(held.train.seen, held.order.items)
    ndcg = measure_lists(np.arange(len(items), dtype=np.int32), items, held.wanted, item_facts).metrics["ndcg@10"]
    v, genres = strength(wishes, held.train.scale), held.order.genres[items[:, :K]] > 0  # B × K × G
    granted, refused = ((genres & told[:, None]).any(axis=2).mean() for told in (v > 0, v < 0))
    return float(ndcg), float(granted), float(refused)


def study(dataset: Dataset, seeds: int) -> dict[str, Any]:
    found: dict[str, list[tuple[float, ...]]] = {}
    told: dict[str, list[int]] = {name: [] for name in TELLING}
    for seed in range(seeds):
        everybody = people_of(dataset, seed)
        order, train = everybody.order, everybody.train
        others = train.seen.take(np.flatnonzero(train.seen.scored().counts >= SHOWN))
        maps = {
            name: learnt(named(taste(others, train), train.scale), others, train.scale, len(order.items))
            for name, taste in TELLING.items()
        }
        plain = {"popularity": np.log1p(order.count).astype(np.float32), "robust popularity": robust_popularity(order.items)}
        for name, taste in TELLING.items():
            wishes = named(taste(everybody.known, train), train.scale)
            able = np.flatnonzero(~np.isnan(wishes).all(axis=1))
            held, wishes = everybody.take(able), wishes[able]
            told[name].append(len(able))
            fits = {
                "as far as known": (WEIGHTS, order.popularity * wish_scores(order.genres, wishes, train.scale)),
                "all alike": (ALIKE, wish_scores(order.genres, wishes, train.scale)),
            }
            v = np.column_stack([np.ones(len(able)), strength(wishes, train.scale)])
            rows = {what: np.tile(score, (len(able), 1)) for what, score in plain.items()}
            rows |= {f"learnt of {whose}": v @ each for whose, each in maps.items()}
            shown = {"no ratings": Profiles.of([{}] * len(able)), f"{FEW} ratings": held.few, "all ratings": held.known}
            for much, profiles in shown.items():
                base = order.weigh(profiles, Dials()).total
                rows[f"{much}, no wishes"] = base
                rows[f"{much}, as it is"] = order.weigh(profiles, Dials(), wishes).total
                for how, (weights, fit) in fits.items():
                    rows |= {f"{much}, {how}, weight {w:g}": base + np.float32(w) * fit for w in weights}
            if name == FIRST:
                for model, alone in zip(MODELS, order.models, strict=True):
                    single = Blend((alone,), order.items, order.labelling, order.lifts)
                    base = single.weigh(held.few, Dials()).total
                    rows[f"{FEW} ratings, {model} alone, no wishes"] = base
                    rows[f"{FEW} ratings, {model} alone, as far as known, weight {WISH:g}"] = (
                        base + WISH * fits["as far as known"][1]
                    )
            popular = figures(rows["popularity"], held, wishes)[0]
            for what, scores in rows.items():
                ndcg, granted, refused = figures(scores, held, wishes)
                found.setdefault(f"{name}: {what}", []).append((ndcg, ndcg - popular, granted, refused))
    table = {
        what: {
            "NDCG@10": mean_and_deviation([v[0] for v in values]),
            "above popularity": mean_and_deviation([v[1] for v in values]),
            "wished for": round(float(np.mean([v[2] for v in values])), 2),
            "not wanted": round(float(np.mean([v[3] for v in values])), 2),
        }
        for what, values in found.items()
    }
    return {"people": told, "rows": table}


def lists(dataset: Dataset, typed: tuple[dict[str, float], ...], ratings: dict[str, float]) -> dict[str, Any]:
    """The ten titles of each combination, for a stranger and beside the ratings, trained on everybody."""
    train = make_split(dataset, SplitConfig(valid=0, test=0.01)).train_set(dataset)
    items = add_statistics(train.items, train.seen, train.scale)
    names, titles, sensitive = genre_names(items), items["title"].to_list(), items["sensitive"].to_numpy()
    run = Run()
    models = (ease.fit(train, ease.Config(), run), mf.fit(train, mf.Config(), run))
    order = Blend(models, items, train.labelling, lifts(train, run))
    others = train.seen.take(np.flatnonzero(train.seen.scored().counts >= SHOWN))
    each = learnt(named(apart(others, train), train.scale), others, train.scale, len(items))
    found: dict[str, Any] = {}
    for who, known in (("alone", {}), ("beside five ratings", ratings)):
        person = Profiles.of([{titles.index(title): rating for title, rating in known.items()}])
        left_out = ~order.known | sensitive
        left_out[person.item] = True
        base = order.weigh(person, Dials()).total[0]
        for combination in typed:
            wishes = np.full((1, len(names)), np.nan, np.float32)
            for genre, value in combination.items():
                wishes[0, names.index(genre)] = value
            fit = wish_scores(order.genres, wishes, train.scale)[0]
            asked = order.weigh(person, Dials(), wishes).total[0]
            rows = {"as it is": asked, "as far as known": base + WISH * order.popularity * fit, "all alike": base + WISH * fit}
            if not known:
                rows["learnt"] = np.append(1, strength(wishes, train.scale)[0]) @ each
            tens = {what: np.argsort(np.where(left_out, np.inf, -score), kind="stable")[:K] for what, score in rows.items()}
            name = ", ".join(f"{genre}={value:g}" for genre, value in combination.items())
            found[f"{who}: {name}"] = {what: [titles[i] for i in ten] for what, ten in tens.items()}
    return found


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=3)
seeds = parser.parse_args().seeds
anime = caserec(RATINGS, CATALOGUE)[0]
films = prepare(read_source(None, [FILMS], ReadOptions(), Run()))
save(
    "wishing",
    {
        name: {**study(dataset, seeds), "lists": lists(dataset, TYPED[name], RATED[name])}
        for name, dataset in (("anime", anime), ("films", films))
    },
)
