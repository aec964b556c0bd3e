"""Training the network of `nn` and `hybrid` (`network.py`). This file needs torch; serving does not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from konomi.arrays import F32, I8, I64
from konomi.data.labels import LEFT_OUT
from konomi.data.split import TrainSet
from konomi.data.statistics import deviation, mean_rating, trust
from konomi.errors import FitError
from konomi.models.fold_in import LEAST_L2, LEAST_L2_BIAS, PRIOR, prior_of_bias
from konomi.models.network import Layers, PairNetwork, targets
from konomi.models.room import FLOAT, check_room
from konomi.neural.batches import Batch, batches, size
from konomi.neural.embedding import FusedEmbedding
from konomi.neural.loop import Steps, device_of, one_torch_thread, train
from konomi.neural.pairs import Shape, Side, network
from konomi.runtime import Each, Run

NOISE = (
    0.5  # about the variance of a rating's error, in variances of the ratings; and the ½ of a normal prior beside a log loss
)
COPIES = 2  # of the weights, at least: as they are, and as they were in the best epoch
NO_BIAS = 1e9  # per entry: the penalty that keeps a bias at 0


@dataclass(frozen=True)
class Losses:
    """The tasks, the weight of the second one's loss relative to the first, and whether both weights are learnt."""

    tasks: tuple[Literal["rating", "interaction"], ...]
    interaction: float = 1.0
    learned: bool = False


def fit_network(name: str, data: TrainSet, layers: Layers, losses: Losses, run: Run) -> PairNetwork:
    """Train; keep the items' side of the best epoch. FitError where there is nothing to learn from, or training diverges."""
    device = device_of(run)
    steps = Steps(layers.epochs, layers.patience, layers.rate, layers.decay)
    numbers = (len(data.seen) + len(data.items) + 2 * layers.hidden) * layers.dim
    what, smaller = f"vectors of {layers.dim:,} numbers and {layers.hidden:,} units", ", or lower `dim` or `hidden`"
    check_room(name, FLOAT * COPIES * numbers, run.memory, what, smaller)
    with run.workers() as each, one_torch_thread():
        training = PairTraining(data, layers, losses, run.seed, device, each)
        history = train(name, training, steps, run)
        return training.model(history)


