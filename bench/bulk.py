"""Recommending 100 items to everybody: users/s beside implicit's `recommend` over the same factors, two threads each.

    python bench/bulk.py [--repeats 7]

Factors of `mf`, on the real MyAnimeList ratings (the data beside the checkout; people are those of the training part) and on
simulated ratings of two shapes, for the outputs "rank" and "rating"; then Gaussian vectors, where no bound spares any work.
implicit gets the constants as one more coordinate. In turn, in one run: ours, and implicit in calls of 1,000 people and of all
of them, the better median counting. The items have to be the same, but where scores are equal to six digits.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caserec_split import RATINGS, caserec
from first_shape import first_shape
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, TrainSet, make_split
from konomi.kernels.best_dots import best_dots
from konomi.kernels.topk import topk
from konomi.models import mf
from konomi.runtime import Run
from konomi.simulate.ratings import simulate
from konomi.simulate.titles import simulated_catalogue
from measure import flop_rate, peers_python, save

K, THREADS, PEOPLE, CALLS, EPOCHS = 100, 2, 20_000, (1_000, 20_000), 6

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--repeats", type=int, default=7)
repeats = parser.parse_args().repeats


@dataclass(frozen=True)
class Factors:
    """Scores p·v + c of everybody, and what they have seen."""

    p: np.ndarray
    v: np.ndarray
    c: np.ndarray
    seen: Profiles


def factors(train: TrainSet) -> dict[str, Factors]:
    model = mf.fit(train, mf.Config(epochs=EPOCHS), Run())
    seen = train.seen.slice(0, min(len(train.seen), PEOPLE))
    codes = model.encode(seen, THREADS)
    parts = {output: model.dots(codes, output)[:3] for output in ("rank", "rating")}
    draw = np.random.default_rng(0)
    parts["Gaussian"] = (
        *(draw.standard_normal(x.shape, np.float32) for x in parts["rank"][:2]),
        np.zeros_like(parts["rank"][2]),
    )
    return {name: Factors(np.ascontiguousarray(p), np.ascontiguousarray(v), c, seen) for name, (p, v, c) in parts.items()}


def ours(given: Factors) -> tuple[np.ndarray, np.ndarray]:
    everything = np.ones(len(given.v), bool)
    return best_dots(given.p, given.v, given.c, K, given.seen.indptr, given.seen.item, everything, THREADS)


def contest(given: Factors) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        users, items = np.pad(given.p, ((0, 0), (0, 1)), constant_values=1), np.column_stack([given.v, given.c])
        for key, array in {"users": users, "items": items, "indptr": given.seen.indptr, "item": given.seen.item}.items():
            np.save(folder / f"{key}.npy", array)
        peer = subprocess.Popen(
            [peers_python(), Path(__file__).parent / "peers" / "implicit_recommend.py", folder, str(K)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        assert peer.stdin is not None and peer.stdout is not None
        mine, theirs = list[float](), {size: list[float]() for size in CALLS}
        found, scores = ours(given)
        for _ in range(repeats):
            start = time.perf_counter()
            ours(given)
            mine.append(time.perf_counter() - start)
            for size, seconds in theirs.items():
                print(size, file=peer.stdin, flush=True)
                seconds.append(float(peer.stdout.readline()))
        peer.stdin.close()
        peer.wait()
        best = min(statistics.median(seconds) for seconds in theirs.values())
        other = np.load(folder / "found.npy")
    people = len(given.p)
    rounds = [min(pair) / ours_ for ours_, *pair in zip(mine, *theirs.values(), strict=True)]
    return {
        "users": people,
        "items": len(given.v),
        "dimensions": given.p.shape[1],
        "konomi users/s": round(people / statistics.median(mine)),
        "implicit users/s": round(people / best),
        "ratio of medians": round(best / statistics.median(mine), 2),
        "ratio, range of rounds": f"{min(rounds):.2f}–{max(rounds):.2f}",
        "same items": agreement(found, scores, other, given),
        "all products alone would be GFLOP/s": round(2 * people * given.v.size / statistics.median(mine) / 1e9),
    }


def agreement(found: np.ndarray, scores: np.ndarray, other: np.ndarray, given: Factors) -> str:
    """The share of equal places; stops the benchmark where different items are not of equal score."""
    different = np.flatnonzero((found != other).any(axis=1))
    for b in different:
        theirs = given.v[other[b]].astype(float) @ given.p[b].astype(float) + given.c[other[b]]
        assert np.allclose(theirs, scores[b], rtol=1e-6, atol=2e-6 * np.abs(scores[b]).max()), (b, theirs - scores[b])
    return f"{(found == other).mean():.6f} of places, others are of equal score"


def rows_only(given: Factors) -> float:
    """Microseconds a row that choosing from scores that are there takes, on one thread."""
    part = given.seen.slice(0, 2_000)
    scores, everything = given.p[: len(part)] @ given.v.T + given.c, np.ones(len(given.v), bool)
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        topk(scores, K, part.indptr, part.item, everything)
        taken.append(time.perf_counter() - start)
    return round(min(taken) / len(part) * 1e6, 1)


real, split = caserec(RATINGS)
shape, whole, _ = first_shape(Run())
large = prepare(simulate(simulated_catalogue(17_562, 0), 20_000, 3_000_000, 0, Run()).table())
trained = {
    "real, 2016": split.train_set(real),
    "simulated, the first notebook's shape": whole.train_set(shape),
    "simulated, 17,562 titles": make_split(large, SplitConfig(valid=0, test=1_000)).train_set(large),
}
result: dict[str, Any] = {}
for name, train in trained.items():
    for output, given in factors(train).items():
        result[f"{name}, {output}"] = {**contest(given), "top-k alone, µs a row on one thread": rows_only(given)}
save("bulk", {"k": K, "threads": THREADS, "matrix product GFLOP/s": round(flop_rate()), **result})
