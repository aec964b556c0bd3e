"""Time and memory from 1 M to 57 M ratings: `konomi prepare` and `konomi train` (mf, 64-d, 5 epochs), each in its own process.

    python bench/growth.py [--most 57] [--plot-only]

The ratings are simulated in the form of rating_complete.csv. Writes bench/out/growth.json and docs/growth.png.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from measure import BENCH, KONOMI, OUT, child, save

MILLIONS = (1, 3, 10, 24, 57)
PER_USER, ITEMS = 184, 17_500  # as in the 57 M ratings of 2020

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--most", type=int, default=57)
parser.add_argument("--plot-only", action="store_true", help="draw bench/out/growth.json again")
arguments = parser.parse_args()

steps: list[dict[str, Any]] = []
for millions in [m for m in MILLIONS if m <= arguments.most and not arguments.plot_only]:
    with tempfile.TemporaryDirectory() as folder:
        files, data, bundle = (Path(folder) / name for name in ("files", "data", "bundle"))
        size = ["--users", millions * 10**6 // PER_USER, "--items", ITEMS, "--ratings", millions * 10**6]
        made = child([*KONOMI, "synth", *size, "--format", "mal-2020", "-o", files, "--json"])
        (files / "animelist.csv").unlink()
        prepared = child([*KONOMI, "prepare", "mal-2020", files, "-o", data, "--json"])
        knobs = ["--set", "dim=64", "--set", "epochs=5", "--set", "patience=0"]
        trained = child([*KONOMI, "train", data, "-m", "mf", *knobs, "-o", bundle, "--no-refit", "--json"])
        rmse = json.loads(trained[2])["metrics"]["test"]["rmse"]
        row = {"million ratings": millions, "test rmse": round(rmse, 4)}
        for name, (seconds, peak, _) in (("synth", made), ("prepare", prepared), ("train", trained)):
            row |= {f"{name} s": round(seconds, 2), f"{name} peak GB": round(peak, 2)}
        steps.append(row)
        print(row, flush=True)

if arguments.plot_only:
    steps = json.loads((OUT / "growth.json").read_text())["steps"]
else:
    save("growth", {"steps": steps})
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
at = [row["million ratings"] for row in steps]
for name, mark in (("prepare", "o"), ("train", "s")):
    left.plot(at, [row[f"{name} s"] for row in steps], marker=mark, label=f"konomi {name}")
    right.plot(at, [row[f"{name} peak GB"] for row in steps], marker=mark, label=f"konomi {name}")
left.set(xlabel="million ratings", ylabel="seconds", title="time", ylim=0)
right.set(xlabel="million ratings", ylabel="peak resident GB", title="memory", ylim=(0, 4.4))
right.axhline(4, color="grey", linestyle=":", label="4 GB")
for axes in (left, right):
    axes.legend()
    axes.grid(alpha=0.3)
figure.savefig(BENCH.parent / "docs" / "growth.png", dpi=120)
