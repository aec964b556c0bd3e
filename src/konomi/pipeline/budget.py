"""How long trainings are forecast to take, from counts alone: the same data and budget give the same models on every machine.

Seconds are those of the machine that `python bench/budget.py` was run on, two cores; it prints them beside the measured ones.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from konomi.data.dataset import Dataset
from konomi.errors import ConfigError
from konomi.settings import shown

BUDGET = 600.0  # seconds that training may take where nothing is said
OF_SLIM = 2.2e-9, 6e-5  # of two entries of one person, and of an item
OF_EASE = 2e-11  # of an item, to the third power
CHOICE = 20  # trainings that a choice of settings takes
OF_BAYES = {"gibbs": 4e-5, "vb": 1.7e-5}  # of a rating
OF_MF = 1.5e-6  # of an entry


@dataclass(frozen=True)
class Counts:
    """Of a dataset: people; items; entries that show what somebody has; those with a rating; items that `least` people have;
    people who have the best known item; pairs of entries of one person, in order."""

    people: int
    items: int
    entries: int
    ratings: int
    known: int
    most: int
    pairs: int

    @classmethod
    def of(cls, dataset: Dataset, least: int) -> "Counts":
        consumed, user = dataset.profiles.consumed, dataset.profiles.user
        having = np.bincount(dataset.profiles.item[consumed])
        each = np.bincount(user[consumed]).astype(np.int64)
        known, most = int((having >= least).sum()), int(having.max(initial=0))
        rated = int((~np.isnan(dataset.profiles.rating)).sum())
        return cls(len(dataset.users), len(dataset.items), int(consumed.sum()), rated, known, most, int((each**2).sum()))

    def slim(self, choice: bool) -> float:
        """Seconds of choosing settings, if any are, and of two trainings."""
        once = OF_SLIM[0] * self.pairs + OF_SLIM[1] * self.known
        return (2 + CHOICE * choice) * once

    def ease(self) -> float:
        """Seconds of three trainings: to be compared, measured, and on everything."""
        return 3 * OF_EASE * self.known**3

    def bayes(self, method: str) -> float:
        """Seconds of two trainings."""
        return 2 * OF_BAYES[method] * self.ratings

    def mf(self) -> float:
        """Seconds of two trainings."""
        return 2 * OF_MF * self.entries


def seconds(given: Any) -> float:
    """A budget; ConfigError for anything but a number above 0."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < math.inf:
        raise ConfigError(f"The budget is {shown(given)}.", "Give seconds, such as 60.", "budget")
    return float(given)


def in_time(seconds: float) -> str:
    """Seconds for people: "0.001 s" at least, "0.4 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 100:
        return f"{max(seconds, 0.001):.1g} s" if seconds < 9.5 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
