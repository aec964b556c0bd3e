"""How many answers with reasons the service gives, beside the same calls in process, and how late they are.

    python bench/service.py [--bundle FILE] [--rounds 3] [--seconds 10]

POST /v1/recommend with 50 ratings for ten titles, of 17,573 items by slim and bayes, which are trained on the ratings of
MyAnimeList in 2016 where no bundle is given. Each round: one thread and two threads call the Recommender; eight connections ask
the service without a pause, which is the most it can do; then an open loop (`bench/driver.py`) asks at 60 % of that: latencies
count from when a request was due. Shares are of one thread or two, whichever gives more answers. The driver is a process of its
own on the same machine and takes processor time from the service; so the processor time of an answer stands beside it, which
other work does less to. Also: from the start of `konomi serve` to its first ready answer.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np

from konomi.recommend.recommender import Recommender
from measure import BENCH, KONOMI, save

GIVEN, PEOPLE, SHARE = 50, 400, 0.6
TICKS = os.sysconf("SC_CLK_TCK")


Ratings = dict[int | str, float]


def people(recommender: Recommender) -> list[Ratings]:
    """Ratings of titles drawn by how many have rated them."""
    draw, ids = np.random.default_rng(0), recommender.catalogue.ids
    count = recommender.bundle.items["ratings"].to_numpy()
    drawn = (draw.choice(len(ids), GIVEN, replace=False, p=count / count.sum()) for _ in range(PEOPLE))
    return [{ids[row]: int(draw.integers(4, 11)) for row in rows} for rows in drawn]


def in_process(recommender: Recommender, asked: list[Ratings], seconds: float, threads: int) -> tuple[float, float]:
    """(answers a second, processor ms of an answer) of threads that ask without a pause."""
    start, used = time.perf_counter(), time.process_time()

    def ask(first: int) -> int:
        n = 0
        while time.perf_counter() < start + seconds:
            recommender.recommend(asked[(first + threads * n) % len(asked)])
            n += 1
        return n

    with ThreadPoolExecutor(threads) as pool:
        answers = sum(pool.map(ask, range(threads)))
    return answers / (time.perf_counter() - start), 1000 * (time.process_time() - used) / answers


@contextmanager
def served(bundle: Path, store: str | None = None) -> Iterator[tuple[str, int, float]]:
    """A service, by default with a store of its own: its URL, its process, and the seconds from its start to its first ready
    answer."""
    start = time.perf_counter()
    with open(os.devnull, "w") as nothing, tempfile.TemporaryFile("w+") as log, tempfile.TemporaryDirectory() as folder:
        command = [*map(str, KONOMI), "serve", str(bundle), "--port", "0", "--store", store or f"{folder}/store.db"]
        child = subprocess.Popen(command, stdout=nothing, stderr=log, text=True, cwd=BENCH.parent)
        try:
            while not (words := said(log)):
                time.sleep(0.01)
            url = words.split("answers at ")[1].split(";")[0]
            with urlopen(f"{url}/ready") as answer:
                assert answer.status == 200
            yield url, child.pid, time.perf_counter() - start
        finally:
            child.terminate()
            child.wait()


def said(log: Any) -> str:
    """The first line of a log, once it is there."""
    log.seek(0)
    line: str = log.readline()
    return line if line.endswith("\n") else ""


def drive(url: str, pid: int, requests: Path, **more: float) -> dict[str, Any]:
    """What the driver has measured, and the processor ms of an answer in the service."""
    before = used(pid)
    options = [word for name, value in more.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(BENCH / "driver.py"), url, str(requests), *options]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["statuses"].keys() == {"200"}, found
    return {**found, "processor ms": 1000 * (used(pid) - before) / found["answers"]}


def used(pid: int) -> float:
    """The processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def trained(folder: Path) -> Path:
    """A bundle of the founding ratings with a whole catalogue."""
    from caserec_split import caserec
    from konomi.bundle.format import save_bundle
    from konomi.pipeline.train import train_model
    from rankers import ANIME, CATALOGUE

    dataset, _ = caserec(ANIME, CATALOGUE)
    save_bundle(folder / "bundle", train_model(dataset, {"slim": {"least": 1}, "bayes": None}, path=None))
    return folder / "bundle"


def middle(values: list[float]) -> str:
    """`85.1 (80.2–90.3)`: the median and the range."""
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def main(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = arguments.bundle or trained(Path(folder))
        recommender = Recommender.load(bundle)
        asked = people(recommender)
        requests = Path(folder) / "requests"
        requests.write_text("".join(f"POST /v1/recommend {json.dumps({'profile': one})}\n" for one in asked))
        rounds: list[dict[str, float]] = []
        in_process(recommender, asked, 1, 1)
        for _ in range(arguments.rounds):
            one, one_ms = in_process(recommender, asked, arguments.seconds, 1)
            two, two_ms = in_process(recommender, asked, arguments.seconds, 2)
            with served(bundle) as (url, pid, ready):
                drive(url, pid, requests, seconds=1)
                most = drive(url, pid, requests, seconds=arguments.seconds)
                late = drive(url, pid, requests, seconds=arguments.seconds, rate=SHARE * most["a second"], lines=64)
            rounds.append(
                {
                    "answers/s in process, one thread": one,
                    "answers/s in process, two threads": two,
                    "answers/s of the service": most["a second"],
                    "share of the better, %": 100 * most["a second"] / max(one, two),
                    "processor ms in process, one thread": one_ms,
                    "processor ms in process, two threads": two_ms,
                    "processor ms in the service": most["processor ms"],
                    "processor ms of the driver": most["processor ms of the driver"],
                    "asked/s": late["a second"],
                    "p50 ms": late["p50 ms"],
                    "p99 ms": late["p99 ms"],
                    "worst ms": late["worst ms"],
                    "start to ready, s": ready,
                }
            )
            print(rounds[-1], file=sys.stderr)
        found = {name: middle([each[name] for each in rounds]) for name in rounds[0]}
        save("service", {"items": len(recommender.bundle.items), "rounds": len(rounds), **found}, arguments.rounds > 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    main(parser.parse_args())
