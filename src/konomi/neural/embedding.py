"""FusedEmbedding: a table of weights that updates only the rows that a batch has used.

    embedding = FusedEmbedding(weight, "adam")
    rows = embedding(indices)           a leaf tensor to compute with
    …                                   backward
    embedding.step(rate)                gradients of repeated rows are summed, then each touched row is updated once

Rows that were not touched stay bit-identical, and so does their optimiser state. Without indices the whole table is the leaf,
as a dense parameter.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from konomi.kernels import rows as kernels
from konomi.runtime import Each, blocks

Optimizer = Literal["sgd", "adagrad", "rowwise-adagrad", "adam"]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # of Adam, as in the paper
ADAGRAD_EPSILON = 1e-10  # as in torch's Adagrad
TASK = 512  # rows updated by one task


def in_turn(call: Callable[[Any], Any], tasks: Iterable[Any]) -> list[Any]:
    """An `Each` without threads."""
    return [call(task) for task in tasks]


class FusedEmbedding:
    """weight f32[N, D] (or of any shape, its rows the first axis), updated in place by one of:

    sgd: w −= γ g · adagrad: each weight by γ g / √Σg² (Duchi, Hazan & Singer 2011, eq. 1, diagonal) · rowwise-adagrad: the
    same with the row's mean of g² (Naumov et al. 2019, "DLRM") · adam: Kingma & Ba 2015, algorithm 1, "lazy": the moments of
    untouched rows do not change, while the count of steps for the bias correction goes on.

    On the CPU it uses the kernels of `kernels/rows.py` with the threads of `each`, elsewhere torch (`_plain`).
    """

    def __init__(self, weight: Tensor, optimizer: Optimizer, each: Each = in_turn) -> None:
        self.weight = weight.contiguous()
        self.optimizer = optimizer
        self.each = each
        whole, by_row = self.weight, self.weight.reshape(len(weight), -1)[:, 0]
        like = {"sgd": [], "adagrad": [whole], "rowwise-adagrad": [by_row], "adam": [whole, whole]}[optimizer]
        self.state = [torch.zeros_like(tensor) for tensor in like]
        self.steps = torch.zeros(1, dtype=torch.int64)
        self._touched: list[tuple[Tensor | None, Tensor, bool]] = []

    def __call__(self, rows: Tensor | None = None, distinct: bool = False) -> Tensor:
        """The rows of these indices i64[n] (distinct: none is repeated), or all rows: a leaf whose gradient `step` uses."""
        values = self.weight.clone() if rows is None else self.weight[rows]
        self._touched.append((rows, values.requires_grad_(), distinct or rows is None))
        return values

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Update, once each, the rows that were used since the last step and have a gradient."""
        touched = [(rows, values.grad, distinct) for rows, values, distinct in self._touched if values.grad is not None]
        self._touched = []
        if not touched:
            return
        self.steps += 1
        everything = torch.arange(len(self.weight), device=self.weight.device)
        index = torch.cat([everything if rows is None else rows for rows, *_ in touched])
        gradient = torch.cat([gradient for _, gradient, _ in touched])
        if len(touched) > 1 or not touched[0][2]:
            index, place = torch.unique(index, return_inverse=True)
            gradient = torch.zeros(len(index), *gradient.shape[1:], device=gradient.device).index_add_(0, place, gradient)
        if self.weight.device.type == "cpu":
            self._fused(index, gradient, rate)
        else:
            self._plain(index, gradient, rate)

    def tensors(self) -> list[Tensor]:
        """All that `step` changes: the weight, the optimiser's state, the count of steps."""
        return [self.weight, *self.state, self.steps]

    def _fused(self, index: Tensor, gradient: Tensor, rate: float) -> None:
        table, *state = (tensor.numpy().reshape(len(tensor), -1) for tensor in (self.weight, *self.state))
        rows, g = index.numpy(), gradient.contiguous().numpy().reshape(len(gradient), -1)
        t, f = int(self.steps), np.float32
        root = math.sqrt(1 - BETA_2**t)
        kernel, constants = {
            "sgd": (kernels.sgd, (rate,)),
            "adagrad": (kernels.adagrad, (rate, ADAGRAD_EPSILON)),
            "rowwise-adagrad": (kernels.rowwise_adagrad, (rate, ADAGRAD_EPSILON)),
            "adam": (kernels.adam, (rate * root / (1 - BETA_1**t), BETA_1, BETA_2, EPSILON * root)),
        }[self.optimizer]
        arguments = (table, *state, rows, g, *map(f, constants))
        self.each(lambda span: kernel(*arguments, *span), blocks(len(rows), TASK))

    def _plain(self, index: Tensor, gradient: Tensor, rate: float) -> None:
        """The definition of the kernels."""
        weight, state = self.weight[index], [tensor[index] for tensor in self.state]
        t = int(self.steps)
        if self.optimizer == "sgd":
            weight -= rate * gradient
        elif self.optimizer == "adam":
            mean, square = state
            mean.mul_(BETA_1).add_(gradient, alpha=1 - BETA_1)
            square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
            root = (square.sqrt() / math.sqrt(1 - BETA_2**t)).add_(EPSILON)
            weight.addcdiv_(mean, root, value=-rate / (1 - BETA_1**t))
        elif self.optimizer == "adagrad":
            state[0].addcmul_(gradient, gradient)
            weight.addcdiv_(gradient, state[0].sqrt().add_(ADAGRAD_EPSILON), value=-rate)
        else:
            state[0] += gradient.reshape(len(gradient), -1).square().mean(1)
            scale = rate / state[0].sqrt().add_(ADAGRAD_EPSILON)
            weight -= scale.reshape(-1, *[1] * (gradient.dim() - 1)) * gradient
        for tensor, rows in zip([self.weight, *self.state], [weight, *state], strict=True):
            tensor[index] = rows
