"""Attack Konomi as an unlucky or hostile user would, with a fixed seed: nothing may be lost, half-written or a traceback.

python bench/attack.py all [--rounds 1] [--seed 0]
python bench/attack.py kills paths threads disk … [--rounds 1] [--seed 0]

kills    processes that write are killed at random moments, over an older result and over none
paths    commands write to random places in a tree of foreign files, links, loops and odd names
threads  16 threads ask one recommender 200 times each, beside a training
disk     the disk is full at random moments of writing
dataset, checkpoint, bundle, readers   the damages of damage.py

`--rounds` multiplies what each does. A line of counts per attack; what ends as it should not is told on stderr, exit code 1.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import damage
from attack_disk import disk_rounds
from attack_kills import kill_rounds
from attack_paths import path_rounds
from attack_threads import thread_rounds

Ends = Iterator[tuple[str, str, str]]
"""(what was done, how it ended, what is wrong about that or "") of each round."""

DAMAGES = {"dataset": 500, "checkpoint": 500, "bundle": 500, "readers": 100}  # rounds


def damages(kind: str, rounds: int, draw: random.Random) -> Ends:
    """The rounds of damage.py."""
    for said, end in damage.KINDS[kind](rounds * DAMAGES[kind], draw):
        how = end.partition(":")[0]
        yield said, how, end if how in ("silent", "traceback") else ""


ATTACKS: dict[str, Callable[[int, random.Random], Ends]] = {
    "kills": kill_rounds,
    "paths": path_rounds,
    "threads": thread_rounds,
    "disk": disk_rounds,
    **{kind: partial(damages, kind) for kind in DAMAGES},
}


def attack(kind: str, rounds: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How often each end was met, and what is wrong."""
    ends, faults = Counter[str](), []
    for said, end, wrong in ATTACKS[kind](rounds, random.Random(seed)):
        ends[end] += 1
        if wrong:
            faults.append(f"{kind}: {said}: {wrong}")
            print(faults[-1], file=sys.stderr, flush=True)
    return ends, faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="+", choices=[*ATTACKS, "all"], metavar="KIND")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    said = parser.parse_args()
    found = 0
    for kind in ATTACKS if "all" in said.kinds else said.kinds:
        ends, faults = attack(kind, said.rounds, said.seed)
        found += len(faults)
        print(json.dumps({"attack": kind, "seed": said.seed, **ends, "wrong": len(faults)}), flush=True)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
