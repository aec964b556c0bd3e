"""What lists are like for a few tastes: which of the checks of tastes.toml hold.

    python bench/tastes.py [FILE.toml …] [anime=BUNDLE] [films=BUNDLE]

Prints a line for each check that does not hold, with the titles of the list, then how many hold. Nothing but what a person says
is set: no model, no dial. Bundles that are not named are trained as `konomi train` does by itself: "anime" on the founding
ratings with the catalogue of 2020, "films" on ml-latest-small, the data beside the checkout.
"""

import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from caserec_split import CATALOGUE, RATINGS
from konomi.recommend.recommender import Recommender
from measure import BENCH, KONOMI, child, save

FILMS = RATINGS.parent.parent / "ml-latest-small-2018"
MADE = {"anime": [RATINGS, "--items", CATALOGUE], "films": ["movielens", FILMS]}
MOST = 50  # titles that are popular

Row = dict[str, Any]


def speaks(row: Row) -> bool:
    """Whether a row has something that speaks for it."""
    return bool(row["up"] or row["wishes"] or row.get("popular") or any(effect > 0 for _, effect in row["tags"]))


def begins(title: str, names: list[str]) -> bool:
    return any(title.startswith(name) for name in names)


def check(kind: str, given: Any, rows: list[Row], popular: set[Any]) -> str:
    """Why a check does not hold; "" where it does."""
    if kind == "genre":
        genre, least, k = given
        found = sum(genre in row["genres"] for row in rows[:k])
        return "" if found >= least else f"{found} of {k} are {genre}, {least} wanted"
    if kind == "any":
        names, least, k = given
        found = sum(begins(row["title"], names) for row in rows[:k])
        return "" if found >= least else f"{found} of {', '.join(names)} among the first {k}, {least} wanted"
    if kind == "none":
        names, k = given
        wrong = [row["title"] for row in rows[:k] if begins(row["title"], names)]
        return f"there is {', '.join(wrong)}" if wrong else ""
    if kind == "before":
        year, least = given
        found = sum((row["year"] or year) < year for row in rows)
        return "" if found >= least else f"{found} before {year}, {least} wanted"
    if kind == "popular":
        found = sum(row["item_id"] in popular for row in rows)
        return "" if found <= given else f"{found} of the {MOST} most rated, {given} allowed"
    if kind == "spoken":
        found = sum(map(speaks, rows))
        return "" if found >= min(given, len(rows)) else f"{found} of {len(rows)} have something that speaks for them"
    if kind == "one":
        times = [[entry["title"] for entry in row["up"]] for row in rows]
        worst = max((sum(title in each for each in times) for title in {title for each in times for title in each}), default=0)
        return "" if worst <= given else f"one reason stands in {worst} rows, {given} allowed"
    sys.exit(f"unknown check {kind}")


def made(name: str, folder: Path) -> Path:
    """A bundle as somebody makes it who sets nothing."""
    child([*KONOMI, "prepare", *MADE[name], "-o", folder / f"{name}.data"])
    child([*KONOMI, "train", folder / f"{name}.data", "-o", folder / name])
    return folder / name


def asked(files: list[Path], recommenders: dict[str, Recommender]) -> dict[str, str]:
    """File → "N of M checks hold"."""
    popular = {
        name: set(one.bundle.items.sort("ratings", descending=True)["item_id"].head(MOST)) for name, one in recommenders.items()
    }
    found = {}
    for file in files:
        held = total = 0
        for taste in tomllib.loads(file.read_text())["persona"]:
            recommender = recommenders[taste["on"]]
            rows = recommender.recommend(taste.get("ratings"), wishes=taste.get("wishes")).to_dicts()
            for kind, given in taste["checks"].items():
                why = check(kind, given, rows, popular[taste["on"]])
                total, held = total + 1, held + (not why)
                if why:
                    print(f"{taste['name']}: {why}\n    {'; '.join(row['title'] for row in rows)}", file=sys.stderr)
        found[file.name] = f"{held} of {total} checks hold"
    return found


if __name__ == "__main__":
    bundles = dict(given.split("=", 1) for given in sys.argv[1:] if "=" in given)
    files = [Path(given) for given in sys.argv[1:] if "=" not in given] or [BENCH / "tastes.toml"]
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(bundles[name]) if name in bundles else made(name, Path(folder)) for name in MADE}
        save("tastes", asked(files, {name: Recommender.load(path) for name, path in paths.items()}))