class PairTraining:
    """The weights and the pairs of a training; a `loop.Network`."""

    def __init__(self, data: TrainSet, layers: Layers, losses: Losses, seed: int, device: torch.device, each: Each) -> None:
        self.settings, self.losses, self.device, self.each, self.scale = layers, losses, device, each, data.scale
        s, tasks = layers, losses.tasks
        rated = data.seen.scored().rating
        center = (mean_rating(rated, data.scale), deviation(rated, data.scale) or 1) if len(rated) else (0, 1)
        self.center = np.array(center, np.float32)
        self.labelling = data.labelling.pack()
        self.heads = np.array([tasks.index(task) if task in tasks else -1 for task in ("rating", "interaction")], np.float32)
        self.n_items, outputs = len(data.items), len(tasks)
        rng = np.random.default_rng([seed, 0xB0D1])

        def normal(deviation: float, *shape: int) -> Tensor:
            return torch.from_numpy(np.float32(deviation) * rng.standard_normal(shape, np.float32)).to(device)

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(*shape, device=device)

        weights = {
            "users": normal(s.init, len(data.seen), s.dim),
            "items": normal(s.init, self.n_items, s.dim),
            "user layer": normal(s.dim**-0.5, s.dim, s.hidden),
            "item layer": normal(s.dim**-0.5, s.dim, s.hidden),
            "h": zeros(s.hidden),
            "V": normal(s.hidden**-0.5, outputs, s.hidden),
            "constant": zeros(outputs),
        }
        if s.biased:
            weights |= {"user biases": zeros(len(data.seen), outputs), "item biases": zeros(self.n_items, outputs)}
        if losses.learned:
            weights["log variances"] = zeros(outputs)
        self.embeddings = {name: FusedEmbedding(weight, s.optimizer, each) for name, weight in weights.items()}
        seen, self.rating, self.label = targets(data.seen, self.heads, self.center, self.labelling)
        if len(seen.item) == 0:
            raise FitError(
                f"There is no {' or '.join(tasks)} to learn from.", "Lower `valid` and `test`, or prepare more data."
            )
        self.user, self.item, self.pairs = seen.user, seen.item, len(seen.item)
        self.seen_count = seen.counts
        self.count = np.bincount(self.item, minlength=self.n_items)
        weights["items"][torch.from_numpy(self.count == 0).to(device)] = 0  # items without an entry keep a neutral vector
        spread = 1.0
        if self.heads[1] >= 0:
            known = self.label[self.label != LEFT_OUT]
            if len(np.unique(known)) < 2:
                raise FitError(
                    f"Every training interaction is {'' if known.all() else 'not '}liked: there is nothing to tell apart.",
                    "Prepare data with both, or learn ratings alone.",
                )
            share = float(known.mean())
            self.embeddings["constant"].weight[int(self.heads[1])] = math.log(share / (1 - share))
            spread = math.sqrt(share * (1 - share))
        self.weights = (1.0, losses.interaction / spread)  # the log loss of labels of deviation σ' in units of σ'
        self.valid, self.shown = targets(data.valid, self.heads, self.center, self.labelling), data.shown

    def facts(self) -> tuple[str, list[npt.NDArray[Any]]]:
        """Settings and data."""
        valid, rating, label = self.valid
        people = [array for profiles in (valid, self.shown) for array in profiles.arrays()]
        text = f"{self.settings} {self.losses} {self.n_items} {self.scale}"
        return text, [self.user, self.item, self.rating, self.label, rating, label, *people]

    def batches(self, draw: np.random.Generator) -> Iterator[Batch]:
        """All pairs, in batches at random."""
        return batches(self.user, self.item, self.n_items, self.settings.batch or size(self.pairs), draw)

    def loss(self, batch: Batch, draw: np.random.Generator) -> tuple[Tensor, float, int]:
        """The mean loss of a batch with its penalties; its summed error; its size."""
        s, weight_of, n = self.settings, self.embeddings, len(batch)
        V, left, right = weight_of["V"](), self._side("user", batch.users, draw), self._side("item", batch.items, draw)
        drop = self._mask((len(batch.users) if s.hidden_dropout else 0, s.hidden), s.hidden_dropout, draw)
        z, penalty = network(batch, left, right, weight_of["h"](), V, drop, Shape(s.product, s.l2, s.l2_bias), self.each)
        z = z + weight_of["constant"]()  # n × O
        rating, interaction = self._losses(z, self.rating[batch.pairs], self.label[batch.pairs])
        weighted = self.weights[0] * rating + self.weights[1] * interaction
        objective = weighted
        if self.losses.learned:  # Kendall, Gal & Cipolla 2018, eq. 7 and 10
            logs = weight_of["log variances"]()
            objective = torch.exp(-logs) @ torch.stack([rating, interaction]) + logs.sum() * (0.5 * n)
        dense = left.W.square().sum() + right.W.square().sum() + V.square().sum()
        objective = (objective + penalty) / n + s.l2_dense * dense
        return objective, float(weighted.detach()), n

    def _side(self, name: str, distinct: I64, draw: np.random.Generator) -> Side:
        """The side of the distinct people, or items, of a batch."""
        s, rows = self.settings, torch.from_numpy(distinct).to(self.device)
        biases = torch.zeros(len(rows), len(self.losses.tasks), device=self.device)
        if s.biased:
            biases = self.embeddings[f"{name} biases"](rows, distinct=True)
        mask = self._mask((len(rows) if s.dropout else 0, s.dim), s.dropout, draw)
        return Side(self.embeddings[f"{name}s"](rows, distinct=True), biases, self.embeddings[f"{name} layer"](), mask)

    def _mask(self, shape: tuple[int, int], share: float, draw: np.random.Generator) -> Tensor:
        """0 with probability `share`, rounded to a multiple of 1/256, else 1 / (1 − share)."""
        least = min(max(round(share * 256), 1), 255) if share else 0
        bytes_ = np.frombuffer(draw.bytes(shape[0] * shape[1]), np.uint8).reshape(shape)
        return torch.from_numpy((bytes_ >= least).astype(np.float32) * np.float32(256 / (256 - least))).to(self.device)

    def _losses(self, z: Tensor, rating: F32, label: I8) -> tuple[Tensor, Tensor]:
        """The summed squared error of the ratings, in units of σ, and the summed log loss of the interactions."""
        zero = torch.zeros((), device=self.device)
        squared = logistic = zero
        r, c = self.heads.astype(int).tolist()
        if r >= 0:
            true = torch.from_numpy(rating).to(self.device)
            missed = torch.where(true.isnan(), zero, z[:, r] - true)
            squared = missed @ missed
        if c >= 0:
            known = torch.from_numpy((label != LEFT_OUT).astype(np.float32)).to(self.device)
            like = torch.from_numpy((label == 1).astype(np.float32)).to(self.device)
            logistic = binary_cross_entropy_with_logits(z[:, c], like, known, reduction="sum")
        return squared, logistic

    def error(self, total: float, n: int) -> float:
        """RMSE, log loss or weighted loss."""
        if self.losses.tasks == ("rating",):
            return float(self.center[1]) * math.sqrt(total / n)
        return total / n / (self.weights[1] if len(self.losses.tasks) == 1 else 1)

    def validate(self) -> float:
        """The error on the validation entries: training users by their own rows, people held out whole folded in."""
        valid, rating, label = self.valid
        if len(valid.item) == 0:
            return math.nan
        model, codes, user = self.model(np.empty((0, 2), np.float32)), self.rows("user"), valid.user
        held_out = np.flatnonzero((valid.counts > 0) & (self.seen_count == 0))
        codes[held_out] = model.encode(self.shown.take(held_out))
        left = model.left(codes)
        z = np.stack([model.join(left, user, valid.item, o) for o in range(len(self.losses.tasks))], axis=1)
        if (r := int(self.heads[0])) >= 0:
            z[:, r] = (self.scale.clip(self.center[0] + self.center[1] * z[:, r]) - self.center[0]) / self.center[1]
        squared, logistic = self._losses(torch.from_numpy(z).to(self.device), rating, label)
        return self.error(float(self.weights[0] * squared + self.weights[1] * logistic), len(valid.item))

    def rows(self, name: str) -> F32:
        """Every [e | b] of people or items, f32[·, D + O]."""
        vectors = self.embeddings[f"{name}s"].weight.cpu().numpy()
        if not self.settings.biased:
            return np.pad(vectors, ((0, 0), (0, len(self.losses.tasks))))
        return np.concatenate([vectors, self.embeddings[f"{name} biases"].weight.cpu().numpy()], axis=1)

    def model(self, history: F32) -> PairNetwork:
        """The model: the items' side, the layers, and the average of the training users."""
        s, outputs = self.settings, len(self.losses.tasks)
        weight = {name: embedding.weight.cpu().numpy().copy() for name, embedding in self.embeddings.items()}
        item = self.rows("item")
        right = np.zeros((self.n_items + 1, s.hidden + (s.dim if s.product else 0) + outputs), np.float32)
        right[:-1, : s.hidden] = item[:, : s.dim] @ weight["item layer"]
        right[:-1, s.hidden :] = item if s.product else item[:, s.dim :]
        weights = np.exp(-weight["log variances"]) if self.losses.learned else np.array(self.weights, np.float32)
        people = self.rows("user")[self.seen_count > 0]
        l2 = max(s.l2, LEAST_L2)
        penalty = np.full((2, s.dim + outputs), [[l2], [PRIOR * l2]], np.float32)
        penalty[:, s.dim :] = NO_BIAS
        if s.biased:
            weight_of = np.array([weights[0 if o == int(self.heads[0]) else 1] for o in range(outputs)])
            spread = people[:, s.dim :].var(axis=0, dtype=np.float64)
            penalty[0, s.dim :] = max(s.l2_bias, LEAST_L2_BIAS)
            penalty[1, s.dim :] = weight_of * prior_of_bias(NOISE, spread)
        return PairNetwork(
            W=weight["user layer"],
            h=weight["h"],
            V=weight["V"],
            right=right,
            item_known=trust(np.append(self.count, 0)),
            constant=weight["constant"],
            average=people.mean(axis=0, dtype=np.float64).astype(np.float32),
            penalty=penalty,
            heads=self.heads,
            weights=weights.astype(np.float32),
            center=self.center,
            labelling=self.labelling,
            history=history,
        )
