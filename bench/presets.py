"""What each preset of docs/presets gives beside the defaults: test RMSE on real ratings, the data beside the checkout.

python bench/presets.py
"""

import json
import tempfile
import tomllib
from pathlib import Path

from measure import BENCH, KONOMI, child, save

DATA = BENCH.parent.parent / "shared" / "data"
CATALOGUE = ["--items", DATA / "anime-meta-2020" / "anime.csv"]
SETS = {
    "ml-latest-small": [DATA / "ml-latest-small-2018"],
    "caserec": [DATA / "anime-caserec-2016" / "rating_mal_ids.csv", *CATALOGUE],
}
PRESETS = sorted((BENCH.parent / "docs" / "presets").glob("*.toml"))
TABLES = {(name, path) for path in PRESETS for name in tomllib.loads(path.read_text()) if name != "split"}
RUNS = [*((name, None) for name in sorted({name for name, _ in TABLES})), *sorted(TABLES)]

found: dict[str, dict[str, float]] = {}
with tempfile.TemporaryDirectory() as folder:
    for data, paths in SETS.items():
        prepared = Path(folder) / data
        child([*KONOMI, "prepare", *paths, "-o", prepared, "--json"])
        for name, preset in RUNS:
            more = ["--config", preset] if preset else []
            words = ["train", prepared, "-m", name, *more, "-o", Path(folder) / "bundle", "--no-refit", "--json"]
            text = child([*KONOMI, *words])[2]
            metrics = json.loads(text)["metrics"]["test"]
            row = found.setdefault(f"{name}, {preset.stem if preset else 'default settings'}", {})
            row[data] = round(metrics["rmse"], 4)
            found.setdefault("bias", {})[data] = round(metrics["baselines"]["bias"]["rmse"], 4)
save("presets", found)
