"""Damage what Konomi writes, in many ways, and open it: every damaged one must be refused with an error of Konomi's.

python bench/damage.py dataset [--rounds 2000] [--seed 0]
python bench/damage.py checkpoint [--rounds 2000] [--seed 0]
python bench/damage.py bundle [--rounds 2000] [--seed 0]
python bench/damage.py readers --rounds 150

A round ends in one of these: refused (an error of the family, as it should be), harmless (opened, and all that is read is as it
was), silent (opened, and something differs), traceback (any other exception). One whose hashes were made to fit the damage, or
that has none (datasets of format 1), may open, if it then works. `readers` opens a dataset beside two processes that save it so
often in all: harmless is whole, and nothing else may be. Exit code 1 where anything ends as it should not.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from damaged_bundles import bundle_rounds
from damaged_datasets import dataset_rounds, datasets
from konomi.data.dataset import Dataset
from konomi.neural import checkpoint
from spoil import cuts, outcome, words


def checkpoint_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    """(how it was damaged, how that ended) of each round."""
    rng = np.random.default_rng(0)
    state = {
        f"state {name} {k}": rng.standard_normal((30, 4)).astype(np.float32) for name in ("users", "items") for k in (0, 1)
    }
    arrays = {**state, "best users": state["state users 0"] + 1, "history": np.ones((3, 2))}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "kept"
        checkpoint.write(path, arrays, "fingerprint")
        content = path.read_bytes()
        for _ in range(rounds):
            if draw.random() < 0.3:
                size = int.from_bytes(content[:8], "little")
                said, header = words(content[8 : 8 + size], draw)
                damaged = len(header).to_bytes(8, "little") + header + content[8 + size :]
            elif draw.random() < 0.1:
                said, (one, other) = "arrays swapped", draw.sample(sorted(arrays), 2)
                named = load(content)
                named[one], named[other] = named[other], named[one]
                damaged = save(named)
            else:
                said, files = cuts({"kept": content}, draw)
                damaged = files["kept"]
            if damaged != content:
                path.write_bytes(damaged)
                yield said, outcome(lambda: checkpoint.read(path, "fingerprint"), lambda found: _equal(found, arrays))


def _equal(found: Any, arrays: checkpoint.Arrays) -> bool:
    return found is not None and found.keys() == arrays.keys() and all(np.array_equal(found[n], a) for n, a in arrays.items())


def reader_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    """("open", how that ended) of each time that a dataset was opened while two processes saved it `rounds` times."""
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        save_often(data, 1)
        savers = [get_context("spawn").Process(target=save_often, args=(data, rounds // 2)) for _ in range(2)]
        for saver in savers:
            saver.start()
        while any(saver.is_alive() for saver in savers):
            end = outcome(lambda: Dataset.open(data), lambda found: len(found.indptr) == len(found.users) + 1)
            yield "open", end.replace("refused", "silent")
        yield "saving", "harmless" if not any(saver.exitcode for saver in savers) else "silent"


def save_often(data: Path, times: int) -> None:
    """Save two datasets in turn."""
    some = list(datasets())
    for n in range(times):
        some[n % 2].save(data)


KINDS = {"dataset": dataset_rounds, "checkpoint": checkpoint_rounds, "bundle": bundle_rounds, "readers": reader_rounds}


def attack(kind: str, rounds: int, seed: int) -> tuple[Counter[str], list[tuple[str, str]]]:
    """How often each end was met, and the rounds that ended badly."""
    ends, bad = Counter[str](), []
    for said, end in KINDS[kind](rounds, random.Random(seed)):
        short = end.partition(":")[0]
        ends[short] += 1
        if short in ("silent", "traceback"):
            bad.append((said, end))
    return ends, bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    said = parser.parse_args()
    ends, bad = attack(said.kind, said.rounds, said.seed)
    for how, end in bad:
        print(f"{end}  ({how})", file=sys.stderr)
    print(json.dumps({"what": said.kind, "rounds": said.rounds, "seed": said.seed, **ends}))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
