"""How long one answer takes, with reasons: ten titles out of 17,562 for somebody with 200 ratings, by ease and mf together.

    python bench/answering.py

p50 and p99 over 200 people, one at a time, on one thread; also without reasons, with every dial turned, and of `similar`.
Trained by another process on 3 M simulated ratings; nothing is kept between two answers but what loading a bundle keeps.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from konomi.ranking.dials import Dials
from konomi.recommend.recommender import Recommender
from lists import simulated_lists, with_some
from measure import KONOMI, child, milliseconds, save

ITEMS, USERS, RATINGS, GIVEN, PEOPLE = 17_562, 20_000, 3_000_000, 200, 200

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a tenth of the ratings and items: only to see that it runs")
parser.add_argument("--bundle", type=Path, help="keep the bundle here, or take it from here")
said = parser.parse_args()
shrink = 10 if said.quick else 1


dataset = simulated_lists(ITEMS // shrink, USERS // shrink, RATINGS // shrink)
with tempfile.TemporaryDirectory() as folder:
    data, path = Path(folder) / "data", said.bundle or Path(folder) / "bundle"
    dataset.save(data)
    if not path.exists():
        child([*KONOMI, "train", data, "-m", "ease,mf", "--set", "ease.least=1", "-o", path, "--json"])
    start = time.perf_counter()
    recommender = Recommender.load(path)
    loaded = time.perf_counter() - start

draw = np.random.default_rng(0)
people = draw.choice(np.flatnonzero(dataset.profiles.counts >= GIVEN), PEOPLE)
asked = with_some(dataset, people, GIVEN, draw)
everything = Dials(love=0.4, niche=0.2, diverse=0.3, calibrate=0.3)
titles = dataset.items["item_id"].to_numpy()[np.argsort(-dataset.items["ratings"].to_numpy())[:PEOPLE]].tolist()
found = {
    "items": len(recommender.bundle.items),
    "load": f"{loaded:.2f} s",
    f"answer, {GIVEN} ratings, with reasons": milliseconds(recommender.recommend, asked),
    "without reasons": milliseconds(lambda profile: recommender.recommend(profile, why=0), asked),
    "with reasons and every dial": milliseconds(lambda profile: recommender.recommend(profile, dials=everything), asked),
    "similar": milliseconds(recommender.similar, titles),
}
save("answering", found, not said.quick)
