"""What each preset of docs/presets gives beside the defaults: test RMSE on real ratings, the data beside the checkout.

python bench/presets.py
"""

import json
import tempfile
from pathlib import Path

from measure import BENCH, KONOMI, child, save

DATA = BENCH.parent.parent / "shared" / "data"
SETS = {"ml-latest-small": [DATA / "ml-latest-small-2018"], "caserec": [DATA / "anime-caserec-2016" / "rating_mal_ids.csv"]}
PRESETS = sorted((BENCH.parent / "docs" / "presets").glob("*.toml"))

found: dict[str, dict[str, float]] = {}
with tempfile.TemporaryDirectory() as folder:
    for name, paths in SETS.items():
        data = Path(folder) / name
        child([*KONOMI, "prepare", *paths, "-o", data, "--json"])
        for preset in [None, *PRESETS]:
            more = ["--config", preset] if preset else []
            text = child([*KONOMI, "train", data, "-m", "mf", *more, "-o", Path(folder) / "bundle", "--json"])[2]
            metrics = json.loads(text)["metrics"]["test"]
            row = found.setdefault(preset.stem if preset else "default settings", {})
            row[name] = round(metrics["rmse"], 4)
            found.setdefault("bias", {})[name] = round(metrics["baselines"]["bias"]["rmse"], 4)
save("presets", found)
