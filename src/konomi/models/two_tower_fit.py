"""Training the towers of `two_tower`. This file needs torch; serving does not.

No rating takes part in its own prediction. Each epoch splits the training ratings at random into two halves. Each half is
predicted from features, item statistics and standardisation of the other half alone, so every rating is learnt from once. (Only
c and s are computed from all training ratings, as their mean and deviation.)
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from konomi.arrays import F32, I64
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import deviation, mean_rating, trust
from konomi.errors import FitError
from konomi.kernels.batches import distinct, scatter
from konomi.models.tower_features import Features
from konomi.models.towers import Config, TwoTower, unit_rows
from konomi.neural.batches import Batch
from konomi.neural.embedding import FusedEmbedding
from konomi.neural.loop import Steps, device_of, one_torch_thread, train
from konomi.neural.towers import meet, tower
from konomi.runtime import Each, Run, blocks

NO_HISTORY = np.empty((0, 2), np.float32)
T = TypeVar("T")

PAIRS = 1 << 14  # pairs validated at once
FEATURES_WORTH = 25  # ratings: an item's features are trusted like so many ratings
BLANK = 0.2  # share, of the items without rating features, that have no features at all
LEAST, MOST = 0.3, 0.7  # bounds of the share of the ratings that the first half has
MOST_BATCHES = 65_535  # of a half: their numbers are u16


def fit_towers(data: TrainSet, config: Config, run: Run) -> TwoTower:
    """Train; keep the towers of the best epoch. FitError where there is no rating, or the error is not finite."""
    device = device_of(run)
    with run.workers() as each, one_torch_thread():
        training = TowerTraining(data, config, run.seed, device, each)
        steps = Steps(config.epochs, config.patience, config.rate, config.decay)
        history = train("two_tower", training, steps, run)
        return training.model(history)


@dataclass(frozen=True)
class HiddenBatch:
    """A batch of hidden ratings, entries i64[n] of the training set, and the features from the shown half, on the device."""

    batch: Batch
    entries: I64
    user: Tensor
    item: Tensor


class TowerTraining:
    """The layers and the ratings of a training; a `loop.Network`."""

    metric = "RMSE"

    def __init__(self, data: TrainSet, config: Config, seed: int, device: torch.device, each: Each) -> None:
        self.config, self.data, self.device, self.each = config, data, device, each
        self.seen = data.seen.scored()
        self.pairs = len(self.seen.item)
        if not self.pairs:
            raise FitError("There is no rating to learn from.", "Lower `valid` and `test`, or prepare more data.")
        low, high, rating = data.scale.low, data.scale.high, self.seen.rating
        center = [(low + high) / 2, (high - low) / 2]
        if config.biased:
            center = [mean_rating(rating, data.scale), deviation(rating, data.scale) or 1.0]
        self.center = np.array(center, np.float32)
        self.features = Features(data, config.features, each)
        none = np.zeros(len(data.items), np.bool_)
        self.sides = self.features(self.seen, self.seen, none, none)
        rng = np.random.default_rng([seed, 0x7031])
        self.weights: dict[str, FusedEmbedding] = {}
        for side, x in (("user", self.sides.user), ("item", self.sides.item)):
            sizes = [x.shape[1], *config.sizes[:-1], config.sizes[-1] + 1]
            for k, (n, m) in enumerate(pairwise(sizes)):
                gain = 2 if k < len(sizes) - 2 else 1  # He et al. 2015, eq. 10 and 12
                layer = np.zeros((n + 1, m), np.float32)
                layer[:-1] = math.sqrt(gain / n) * rng.standard_normal((n, m), np.float32)
                if k == len(sizes) - 2:
                    layer[:, -1] = 0  # biases
                self.weights[f"{side} {k}"] = FusedEmbedding(torch.from_numpy(layer).to(device), config.optimizer)
        self.weights["a"] = FusedEmbedding(torch.ones(1, 1, device=device), config.optimizer)
        self.valid = data.valid.scored()
        held_out = np.flatnonzero((self.valid.counts > 0) & (self.seen.counts == 0))  # held out whole
        self.described = self.sides.user.copy()
        self.described[held_out] = self.model(NO_HISTORY).describe(data.shown.take(held_out).scored())

    def facts(self) -> tuple[str, list[npt.NDArray[Any]]]:
        """Settings and data."""
        profiles = (self.seen, self.data.valid, self.data.shown)
        arrays = [array for some in profiles for array in some.arrays()]
        return f"{self.config} {self.data.scale}", [*arrays, self.features.tags, self.features.numbers]

    def batches(self, draw: np.random.Generator) -> Iterator[HiddenBatch]:
        """The two halves one after the other, each in batches of whole people."""
        first = draw.random(self.pairs) < draw.uniform(LEAST, MOST)
        user, stamp = self.seen.user, np.full(len(self.data.items), -1, np.int32)
        for hidden in (first, ~first):
            shown = self.seen.keep(~hidden)
            chance = draw.random((2, len(self.data.items)))
            unrated = chance[0] < self.config.hide
            sides = self.features(shown, self._thinned(shown, draw), unrated, unrated & (chance[1] < BLANK))
            x, y = (torch.from_numpy(features).to(self.device) for features in (sides.user, sides.item))
            entries = np.flatnonzero(hidden)
            people, items = user[entries], self.seen.item[entries]
            many = min(max(round(len(entries) / self.config.batch), 1), MOST_BATCHES)
            group = (draw.permutation(len(self.seen)) * many // len(self.seen)).astype(np.uint16)
            order, start = np.empty(len(entries), np.int32), np.empty(many + 1, np.int64)
            scatter(group[people], many, order, start)
            for b in range(many):
                pairs = order[start[b] : start[b + 1]]
                if len(pairs):
                    yield HiddenBatch(Batch(pairs, *distinct(pairs, people, items, stamp)), entries[pairs], x, y)

    def _thinned(self, shown: Profiles, draw: np.random.Generator) -> Profiles:
        """The profiles, but for a share `hide` of people only few of their n entries: each stays with probability n^−t, with t
        drawn from 0 to 1."""
        many = np.maximum(shown.counts, 1)
        stays = np.where(draw.random(len(shown)) < self.config.hide, many ** -draw.random(len(shown)), 1)
        return shown.keep(draw.random(len(shown.item)) < np.repeat(stays, shown.counts))

    def loss(self, hidden: HiddenBatch, draw: np.random.Generator) -> tuple[Tensor, float, int]:
        """The mean squared error of a batch, in units of s², with the penalty; its summed squared error; its size."""
        batch, layers = hidden.batch, {name: weight() for name, weight in self.weights.items()}
        left = self._unit(tower(hidden.user, batch.users, self._side(layers, "user"), self.each))
        right = self._unit(tower(hidden.item, batch.items, self._side(layers, "item"), self.each))
        (e, b), (f, c) = left, right
        e = e * layers["a"].expand(1, e.shape[1]) if self.config.biased else e
        # [a e, b, 1] · [f, 1, c] = a e·f + b + c
        rows = torch.cat([e, b, torch.ones_like(b)], 1), torch.cat([f, torch.ones_like(c), c], 1)
        z = meet(batch, *rows, self.each)  # n
        missed = z - torch.from_numpy((self.seen.rating[hidden.entries] - self.center[0]) / self.center[1]).to(self.device)
        objective = missed @ missed / len(batch)
        if self.config.l2:
            objective = objective + self.config.l2 * sum(layer[:-1].square().sum() for layer in layers.values())
        error = missed.detach().cpu().numpy().astype(np.float64)
        return objective, float(error @ error), len(batch)

    def _unit(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """h / |h| and b from [h, b], as `towers.unit_rows`."""
        e, b = h[:, :-1], h[:, -1:]
        unit = e / (e.square().sum(1, keepdim=True) + 1e-12).sqrt()
        return unit, b if self.config.biased else torch.zeros_like(b)

    def _side(self, layers: dict[str, T], side: str) -> list[T]:
        return [layers[f"{side} {k}"] for k in range(len(self.config.sizes))]

    def error(self, total: float, n: int) -> float:
        """RMSE."""
        return float(self.center[1]) * math.sqrt(total / n)

    def validate(self) -> float:
        """RMSE on the validation entries, clipped to the scale, from people's training entries (held out whole: shown ones)."""
        valid = self.valid
        if not len(valid.item):
            return math.nan
        model, weights = self.model(NO_HISTORY), {name: embedding.weight.cpu() for name, embedding in self.weights.items()}
        people = np.flatnonzero(valid.counts)
        units = tower(torch.from_numpy(self.described), people, self._side(weights, "user"), self.each).numpy()
        codes = np.zeros((len(valid), units.shape[1]), np.float32)
        codes[people] = unit_rows(units)  # as model.encode, but for the last bit
        codes[:, :-1] *= model.center[2]
        user, total = valid.user, 0.0
        for span in map(slice, *zip(*blocks(len(user), PAIRS), strict=True)):
            predicted = model.score_pairs(codes[user[span]], valid.item[span], "rating")
            total += float(np.square(self.data.scale.clip(predicted) - valid.rating[span]).sum(dtype=np.float64))
        return math.sqrt(total / len(user))

    def model(self, history: F32) -> TwoTower:
        """The model: the user tower, and the item tower's vector of every item."""
        weights = {name: embedding.weight.detach().cpu() for name, embedding in self.weights.items()}
        layers = self._side(weights, "user")
        rows = np.arange(len(self.sides.item))
        item = self._unit(tower(torch.from_numpy(self.sides.item), rows, self._side(weights, "item"), self.each))
        count = np.bincount(self.seen.item, minlength=len(self.data.items) + 1)
        flat = [layer.numpy().ravel().copy() for layer in layers]
        return TwoTower(
            sizes=np.array([len(layers[0]) - 1, *(layer.shape[1] for layer in layers)], np.int64),
            weights=np.concatenate(flat),
            mean=self.sides.mean,
            deviation=self.sides.deviation,
            base=self.sides.base,
            unit=self.sides.unit,
            tags=self.features.tags,
            right=torch.cat(item, 1).numpy(),
            item_known=trust(count + FEATURES_WORTH),
            center=np.append(self.center, weights["a"].numpy().ravel() if self.config.biased else np.float32(1)),
            history=history,
        )
