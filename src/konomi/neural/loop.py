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
from konomi.neural.stopping import History, best_epoch, finished, newest
from konomi.runtime import Run, SharedLimit, Stage, check_cancel

REPORT_EVERY = 0.1  # seconds between two reports of progress


@dataclass(frozen=True)
class Steps:
    """How a network is trained: at most `epochs`, until `patience` (0: never) of them have not improved the validation value.

    The rate of an epoch, counted from 0, is rate / (1 + decay·epoch). higher: whether a higher validation value is better.
    """

    epochs: int
    patience: int
    rate: float
    decay: float
    higher: bool = False

    def finished(self, history: list[tuple[float, float]]) -> bool:
        """Whether training ends after epochs with these training and validation errors."""
        return finished(history, self.epochs, self.patience, self.higher)


class Network(Protocol):
    """What the loop trains. weights: all of its weights by name; pairs: the number of pairs of an epoch; metric: its error."""

    weights: dict[str, FusedEmbedding]
    pairs: int
    metric: str

    def facts(self) -> tuple[str, list[npt.NDArray[Any]]]:
        """Everything that its training depends on: settings as text, and data as arrays."""
        ...

    def batches(self, draw: np.random.Generator) -> Iterator[Any]:
        """The batches of an epoch; every random choice of the epoch comes from `draw`."""
        ...

    def loss(self, batch: Any, draw: np.random.Generator) -> tuple[Tensor, float, int]:
        """The objective to minimise; the summed error for `error`; the number of pairs."""
        ...

    def error(self, total: float, n: int) -> float:
        """The training error of an epoch, from the sum over its n pairs: RMSE, log loss or weighted loss."""
        ...

    def validate(self) -> float:
        """The same error on the validation entries, with the current weights; NaN where there are none."""
        ...


_torch_threads = SharedLimit(lambda: partial(torch.set_num_threads, torch.get_num_threads()))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Torch uses one thread in the block, since our own threads run the blocks and OpenMP's would spin while they wait.

    Torch keeps a number of threads for each thread, and one for new threads; both are restored.
    """
    with _torch_threads() as restore:
        try:
            torch.get_num_threads()  # else a thread that is new to torch would take the number for new threads later
            torch.set_num_threads(1)
            yield
        finally:
            restore()


@one_torch_thread()
def train(name: str, network: Network, steps: Steps, run: Run) -> F32:
    """Train, and leave the network with the weights of its best epoch; returns the history f32[E, 2].

    With `run.checkpoint` the state is written there after every epoch, and an existing state is continued. The random numbers
    of an epoch depend only on the seed and the epoch's number, so a training that was killed and continued gives the same
    bytes. FitError where the error is not finite, or where the checkpoint is of another training (another name, network by its
    `facts`, seed, device or version) or in use by another one.
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
        history.append(_epoch(name, network, rate, history, steps.epochs, draw, run))
        if best_epoch(history, steps.higher) == epoch:
            best = _weights(network)
        if run.checkpoint:
            state = {f"state {key}": value.cpu().numpy() for key, value in _state(network).items()}
            kept = {f"best {key}": value.cpu().numpy() for key, value in best.items()}
            checkpoint.write(run.checkpoint, {**state, **kept, "history": np.array(history)}, fingerprint)
    run.progress(Stage(f"train {name}", len(history), len(history), "epochs", newest(history, network.metric)))
    for key, weight in best.items():
        network.weights[key].weight.copy_(weight)
    return np.array(history, np.float32).reshape(-1, 2)


def _epoch(
    name: str, network: Network, rate: float, history: History, epochs: int, draw: np.random.Generator, run: Run
) -> tuple[float, float]:
    """One pass over all pairs, after the epochs of the history; the training and the validation error."""
    total, n, reported = 0.0, 0, -math.inf
    epoch, newest_error = len(history), newest(history, network.metric)
    for batch in network.batches(draw):
        check_cancel()
        objective, error, pairs = network.loss(batch, draw)
        objective.backward()  # type: ignore[no-untyped-call]
        for embedding in network.weights.values():
            embedding.step(rate)
        total, n = total + error, n + pairs
        if not math.isfinite(error):
            raise FitError(f"{name} diverged in epoch {epoch + 1}: the error is not finite.", "Lower `rate`.")
        if time.monotonic() - reported > REPORT_EVERY:
            reported = time.monotonic()
            run.progress(Stage(f"train {name}", epoch + n / network.pairs, epochs, "epochs", newest_error))
    if not all(bool(embedding.weight.isfinite().all()) for embedding in network.weights.values()):
        raise FitError(f"{name} diverged in epoch {epoch + 1}: a weight is not finite.", "Lower `rate`.")
    return network.error(total, n), network.validate()


def _fingerprint(name: str, network: Network, steps: Steps, run: Run) -> str:
    """One hash of everything that a training depends on."""
    text, arrays = network.facts()
    head = f"{version('konomi')} {name} {steps} {run.seed} {run.device} {text}"
    return hash_bytes(head.encode(), *(hash_array(array).encode() for array in arrays))


def _weights(network: Network) -> dict[str, Tensor]:
    return {name: embedding.weight.clone() for name, embedding in network.weights.items()}


def _state(network: Network) -> dict[str, Tensor]:
    """Every tensor that training changes, by name."""
    return {
        f"{name} {k}": tensor for name, embedding in network.weights.items() for k, tensor in enumerate(embedding.tensors())
    }


def _restore(network: Network, kept: checkpoint.Arrays) -> dict[str, Tensor]:
    """Put a checkpoint's state into the network; returns its best weights."""
    for key, tensor in _state(network).items():
        tensor.copy_(torch.from_numpy(kept[f"state {key}"]))
    return {
        name: torch.from_numpy(kept[f"best {name}"]).to(embedding.weight.device) for name, embedding in network.weights.items()
    }


def device_of(run: Run) -> torch.device:
    """The device of a run; ConfigError where this machine or this torch has none."""
    if run.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("There is no CUDA device here.", "Use `device` cpu, or install torch with CUDA.")
    return torch.device(run.device)
