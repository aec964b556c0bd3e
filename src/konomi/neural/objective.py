"""What a network with an output for ratings and one for interactions is measured by, in training and in validation."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from konomi.arrays import F32, I8
from konomi.data.labels import LEFT_OUT


@dataclass(frozen=True)
class Objective:
    """The column of the outputs that is the rating, and the one that is the interaction (−1: there is none); what the losses of
    the two weigh; and the standard deviation of the ratings, the unit of their output."""

    rating_head: int
    interaction_head: int
    rating_weight: float
    interaction_weight: float
    deviation: float

    def losses(self, z: Tensor, rating: F32, label: I8) -> tuple[Tensor, Tensor]:
        """Of outputs z f32[n, O], two f32[]: the summed squared error of the ratings f32[n] (NaN = none), in units of their
        deviation, and the summed log loss of the labels i8[n]."""
        zero = torch.zeros((), device=z.device)
        squared = logistic = zero
        if self.rating_head >= 0:
            true = torch.from_numpy(rating).to(z.device)
            missed = torch.where(true.isnan(), zero, z[:, self.rating_head] - true)
            squared = missed @ missed
        if self.interaction_head >= 0:
            known = torch.from_numpy((label != LEFT_OUT).astype(np.float32)).to(z.device)
            like = torch.from_numpy((label == 1).astype(np.float32)).to(z.device)
            logistic = binary_cross_entropy_with_logits(z[:, self.interaction_head], like, known, reduction="sum")
        return squared, logistic

    def weighted(self, squared: Tensor, logistic: Tensor) -> Tensor:
        """The two losses, each times its weight: what `error` averages."""
        return self.rating_weight * squared + self.interaction_weight * logistic

    def error(self, total: float, n: int) -> float:
        """The error of n pairs whose weighted losses add up to `total`: the RMSE of ratings alone, the mean log loss of
        interactions alone, the mean weighted loss of both."""
        if self.interaction_head < 0:
            return self.deviation * math.sqrt(total / n)
        return total / n / (self.interaction_weight if self.rating_head < 0 else 1)
