"""Offer: which titles of their own list, and which parts of franchises, people are offered."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from konomi.arrays import Bools

Planned = Literal["hide", "show", "only"]


@dataclass(frozen=True)
class Offer:
    """By default new titles, and the next part of a franchise."""

    planned: Planned = "hide"  # titles that the person plans to see: not offered, offered as well, or offered alone
    again: bool = False  # offer also what the person has seen
    parts: bool = False  # offer every part of a franchise, not only the next one
    sequels: bool = True  # offer the next part of a franchise that the person has begun


WHAT_IS_NEW = Offer()


def withdrawn(items: pl.DataFrame) -> Bools:
    """bool[I]: the items of a catalogue that are not offered any more, and not found; none where nothing says so."""
    return items["withdrawn"].to_numpy() if "withdrawn" in items.columns else np.zeros(len(items), np.bool_)


def open_to_all(items: pl.DataFrame) -> Bools:
    """bool[I]: the items of a catalogue that are offered unless filters say otherwise: those that are not sensitive."""
    return ~items["sensitive"].to_numpy()
