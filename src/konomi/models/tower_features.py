"""The features of people and items that the towers of `two_tower` learn from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from konomi.arrays import F32, Bools
from konomi.catalogue.tags import genre_matrix, item_tags
from konomi.catalogue.taste import Standard, Taste, genre_shares, item_numbers, row_scores
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import ITEM_PRIOR, bayesian_average, deviation, item_sums
from konomi.errors import FitError
from konomi.runtime import Each, blocks

PEOPLE = 1024  # people described by one task


@dataclass(frozen=True)
class Sides:
    """Features from some ratings: user f32[U, F] of all people; item f32[I+1, E] of all items, the last of an unknown item.

    base f32[I], unit f32[1], mean and deviation f32[F]: what `TwoTower` needs to compute the same features of other people.
    """

    user: F32
    item: F32
    base: F32
    unit: F32
    mean: F32
    deviation: F32


class Features:
    """Computes the features of people and items from shown ratings and the catalogue."""

    def __init__(self, data: TrainSet, kind: str, each: Each) -> None:
        self.full, self.scale, self.each = kind == "full", data.scale, each
        self.tags = item_tags(data.items) if self.full else genre_matrix(data.items)
        self.numbers = item_numbers(data.items)
        if not self.full and not self.tags.shape[1]:
            raise FitError("two_tower: the catalogue has no genres.", "Use `features`=full, or prepare with `items`.")

    def __call__(self, shown: Profiles, people: Profiles, unrated: Bools, blank: Bools) -> Sides:
        """The features from the ratings `shown`; those of people from `people`, a subset of them. All entries are scored.

        unrated bool[I]: items whose rating features are left out; blank bool[I]: items all of whose features are left out.
        """
        count, total = item_sums(shown, len(self.tags), self.scale)
        mean = float(total.sum() / count.sum()) if len(shown.item) else (self.scale.low + self.scale.high) / 2
        base = bayesian_average(total, count, mean, ITEM_PRIOR)
        if not self.full:
            return self._notebook5(people, base)
        unit = (deviation(shown.rating, self.scale) if len(shown.item) else 0) or 1.0
        user = self._blocks(Taste(base, unit, self.tags), people)
        standard = Standard.of(user)
        rated = np.column_stack([base, np.log1p(count)]).astype(np.float32)
        rated[(count == 0) | unrated] = np.nan
        numbers, tags = np.column_stack([self.numbers, rated]), self.tags.astype(np.float32)
        numbers[blank], tags[blank] = np.nan, 0
        numbers, tags = np.vstack([numbers, np.full(5, np.nan, np.float32)]), _and_unknown(tags)
        item = np.column_stack([Standard.of(numbers)(numbers), np.isnan(numbers), tags]).astype(np.float32)
        return Sides(standard(user), item, base, np.array([unit], np.float32), standard.mean, standard.deviation)

    def _notebook5(self, people: Profiles, base: F32) -> Sides:
        user = row_scores(self._blocks(lambda block: genre_shares(block, base, self.tags), people))
        nothing = np.empty(0, np.float32)
        return Sides(user, row_scores(_and_unknown(self.tags.astype(np.float32))), base, nothing, nothing, nothing)

    def _blocks(self, describe: Callable[[Profiles], F32], people: Profiles) -> F32:
        """describe(people), in parallel by blocks of people."""
        described = self.each(lambda span: describe(people.slice(*span)), blocks(len(people), PEOPLE))
        return np.concatenate(described)


def _and_unknown(tags: F32) -> F32:
    """The tags with a row of zeros for an unknown item."""
    return np.vstack([tags, np.zeros((1, tags.shape[1]), np.float32)])
