"""How long a condition over a whole catalogue takes, and how conditions that mean harm end.

    python bench/conditions.py [--drawn 20000]

The catalogue is the 17,562 titles beside the checkout. Each condition is answered many times, one that means harm once: it is
answered or refused, and anything else stops the benchmark.
"""

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import polars as pl

from caserec_split import CATALOGUE
from konomi.errors import RequestError
from konomi.reading.catalogues import read_catalogue
from konomi.recommend.expression.reader import fulfilling
from konomi.recommend.filters import Where, allowed
from measure import save

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from hostile import CONDITIONS, TITLES, WORDS

SEED, REPEATS = 0, 50
PLAIN = [
    "year >= 2000 and type = 'TV'",
    "'Comedy' in genres and 'Romance' not in genres",
    "score > 8.3 and not sensitive",
    "title like '%Gintama%'",
    "title ilike '%no%to%'",
    "year in (1998, 2001, 2011) or score is null",
    "score * 10 - episodes / 2 > 70",
]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--drawn", type=int, default=20_000)
drawn = parser.parse_args().drawn

items = read_catalogue(CATALOGUE).with_columns(pl.lit(100).alias("ratings"))
speed = {}
for condition in PLAIN:
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = allowed(Where(expression=condition), items)
        taken.append(1000 * (time.perf_counter() - start))
    speed[condition] = f"{statistics.median(taken):.1f} ms (at most {max(taken):.1f}), {int(found.sum()):,} titles"

draw = random.Random(SEED)
harm = [*CONDITIONS, *(f"title = '{title.replace(chr(39), chr(39) * 2)}'" for title in TITLES)]
harm += [draw.choice(["", " "]).join(draw.choices(WORDS, k=draw.randint(1, 60))) for _ in range(drawn)]
ends, slowest = {"answered": 0, "refused": 0}, (0.0, "")
for condition in harm:
    start = time.perf_counter()
    try:
        fulfilling(condition, items)
        ends["answered"] += 1
    except RequestError:
        ends["refused"] += 1
    slowest = max(slowest, (1000 * (time.perf_counter() - start), condition[:60]))
save("conditions", {"titles": len(items), **speed, "that mean harm": {**ends, "slowest": f"{slowest[0]:.0f} ms: {slowest[1]}"}})
