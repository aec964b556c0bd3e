"""The peers of bench/prepare.py, each in its own process: `polars` reads three columns, `pandas` does as notebook 1."""

import sys

which, path = sys.argv[1:]
if which == "polars":
    import polars as pl

    frame = pl.read_csv(path, columns=["user_id", "anime_id", "rating"])
    print(len(frame))
else:
    import pandas as pd

    df = pd.read_csv(path)
    ratings = df.copy().sort_values(by="anime_id")
    often = ratings["anime_id"].value_counts() > 1000
    active = ratings["user_id"].value_counts() > 200
    kept = ratings[ratings["anime_id"].isin(often[often].index) & ratings["user_id"].isin(active[active].index)]
    kept = kept.drop(["Anime Title", "Username"], axis=1).sample(frac=1, random_state=0)
    users = {id: row for row, id in enumerate(kept["user_id"].unique())}
    items = {id: row for row, id in enumerate(kept["anime_id"].unique())}
    user, item = kept["user_id"].map(users), kept["anime_id"].map(items)
    print(len(user), len(users), len(items))
