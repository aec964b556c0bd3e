"""Where and how work runs: `Run`, plain Python threads over kernels without the GIL, the limit of BLAS threads."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from threadpoolctl import ThreadpoolController

from konomi.errors import ConfigError

Progress = Callable[[str, int, int], None]
"""Called as progress(what, done, total) from the main thread, whenever there is something to tell."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""each(call, tasks) → the results in the order of the tasks."""


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory() -> int:
    """The bytes that can be had without pushing anything else out, as Linux counts them; elsewhere all that the machine has."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 1 << 33


def no_progress(what: str, done: int, total: int) -> None:
    """The progress of a library call: none."""


@dataclass(frozen=True)
class Run:
    """Where and how a model is trained. What it learns depends on the seed, and to the last digits on the device."""

    seed: int = 0  # any integer ≥ 0; same seed, same bytes
    threads: int = field(default_factory=lambda: available_cores())
    progress: Progress = no_progress
    device: Literal["cpu", "cuda"] = "cpu"  # where networks are trained; the other models use the CPU
    checkpoint: Path | None = None  # a file that keeps the training of a network after every epoch, to go on from there
    memory: int = field(default_factory=lambda: available_memory() // 4 * 3)  # bytes; what is forecast to need more is refused

    def __post_init__(self) -> None:
        if self.device not in ("cpu", "cuda"):
            raise ConfigError(f'device cannot be "{self.device}".', "It is one of: cpu, cuda.")
        if self.checkpoint is not None:
            object.__setattr__(self, "checkpoint", Path(self.checkpoint))  # as everywhere, text will do
        if self.seed < 0 or self.threads < 1:
            raise ConfigError(f"seed is {self.seed}, threads is {self.threads}.", "A seed is 0 or more, threads are 1 or more.")
        if self.memory < 1:
            raise ConfigError(f"memory is {self.memory}.", "It is 1 byte or more.")


@cache
def _blas() -> Any:
    """The BLAS libraries of this process; looking for them takes milliseconds, so it is done once.

    Numba's products and solvers use SciPy's library, which has to be there before it can be found.
    """
    import scipy.linalg.cython_blas  # noqa: F401

    return ThreadpoolController()


@contextmanager
def workers(threads: int) -> Iterator[Each]:
    """A function like `map` whose calls run on `threads` threads; BLAS keeps to one thread meanwhile.

    Whatever the number of threads, the tasks are the same, so a caller whose tasks own disjoint outputs gets the same bytes.
    """
    with _blas().limit(limits=1):
        if threads == 1:
            yield lambda call, tasks: [call(task) for task in tasks]
        else:
            with ThreadPoolExecutor(threads - 1) as pool:
                yield lambda call, tasks: _share(call, list(tasks), pool, threads - 1)


def _share(call: Callable[[Any], Any], tasks: list[Any], pool: ThreadPoolExecutor, helpers: int) -> list[Any]:
    """The caller works too: waking a sleeping thread takes longer than many a task."""
    results: list[Any] = [None] * len(tasks)
    numbers = iter(range(len(tasks)))  # shared: whoever is free takes the next

    def work() -> None:
        for n in numbers:
            results[n] = call(tasks[n])

    others = [pool.submit(work) for _ in range(min(helpers, len(tasks) - 1))]
    try:
        work()
    finally:
        wait(others)
    for other in others:
        other.result()
    return results


def blocks(n: int, size: int) -> list[tuple[int, int]]:
    """[0, n) cut into (start, stop) pairs of at most `size`."""
    return [(start, min(start + size, n)) for start in range(0, n, size)]
