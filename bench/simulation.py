"""Simulated ratings beside real ones, models on them, and what they cost: the figures of docs/simulation.md.

python bench/simulation.py shape [REAL.csv]    beside a file of real ratings: user_id, anime_id, rating
python bench/simulation.py models [REAL.csv]   RMSE on the sample, on as many ratings as the real file has, and on it
python bench/simulation.py speed               seconds and peak memory from 200,000 to 57 million ratings
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, make_split
from konomi.data.table import Table
from konomi.evaluate.evaluate import evaluate
from konomi.models import mf
from konomi.runtime import Run
from konomi.simulate.mal_files import write_files
from konomi.simulate.ratings import Simulation, simulate
from konomi.simulate.sample import sample
from konomi.simulate.titles import simulated_catalogue

REAL_SHAPE = (7_157, 4_714, 419_943)  # items, users, ratings of the real file
SIZES = {200_000: 2_200, 24_325_191: 270_000, 57_000_000: 310_000}  # ratings: users
CATALOGUE = 17_500


def like_real() -> Simulation:
    items, users, ratings = REAL_SHAPE
    return simulate(simulated_catalogue(items, 0), users, ratings, 0, Run())


def scored(simulation: Simulation) -> pl.DataFrame:
    rows = pl.DataFrame({"user": simulation.user, "item": simulation.item, "rating": simulation.rating})
    return rows.filter(pl.col("rating") > 0)


def shape(rows: pl.DataFrame) -> dict[str, str]:
    """What there is to compare, of columns user, item, rating."""
    rating = rows["rating"].to_numpy().astype(float)
    users = rows.group_by("user").agg(n=pl.len(), mean=pl.col("rating").mean(), sd=pl.col("rating").std())
    items = rows.group_by("item").agg(n=pl.len(), mean=pl.col("rating").mean())
    popularity = np.sort(items["n"].to_numpy()).astype(float)
    rank = np.arange(1, len(popularity) + 1)
    gini = 2 * (rank * popularity).sum() / (len(rank) * popularity.sum()) - (len(rank) + 1) / len(rank)
    often, active = items.filter(pl.col("n") >= 20), users.filter(pl.col("n") >= 20)
    quantiles = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
    return {
        "users × items with a rating, ratings": f"{len(users):,} × {len(items):,}, {len(rows):,}",
        "histogram of 1 … 10, percent": " ".join(f"{100 * (rating == k).mean():.2f}" for k in range(1, 11)),
        "mean, sd of a rating": f"{rating.mean():.2f}, {rating.std():.2f}",
        "ratings per user, quantiles .1 .25 .5 .75 .9 .99": " ".join(f"{np.quantile(users['n'], q):.0f}" for q in quantiles),
        "ratings per item, quantiles .1 .25 .5 .75 .9 .99": " ".join(f"{np.quantile(popularity, q):.0f}" for q in quantiles),
        "Gini of popularity": f"{gini:.3f}",
        "share of ratings on the 1,000 most rated items": f"{popularity[-1000:].sum() / popularity.sum():.3f}",
        "sd of users' means (20 ratings and more)": f"{active['mean'].std():.2f}",
        "a user's sd: tenth, median, ninth decile": " ".join(f"{active['sd'].quantile(q):.2f}" for q in (0.1, 0.5, 0.9)),
        "sd of items' means (20 ratings and more)": f"{often['mean'].std():.2f}",
        "correlation of items' means and log ratings": f"{np.corrcoef(often['mean'], np.log(often['n']))[0, 1]:.2f}",
        "correlation of users' means and log ratings": f"{np.corrcoef(active['mean'], np.log(active['n']))[0, 1]:.2f}",
    }


def compare_shapes(real: Path | None) -> None:
    columns = {"simulated": shape(scored(like_real())), "the sample": shape(scored(sample(Run())))}
    if real is not None:
        named = pl.read_csv(real).rename({"user_id": "user", "anime_id": "item"})
        columns = {"real": shape(named)} | columns
    print("| |", " | ".join(columns), "|\n|---|" + "---|" * len(columns))
    for row in columns["simulated"]:
        print(f"| {row} |", " | ".join(column[row] for column in columns.values()), "|")


def real_table(path: Path) -> Table:
    rows = pl.read_csv(path)
    rating = rows["rating"].cast(pl.Float32).to_numpy()
    return Table(rows["user_id"], rows["anime_id"], rating, Scale(1, 10, 1), "real")


def compare_models(real: Path | None) -> None:
    print("| | global mean | bias | mf | noise floor |\n|---|---|---|---|---|")
    simulations = {"the sample": sample(Run()), "simulated, as large as the real file": like_real()}
    tables = {name: (simulation.table(), f"{simulation.noise_floor:.3f}") for name, simulation in simulations.items()}
    if real is not None:
        tables |= {"real": (real_table(real), "unknown")}
    for name, (table, floor) in tables.items():
        dataset = prepare(table)
        split = make_split(dataset, SplitConfig())
        train = split.train_set(dataset)
        found = evaluate(mf.fit(train, mf.Config(), Run()), *split.test(dataset), train).metrics
        base = found["baselines"]
        rmse = [base["global mean"]["rmse"], base["bias"]["rmse"], found["rmse"]]
        print(f"| {name} |", " | ".join(f"{value:.3f}" for value in rmse), f"| {floor} |")


def measure_speed() -> None:
    print("| ratings × users × items | simulate | write mal-2023 | peak memory |\n|---|---|---|---|")
    for ratings in SIZES:  # each in a process of its own, so that its peak is its own
        subprocess.run([sys.executable, __file__, "one", str(ratings)], check=True)


def one_size(ratings: int) -> None:
    items = simulated_catalogue(CATALOGUE, 0)
    simulate(items, 10, 100, 0, Run())  # compile or load the kernels
    start = time.perf_counter()
    simulation = simulate(items, SIZES[ratings], ratings, 0, Run())
    simulated = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write_files(simulation, "mal-2023", Path(folder) / "out", Run())
        written = time.perf_counter()
        size = sum(path.stat().st_size for path in (Path(folder) / "out").iterdir()) / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"| {ratings:,} × {SIZES[ratings]:,} × {CATALOGUE:,} | {simulated - start:.1f} s "
        f"| {written - simulated:.1f} s, {size:.2f} GB | {peak:.2f} GB |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["shape", "models", "speed", "one"])
    parser.add_argument("value", nargs="?", help="REAL.csv for shape and models; a number of ratings for one")
    given = parser.parse_args()
    if given.what == "shape":
        compare_shapes(Path(given.value) if given.value else None)
    elif given.what == "models":
        compare_models(Path(given.value) if given.value else None)
    elif given.what == "speed":
        measure_speed()
    else:
        one_size(int(given.value))
