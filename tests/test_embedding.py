"""FusedEmbedding against torch's own embedding and optimisers, step by step."""

import numpy as np
import pytest
import torch

from konomi.neural.embedding import FusedEmbedding

RATE = 0.1


def twins(optimizer, rows=12, dim=5):
    """Ours, torch's layer with the same weights, and the optimiser of torch that it is to equal."""
    weight = torch.from_numpy(np.random.default_rng(0).standard_normal((rows, dim), np.float32))
    layer = torch.nn.Embedding(rows, dim, sparse=optimizer == "adam")
    with torch.no_grad():
        layer.weight.copy_(weight)
    theirs = {
        "sgd": lambda: torch.optim.SGD(layer.parameters(), lr=RATE),
        "adagrad": lambda: torch.optim.Adagrad(layer.parameters(), lr=RATE),
        "adam": lambda: torch.optim.SparseAdam(layer.parameters(), lr=RATE),
    }[optimizer]()
    return FusedEmbedding(weight.clone(), optimizer), layer, theirs


def draws(seed, steps, rows=12, dim=5, n=7):
    """Indices, with repetitions, and what each row's loss is multiplied by."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        yield torch.from_numpy(rng.integers(0, rows - 2, n)), torch.from_numpy(rng.standard_normal((n, dim), np.float32))


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
def test_it_steps_as_torch_does(optimizer):
    ours, layer, theirs = twins(optimizer)
    for index, factor in draws(1, 20):
        (torch.sin(ours(index)) * factor).sum().backward()
        ours.step(RATE)
        theirs.zero_grad()
        (torch.sin(layer(index)) * factor).sum().backward()
        theirs.step()
        torch.testing.assert_close(ours.weight, layer.weight.detach(), rtol=1e-4, atol=1e-5)


def test_rowwise_adagrad_by_hand():
    ours = FusedEmbedding(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "rowwise-adagrad")
    (ours(torch.tensor([0, 0])) * torch.tensor([[3.0, 4.0], [3.0, 4.0]])).sum().backward()
    ours.step(0.5)  # g = (6, 8), the mean of g² is 50
    torch.testing.assert_close(ours.weight, torch.tensor([[1 - 3 / 50**0.5, 2 - 4 / 50**0.5], [3.0, 4.0]]))
    (ours(torch.tensor([0])) * torch.tensor([[1.0, 0.0]])).sum().backward()
    ours.step(0.5)  # and 50.5 then
    torch.testing.assert_close(ours.weight[0, 0], torch.tensor(1 - 3 / 50**0.5 - 0.5 / 50.5**0.5))


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rowwise-adagrad", "adam"])
def test_untouched_rows_stay_as_they_are_bit_for_bit(optimizer):
    ours = FusedEmbedding(torch.randn(9, 4, generator=torch.Generator().manual_seed(0)), optimizer)
    for _ in range(2):  # so that there is a state to disturb
        ours(torch.arange(9)).square().sum().backward()
        ours.step(RATE)
    before = [tensor.clone() for tensor in (ours.weight, *ours.state)]
    ours(torch.tensor([3, 5, 3])).square().sum().backward()
    ours.step(RATE)
    for old, new in zip(before, (ours.weight, *ours.state), strict=True):
        changed = (old != new).reshape(9, -1).any(1)
        assert changed.tolist() == [row in (3, 5) for row in range(9)]


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rowwise-adagrad", "adam"])
@pytest.mark.parametrize("shape", [(9000, 3), (7,), (4, 2, 3)])
def test_the_kernels_do_what_torch_says(optimizer, shape):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(shape, generator=generator)
    fast, plain = (FusedEmbedding(weight.clone(), optimizer) for _ in range(2))
    plain._fused = plain._plain
    for _ in range(4):
        factor = torch.randn(shape, generator=generator)
        for table in (fast, plain):
            (table() * factor).sum().backward()
            table.step(RATE)
    for a, b in zip(fast.tensors(), plain.tensors(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=2e-5)


def test_rows_taken_twice_in_a_step_are_updated_once():
    once, twice = (FusedEmbedding(torch.ones(3, 2), "adam") for _ in range(2))
    once(torch.tensor([0, 0, 1])).sum().backward()
    (twice(torch.tensor([0])).sum() + twice(torch.tensor([0, 1])).sum()).backward()
    once.step(RATE)
    twice.step(RATE)
    assert torch.equal(once.weight, twice.weight) and int(once.steps) == int(twice.steps) == 1


def test_what_has_no_gradient_is_left_alone():
    table = FusedEmbedding(torch.ones(3, 2), "adam")
    table(torch.tensor([1]))
    table.step(RATE)
    assert torch.equal(table.weight, torch.ones(3, 2)) and int(table.steps) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rowwise-adagrad", "adam"])
def test_cuda_does_the_same(optimizer):
    weight = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    here, there = FusedEmbedding(weight.clone(), optimizer), FusedEmbedding(weight.clone().cuda(), optimizer)
    for index, factor in draws(2, 5):
        for table, device in ((here, "cpu"), (there, "cuda")):
            (torch.sin(table(index.to(device))) * factor.to(device)).sum().backward()
            table.step(RATE)
    torch.testing.assert_close(here.weight, there.weight.cpu(), rtol=1e-4, atol=1e-6)
