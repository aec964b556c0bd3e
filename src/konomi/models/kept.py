"""The samples of a chain that are kept: evenly spread over all that were offered, however long the chain becomes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from konomi.arrays import F16, F32


class Sample(NamedTuple):
    """What one sample has of everything but people; see `posterior.Bayes`. item f16[I+1, K]; drawn, tell f16[n, K]; feature
    f16[C, K]; prior f32[K]; precision f32[K, K]; noise f32[]; typical f32[2, K]; taken f32[K, K]."""

    item: F16
    drawn: F16
    tell: F16
    feature: F16
    prior: F32
    precision: F32
    noise: F32
    typical: F32
    taken: F32


@dataclass
class Kept:
    """Keeps every `step`-th sample that is offered; when there are twice as many as wanted, every second one is let go."""

    wanted: int
    step: int = 1
    offered: int = 0
    samples: list[Sample] = field(default_factory=list)

    def offer(self, sample: Callable[[], Sample]) -> None:
        """Offer the next sample of the chain; it is computed where it is kept."""
        if self.offered % self.step == 0:
            if len(self.samples) == 2 * self.wanted:
                self.samples, self.step = self.samples[::2], 2 * self.step
            if self.offered % self.step == 0:
                self.samples.append(sample())
        self.offered += 1

    def chosen(self) -> list[Sample]:
        """At most as many as wanted, evenly spread, the last one among them."""
        n = len(self.samples)
        if n <= self.wanted:
            return self.samples
        places = np.linspace(0, n - 1, self.wanted).round().astype(int)
        return [self.samples[place] for place in places]
