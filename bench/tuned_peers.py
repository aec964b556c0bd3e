"""Peers' rankers, each tuned by a figure of its lists: the process that they run in, and the search."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arrays import I32
from measure import BENCH, peers_python
from peers.ranges import Range

NEAR = 0.15  # standard deviation of a setting around the best so far, in parts of its range
LONGEST = 3600.0  # seconds of a training that is not one of a search


class Served:
    """A package's families in a process of their own (peers/rank.py). One that takes too long ends itself; another is begun."""

    def __init__(self, package: str, environment: str, folder: Path, threads: int) -> None:
        variables = {"OMP_NUM_THREADS": str(threads), "IRSPACK_NUM_THREADS_DEFAULT": str(threads)}
        self._command = [peers_python(environment), BENCH / "peers" / "rank.py", package, folder]
        self._environment, self._folder = {**os.environ, **variables}, folder
        self._begin()

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={name: value for name, value in self._environment.items() if name != "PYTHONPATH"},
        )  # fmt: skip
        said = json.loads(self._process.stdout.readline())
        self.version: str = said["version"]
        self.dense = {name: family["dense"] for name, family in said["families"].items()}
        self.ranges = {
            name: {setting: Range(**values) for setting, values in family["ranges"].items()}
            for name, family in said["families"].items()
        }

    def lists(self, seconds: float = LONGEST, **trial: Any) -> tuple[I32 | str, float]:
        """The lists of a training, i32[P, K], or why there are none, and the seconds of CPU."""
        self._process.stdin.write(json.dumps({**trial, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        if not said:
            why = signal.strsignal(-self._process.wait())
            self._begin()
            return f"{why} within {seconds:.0f} s", seconds
        answer = json.loads(said)
        return answer.get("error") or np.load(self._folder / "lists.npy"), answer["seconds"]

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def searched(
    ranges: dict[str, Range],
    figure: Callable[[dict[str, Any], float], tuple[float | None, float]],
    trials: int,
    seconds: float,
) -> tuple[dict[str, Any] | None, float, int]:
    """The settings with the highest figure, the figure, and how many were tried, those without one included.

    figure(settings, seconds left): the figure, None where there is none, and the seconds that it took.
    """
    draw, left = np.random.default_rng(0), seconds
    places = {name: each.place(each.usual) for name, each in ranges.items()}
    best, known = None, set[str]()
    for trial in range(trials):
        if trial:
            near = best is not None and trial > trials // 2
            drawn = draw.normal(0, NEAR, len(ranges)) if near else draw.random(len(ranges))
            places = {
                name: float(np.clip(best[1][name] + value, 0, 1)) if near else float(value)
                for name, value in zip(ranges, drawn, strict=True)
            }
        settings = {name: ranges[name].at(place) for name, place in places.items()}
        if (key := json.dumps(settings)) in known:
            continue
        if left < 1:
            break
        known.add(key)
        found, taken = figure(settings, left)
        left -= taken
        if found is not None and (best is None or found > best[0]):
            best = found, places, settings
    return (None, 0.0, len(known)) if best is None else (best[2], best[0], len(known))
