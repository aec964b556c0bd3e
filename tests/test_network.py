"""The shared code of the networks: batches, the fused layer against its torch twin, the loop and its checkpoints."""

import dataclasses
import errno
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, FitError
from konomi.models import module
from konomi.neural import checkpoint, embedding, loop, pairs
from konomi.neural.batches import batches, size
from konomi.neural.embedding import in_turn
from konomi.neural.loop import Steps
from konomi.neural.pairs import Side, network, plain
from konomi.runtime import Run


def some_pairs(seed, n, users=9, items=11):
    """Distinct pairs in order of users."""
    rng = np.random.default_rng(seed)
    cells = np.sort(rng.choice(users * items, min(n, users * items), replace=False))
    return (cells // items).astype(np.int32), (cells % items).astype(np.int32)


@given(st.integers(0, 10**6), st.integers(1, 90), st.integers(1, 40))
def test_batches_hold_every_pair_once_and_know_its_people_and_items(seed, n, about):
    user, item = some_pairs(seed, n)
    found = list(batches(user, item, 11, about, np.random.default_rng(seed)))
    assert sorted(np.concatenate([batch.pairs for batch in found]).tolist()) == list(range(len(user)))
    for batch in found:
        owner = np.repeat(np.arange(len(batch.users)), np.diff(batch.indptr))
        assert len(batch) and len(set(batch.users)) == len(batch.users) and len(set(batch.items)) == len(batch.items)
        np.testing.assert_array_equal(batch.users[owner], user[batch.pairs])
        np.testing.assert_array_equal(batch.items[batch.item], item[batch.pairs])
        of_item = np.repeat(np.arange(len(batch.items)), np.diff(batch.item_indptr))
        np.testing.assert_array_equal(batch.item[batch.place], of_item)
        np.testing.assert_array_equal(owner[batch.place], batch.user)


def test_batches_are_drawn():
    user, item = some_pairs(0, 80)
    draws = [[b.pairs.tolist() for b in batches(user, item, 11, 20, np.random.default_rng(seed))] for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_the_size_of_a_batch():
    assert [size(n) for n in (1, 1600, 300_000, 64 * 20_000, 10**9)] == [1, 100, 12_288, 20_000, 131_072]


def layer(seed, outputs, product, masked, dropped, n=60):
    """A batch and the tensors of a network over it, each a leaf."""
    user, item = some_pairs(seed, n)
    batch = next(batches(user, item, 11, n, np.random.default_rng(0)))
    generator = torch.Generator().manual_seed(seed)

    def leaf(*shape):
        return torch.randn(shape, generator=generator).requires_grad_()

    def side(count):
        mask = (torch.rand(count if masked else 0, 4, generator=generator) > 0.5).float() * 2
        penalties = (torch.rand(count, width, generator=generator) for width in (1, outputs))
        return Side(leaf(count, 4), leaf(count, outputs), leaf(4, 6), mask, *penalties)

    left, right = side(len(batch.users)), side(len(batch.items))
    drop = (torch.rand(len(batch.users) if dropped else 0, 6, generator=generator) > 0.5).float() * 2
    return batch, left, right, leaf(6), leaf(outputs, 6), drop, product


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("masked,dropped", [(False, False), (True, False), (False, True), (True, True)])
def test_the_fused_layer_is_the_plain_one(outputs, product, masked, dropped, monkeypatch):
    monkeypatch.setattr(pairs, "TASK", 16)  # several tasks
    found = []
    for call in (lambda *arguments: network(*arguments, in_turn), plain):
        arguments = layer(3, outputs, product, masked, dropped)
        z, penalty = call(*arguments)
        (torch.sin(z).sum() + 2 * penalty).backward()
        _, left, right, h, V, _, _ = arguments
        found.append([z, penalty, *(leaf.grad for leaf in (*left[:3], *right[:3], h, V))])
    for fused, expected in zip(*found, strict=True):
        torch.testing.assert_close(fused, expected, rtol=1e-4, atol=1e-4)


def test_threads_change_no_bit(train, monkeypatch):
    """With several blocks a batch, of which threads do some each."""
    monkeypatch.setattr(pairs, "TASK", 16)
    monkeypatch.setattr(embedding, "TASK", 4)
    one, *others = (fitted(train, Run(threads=threads), batch=1000).state() for threads in (1, 2, 8))
    for other in others:
        assert all(np.array_equal(one[key], other[key]) for key in one)


def test_a_training_that_stopped_early_is_not_trained_on(train, tmp_path):
    run, soon = Run(checkpoint=tmp_path / "kept"), {"rate": 1.0, "patience": 1, "epochs": 60}
    first, again = (fitted(train, run, **soon) for _ in range(2))
    assert len(first.history) < 60 and np.array_equal(first.history, again.history)


def test_training_ends_when_patience_does():
    steps = Steps(epochs=9, patience=2, rate=1, decay=0)
    assert not steps.finished([(1, 3.0), (1, 2.0), (1, 2.5)])
    assert steps.finished([(1, 3.0), (1, 2.0), (1, 2.5), (1, 2.5)])
    assert not dataclasses.replace(steps, patience=0).finished([(1, 3.0), (1, 2.0), (1, 2.5), (1, 2.5)])
    assert steps.finished([(1, math.nan)] * 9) and not steps.finished([(1, math.nan)] * 8)


SMALL = {"epochs": 6, "dim": 4, "hidden": 5, "batch": 64, "rate": 0.03, "patience": 0, "dropout": 0.2, "hidden_dropout": 0.2}


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)


def fitted(train, run, **changed):
    return module("hybrid").fit(train, module("hybrid").Config(**{**SMALL, **changed}), run)


class Killed(Exception):
    pass


@pytest.mark.parametrize("epochs_done", [1, 4])
def test_a_killed_training_ends_in_the_same_bytes(train, tmp_path, monkeypatch, epochs_done):
    whole = fitted(train, Run(), learned=True).state()
    run, one = Run(checkpoint=tmp_path / "sub" / "kept"), loop._epoch
    calls = iter(range(100))

    def killed(*arguments):
        if next(calls) == epochs_done:
            raise Killed
        return one(*arguments)

    monkeypatch.setattr(loop, "_epoch", killed)
    with pytest.raises(Killed):
        fitted(train, run, learned=True)
    monkeypatch.setattr(loop, "_epoch", one)
    resumed = fitted(train, run, learned=True).state()
    assert whole.keys() == resumed.keys() and all(np.array_equal(whole[key], resumed[key]) for key in whole)
    monkeypatch.setattr(loop, "_epoch", killed)  # what is finished is not trained again
    again = fitted(train, run, learned=True).state()
    assert all(np.array_equal(whole[key], again[key]) for key in whole)
    assert [file.name for file in run.checkpoint.parent.iterdir()] == ["kept"]


def test_a_checkpoint_of_another_training_is_refused(train, tmp_path):
    run = Run(checkpoint=tmp_path / "kept")
    fitted(train, run, epochs=1)
    for other in ({"rate": 0.02}, {"interaction": 2.0}, {"dim": 3}):
        with pytest.raises(FitError, match="other settings") as refused:
            fitted(train, run, epochs=1, **other)
        assert "delete it" in refused.value.hint
    with pytest.raises(FitError, match="other settings"):
        fitted(train, dataclasses.replace(run, seed=1), epochs=1)


def test_a_damaged_or_unwritable_checkpoint_is_told(train, tmp_path, monkeypatch):
    broken = tmp_path / "kept"
    broken.write_bytes(b"\x00" * 100)
    with pytest.raises(FitError, match="damaged"):
        fitted(train, Run(checkpoint=broken))
    (tmp_path / "file").write_text("")
    with pytest.raises(FitError, match="cannot be written: Not a directory"):
        fitted(train, Run(checkpoint=tmp_path / "file" / "kept"))
    run = Run(checkpoint=tmp_path / "full" / "kept")
    fitted(train, run, epochs=1)
    whole = run.checkpoint.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("konomi.files.whole.os.fsync", full)
    with pytest.raises(FitError, match="cannot be written: the disk is full"):
        checkpoint.write(run.checkpoint, {}, "")
    assert run.checkpoint.read_bytes() == whole and [file.name for file in run.checkpoint.parent.iterdir()] == ["kept"]


def test_divergence_is_an_error(train):
    with pytest.raises(FitError, match=r"hybrid diverged in epoch \d+") as refused:
        fitted(train, Run(), optimizer="sgd", rate=1e6, epochs=30)
    assert "Lower `rate`" in refused.value.hint


def test_a_device_that_is_not_there_is_told(train):
    if torch.cuda.is_available():
        pytest.skip("it is there")
    with pytest.raises(ConfigError, match="no CUDA device"):
        fitted(train, Run(device="cuda"))


def test_progress_tells_of_epochs_and_the_newest_error(train, monkeypatch):
    monkeypatch.setattr("konomi.neural.loop.REPORT_EVERY", 0)
    told = []
    model = fitted(train, Run(progress=told.append), epochs=3, patience=0, batch=64)
    assert {(stage.what, stage.unit) for stage in told} == {("train hybrid", "epochs")}
    assert [stage.done for stage in told] == sorted(stage.done for stage in told) and 0 < told[0].done < 1
    assert told[0].total == 3 == told[-1].done and told[0].error == ""
    assert told[-1].error == f"valid weighted loss {model.history[-1, 1]:.4f}"
    assert {stage.error for stage in told} == {"", *(f"valid weighted loss {error:.4f}" for _, error in model.history)}


def test_the_same_training_in_plain_torch(train, monkeypatch):
    """Every kernel against its twin at once: six epochs end in nearly the same items."""
    from konomi.models import network_fit

    fast = fitted(train, Run(), dropout=0.0, hidden_dropout=0.0)
    monkeypatch.setattr(network_fit, "network", lambda *arguments: plain(*arguments[:-1]))
    monkeypatch.setattr(network_fit.FusedEmbedding, "_fused", network_fit.FusedEmbedding._plain)
    slow = fitted(train, Run(), dropout=0.0, hidden_dropout=0.0)
    for key, array in fast.state().items():
        np.testing.assert_allclose(array, slow.state()[key], rtol=2e-3, atol=2e-4, err_msg=key)
