"""Plain Python threads over kernels that release the GIL."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from konomi.kernels.ids import extremes

Each = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""each(call, tasks) → the results in the order of the tasks."""


@cache
def _blas() -> Any:
    """The BLAS libraries of this process; looking for them takes milliseconds, so it is done once.

    Numba's products and solvers use SciPy's library, which has to be there before it can be found.
    """
    import scipy.linalg.cython_blas  # noqa: F401

    return ThreadpoolController()


def warm_up() -> threading.Thread:
    """Load what Numba needs before its first kernel (a third of a second) on a thread, while something else is waited for."""
    thread = threading.Thread(target=extremes, args=(np.zeros(1, np.int32),), daemon=True)
    thread.start()
    return thread


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
