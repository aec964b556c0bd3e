"""The checkpoint of `bayes`: where its chain is and what it has kept, to go on from there to the same bytes."""

import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.files import hash_array, hash_bytes
from konomi.models.bayes_running import Running
from konomi.models.bayes_settings import Config
from konomi.models.bayes_side import Side, Unsure
from konomi.models.bayes_state import Problem, State
from konomi.models.kept import Kept, Sample
from konomi.neural import checkpoint

EVERY = 5.0  # seconds between two writings, at least: all kept samples are written
SIDE = ("rows", "effects", "centre", "precision", "spread", "tau", "omega", "told")

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class Chain:
    """All that changes from sweep to sweep."""

    state: State
    running: Running
    kept: Kept
    history: list[tuple[float, float]] = field(default_factory=list)

    def arrays(self) -> Arrays:
        """Everything as arrays."""
        found: Arrays = {"history": np.array(self.history), "running": self.running.total, "alpha": self.state.alpha}
        numbers = [self.state.noise, self.running.n, self.kept.step, self.kept.offered]
        found["numbers"] = np.array(numbers, np.float64)
        for name, side in self._sides():
            found |= {f"{name} {part}": np.ascontiguousarray(getattr(side, part)) for part in SIDE}
            if side.unsure:
                found |= {f"{name} unsure {part}": array for part, array in side.unsure._asdict().items()}
            if side.blurred is not None:
                found[f"{name} blurred"] = np.ascontiguousarray(side.blurred)
        for part in Sample._fields if self.kept.samples else ():
            found[f"kept {part}"] = np.ascontiguousarray([getattr(sample, part) for sample in self.kept.samples])
        return found

    def restore(self, found: Arrays) -> None:
        """Be what `arrays` said."""
        self.history = [(float(error), float(valid)) for error, valid in found["history"]]
        self.running.total, self.state.alpha = found["running"], found["alpha"]
        noise, n, step, offered = found["numbers"].tolist()
        self.state.noise, self.running.n, self.kept.step, self.kept.offered = noise, int(n), int(step), int(offered)
        for name, side in self._sides():
            for part in SIDE:
                setattr(side, part, found[f"{name} {part}"])
            if f"{name} unsure covariance" in found:
                side.unsure = Unsure(*(found[f"{name} unsure {part}"] for part in Unsure._fields))
            side.blurred = found.get(f"{name} blurred")
        if "kept item" in found:
            columns = [found[f"kept {part}"] for part in Sample._fields]
            self.kept.samples = [Sample(*parts) for parts in zip(*columns, strict=True)]

    def _sides(self) -> tuple[tuple[str, Side], ...]:
        return ("users", self.state.users), ("items", self.state.items)


@dataclass
class Checkpoint:
    """A file that keeps a chain; without a path nothing is kept."""

    path: Path | None
    fingerprint: str
    written: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, path: Path | None, problem: Problem, state: State, config: Config, seed: int) -> "Checkpoint":
        """For this training, from the state before its first sweep, which may be that of an earlier model."""
        if path is None:
            return cls(None, "")
        train = problem.train
        profiles = (train.seen, train.valid, train.shown)
        arrays = [array for some in profiles for array in some.arrays()]
        arrays += [part for matrix in problem.contents for part in (matrix.indptr, matrix.indices, matrix.data)]
        arrays += [state.users.rows, state.users.effects, state.items.rows]
        head = f"{version('konomi')} bayes {config} {train.scale} {seed} {train.features}"
        return cls(path, hash_bytes(head.encode(), *(hash_array(array).encode() for array in arrays)))

    def resume(self, chain: Chain) -> None:
        """Take a chain to where the file has it, if there is one. FitError as in `checkpoint.read`."""
        if self.path is not None and (found := checkpoint.read(self.path, self.fingerprint)):
            chain.restore(found)

    def keep(self, chain: Chain) -> None:
        """Write the chain, unless that was done only just."""
        if self.path is not None and time.monotonic() - self.written >= EVERY:
            checkpoint.write(self.path, chain.arrays(), self.fingerprint)
            self.written = time.monotonic()
