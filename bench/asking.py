"""Which titles to ask somebody new about: what is known of people after 5, 10 and 20 questions, and after as many answers.

    python bench/asking.py [--people 400]

Real MyAnimeList ratings (the caserec file, with the catalogue of 2020) and ml-latest-small, the data beside the checkout. A
quarter of the people is held out whole, by several seeds; mf learns from the others. Of each held-out person half of the
ratings are what they can tell, the other half the test. Asked about a title of the first half they give their rating; else they
do not know it, which is a question too. Those with 20 ratings to tell and 10 of the test count.

    popular         the most rated first
    random          the 1,000 most rated in random order
    entropy         log(ratings) × entropy of the item's ratings (Rashid et al. 2002)
    first           `recommend.ask.first_questions`: the same for everybody
    adaptive        `recommend.ask.next_question`

RMSE on the test half: every person's mean square weighs the same. "folded in" is mf's own code of the answers; "belief" the
mean of the Gaussian that `recommend.ask` holds of the person. ± is the standard error over people; "less popular" the
difference from asking for the most popular, of the same people. Answers stop at 60 questions, with as many as there are.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.recommend.interview import answered, first_questions, measured_taste, next_question, questions, start
from konomi.runtime import Run
from measure import save

STEPS, MOST, K = (5, 10, 20), 60, 10
Log = list[tuple[int, float | None]]


@dataclass(frozen=True)
class World:
    """A dataset with people held out, by one seed."""

    dataset: Dataset
    seed: int
    people: int
    good: float

    @cached_property
    def train(self):
        return self._split.train_set(self.dataset)

    @cached_property
    def _split(self):
        return make_split(self.dataset, SplitConfig("users", valid=0.05, test=0.25, shown=0.5, seed=self.seed))

    @cached_property
    def model(self):
        return mf.fit(self.train, mf.Config(), Run())

    @cached_property
    def items(self):
        return add_statistics(self.train.items, self.train.seen, self.train.scale)

    @cached_property
    def measured(self):
        """RMSE of the model, and of offsets alone, on the people who chose its epoch."""
        seen, _ = self._split.test(self.dataset)
        return evaluate(self.model, seen, self.train.valid, self.train).metrics

    @cached_property
    def asking(self):
        return questions(self.model, self.items, measured_taste(self.measured))

    @cached_property
    def halves(self) -> tuple[list[dict[int, float]], Profiles]:
        seen, hidden = self._split.test(self.dataset)
        strangers = (self.train.seen.counts == 0) & (seen.counts >= STEPS[-1]) & (hidden.counts >= 10)
        who = np.flatnonzero(strangers)[: self.people]
        told = seen.take(who)
        parts = [told.slice(b, b + 1) for b in range(len(who))]
        return [dict(zip(part.item.tolist(), part.rating.tolist(), strict=True)) for part in parts], hidden.take(who)

    def errors(self, codes: np.ndarray) -> np.ndarray:
        """Mean square of each person, f64[B]."""
        hidden = self.halves[1]
        predicted = self.dataset.scale.clip(self.model.score_pairs(codes[hidden.user], hidden.item, "rating"))
        return np.bincount(hidden.user, (predicted - hidden.rating) ** 2, len(hidden)) / hidden.counts

    def belief(self, known: list[dict[int, float]]) -> np.ndarray:
        """mf codes of the posterior means, f32[B, D+1]."""
        model, asking, codes = self.model, self.asking, np.tile(self.model.average, (len(known), 1))
        full = model.item_code.astype(np.float64)
        middle = (full[0] - asking.vectors[0])[:-1]  # what `questions` takes off every vector
        for code, ratings in zip(codes, known, strict=True):
            if rows := list(ratings):
                rest = np.array(list(ratings.values())) - model.mean - model.item_bias[rows] - full[rows] @ model.average
                X = asking.vectors[rows].astype(np.float64)
                w = asking.taste @ X.T @ np.linalg.solve(X @ asking.taste @ X.T + np.eye(len(rows)), rest)
                code += np.append(w[:-1], w[-1] - w[:-1] @ middle)
        return codes

    def ndcg(self, known: list[dict[int, float]]) -> np.ndarray:
        """NDCG@10 of everything not told, for people with a good title in their test half."""
        given, hidden = Profiles.of(known), self.halves[1]
        scores = self.model.score(self.model.encode(given), "rank")
        scores[:, self.items["sensitive"].to_numpy()] = -np.inf
        scores[given.user, given.item] = -np.inf
        top = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        relevant = np.zeros(scores.shape, bool)
        relevant[hidden.user, hidden.item] = hidden.rating >= self.good
        possible, discount = relevant.sum(axis=1), 1 / np.log2(np.arange(K) + 2)
        ideal = np.cumsum(discount)[np.clip(possible, 1, K) - 1]
        return np.where(possible > 0, np.take_along_axis(relevant, top, axis=1) @ discount / ideal, np.nan)

    def orders(self) -> dict[str, Callable[[int], Iterator[int]]]:
        """The questions of each person that do not depend on their answers."""
        count = np.where(self.items["sensitive"], 0, self.items["ratings"])
        popular = np.argsort(-count, kind="stable")
        seen, entropy = self.train.seen.scored(), np.zeros(len(count))
        for value in np.unique(seen.rating):
            share = np.bincount(seen.item[seen.rating == value], minlength=len(count)) / np.maximum(count, 1)
            entropy -= np.where(share > 0, share * np.log(np.maximum(share, 1e-12)), 0)
        uncertain = np.argsort(-np.log(np.maximum(count, 1)) * entropy, kind="stable")
        first = first_questions(self.asking, MOST)
        return {
            "popular": lambda person: iter(popular.tolist()),
            "random": lambda person: iter(np.random.default_rng([self.seed, person]).permutation(popular[:1000]).tolist()),
            "entropy": lambda person: iter(uncertain.tolist()),
            "first": lambda person: iter(first.tolist()),
        }

    def interviews(self) -> dict[str, list[Log]]:
        told = self.halves[0]
        found = {name: [fixed(order(b), ratings) for b, ratings in enumerate(told)] for name, order in self.orders().items()}
        return {**found, "adaptive": [self.adaptive(ratings) for ratings in told]}

    def adaptive(self, ratings: dict[int, float]) -> Log:
        interview = start(self.asking)
        while not done(list(interview.answers)) and (row := next_question(interview)) >= 0:
            interview = answered(self.asking, interview, row, ratings.get(row))
        return list(interview.answers)


def fixed(order: Iterator[int], ratings: dict[int, float]) -> Log:
    log: Log = []
    while not done(log) and (row := next(order, None)) is not None:
        log.append((row, ratings.get(row)))
    return log


def done(log: Log) -> bool:
    return len(log) >= MOST or (len(log) >= STEPS[-1] and sum(rating is not None for _, rating in log) >= STEPS[-1])


def after(log: Log, n: int, what: str) -> dict[int, float]:
    """What is known after n questions, or n answers."""
    if what == "questions":
        log = log[:n]
    given = [(row, rating) for row, rating in log if rating is not None]
    return dict(given[:n] if what == "answers" else given)


def rmse(square: np.ndarray) -> str:
    root = np.sqrt(square.mean())
    return f"{root:.4f} ± {square.std(ddof=1) / np.sqrt(len(square)) / 2 / root:.4f}"


def less(square: np.ndarray, other: np.ndarray) -> str:
    """The difference of two RMSE of the same people, with its standard error (to first order)."""
    a, b = np.sqrt(square.mean()), np.sqrt(other.mean())
    return f"{a - b:+.4f} ± {np.std(square / (2 * a) - other / (2 * b), ddof=1) / np.sqrt(len(square)):.4f}"


def study(worlds: list[World]) -> dict[str, object]:
    logs = [world.interviews() for world in worlds]
    nothing = [world.errors(world.model.encode(Profiles.of([{}] * len(world.halves[0])))) for world in worlds]
    found: dict[str, object] = {
        "variance of taste over that of noise": [round(measured_taste(world.measured), 3) for world in worlds],
        "people": sum(len(world.halves[0]) for world in worlds),
        "RMSE of who has said nothing": rmse(np.concatenate(nothing)),
    }
    for what in ("questions", "answers"):
        for n in STEPS:
            measured = {}
            for name in logs[0]:
                known = [[after(log, n, what) for log in each[name]] for each in logs]
                each = [
                    (w.errors(w.model.encode(Profiles.of(k))), w.errors(w.belief(k)), w.ndcg(k))
                    for w, k in zip(worlds, known, strict=True)
                ]
                folded, belief, ndcg = (np.concatenate([part[i] for part in each]) for i in range(3))
                measured[name] = (folded, belief)
                good = ndcg[~np.isnan(ndcg)]
                found[f"{n} {what}, {name}"] = {
                    "answers": round(float(np.mean([len(one) for k in known for one in k])), 2),
                    "folded in": rmse(folded),
                    "folded in, less popular": less(folded, measured["popular"][0]),
                    "belief": rmse(belief),
                    "belief, less popular": less(belief, measured["popular"][1]),
                    "NDCG@10": f"{good.mean():.4f} ± {good.std(ddof=1) / np.sqrt(len(good)):.4f}",
                }
    return found


def speed(items: int, dim: int) -> dict[str, float]:
    """Milliseconds of a question and of an answer."""
    import polars as pl

    draw = np.random.default_rng(0)

    class Placed:
        def item_vectors(self):
            return draw.standard_normal((items, dim), np.float32)

    genres = [[f"Genre {g}" for g in draw.choice(40, 3, replace=False)] for _ in range(items)]
    catalogue = pl.DataFrame(
        {
            "genres": genres,
            "year": draw.integers(1960, 2021, items).astype(np.int32),
            "type": draw.choice(["TV", "Movie", "OVA"], items),
            "ratings": (100000 / np.arange(1, items + 1)).astype(np.int64) + 1,
            "sensitive": np.zeros(items, bool),
        }
    )
    begin = time.perf_counter()
    asking = questions(Placed(), catalogue)
    interview = start(asking)
    made, asked, told = time.perf_counter() - begin, [], []
    for n in range(50):
        begin = time.perf_counter()
        row = next_question(interview)
        asked.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        interview = answered(asking, interview, row, 7.0 if n % 2 else None)
        told.append(time.perf_counter() - begin)
    return {
        "items": items,
        "dim": dim,
        "once, ms": round(1e3 * made, 1),
        "a question, ms": round(1e3 * float(np.median(asked)), 2),
        "an answer, ms": round(1e3 * float(np.median(told)), 2),
        "a question and an answer at most, ms": round(1e3 * max(a + b for a, b in zip(asked, told, strict=True)), 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=400, help="at most so many people a seed")
    people = parser.parse_args().people
    anime = caserec(RATINGS, CATALOGUE)[0]
    films = prepare(read_source(None, [RATINGS.parent.parent / "ml-latest-small-2018"], ReadOptions(), Run()))
    save(
        "asking",
        {
            "speed": speed(17562, 128),
            "anime": study([World(anime, seed, people, 8) for seed in range(3)]),
            "films": study([World(films, seed, people, 4) for seed in range(5)]),
        },
    )
