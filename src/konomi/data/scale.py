"""The rating scale of a source, and how its ratings are stored in one byte."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, U8, Bools
from konomi.errors import ConfigError, DataError
from konomi.settings import check_types

BLOCK = 1 << 16  # ratings processed at once
MISSING = 0  # the code of "not scored"
MOST = 1 << 20  # ratings lie within ±MOST: squares and sums of billions of them still fit float64 and int64
LEAST_SPAN = 2.0**-10  # the highest rating less the lowest, at least
MOST_CODES = 254  # steps of a scale; a scale with more is stored as float32


@dataclass(frozen=True)
class Scale:
    """Ratings from `low` to `high` in steps of `step`; a step of 0 means any value between.

    DataError where they are no finite numbers, do not ascend, reach beyond ±`MOST` or span less than `LEAST_SPAN`.
    """

    low: float
    high: float
    step: float

    def __post_init__(self) -> None:
        try:
            check_types(self, "scale")
        except ConfigError as cause:
            raise DataError(cause.message, cause.hint, cause.field) from None
        if not (self.low < self.high and 0 <= self.step < math.inf):
            raise DataError(
                f"A rating scale from {self.low:g} to {self.high:g} is not a scale.", "Give LOW:HIGH or LOW:HIGH:STEP."
            )
        if max(-self.low, self.high) > MOST or self.high - self.low < LEAST_SPAN:
            raise DataError(
                f"A rating scale from {self.low:g} to {self.high:g} is too wide or too narrow to learn from.",
                f"Ratings lie within ±{MOST:,}, and the highest is at least {LEAST_SPAN:g} above the lowest: rescale them.",
            )

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" + (f" in steps of {self.step:g}" if self.coded else "")

    @property
    def middle(self) -> float:
        """What is above is liked: half of the highest rating, or half way from the lowest where that is below 0."""
        return self.high / 2 if self.low >= 0 else (self.low + self.high) / 2

    @property
    def coded(self) -> bool:
        """Whether a rating fits a uint8 code (0 = not scored, then 1 for `low` and up by one a step)."""
        return self.step > 0 and (self.high - self.low) / self.step < MOST_CODES

    def valid(self, rating: F32) -> Bools:
        """bool[N]: which ratings lie on the scale; NaN (not scored) does."""
        valid = np.isnan(rating)
        for start in range(0, len(rating), BLOCK):  # intermediate values then stay in the cache
            block = rating[start : start + BLOCK]
            inside = (block >= self.low) & (block <= self.high)
            if self.coded:
                steps = (block - np.float32(self.low)) / np.float32(self.step)
                with np.errstate(invalid="ignore"):  # inf − inf
                    inside &= np.abs(steps - np.rint(steps)) < 1e-3
            valid[start : start + BLOCK] |= inside
        return valid

    def within(self, rating: F32) -> Bools:
        """bool[N]: which ratings lie between the ends, on a step or not; NaN (not scored) does."""
        inside: Bools = np.isnan(rating) | ((rating >= self.low) & (rating <= self.high))
        return inside

    def encode(self, rating: F32) -> U8 | F32:
        """f32[N] with NaN for not scored → the stored array: u8[N] codes, or f32[N] where the scale is not coded."""
        if not self.coded:
            return rating.astype(np.float32)
        codes = np.empty(len(rating), np.uint8)
        for start in range(0, len(rating), BLOCK):
            block = rating[start : start + BLOCK]
            code = np.rint((block - np.float32(self.low)) / np.float32(self.step)) + 1
            codes[start : start + BLOCK] = np.where(np.isnan(block), MISSING, code)
        return codes

    def decode(self, stored: U8 | F32) -> F32:
        """The stored array → f32[N], NaN for not scored."""
        if not self.coded:
            return stored.astype(np.float32)
        values = np.float32(self.low) + np.float32(self.step) * (np.arange(256, dtype=np.float32) - 1)
        values[MISSING] = np.nan
        return values[stored]

    def scored(self, stored: npt.NDArray[Any]) -> Bools:
        """bool[N]: which stored entries have a rating."""
        known: Bools = stored != MISSING if self.coded else ~np.isnan(stored)
        return known

    def clip(self, prediction: F32) -> F32:
        """Predicted ratings clipped to the scale (not rounded)."""
        return np.clip(prediction, np.float32(self.low), np.float32(self.high))

    @classmethod
    def of(cls, rating: F32) -> "Scale":
        """The scale guessed from a column of ratings: its extremes, and the smallest step between its values."""
        values = np.unique(rating[~np.isnan(rating)])
        if len(values) == 0:
            raise DataError(
                "No row has a rating, so the rating scale cannot be guessed.",
                "Give it with `scale`: low, high and step.",
            )
        if len(values) == 1:
            values = np.array([values[0], values[0] + 1])
        gap = float(np.diff(values).min())
        whole = np.allclose((values - values[0]) / gap, np.rint((values - values[0]) / gap), atol=1e-3)
        return cls(float(values[0]), float(values[-1]), round(gap, 6) if whole else 0.0)


PRESENCE = Scale(0, 1, 1)
"""The scale where presence alone is the signal and nobody rates: whoever types a rating says 1, liked, or 0, not liked."""
