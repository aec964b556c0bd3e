"""Dials: what a person may turn. Each runs from 0 to 1, and its price in accuracy stands in docs/recommend.md."""

from dataclasses import dataclass
from numbers import Real

from konomi.errors import RequestError


@dataclass(frozen=True)
class Dials:
    """How recommendations are to be."""

    love: float = 0.2  # 0 = what the person will most surely like, 1 = what they might love, known to many or not
    niche: float = 0.0  # how far popular titles are held back
    diverse: float = 0.0  # how far a title is held back that is like one above it
    calibrate: float = 0.0  # how closely the list is to have the genre mix of the person's own

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isinstance(value, Real) or not 0 <= float(value) <= 1:
                raise RequestError(f"The dial {name} is {value}.", "Turn it to 0, 1 or anything between.")
