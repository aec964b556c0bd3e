"""What `bayes` learns from, and where its chain is."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, I32, I64
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import deviation, mean_rating
from konomi.errors import FitError
from konomi.models.bayes_design import contents, design, of_people, who_rated_what
from konomi.models.bayes_settings import Config
from konomi.models.bayes_side import Ratings, Side
from konomi.models.room import FLOAT, check_room
from konomi.runtime import Run

LEAST_CAP, MOST_CAP = 30.0, 1000.0  # of a person's noise precision, in units of the ratings' variance


@dataclass(frozen=True)
class Problem:
    """What to learn. seen: scored entries of the people who have any; people i64[R]: their rows in the training set; rated
    i64[n]: the items that have entries; place i32[I+1]: of each item among these, n where it has none; mean, sigma: of the
    ratings; contents: of all items."""

    train: TrainSet
    seen: Profiles
    people: I64
    rated: I64
    place: I32
    mean: float
    sigma: float
    contents: list[sp.csr_matrix]

    @classmethod
    def of(cls, train: TrainSet, config: Config, run: Run) -> "Problem":
        """FitError where there is nothing to learn, or no room for it."""
        scored = train.seen.scored()
        people = np.flatnonzero(scored.counts)
        seen = scored.take(people)
        if len(seen.item) == 0:
            raise FitError("There is no rating to learn from.", "Lower `valid` and `test`, or prepare more data.")
        counts = np.bincount(seen.item, minlength=len(train.items))
        rated = np.flatnonzero(counts)
        place = np.full(len(train.items) + 1, len(rated), np.int32)
        place[rated] = np.arange(len(rated))
        wanted = forecast(len(people), len(train.items), len(seen.item), config)
        check_room("bayes", wanted, run.memory, f"{config.samples:,} samples of vectors", ", or lower `dim` or `samples`")
        mean, sigma = mean_rating(seen.rating, train.scale), deviation(seen.rating, train.scale) or 1.0
        told = contents(train.items) if config.contents else []
        return cls(train, seen, people, rated, place, mean, sigma, told)

    @property
    def most(self) -> float:
        """The highest noise precision α: a rating is not more exact than its step, whose rounding has the variance h²/12."""
        step = self.train.scale.step / self.sigma
        return max(12 / step**2, LEAST_CAP) if step else MOST_CAP

    def target(self, rating: F32) -> F32:
        """Ratings in standard units."""
        return ((rating - self.mean) / self.sigma).astype(np.float32)


def forecast(people: int, items: int, ratings: int, config: Config | None = None) -> int:
    """Bytes that training takes, about: both sides' rows and features (6 times), at most twice the samples, and the ratings."""
    config = (config or Config()).for_ratings(ratings)
    return FLOAT * config.dim * (6 * (people + items) + 4 * config.samples * items) + 60 * ratings


@dataclass
class State:
    """Where the chain is: both sides, α f32[R] of people and its scale a₀."""

    users: Side
    items: Side
    alpha: F32
    noise: float


def begin(problem: Problem, config: Config, draw: np.random.Generator) -> State:
    """Before the first sweep."""
    seen, train, place = problem.seen, problem.train, problem.place[problem.seen.item]
    n, R = len(problem.rated), len(problem.people)
    target = problem.target(seen.rating)
    order = np.argsort(seen.item, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=n))])
    of_users = Ratings(seen.indptr, place, target)
    of_items = Ratings(bounds.astype(np.int64), seen.user[order], target[order])
    told = [matrix[problem.rated] for matrix in problem.contents]
    features = [] if seen.features is None or not config.contents else of_people(seen.features, train.features)
    who = (who_rated_what(*of_users[:2], n), who_rated_what(*of_items[:2], R))
    if not config.implicit:
        who = (sp.csr_matrix((R, 0)), sp.csr_matrix((n, 0)))
    users = Side.begin(of_users, design(who[0], features), config.dim, draw)
    items = Side.begin(of_items, design(who[1], told), config.dim, draw)
    return State(users, items, np.ones(R, np.float32), 1.0)
