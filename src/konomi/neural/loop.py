"""The one training loop: epochs of batches, validation, the best epoch kept, checkpoints; the only caller of backward()."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from konomi.arrays import F32
from konomi.errors import ConfigError, FitError
from konomi.files import hash_array, hash_bytes
from konomi.neural import checkpoint
from konomi.neural.embedding import FusedEmbedding
from konomi.neural.stopping import best_epoch, finished
from konomi.runtime import Run, SharedLimit, check_cancel

TELL = 0.1  # seconds between two words about the progress


@dataclass(frozen=True)
class Steps:
    """How a network is trained: at most `epochs`, until `patience` (0: never) of them brought no better validation figure.

    The rate of an epoch, counted from 0, is rate / (1 + decay·epoch). higher: whether a higher validation figure is better.
    """

    epochs: int
    patience: int
    rate: float
    decay: float
    higher: bool = False

    def finished(self, history: list[tuple[float, float]]) -> bool:
        """Whether these training and validation errors of the epochs so far are enough."""
        return finished(history, self.epochs, self.patience, self.higher)


class Network(Protocol):
    """What the loop trains: `weights` are all that it learns, by name; `pairs` is how many pairs an epoch has."""

    weights: dict[str, FusedEmbedding]
    pairs: int

    def facts(self) -> tuple[str, list[npt.NDArray[Any]]]:
        """All that its training depends on, settings as text and data as arrays."""
        ...

    def batches(self, draw: np.random.Generator) -> Iterator[Any]:
        """The batches of an epoch; every random choice of the epoch comes from `draw`."""
        ...

    def loss(self, batch: Any, draw: np.random.Generator) -> tuple[Tensor, float, int]:
        """What to minimise; the sum of the error that `error` averages; how many pairs."""
        ...

    def error(self, total: float, n: int) -> float:
        """The training error of an epoch from its sum over n pairs: RMSE, log loss or weighted loss."""
        ...

    def validate(self) -> float:
        """The same error of the validation part, with the weights as they are; NaN where there is none."""
        ...


_torch_threads = SharedLimit(lambda: partial(torch.set_num_threads, torch.get_num_threads()))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Torch's own loops on one thread meanwhile: the blocks run on threads of ours, and those of OpenMP would wait spinning.

    Torch has a number for each thread, and one for threads that are new to it; both are as before in the end.
    """
    with _torch_threads() as restore:
        try:
            torch.get_num_threads()  # else a thread that is new to torch takes the number for new threads later
            torch.set_num_threads(1)
            yield
        finally:
            restore()


@one_torch_thread()
def train(name: str, network: Network, steps: Steps, run: Run) -> F32:
    """Train; leave the network with the weights of its best epoch; return the history f32[E, 2].

    With `run.checkpoint` the state is written there after every epoch, and read where it is there already: all that is random
    in an epoch depends on the seed and its number alone, so a training that was killed ends in the same bytes as one that was
    not. FitError where the error leaves the finite numbers, or where the checkpoint is of another training: another name,
    network (its `facts`), seed, device or version, or in the hands of another training.
    """
    with checkpoint.claimed(run.checkpoint):
        return _train(name, network, steps, run)


def _train(name: str, network: Network, steps: Steps, run: Run) -> F32:
    history: list[tuple[float, float]] = []
    best = _weights(network)
    fingerprint = _fingerprint(name, network, steps, run) if run.checkpoint else ""
    if run.checkpoint and (kept := checkpoint.read(run.checkpoint, fingerprint)):
        history = [(float(error), float(valid)) for error, valid in kept["history"]]
        best = _restore(network, kept)
    while not steps.finished(history):
        epoch = len(history)
        draw = np.random.default_rng([run.seed, epoch])
        rate = steps.rate / (1 + steps.decay * epoch)
        history.append(_epoch(name, network, rate, epoch, steps.epochs, draw, run))
        if best_epoch(history, steps.higher) == epoch:
            best = _weights(network)
        if run.checkpoint:
            state = {f"state {key}": value.cpu().numpy() for key, value in _state(network).items()}
            kept = {f"best {key}": value.cpu().numpy() for key, value in best.items()}
            checkpoint.write(run.checkpoint, {**state, **kept, "history": np.array(history)}, fingerprint)
    whole = steps.epochs * network.pairs
    run.progress(f"train {name}", whole, whole)
    for key, weight in best.items():
        network.weights[key].weight.copy_(weight)
    return np.array(history, np.float32).reshape(-1, 2)


def _epoch(
    name: str, network: Network, rate: float, epoch: int, epochs: int, draw: np.random.Generator, run: Run
) -> tuple[float, float]:
    """One pass over all pairs; the training and the validation error."""
    total, n, told = 0.0, 0, -math.inf
    for batch in network.batches(draw):
        check_cancel()
        objective, error, pairs = network.loss(batch, draw)
        objective.backward()  # type: ignore[no-untyped-call]
        for each in network.weights.values():
            each.step(rate)
        total, n = total + error, n + pairs
        if not math.isfinite(error):
            raise FitError(f"{name} diverged in epoch {epoch + 1}: the error is not finite.", "Lower rate.")
        if time.monotonic() - told > TELL:
            told = time.monotonic()
            run.progress(f"train {name}", epoch * network.pairs + n, epochs * network.pairs)
    if not all(bool(each.weight.isfinite().all()) for each in network.weights.values()):
        raise FitError(f"{name} diverged in epoch {epoch + 1}: a weight is not finite.", "Lower rate.")
    return network.error(total, n), network.validate()


def _fingerprint(name: str, network: Network, steps: Steps, run: Run) -> str:
    """One hash for what a training depends on."""
    text, arrays = network.facts()
    head = f"{version('konomi')} {name} {steps} {run.seed} {run.device} {text}"
    return hash_bytes(head.encode(), *(hash_array(array).encode() for array in arrays))


def _weights(network: Network) -> dict[str, Tensor]:
    return {name: each.weight.clone() for name, each in network.weights.items()}


def _state(network: Network) -> dict[str, Tensor]:
    """Every tensor that training changes."""
    return {f"{name} {k}": tensor for name, each in network.weights.items() for k, tensor in enumerate(each.tensors())}


def _restore(network: Network, kept: checkpoint.Arrays) -> dict[str, Tensor]:
    """Put a checkpoint's state into the network; returns its best weights."""
    for key, tensor in _state(network).items():
        tensor.copy_(torch.from_numpy(kept[f"state {key}"]))
    return {name: torch.from_numpy(kept[f"best {name}"]).to(each.weight.device) for name, each in network.weights.items()}


def device_of(run: Run) -> torch.device:
    """The device of a run; ConfigError where this machine or this torch has none."""
    if run.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("There is no CUDA device here.", "Use `device` cpu, or install torch with CUDA.")
    return torch.device(run.device)
