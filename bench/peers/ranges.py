"""Ranges of settings, and the families of models that have them. Both sides of ranking_peers.py import it; needs nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from typing import Any


@dataclass(frozen=True)
class Range:
    """The values of a setting: `values`, or numbers from low to high, even in the logarithm with `log`; usual: tried first."""

    usual: Any
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    values: tuple[Any, ...] = ()

    def at(self, place: float) -> Any:
        """The value at a place from 0 to 1."""
        if self.values:
            return self.values[min(int(place * len(self.values)), len(self.values) - 1)]
        value = self.low * exp(place * log(self.high / self.low)) if self.log else self.low + place * (self.high - self.low)
        return round(value) if self.whole else float(f"{value:.3g}")

    def place(self, value: Any) -> float:
        """Where a value is, from 0 to 1."""
        if self.values:
            return (self.values.index(value) + 0.5) / len(self.values)
        return log(value / self.low) / log(self.high / self.low) if self.log else (value - self.low) / (self.high - self.low)


def one_of(*values: Any) -> Range:
    """Any of these; the first is usual."""
    return Range(values[0], values=values)


def between(low: float, high: float, usual: float) -> Range:
    return Range(usual, low, high)


def log_between(low: float, high: float, usual: float) -> Range:
    return Range(usual, low, high, log=True)


def whole(low: int, high: int, usual: int) -> Range:
    """Whole numbers, even in their logarithm."""
    return Range(usual, low, high, log=True, whole=True)


@dataclass(frozen=True)
class Family:
    """fit(X, settings) → scores, with X f32[U, I] in compressed rows, 1 for what a person has; scores(people i64[B]) → f[B, I].

    dense: holds a matrix of items × items, so that rare items may have to be left out.
    """

    fit: Callable[..., Callable[..., Any]]
    ranges: dict[str, Range]
    dense: bool = False
