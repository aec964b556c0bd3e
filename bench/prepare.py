"""Prepare 24.3 M ratings (1.6 GB, users-score-2023 form), beside polars reading three columns and pandas the notebook's way.

python bench/prepare.py [--runs 5] [--no-pandas]
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from measure import KONOMI, child, median_and_range, peers_python, save

ROWS, USERS, ITEMS = 24_325_191, 270_000, 17_500
RULES = ["--min-item-ratings", 1000, "--min-user-ratings", 200]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--no-pandas", action="store_true")
arguments = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    files = Path(folder) / "mal-2023"
    child(
        [*KONOMI, "synth", "--users", USERS, "--items", ITEMS, "--ratings", ROWS, "--format", "mal-2023", "-o", files, "--json"]
    )
    ratings = files / "users-score-2023.csv"
    (files / "anime-dataset-2023.csv").unlink()  # the peers read no catalogue
    peer = [peers_python(), "bench/peers/prepare_peers.py"]
    ours, theirs = [], []
    command = [*KONOMI, "prepare", "mal-2023", ratings, *RULES, "-o", Path(folder) / "data", "--json"]
    child(command)  # warm: the kernels are compiled once and cached
    for _ in range(arguments.runs):  # in turn, so that both meet the same weather
        theirs.append(child([*peer, "polars", ratings]))
        ours.append(child(command))
    pandas = None if arguments.no_pandas else child([*peer, "pandas", ratings])
    kept = json.loads(ours[0][2])

ours_s, theirs_s = ([run[0] for run in runs] for runs in (ours, theirs))
save(
    "prepare",
    {
        "rows": ROWS,
        "bytes": kept["input"][0]["bytes"],
        "kept": {key: kept[key] for key in ("users", "items", "entries") if key in kept},
        "polars reads three columns": median_and_range(theirs_s),
        "konomi prepares": median_and_range(ours_s),
        "ratio": round(statistics.median(ours_s) / statistics.median(theirs_s), 2),
        "konomi peak GB": round(max(run[1] for run in ours), 2),
        "pandas prepares": None if pandas is None else f"{pandas[0]:.1f} s, peak {pandas[1]:.1f} GB",
        "pandas / konomi": None if pandas is None else round(pandas[0] / statistics.median(ours_s), 1),
    },
)
