"""How well works are grouped: pairwise and B-cubed precision and recall on hand-labelled titles, and what it costs.

    python bench/franchises.py            # --show prints the mistakes of the tuning half

Evidence are names and contents alone, then with it the people who have both titles: of the 2016 ratings, and of all ratings and
lists with MyAnimeList's ids that there are (5,856 people).

`franchises.csv` has titles of the 2020 catalogue by MyAnimeList id, each with the work it belongs to by knowledge of the works:
the works of 80 titles drawn at random (`default_rng(2020).choice(17562, 80, replace=False)`), of the most rated ones and of
known hard cases, each with all its titles, and titles of other works that share words with them. A crossover, and what cannot
be told, has no label and does not count. Works are split in two halves by the CRC-32 of their label; what was tuned was tuned
on the first. A pair of a labelled title and one of the catalogue that has no line there counts as wrong, since every title of
the work has a line. B-cubed: Bagga and Baldwin (1998).
"""

import csv
import sys
import time
import zlib
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import polars as pl

from konomi.catalogue.franchises import franchises
from konomi.data.profiles import Profiles
from konomi.ranking.franchise_rule import FranchiseRule
from konomi.reading.catalogues import read_catalogue
from measure import BENCH, median_and_range, save

DATA = BENCH.parent.parent / "shared" / "data"
FILES = (
    "anime-caserec-2016/rating_mal_ids.csv",
    "anime-userlists-2022/animelist.csv",
    "anime-rating-2020-slice/rating_complete.csv",
)
NOBODY = Profiles.of([])
HALVES = ("tuning", "test")
PLANNED = 6  # MyAnimeList's code of "plan to watch"
PEOPLE, ENTRIES = 1000, 100


def main() -> None:
    items = read_catalogue(DATA / "anime-meta-2020" / "anime.csv")
    with (BENCH / "franchises.csv").open(newline="") as file:
        label = {int(line["mal_id"]): line["franchise"] for line in csv.DictReader(file)}
    labels = [label.get(key) for key in items["item_id"].to_list()]  # None: has no line; "": does not count
    found: dict[str, Any] = {}
    for evidence, seen in {
        "names": NOBODY,
        "2016 ratings": people(items, FILES[:1]),
        "all ratings": people(items, FILES),
    }.items():
        franchise, part = franchises(items, seen)
        found[evidence] = {half: measure(franchise, labels, n) for n, half in enumerate(HALVES)}
    if "--show" in sys.argv:
        show(items, franchise, labels)
    size = np.bincount(franchise)
    found |= {"items": len(items), "works": int((size > 0).sum()), "largest": int(size.max())}
    found["grouping by names"] = timed(lambda: franchises(items, NOBODY))
    found[f"grouping with {len(seen.item):,} entries"] = timed(lambda: franchises(items, seen))
    films = read_catalogue(DATA / "ml-latest-small-2018" / "movies.csv")
    found["grouping of ml-latest-small"] = timed(lambda: franchises(films, NOBODY))
    found |= offering(franchise, part)
    save("franchises", found)


def people(items: pl.DataFrame, files: tuple[str, ...]) -> Profiles:
    """Those of several files, with what they have seen of a catalogue."""
    row = pl.DataFrame({"anime_id": items["item_id"], "row": np.arange(len(items), dtype=np.int32)})
    frames = [pl.read_csv(DATA / file).with_columns(file=n) for n, file in enumerate(files)]
    entries = pl.concat(frames, how="diagonal")
    if "watching_status" in entries.columns:
        entries = entries.filter((pl.col("watching_status") != PLANNED).fill_null(True))
    entries = entries.join(row, on="anime_id").with_columns(user=pl.struct("file", "user_id").rank("dense") - 1)
    user = entries["user"].to_numpy().astype(np.int32)
    return Profiles.from_entries(user.max() + 1, user, entries["row"].to_numpy(), np.ones(len(user), np.float32))


def half_of(label: str) -> int:
    return zlib.crc32(label.encode()) % 2


def measure(franchise: np.ndarray, labels: list[str | None], half: int) -> dict[str, float]:
    rows = [n for n, label in enumerate(labels) if label and half_of(label) == half]
    size = Counter(labels[n] for n in rows)
    members = defaultdict(list)
    for n, label in enumerate(labels):
        if label != "":
            members[franchise[n]].append(label)
    right = wrong = precision = recall = 0.0
    for n in rows:
        group = members[franchise[n]]
        same = sum(label == labels[n] for label in group)
        right += (same - 1) / 2
        # a pair of two works of this half is met from both sides
        wrong += sum(0.5 if label and half_of(label) == half else 1 for label in group if label != labels[n])
        precision += same / len(group)
        recall += same / size[labels[n]]
    pairs = sum(n * (n - 1) / 2 for n in size.values())
    figures = (right / (right + wrong), right / pairs, precision / len(rows), recall / len(rows))
    names = ("pairwise precision", "pairwise recall", "B-cubed precision", "B-cubed recall")
    return {"titles": len(rows), "works": len(size)} | {k: round(v, 3) for k, v in zip(names, figures, strict=True)}


def show(items: pl.DataFrame, franchise: np.ndarray, labels: list[str | None]) -> None:
    titles = items["title"].to_list()
    for label in sorted({label for label in labels if label and half_of(label) == 0}):
        groups = Counter(int(franchise[n]) for n in range(len(labels)) if labels[n] == label)
        if len(groups) > 1:
            print(f"apart: {label}:", " | ".join(f"{titles[entry]} ({n})" for entry, n in groups.most_common()))
        for entry in groups:
            others = [titles[n] for n in np.flatnonzero(franchise == entry) if labels[n] not in (label, "")]
            if others:
                print(f"swallowed: {label}:", " | ".join(others))


def offering(franchise: np.ndarray, part: np.ndarray) -> dict[str, str]:
    rng = np.random.default_rng(0)
    every = np.ones(len(part), bool)
    lists = [{int(i): 7.0 for i in rng.choice(len(part), ENTRIES, replace=False)} for _ in range(PEOPLE)]
    one, many = Profiles.of(lists[:1]), Profiles.of(lists)
    return {
        "offers to one person": timed(lambda: FranchiseRule.of(franchise, part, every).offered(one, every), 1e3, "ms"),
        f"offers to {PEOPLE} people of {ENTRIES} entries": timed(
            lambda: FranchiseRule.of(franchise, part, every).offered(many, every), 1e3, "ms"
        ),
    }


def timed(call: Any, scale: float = 1.0, unit: str = "s") -> str:
    seconds = []
    call()
    for _ in range(5):
        start = time.perf_counter()
        call()
        seconds.append((time.perf_counter() - start) * scale)
    return median_and_range(seconds).replace(" s ", f" {unit} ")


if __name__ == "__main__":
    main()
