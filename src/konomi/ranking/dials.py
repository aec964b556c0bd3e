"""Dials: what a person may turn, each from 0 to 1. docs/recommend.md says what each costs in accuracy."""

from dataclasses import dataclass

import numpy as np

from konomi.errors import RequestError
from konomi.settings import shown


@dataclass(frozen=True)
class Dials:
    """How to order recommendations."""

    love: float = 0.0  # 0 = what the person will most surely like, 1 = what they might love, known to many or not
    niche: float = 0.0  # how far popular titles are held back
    diverse: float = 0.0  # how far titles are held back that are like one above them
    calibrate: float = 0.0  # how closely the genre mix of the answer is to follow that of what the person likes

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
                raise RequestError(f"The dial {name} is {shown(value)}.", "Turn it to 0, 1 or anything between.")


AS_THEY_ARE = Dials()
