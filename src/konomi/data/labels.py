"""Interactions: liked, not liked or left out, from watching status and rating."""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from konomi.arrays import F32, I8, U8
from konomi.data.scale import Scale

STATUS = {"watching": 1, "completed": 2, "on hold": 3, "dropped": 4, "plan to watch": 6}
"""Watching statuses by the codes of the MyAnimeList files; 0 = the source does not say."""

LEFT_OUT = np.int8(-1)

Rule = Literal["scored", "unscored-negative"]


def interactions(rating: F32, status: U8 | None, scale: Scale, rule: Rule = "scored") -> I8:
    """i8[N]: 1 liked, 0 not liked, −1 left out.

    Completed (or no status at all) and not rated at or below the middle → liked; dropped, or completed and rated at or below
    the middle → not liked; every other status is left out. The middle is half of the highest rating: 5 of 10, 2.5 of 5. A
    *missing* rating is not a low one: completed but not scored is liked. The rule "unscored-negative" counts it as a 0, as
    the second founding notebook did. Without a status, an entry that is not scored says nothing and is left out.
    """
    low = rating <= scale.high / 2  # NaN compares False
    unscored = np.isnan(rating)
    if rule == "unscored-negative":
        low |= unscored
    if status is None:
        return np.where(unscored, LEFT_OUT, (~low).view(np.int8))
    known = (status == STATUS["completed"]) | ((status == 0) & ~unscored)
    dropped = status == STATUS["dropped"]
    return np.where(dropped, np.int8(0), np.where(known, (~low).view(np.int8), LEFT_OUT))


class Entries(Protocol):
    """What labels are read from: rating f32[N], NaN = not scored; status u8[N], or None where the source has none."""

    @property
    def rating(self) -> F32: ...
    @property
    def status(self) -> U8 | None: ...


@dataclass(frozen=True)
class Labelling:
    """How the entries of profiles become interactions; a model of interactions keeps it, to read new profiles the same way."""

    scale: Scale
    rule: Rule = "scored"

    def of(self, entries: Entries) -> I8:
        """`interactions` of every entry, i8[N]."""
        return interactions(entries.rating, entries.status, self.scale, self.rule)

    def pack(self) -> F32:
        """f32[4], for a model's state."""
        return np.array([self.scale.low, self.scale.high, self.scale.step, get_args(Rule).index(self.rule)], np.float32)

    @classmethod
    def unpack(cls, packed: F32) -> "Labelling":
        """The labelling that was packed."""
        low, high, step, rule = packed.tolist()
        return cls(Scale(low, high, step), get_args(Rule)[int(rule)])
