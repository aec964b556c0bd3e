"""What every benchmark needs: the machine, a child's time and peak memory, the machine's own limits, the peers' environment."""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent
OUT = BENCH / "out"
KONOMI = [Path(sys.executable).with_name("konomi")]


def machine() -> str:
    """Processor, cores, memory, Python."""
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{names[0]}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def child(command: list[Any], **environment: str) -> tuple[float, float, str]:
    """Run a command: seconds, peak resident GB, what it printed. Stops the benchmark where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}, cwd=BENCH.parent
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9, text


def peers_python(which: str = "") -> Path:
    """The interpreter of the peers' own virtual environment, .venv or .venv-WHICH, made where it is missing."""
    dash = f"-{which}" if which else ""
    home = BENCH / f".venv{dash}"
    python = home / "bin" / "python"
    if not python.exists():
        print(f"installing the peers into bench/{home.name} …", file=sys.stderr)
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", BENCH / f"requirements{dash}.txt"], check=True)
    return python


def milliseconds(answer: Callable[[Any], object], questions: list[Any], clock: Callable[[], float] = time.perf_counter) -> str:
    """The median and the 99th percentile of answering each; by `time.thread_time` what other programs take does not count."""
    answer(questions[0])
    taken = []
    for question in questions:
        start = clock()
        answer(question)
        taken.append(1000 * (clock() - start))
    return f"p50 {np.percentile(taken, 50):.2f} ms, p99 {np.percentile(taken, 99):.2f} ms of {len(taken)}"


def median_and_range(seconds: list[float]) -> str:
    """`1.23 s (1.23–1.40 of 3)`: the median and the range."""
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f} of {len(seconds)})"


def mean_and_deviation(values: list[float]) -> str:
    """`1.1423 ± 0.0010 of 5`: the mean and the standard deviation; one value alone as it is."""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f} of {len(values)}"


def flop_rate() -> float:
    """The GFLOP/s that a large float32 matrix product reaches here, all cores."""
    a = np.random.default_rng(0).random((4096, 4096), np.float32)
    a @ a
    start = time.perf_counter()
    for _ in range(3):
        a @ a
    return 3 * 2 * 4096**3 / (time.perf_counter() - start) / 1e9


def bandwidth() -> float:
    """GB/s read and written by copying an array that no cache holds."""
    a = np.ones(1 << 28, np.float32)
    b = a.copy()
    start = time.perf_counter()
    for _ in range(4):
        np.copyto(b, a)
    return 4 * 2 * a.nbytes / (time.perf_counter() - start) / 1e9


def peak_memory() -> float:
    """This process's peak resident memory in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def save(name: str, found: dict[str, Any], keep: bool = True) -> None:
    """Print the figures as JSON and keep them in bench/out."""
    text = json.dumps({"machine": machine(), **found}, indent=2, ensure_ascii=False)
    if keep:
        OUT.mkdir(exist_ok=True)
        (OUT / f"{name}.json").write_text(text + "\n")
    print(text)
