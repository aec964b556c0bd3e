"""Where a training spends its time: the share of each function's own seconds, on one thread, under Python's profiler.

    python bench/where.py nn | two_tower

Five epochs on the founding split; a kernel's matrix products count as the function that calls them.
"""

import argparse
import cProfile
import pstats
from pathlib import Path

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.models import module
from konomi.runtime import Run
from measure import save

MOST = 12  # functions that are named

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model", choices=("nn", "hybrid", "two_tower"))
name = parser.parse_args().model

dataset, split = caserec(RATINGS, CATALOGUE)
train, fit, config = split.train_set(dataset), module(name).fit, module(name).Config(epochs=5, patience=0)
fit(train, config, Run(threads=1))  # compiles
profile = cProfile.Profile()
profile.runcall(fit, train, config, Run(threads=1))
seconds: dict[str, float] = {}
for (file, _, function), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
    home = "/".join(Path(file).parts[-2:]) if "konomi" in file else "Python, NumPy, torch"
    place = f"{home}: {function}" if "konomi" in file else home
    seconds[place] = seconds.get(place, 0) + own
whole = sum(seconds.values())
largest = sorted(seconds, key=lambda place: -seconds[place])[:MOST]
save(f"where_{name}", {"s": round(whole, 2), "share": {place: round(seconds[place] / whole, 3) for place in largest}})
