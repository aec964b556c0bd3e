"""Two towers and their dot products, as differentiable functions: in blocks on threads on the CPU, plain torch elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from konomi.arrays import I64
from konomi.kernels import towers as kernels
from konomi.kernels.dots import dots, weighted_sums
from konomi.neural.batches import Batch
from konomi.runtime import Each, blocks

ROWS = 256  # people or items of a task


def tower(features: Tensor, rows: I64, layers: Sequence[Tensor], each: Each) -> Tensor:
    """h_L f32[n, out] of the rows i64[n] of features f32[R, in]; layers as in `kernels/towers.py`. Features have no gradient.

    On the CPU each block of rows goes through all layers while it is in the cache. The gradients of the blocks are summed in a
    fixed order, so that the result does not depend on threads.
    """
    if features.device.type == "cpu":
        return _Tower.apply(features, rows, each, *layers)  # type: ignore[no-any-return,no-untyped-call]
    return plain_tower(features[torch.from_numpy(rows).to(features.device)], layers)


def plain_tower(x: Tensor, layers: Sequence[Tensor]) -> Tensor:
    """The definition of `tower`, for rows x f32[n, in]."""
    for layer in layers[:-1]:
        x = torch.relu(torch.addmm(layer[-1], x, layer[:-1]))
    return torch.addmm(layers[-1][-1], x, layers[-1][:-1])


def meet(batch: Batch, left: Tensor, right: Tensor, each: Each) -> Tensor:
    """z f32[n], the dot product of each pair of a batch; left f32[U, D] of its people, right f32[I, D] of its items."""
    if left.device.type == "cpu":
        return _Dots.apply(left, right, batch, each)  # type: ignore[no-any-return,no-untyped-call]
    return plain_meet(batch, left, right)


def plain_meet(batch: Batch, left: Tensor, right: Tensor) -> Tensor:
    """The definition of `meet`."""
    user = torch.from_numpy(np.repeat(np.arange(len(batch.users)), np.diff(batch.indptr))).to(left.device)
    item = torch.from_numpy(batch.item.astype(np.int64)).to(left.device)
    return (left[user] * right[item]).sum(1)


class _Tower(torch.autograd.Function):
    """`kernels/towers.py`, on blocks of rows."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, rows: I64, each: Each, *layers: Tensor) -> Tensor:
        x, weights = features.numpy(), [layer.detach().numpy() for layer in layers]
        spans = blocks(len(rows), kernels.BLOCK)
        forward: Callable[..., Any] = kernels.forward
        units = each(lambda span: forward(x[rows[slice(*span)]], weights), spans)
        ctx.tasks, ctx.weights, ctx.each = list(zip(spans, units, strict=True)), weights, each
        return torch.from_numpy(np.concatenate([block[-1] for block in units]))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        gradient = gradients[0].contiguous().numpy()
        backward: Callable[..., Any] = kernels.backward
        gradients = ctx.each(lambda task: backward(task[1], ctx.weights, gradient[slice(*task[0])]), ctx.tasks)
        return None, None, None, *(torch.from_numpy(np.sum(layer, axis=0)) for layer in zip(*gradients, strict=True))


class _Dots(torch.autograd.Function):
    """`kernels/dots.py`, on blocks of people and of items."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, batch: Batch, each: Each) -> Tensor:
        a, c = left.detach().numpy(), right.detach().numpy()
        out = np.empty(len(batch), np.float32)
        each(lambda span: dots(batch.indptr, batch.item, a, c, *span, out), blocks(len(batch.users), ROWS))
        ctx.arrays, ctx.batch, ctx.each = (a, c), batch, each
        return torch.from_numpy(out)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (a, c), batch, dz = ctx.arrays, ctx.batch, gradients[0].contiguous().numpy()
        d_left, d_right = np.empty_like(a), np.empty_like(c)
        sides = (
            (batch.indptr, batch.item, dz, c, d_left),
            (batch.item_indptr, batch.user, dz[batch.place], a, d_right),
        )
        tasks = [(side, span) for side in sides for span in blocks(len(side[-1]), ROWS)]
        ctx.each(lambda task: weighted_sums(*task[0][:-1], *task[1], task[0][-1]), tasks)
        return torch.from_numpy(d_left), torch.from_numpy(d_right), None, None
