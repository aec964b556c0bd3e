"""How long nn takes to answer one person: encode 50 ratings, score 17,562 items; p50 and p99 over 200 people, one at a time.

    python bench/serving.py

Trained by another process on 3 M simulated ratings; this one loads the bundle and never imports torch, which it checks.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from konomi.bundle.format import load_bundle
from lists import simulated_lists, with_some
from measure import KONOMI, child, milliseconds, save

ITEMS, USERS, RATINGS, KNOWN, PEOPLE = 17_562, 20_000, 3_000_000, 50, 200

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a tenth of the ratings and one epoch: only to see that it runs")
quick = parser.parse_args().quick


shrink = 10 if quick else 1
dataset = simulated_lists(ITEMS, USERS // shrink, RATINGS // shrink)
with tempfile.TemporaryDirectory() as folder:
    data, path = Path(folder) / "data", Path(folder) / "bundle"
    dataset.save(data)
    knobs = ["--set", "epochs=1"] if quick else []
    child([*KONOMI, "train", data, "-m", "nn", *knobs, "-o", path, "--no-refit", "--json"])
    model = load_bundle(path).models["nn"]

draw = np.random.default_rng(0)
people = draw.choice(np.flatnonzero(dataset.profiles.counts >= KNOWN), PEOPLE, replace=False)
asked = with_some(dataset, people, KNOWN, draw)
encoded = milliseconds(model.encode, asked)
codes = [model.encode(profile) for profile in asked]
scored = milliseconds(lambda code: model.score(code, "rating"), codes)
assert model.score(codes[0], "rating").shape == (1, ITEMS)
assert "torch" not in sys.modules
save("serving", {f"encode {KNOWN} ratings": encoded, f"score {ITEMS:,} items": scored, "torch imported": False}, not quick)
