"""Interactions: liked, not liked or left out, from watching status and rating."""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from konomi.arrays import F32, I8, U8
from konomi.data.scale import PRESENCE, Scale
from konomi.errors import ConfigError

STATUS = {"watching": 1, "completed": 2, "on hold": 3, "dropped": 4, "plan to watch": 6}
"""Watching statuses and their codes in MyAnimeList's files; 0 = unknown."""

PLANNED = STATUS["plan to watch"]
LEFT_OUT = np.int8(-1)  # the label of an entry that is no interaction
UNRATED = 0.5  # how much it is liked, of 1, where nothing but that it was seen is known

Rule = Literal["scored", "unscored-negative"]


def interactions(rating: F32, status: U8 | None, scale: Scale, rule: Rule = "scored", liked: float | None = None) -> I8:
    """i8[N]: 1 liked, 0 not liked, −1 left out.

    Dropped → not liked. Completed (or rated without a status) → liked if rated `liked` or more, by default above the middle of
    the scale (`Scale.middle`: 5 of 10, 2.5 of 5), else not liked. Every other status, and an entry with neither status nor
    rating → left out. A *missing* rating is not a low one: completed but not scored is liked. The rule "unscored-negative"
    counts it as a 0, as the second founding notebook did.
    """
    low = rating <= scale.middle if liked is None else rating < np.float32(liked)  # NaN compares False
    unscored = np.isnan(rating)
    if rule == "unscored-negative":
        low |= unscored
    if status is None:
        return np.where(unscored, LEFT_OUT, (~low).view(np.int8))
    known = (status == STATUS["completed"]) | ((status == 0) & ~unscored)
    dropped = status == STATUS["dropped"]
    return np.where(dropped, np.int8(0), np.where(known, (~low).view(np.int8), LEFT_OUT))


class Entries(Protocol):
    """Entries that can be labelled: rating f32[N], NaN = not scored; status u8[N], or None where the source has none."""

    @property
    def rating(self) -> F32: ...
    @property
    def status(self) -> U8 | None: ...


@dataclass(frozen=True)
class Labelling:
    """How entries become interactions. A model of interactions keeps it, so that new profiles are labelled alike."""

    scale: Scale
    rule: Rule = "scored"
    liked: float | None = None  # the least rating that says "liked"; None = any above the middle of the scale

    def __post_init__(self) -> None:
        if self.liked is not None and not self.scale.low < self.liked <= self.scale.high:
            raise ConfigError(
                f"liked is {self.liked:g}: on the scale {self.scale} it parts nothing.",
                f"Set `liked` above {self.scale.low:g} and at most to {self.scale.high:g}.",
                "liked",
            )

    def __str__(self) -> str:
        """What is liked, in words: "rated above 5" or "rated 4 or more"."""
        if self.scale == PRESENCE:
            return "listed, or rated 1"
        return f"rated above {self.scale.middle:g}" if self.liked is None else f"rated {self.liked:g} or more"

    def of(self, entries: Entries) -> I8:
        """`interactions` of every entry, i8[N]."""
        return interactions(entries.rating, entries.status, self.scale, self.rule, self.liked)

    def strength(self, entries: Entries) -> F32:
        """How much each entry is liked, f32[N] in [0, 1]: of what is rated how far it is from the middle of the scale to its
        top. What is disliked, dropped or only planned counts 0, what was seen and not rated `UNRATED`."""
        rated, middle = ~np.isnan(entries.rating), self.scale.middle
        above = (np.where(rated, entries.rating, middle) - middle) / (self.scale.high - middle)
        status = np.zeros(len(rated), np.uint8) if entries.status is None else entries.status
        strength = np.where(rated, np.clip(above, 0, 1), np.where(status > 0, UNRATED, 0))
        return np.where((self.of(entries) == 0) | (status == PLANNED), 0, strength).astype(np.float32)

    def pack(self) -> F32:
        """The labelling as f32[5], for a model's state; the lowest rating stands for no `liked`."""
        low, high, step = self.scale.low, self.scale.high, self.scale.step
        return np.array(
            [low, high, step, get_args(Rule).index(self.rule), low if self.liked is None else self.liked], np.float32
        )

    @classmethod
    def unpack(cls, packed: F32) -> "Labelling":
        """The labelling that was packed; models of before have f32[4], without `liked`."""
        low, high, step, rule, *liked = packed.tolist()
        return cls(Scale(low, high, step), get_args(Rule)[int(rule)], liked[0] if liked and liked[0] > low else None)
