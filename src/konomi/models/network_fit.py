"""Training the network of `nn` and `hybrid` (`network.py`): the only one of the two files that needs torch."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from konomi.arrays import F32, I8, I64, Bools
from konomi.data.labels import LEFT_OUT
from konomi.data.split import TrainSet
from konomi.data.statistics import deviation, mean_rating, trust
from konomi.errors import FitError
from konomi.models.api import ERRORS
from konomi.models.network import Layers, Losses, PairNetwork, targets
from konomi.models.network_priors import begun_biases, fold_in_penalty, penalties
from konomi.models.network_warm import BEFORE, EPOCHS, Warm, warm_weights
from konomi.models.room import FLOAT, check_room
from konomi.neural.batches import Batch, batches, size
from konomi.neural.embedding import FusedEmbedding
from konomi.neural.loop import Steps, device_of, one_torch_thread, train
from konomi.neural.objective import Objective
from konomi.neural.pairs import Side, network
from konomi.runtime import Each, Run

COPIES = 2  # of the weights, at least: as they are, and as they were in the best epoch


def fit_network(
    name: str, data: TrainSet, layers: Layers, losses: Losses, run: Run, start: PairNetwork | None = None
) -> PairNetwork:
    """Train, from an earlier network if one is given; keep the items' side of the best epoch.

    FitError where there is nothing to learn from, or training diverges; ConfigError where the earlier network does not fit.
    """
    device = device_of(run)
    steps = Steps(layers.epochs, layers.patience, layers.rate, layers.decay)
    warm = None if start is None else warm_weights(start, data, layers, losses, run.threads)
    if warm is not None:
        steps = Steps(min(layers.epochs, EPOCHS), layers.patience, layers.rate / (1 + layers.decay * BEFORE), 0)
    numbers = (len(data.seen) + len(data.items) + 2 * layers.hidden) * layers.dim
    what, smaller = f"vectors of {layers.dim:,} numbers and {layers.hidden:,} units", ", or lower `dim` or `hidden`"
    check_room(name, FLOAT * COPIES * numbers, run.memory, what, smaller)
    with run.workers() as each, one_torch_thread():
        training = PairTraining(data, layers, losses, run.seed, device, each, warm)
        history = train(name, training, steps, run)
        return training.model(history)


def first_weights(layers: Layers, n_users: int, rated: Bools, outputs: int, learned: bool, seed: int) -> dict[str, Tensor]:
    """The weights before the first epoch, by name. rated bool[I]: the items with entries; the vectors of others are 0."""
    rng = np.random.default_rng([seed, 0xB0D1])

    def normal(deviation: float, *shape: int) -> Tensor:
        return torch.from_numpy(np.float32(deviation) * rng.standard_normal(shape, np.float32))

    weights = {
        "users": normal(layers.init, n_users, layers.dim),
        "items": normal(layers.init, len(rated), layers.dim),
        "user layer": normal(layers.dim**-0.5, layers.dim, layers.hidden),
        "item layer": normal(layers.dim**-0.5, layers.dim, layers.hidden),
        "h": torch.zeros(layers.hidden),
        "V": normal(layers.hidden**-0.5, outputs, layers.hidden),
        "constant": torch.zeros(outputs),
    }
    weights["items"][torch.from_numpy(~rated)] = 0  # what is never learnt must not look like knowledge
    if learned:
        weights["log variances"] = torch.zeros(outputs)
    return weights


def share_liked(label: I8) -> float:
    """How many of the labels that say something say that something is liked; FitError where all say the same."""
    known = label[label != LEFT_OUT]
    if len(np.unique(known)) < 2:
        raise FitError(
            f"Every training interaction is {'' if known.all() else 'not '}liked: there is nothing to tell apart.",
            "Prepare data with both, or learn ratings alone.",
        )
    return float(known.mean())


def dropout(shape: tuple[int, int], share: float, draw: np.random.Generator) -> Tensor:
    """0 with probability `share`, which is a multiple of 1/256, else 1 / (1 − share)."""
    least = min(max(round(share * 256), 1), 255) if share else 0
    bytes_ = np.frombuffer(draw.bytes(shape[0] * shape[1]), np.uint8).reshape(shape)
    return torch.from_numpy((bytes_ >= least).astype(np.float32) * np.float32(256 / (256 - least)))


class PairTraining:
    """The weights and the pairs of a training; what `loop.train` asks of a network."""

    def __init__(
        self, data: TrainSet, layers: Layers, losses: Losses, seed: int, device: torch.device, each: Each,
        warm: Warm | None = None,
    ) -> None:  # fmt: skip
        self.warm = () if warm is None else tuple(warm.weights.values())
        self.losses, self.device, self.each, self.scale = losses, device, each, data.scale
        tasks, rated = losses.tasks, data.seen.scored().rating
        center = (mean_rating(rated, data.scale), deviation(rated, data.scale) or 1) if len(rated) else (0, 1)
        self.center = np.array(center, np.float32) if warm is None else warm.center
        self.labelling = data.labelling.pack()
        heads = [tasks.index(task) if task in tasks else -1 for task in ("rating", "interaction")]
        self.heads = np.array(heads, np.float32)
        seen, self.rating, self.label = targets(data.seen, self.heads, self.center, self.labelling)
        if len(seen.item) == 0:
            raise FitError(
                f"There is no {' or '.join(tasks)} to learn from.", "Lower `valid` and `test`, or prepare more data."
            )
        self.user, self.item, self.pairs = seen.user, seen.item, len(seen.item)
        self.layers, self.dense = layers, losses.l2_dense(layers, self.pairs)
        self.metric = ERRORS[tasks]
        self.user_counts, self.item_counts = seen.counts, np.bincount(seen.item, minlength=len(data.items))
        self.valid, self.shown = targets(data.valid, self.heads, self.center, self.labelling), data.shown
        weights = first_weights(layers, len(data.seen), self.item_counts > 0, len(tasks), losses.learned, seed)
        label_deviation = 1.0
        if "interaction" in tasks:
            share = share_liked(self.label)
            weights["constant"][heads[1]] = math.log(share / (1 - share))
            label_deviation = math.sqrt(share * (1 - share))
        # the log loss of labels of deviation σ' in units of σ'
        self.objective = Objective(heads[0], heads[1], 1.0, losses.interaction / label_deviation, float(self.center[1]))
        counts = {"user": self.user_counts, "item": self.item_counts}
        self.held = {side: penalties(layers, heads[0], len(tasks), count) for side, count in counts.items()}
        if layers.biased:
            begun = begun_biases(seen, self.rating, heads[0], len(self.item_counts), layers, len(tasks))
            weights |= {f"{side} biases": torch.from_numpy(biases) for side, biases in zip(counts, begun, strict=True)}
        if warm is not None:
            first = {name: weight.numpy() for name, weight in weights.items()}
            weights = {name: torch.from_numpy(array) for name, array in warm.over(first).items()}
        self.weights = {name: FusedEmbedding(weight.to(device), layers.optimizer, each) for name, weight in weights.items()}

    def facts(self) -> tuple[str, list[npt.NDArray[Any]]]:
        """Settings and data."""
        valid, rating, label = self.valid
        people = [array for profiles in (valid, self.shown) for array in profiles.arrays()]
        text = f"{self.layers} {self.losses} {len(self.item_counts)} {self.scale}"
        return text, [self.user, self.item, self.rating, self.label, rating, label, *people, *self.warm]

    def batches(self, draw: np.random.Generator) -> Iterator[Batch]:
        """Pairs at random."""
        return batches(self.user, self.item, len(self.item_counts), self.layers.batch or size(self.pairs), draw)

    def loss(self, batch: Batch, draw: np.random.Generator) -> tuple[Tensor, float, int]:
        """The mean loss of a batch with its penalties; the summed error."""
        layers, weights, n = self.layers, self.weights, len(batch)
        V = weights["V"]()
        left = self._side("user", batch.users, batch.indptr, draw)
        right = self._side("item", batch.items, batch.item_indptr, draw)
        people = len(batch.users) if layers.hidden_dropout else 0
        drop = dropout((people, layers.hidden), layers.hidden_dropout, draw).to(self.device)
        z, penalty = network(batch, left, right, weights["h"](), V, drop, layers.product, self.each)
        z = z + weights["constant"]()  # n × O
        rating, interaction = self.objective.losses(z, self.rating[batch.pairs], self.label[batch.pairs])
        weighted = self.objective.weighted(rating, interaction)
        objective = weighted
        if self.losses.learned:  # Kendall, Gal & Cipolla 2018, eq. 7 and 10
            logs = weights["log variances"]()
            objective = torch.exp(-logs) @ torch.stack([rating, interaction]) + logs.sum() * (0.5 * n)
        dense = left.W.square().sum() + right.W.square().sum() + V.square().sum()
        objective = (objective + penalty) / n + self.dense * dense
        return objective, float(weighted.detach()), n

    def _side(self, name: str, distinct: I64, indptr: I64, draw: np.random.Generator) -> Side:
        """The distinct people, or items, of a batch, with their pairs."""
        layers, rows = self.layers, torch.from_numpy(distinct).to(self.device)
        biases = torch.zeros(len(rows), len(self.losses.tasks), device=self.device)
        if layers.biased:
            biases = self.weights[f"{name} biases"](rows, distinct=True)
        mask = dropout((len(rows) if layers.dropout else 0, layers.dim), layers.dropout, draw).to(self.device)
        pairs = np.diff(indptr).astype(np.float32)[:, None]
        l2, l2_bias = (torch.from_numpy(pairs * held[distinct]).to(self.device) for held in self.held[name])
        vectors, W = self.weights[f"{name}s"](rows, distinct=True), self.weights[f"{name} layer"]()
        return Side(vectors, biases, W, mask, l2, l2_bias)

    def error(self, total: float, n: int) -> float:
        """RMSE, log loss or weighted loss."""
        return self.objective.error(total, n)

    def validate(self) -> float:
        """The error on the validation entries: training users by their own rows, people held out whole folded in."""
        valid, rating, label = self.valid
        if len(valid.item) == 0:
            return math.nan
        model, codes, user = self.model(np.empty((0, 2), np.float32)), self.rows("user"), valid.user
        strangers = np.flatnonzero((valid.counts > 0) & (self.user_counts == 0))
        codes[strangers] = model.encode(self.shown.take(strangers))
        left = model.left(codes)
        z = np.stack([model.join(left, user, valid.item, o) for o in range(len(self.losses.tasks))], axis=1)
        if (head := self.objective.rating_head) >= 0:
            z[:, head] = (self.scale.clip(self.center[0] + self.center[1] * z[:, head]) - self.center[0]) / self.center[1]
        losses = self.objective.losses(torch.from_numpy(z).to(self.device), rating, label)
        return self.error(float(self.objective.weighted(*losses)), len(valid.item))

    def rows(self, name: str) -> F32:
        """Every [e | b] of people or items, f32[·, D + O]."""
        vectors = self.weights[f"{name}s"].weight.cpu().numpy()
        if not self.layers.biased:
            return np.pad(vectors, ((0, 0), (0, len(self.losses.tasks))))
        return np.concatenate([vectors, self.weights[f"{name} biases"].weight.cpu().numpy()], axis=1)

    def model(self, history: F32) -> PairNetwork:
        """What is kept: items, the layers, and the average of the people who were learnt from."""
        layers, objective, outputs = self.layers, self.objective, len(self.losses.tasks)
        weight = {name: each.weight.cpu().numpy().copy() for name, each in self.weights.items()}
        item = self.rows("item")
        right = np.zeros((len(item) + 1, layers.hidden + (layers.dim if layers.product else 0) + outputs), np.float32)
        right[:-1, : layers.hidden] = item[:, : layers.dim] @ weight["item layer"]
        right[:-1, layers.hidden :] = item if layers.product else item[:, layers.dim :]
        loss_weights = np.array([objective.rating_weight, objective.interaction_weight], np.float32)
        if self.losses.learned:
            loss_weights = np.exp(-weight["log variances"])
        of_output = loss_weights[[0 if o == objective.rating_head else 1 for o in range(outputs)]]
        people = self.rows("user")[self.user_counts > 0]
        return PairNetwork(
            W=weight["user layer"],
            h=weight["h"],
            V=weight["V"],
            right=right,
            item_known=trust(np.append(self.item_counts, 0)),
            constant=weight["constant"],
            average=people.mean(axis=0, dtype=np.float64).astype(np.float32),
            penalty=fold_in_penalty(layers, people[:, layers.dim :], of_output, objective.rating_head),
            heads=self.heads,
            weights=loss_weights.astype(np.float32),
            center=self.center,
            labelling=self.labelling,
            history=history,
            dense=np.array([self.dense]),
        )
