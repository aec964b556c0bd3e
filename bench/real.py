"""prepare → train → evaluate → recommend on every real data set beside the checkout; prints RMSE and recommendations.

    python bench/real.py [--show]

--show prints what a person would see of each step, too.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from measure import BENCH, KONOMI, child, save

DATA = BENCH.parent.parent / "shared" / "data"
ML, CASEREC = DATA / "ml-100k", DATA / "anime-caserec-2016"
CATALOGUE = ["--items", DATA / "anime-meta-2020" / "anime.csv"]
ROADS: dict[str, dict[str, Any]] = {
    "ml-100k u1": {
        "prepare": [ML / "u1.base", "--items", ML / "u.item"],
        "test": ML / "u1.test",
        "train": ["--test", 0],
        "like": "Star Wars",
    },
    "ml-latest-small": {"prepare": [DATA / "ml-latest-small-2018"], "like": "The Matrix"},
    "caserec 2016": {"prepare": [CASEREC / "rating_mal_ids.csv", *CATALOGUE], "like": "Cowboy Bebop"},
    "2020 slice": {"prepare": [DATA / "anime-rating-2020-slice" / "rating_complete.csv", *CATALOGUE], "like": "Cowboy Bebop"},
    "2022 lists": {"prepare": [DATA / "anime-userlists-2022" / "animelist.csv", *CATALOGUE], "like": "Cowboy Bebop"},
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--show", action="store_true")
show = parser.parse_args().show

found: dict[str, Any] = {}
with tempfile.TemporaryDirectory() as folder:
    for name, road in ROADS.items():
        data, bundle = Path(folder) / "data", Path(folder) / "bundle"
        steps = [
            ["prepare", *road["prepare"], "-o", data],
            ["train", data, "-m", "mf", *road.get("train", []), "-o", bundle],
            ["evaluate", bundle, *([road["test"]] if "test" in road else [])],
            ["recommend", bundle, "--rate", f"{road['like']}={5 if name.startswith('ml') else 9}", "-k", 5],
            ["similar", bundle, road["like"], "-k", 5],
        ]
        if show:
            for step in steps:
                print(f"\n$ konomi {' '.join(map(str, step))}\n{child([*KONOMI, *step], COLUMNS='100')[2]}")
        answers = [(*child([*KONOMI, *step, "--json"])[::2], step[0]) for step in steps]
        metrics, recommended, alike = (json.loads(text) for _, text, _ in answers[2:])
        found[name] = {
            "ratings tested": metrics["n"],
            "rmse": {"mf": metrics["rmse"], **{k: v["rmse"] for k, v in metrics["baselines"].items() if "rmse" in v}},
            "mae": metrics["mae"],
            "seconds": {step: round(seconds, 2) for seconds, _, step in answers},
            "recommended": [row["title"] for row in recommended["recommendations"]],
            "similar": [row["title"] for row in alike["similar"]],
        }
save("real", found)
