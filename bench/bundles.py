"""What a large bundle costs: `ease` over 17,562 items, a matrix of 1.23 GB.

    python bench/bundles.py [--items 17562] [--opens 5]

Saving and opening, each in a process of its own that has imported what it needs: seconds of the first time and of the best,
what all cores worked together, and by how much the memory of the process (not the mapped file) grew at most. Then two processes
at once that have checked the bundle and answered: what is resident in each, and the sum of their shares (PSS of
/proc/PID/smaps_rollup, in which a page that two have in common counts half for each). Linux only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from konomi.bundle.contents import COLUMNS, typed
from konomi.bundle.facts import Facts
from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.models.ease import Ease
from measure import save

KEPT: list[Bundle] = []
"""What stays mapped until this process ends."""


def large(n: int) -> Bundle:
    """A bundle of `ease` with random weights."""
    one, scale = np.ones(n + 1, np.float32), Scale(1, 10, 1)
    weight = np.random.default_rng(0).standard_normal((n, n), np.float32)
    labelling, history = np.array([1, 10, 1, 0], np.float32), np.empty((0, 2), np.float32)
    model = Ease(weight, np.arange(n + 1, dtype=np.int32), one / 2, one / 2, np.zeros(1, np.float32), labelling, history)
    rows = np.arange(n)
    known = {"item_id": rows, "title": [f"Title {row}" for row in rows], "sensitive": False, "ratings": 9, "bayes": 5.0}
    known |= {"franchise": rows, "part": 0}
    items = typed(pl.DataFrame({name: known.get(name) for name in COLUMNS}))
    return Bundle({"ease": model}, {"ease": {}}, items, scale, Facts())


def own_memory() -> float:
    """The MB that belong to this process and are no file."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon"))


def timed(call: Callable[[], Any], times: int) -> dict[str, Any]:
    """Seconds of the first call and of the best, and how much memory grew at most in the first."""
    before, peak, over, seconds, worked = own_memory(), 0.0, threading.Event(), list[float](), list[float]()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.002):
            peak = max(peak, own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for n in range(times):
        start, work = time.perf_counter(), time.process_time()
        call()
        seconds.append(time.perf_counter() - start)
        worked.append(time.process_time() - work)
        if not n:
            over.set()
            watcher.join()
    took = {"first": f"{seconds[0]:.3f} s", "best": f"{min(seconds):.3f} s", "processor time": f"{min(worked):.3f} s"}
    return {**took, "memory": f"+{max(peak - before, 0):.0f} MB"}


def child(what: str, path: Path, n: int, times: int) -> dict[str, Any]:
    """One part of the measurement, in this process."""
    if what == "save":
        bundle = large(n)
        return timed(lambda: save_bundle(path, bundle), times)
    if what == "share":
        KEPT.append(load_bundle(path))
        model = KEPT[0].models["ease"]
        model.score(model.encode(Profiles.of([dict.fromkeys(range(0, n, 10), 9.0)])), "rank")
        print("ready", flush=True)
        sys.stdin.readline()
        lines = [line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]]
        return {line[0]: int(line[1]) / 1000 for line in lines if line[0] in ("Rss:", "Pss:", "Pss_File:", "Pss_Anon:")}
    return timed(lambda: load_bundle(path, check=what == "open"), times)


def start(what: str, path: Path, n: int, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--child", what, "--path", path, "--items", n, "--opens", times]
    return subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a child found; it ends when it is told to go on."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=17_562)
    parser.add_argument("--opens", type=int, default=5)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.child:
        print(json.dumps(child(said.child, said.path, said.items, said.opens)), flush=True)
        sys.stdin.read()  # so that it lives until every child has looked at its memory
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        path, found = Path(folder) / "model", {"items": said.items}
        for what, name in (("save", "save"), ("open", "open with its check"), ("mapped", "open mapped, without")):
            with start(what, path, said.items, said.opens) as process:
                found[name] = told(process)
        found["file"] = f"{path.stat().st_size / 1e6:.0f} MB"
        with start("share", path, said.items, 1) as one, start("share", path, said.items, 1) as other:
            for process in (one, other):
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
            shares = [told(process) for process in (one, other)]
        found["two processes"] = {
            "resident, each": [f"{share['Rss:']:.0f} MB" for share in shares],
            "shares of files, together": f"{sum(share['Pss_File:'] for share in shares):.0f} MB",
            "shares of the rest, together": f"{sum(share['Pss_Anon:'] for share in shares):.0f} MB",
        }
    save("bundles", found, said.items == 17_562)
