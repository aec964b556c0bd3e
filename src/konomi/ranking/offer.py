"""Offer: which titles of a person's own list, and which parts of franchises, they are offered."""

from dataclasses import dataclass
from typing import Literal

Planned = Literal["hide", "show", "only"]


@dataclass(frozen=True)
class Offer:
    """By default what is new to them, and of a franchise the part that comes next."""

    planned: Planned = "hide"  # what the person plans to watch: not, too, or nothing else
    again: bool = False  # what the person has seen, too
    parts: bool = False  # every part of a franchise, not its next one alone


WHAT_IS_NEW = Offer()
