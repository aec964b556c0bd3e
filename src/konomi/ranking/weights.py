"""How much each model counts in the order of titles, by how many titles somebody likes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from konomi.arrays import F32, I64


@dataclass(frozen=True)
class Weights:
    """liked: numbers of liked titles, ascending; shares: for each of them, the share of each model, none below 0, with the sum
    1. `weighing.py` fits them. ValueError for anything else."""

    liked: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        liked, shares = tuple(map(float, self.liked)), tuple(tuple(map(float, row)) for row in self.shares)
        object.__setattr__(self, "liked", liked)
        object.__setattr__(self, "shares", shares)
        if not liked or len(liked) != len(shares) or len({len(row) for row in shares}) != 1 or not shares[0]:
            raise ValueError("the weights are no table with a row for each number of liked titles")
        if liked[0] < 0 or (np.diff(liked) <= 0).any():
            raise ValueError("the weights are of numbers of liked titles that do not ascend")
        if any(min(row) < 0 or abs(sum(row) - 1) > 1e-6 for row in shares):
            raise ValueError("the weights are no shares of 1")

    def of(self, liked: I64) -> F32:
        """The shares of people who like so many titles, f32[B, M]: in between linear in log(1 + n), beyond as at the ends."""
        at, known = np.log1p(liked), np.log1p(self.liked)
        shares = [np.interp(at, known, share) for share in zip(*self.shares, strict=True)]
        return np.stack(shares, axis=1).astype(np.float32)

    def said(self, models: Sequence[str]) -> str:
        """The models with a share, as in "slim 80 %, ease 20 %" or, where it depends on the number of liked titles,
        "slim 60–80 %, ease 20–40 %"."""
        parts = []
        for name, share in zip(models, zip(*self.shares, strict=True), strict=True):
            least, most = f"{100 * min(share):.0f}", f"{100 * max(share):.0f}"
            if most != "0":
                parts.append(f"{name} {least}{'' if least == most else f'–{most}'} %")
        return ", ".join(parts)
