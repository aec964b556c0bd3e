"""Search as one types: how long an answer takes, what is found, and what the index takes to build and to keep.

    python bench/search.py

Over a catalogue of 17,562 titles, the data beside the checkout, with the ratings counted of MyAnimeList in 2020 (its column
Members). Answers are timed in this process, one by one, ten titles each: every beginning of 500 names, drawn from all names of
all titles (Latin, kana and kanji), and 500 names with one letter changed, added, missing or swapped with the next at random.

Found: the share of titles whose name finds them first, or among the first three where several titles have that name; and of
names of `LEAST` letters and more with one typing error, the share that is among the first ten.
"""

import csv
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from caserec_split import CATALOGUE
from konomi.lists.titles import plain
from konomi.reading.catalogues import read_catalogue
from konomi.recommend.search import Search
from measure import milliseconds, save

DRAWN, LEAST = 500, 4


def catalogue(path: Path) -> pl.DataFrame:
    """The whole catalogue, with `ratings`."""
    items = read_catalogue(path)
    with path.open(encoding="utf-8") as lines:
        members = {row["MAL_ID"]: int(row["Members"]) for row in csv.DictReader(lines)}
    ratings = [members[str(one)] for one in items["item_id"].to_list()]
    return items.with_columns(pl.Series("ratings", ratings, pl.Int64))


def mistyped(name: str, draw: np.random.Generator) -> str:
    """A name with one typing error; letters that are put in are of the name itself, so that they are of its script."""
    at, letters = int(draw.integers(len(name))), [letter for letter in name if letter.isalnum()]
    other = str(draw.choice(letters))
    ways = (
        name[:at] + other + name[at + 1 :],
        name[:at] + other + name[at:],
        name[:at] + name[at + 1 :],
        name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :],
    )
    return ways[int(draw.integers(4))]


def measured(items: pl.DataFrame) -> dict[str, Any]:
    """All figures."""
    Search.of(items.head(10))("cowbiy bebop")  # compiles
    start = time.process_time()
    search = Search.of(items)
    search("cowbiy bebop")
    built = time.process_time() - start
    draw = np.random.default_rng(0)
    names = [search.lines.names[n] for n in draw.choice(len(search.lines.names), DRAWN, replace=False)]
    beginnings = [name[:end] for name in names for end in range(1, len(name) + 1)]
    wrong = [mistyped(name, draw) for name in names]
    own = [[name for name in (title, *(others or ())) if name] for title, others in items.select("title", "titles").rows()]
    called = Counter(key for names in own for key in {plain(name) for name in names})
    several = [3 if names and called[plain(names[0])] > 1 else 1 for names in own]
    asked = [int(row) for row in draw.choice(len(own), 4000, replace=False)]
    first = [any(hit.row == row for hit in search(own[row][0], several[row], True)) for row in asked if own[row]]
    long = [row for row, names in enumerate(own) if names and len(plain(names[0])) >= LEAST]
    drawn = [int(row) for row in draw.choice(long, 2000, replace=False)]
    found = [any(hit.row == row for hit in search(mistyped(own[row][0], draw), 10, True)) for row in drawn]
    arrays = [array for array in vars(search.lines).values() if isinstance(array, np.ndarray)]
    return {
        "items, names": [len(items), len(search.lines.names)],
        "built and first answered, seconds of processor time": round(built, 2),
        "MB of letters and words": round(sum(array.nbytes for array in arrays) / 1e6, 1),
        "every beginning": milliseconds(search, beginnings),
        "every beginning, processor time": milliseconds(search, beginnings, time.thread_time),
        "names with a typing error": milliseconds(search, wrong),
        "names with a typing error, processor time": milliseconds(search, wrong, time.thread_time),
        "found first by their name": f"{np.mean(first):.2%} of {len(first)}",
        "found among ten with a typing error": f"{np.mean(found):.2%} of {len(found)}",
    }


if __name__ == "__main__":
    save("search", measured(catalogue(CATALOGUE)))
