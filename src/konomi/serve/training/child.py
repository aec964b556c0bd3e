"""The process that trains, at the lowest priority (`__main__.py`).

Its order comes as a line of JSON on the standard input, which stays open: when it is closed, whoever has ordered the training
is gone, and so it ends, too. What it does goes out as lines of JSON, an object each: {"progress": …}, and at the end
{"outcome": …} or {"error": …}. SIGTERM cancels it.
"""

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from threading import Thread
from typing import Any

from konomi.errors import Cancelled, KonomiError
from konomi.machine import available_cores
from konomi.runtime import Run, Stage
from konomi.serve.training.work import Order, train

EVERY = 1.0  # seconds between two words of progress


def main() -> None:
    """Train as it is told."""
    order = Order(**json.loads(sys.stdin.readline()))
    run = Run(threads=max(available_cores() - 1, 1), progress=_Told())
    signal.signal(signal.SIGTERM, lambda number, frame: run.cancel.set())
    Thread(target=_watch, args=(run,), daemon=True).start()
    try:
        _tell(outcome=asdict(train(order, run)))
    except Cancelled:
        _tell(error="It was cancelled.")
    except KonomiError as error:
        _tell(error=f"{error.message} {error.hint}")
    except MemoryError:
        _tell(error="There is not enough memory. Train on a larger machine, or a smaller model.")
    os._exit(0)  # threads that are cancelled need not be waited for


def _watch(run: Run) -> None:
    """Cancel the training when the input ends."""
    sys.stdin.read()
    run.cancel.set()
    time.sleep(EVERY)
    os._exit(1)


class _Told:
    """Tells of the progress, now and then."""

    def __init__(self) -> None:
        self._last, self._what = 0.0, ""

    def __call__(self, stage: Stage) -> None:
        if stage.what == self._what and time.monotonic() - self._last < EVERY:
            return
        self._last, self._what = time.monotonic(), stage.what
        _tell(progress=stage._asdict())


def _tell(**said: Any) -> None:
    try:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever has ordered it is gone
        os._exit(1)
