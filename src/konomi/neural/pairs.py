"""The network of `models/network.py` over a batch, as a differentiable function: fused on the CPU, plain torch elsewhere."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from konomi.arrays import F32, I64
from konomi.kernels import pairs as kernels
from konomi.neural.batches import Batch
from konomi.runtime import Each

QUIET = np.errstate(over="ignore", invalid="ignore")  # the training loop checks that numbers are finite
TASK, TASKS = 2048, 16  # pairs of a task; tasks, at most; independent of the number of threads, so that sums are the same


class Side(NamedTuple):
    """The distinct people, or items, of a batch: vectors e f32[U, D], biases b f32[U, O], their dense layer W f32[D, H].

    mask f32[U, D]: the dropout of the vectors; it has no rows without dropout. l2 f32[U, 1], l2_bias f32[U, O]: the penalties
    of each vector and of each bias in this batch.
    """

    vectors: Tensor
    biases: Tensor
    W: Tensor
    mask: Tensor
    l2: Tensor
    l2_bias: Tensor


def network(
    batch: Batch, left: Side, right: Side, h: Tensor, V: Tensor, drop: Tensor, product: bool, each: Each
) -> tuple[Tensor, Tensor]:
    """(z f32[n, O], penalty f32[]) of a batch; h f32[H], V f32[O, H], drop f32[U or 0, H] (see `kernels/pairs.py`).

    z_o = b_uo + b_io + e_u·e_i + V_o max(W_u e_u + W_i e_i + h, 0), the dot product only where `product`; the penalty is
    Σ λ |e|² + λ_b |b|² over the rows of both sides, with the vectors before dropout.
    """
    if V.device.type == "cpu":
        return _Fused.apply(*left, *right, h, V, drop, product, batch, each)  # type: ignore[no-any-return,no-untyped-call]
    return plain(batch, left, right, h, V, drop, product)


def plain(batch: Batch, left: Side, right: Side, h: Tensor, V: Tensor, drop: Tensor, product: bool) -> tuple[Tensor, Tensor]:
    """The definition of `network`."""
    user = torch.as_tensor(np.repeat(np.arange(len(batch.users)), np.diff(batch.indptr)), device=V.device)
    item = torch.as_tensor(batch.item, dtype=torch.int64, device=V.device)
    e, f = (side.vectors * side.mask if len(side.mask) else side.vectors for side in (left, right))
    hidden = torch.relu((e @ left.W + h)[user] + (f @ right.W)[item])  # n × H
    if len(drop):
        hidden = hidden * drop[user]
    z = hidden @ V.T + left.biases[user] + right.biases[item]  # n × O
    if product:
        z = z + (e[user] * f[item]).sum(1, keepdim=True)
    sides = ((side.l2 * side.vectors.square()).sum() + (side.l2_bias * side.biases.square()).sum() for side in (left, right))
    return z, torch.stack([*sides]).sum()


class _Fused(torch.autograd.Function):
    """`network` by blocks of people and of items, each with its dense layer, its pairs and its penalty."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *tensors, product, batch, each = arguments
        arrays = [tensor.detach().numpy() for tensor in tensors]
        sides, (h, V, drop) = (Side(*arrays[:6]), Side(*arrays[6:12])), arrays[12:]
        spans = _even(batch.indptr), _even(batch.item_indptr)
        vectors = [side.vectors * side.mask if len(side.mask) else side.vectors for side in sides]
        hidden = [np.empty((len(side.vectors), len(h)), np.float32) for side in sides]

        @QUIET
        def dense(task: tuple[int, tuple[int, int]]) -> float:
            k, span = task[0], slice(*task[1])
            np.matmul(vectors[k][span], sides[k].W, out=hidden[k][span])
            if k == 0:
                hidden[k][span] += h
            e, b, l2, l2_bias = (array[span] for array in (sides[k].vectors, sides[k].biases, sides[k].l2, sides[k].l2_bias))
            return float(np.einsum("u,ud,ud->", l2[:, 0], e, e) + np.einsum("uo,uo,uo->", l2_bias, b, b))

        penalty = sum(each(dense, [(k, span) for k in (0, 1) for span in spans[k]]))
        left, right = ((hidden[k], vectors[k] if product else vectors[k][:, :0], sides[k].biases) for k in (0, 1))
        out = np.empty((len(batch), len(V)), np.float32)
        each(lambda span: kernels.forward(batch.indptr, batch.item, left, right, V, drop, *span, out), spans[0])
        ctx.rest = batch, each, sides, vectors, spans, left, right, V, drop
        return torch.from_numpy(out), torch.tensor(penalty, dtype=torch.float32)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        batch, each, sides, vectors, spans, left, right, V, drop = ctx.rest
        dz, dp = gradients[0].contiguous().numpy(), float(gradients[1])
        d_hidden = [np.empty_like(side[0]) for side in (left, right)]
        d_vectors = [np.zeros_like(side.vectors) for side in sides]
        d_biases = [np.empty_like(side.biases) for side in sides]
        d_V = np.zeros((len(spans[0]), *V.shape), np.float32)
        P = left[1].shape[1]

        @QUIET
        def task(number: tuple[int, int]) -> tuple[F32, F32]:
            k, block = number
            span, rows = spans[k][block], slice(*spans[k][block])
            out = (d_hidden[k], d_vectors[k][:, :P], d_biases[k])
            if k == 0:
                kernels.backward_left(batch.indptr, batch.item, left, right, V, drop, dz, *span, out, d_V[block])
            else:
                pairs = (batch.item_indptr, batch.user, batch.place)
                kernels.backward_right(*pairs, left, right, V, drop, dz, *span, out)
            d_e, d_a = d_vectors[k][rows], d_hidden[k][rows]
            d_e += d_a @ sides[k].W.T
            if len(sides[k].mask):
                d_e *= sides[k].mask[rows]
            d_e += (np.float32(2 * dp) * sides[k].l2[rows]) * sides[k].vectors[rows]
            d_biases[k][rows] += (np.float32(2 * dp) * sides[k].l2_bias[rows]) * sides[k].biases[rows]
            return vectors[k][rows].T @ d_a, d_a.sum(axis=0)

        numbers = [(k, block) for k in (0, 1) for block in range(len(spans[k]))]
        dense = each(task, numbers)
        d_W = [sum(product for (product, _), (k, _) in zip(dense, numbers, strict=True) if k == side) for side in (0, 1)]
        d_h = sum(total for (_, total), (k, _) in zip(dense, numbers, strict=True) if k == 0)
        of_sides = (gradient for k in (0, 1) for gradient in (d_vectors[k], d_biases[k], d_W[k], None, None, None))
        grads = [*of_sides, d_h, d_V.sum(axis=0)]
        return *(None if g is None else torch.from_numpy(g) for g in grads), None, None, None, None


def _even(indptr: I64) -> list[tuple[int, int]]:
    """Ranges (start, stop) of rows with about equally many pairs."""
    n = int(indptr[-1])
    tasks = min(max(n // TASK, 1), TASKS)
    bounds = np.searchsorted(indptr, np.arange(tasks + 1) * n // tasks).tolist()
    bounds[0], bounds[-1] = 0, len(indptr) - 1
    return list(pairwise(bounds))
