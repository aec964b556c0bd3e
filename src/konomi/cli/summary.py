"""Tables of a prepared dataset: rows read, kept and dropped, its size, and ratings of the most active users."""

from typing import TYPE_CHECKING, Any

import numpy as np

from konomi.cli.console import console, histogram, note, show, table

if TYPE_CHECKING:
    from rich.table import Table

    from konomi.data.dataset import Dataset

USERS = 10  # rows of the crosstab
CELL = 11  # characters of a column of the crosstab
FEW = 2  # items, or users
HARDLY = 0.05  # share of rows
HEAD = 26  # characters of a title in its head


def size(dataset: "Dataset") -> dict[str, Any]:
    """Counts, for people and machines."""
    users, items, entries = len(dataset.users), len(dataset.items), len(dataset.item)
    return {"users": users, "items": items, "entries": entries, "density": entries / (users * items)}


def doubts(dataset: "Dataset") -> list[str]:
    """What looks as if the rows were not read as they were meant, in sentences."""
    report = {line["step"]: line["rows"] for line in dataset.manifest["report"]}
    read, kept, counts = report.get("read", 0), report.get("kept", 0), dataset.profiles.counts
    said = []
    if len(dataset.items) <= FEW:
        said.append(f"There are only {len(dataset.items)} items: is their column the right one?")
    if len(dataset.users) > FEW and counts.max(initial=0) <= 1:
        said.append("Nobody has more than one entry: is the column of users the right one?")
    if read and kept <= HARDLY * read:
        said.append(f"Only {kept:,} of {read:,} rows are kept.")
    zeros = float((dataset.profiles.rating == 0).mean()) if len(dataset.item) else 0.0
    if dataset.scale.low == 0 and dataset.scale.high > 1 and zeros >= HARDLY:
        said.append(f"0 is read as the lowest rating, and {zeros:.0%} of the rows have it: if it means none, say --unscored 0.")
    return said


def show_dataset(dataset: "Dataset") -> None:
    """Report, size, histogram, labels and note."""
    manifest = dataset.manifest
    report = ((line["step"], f"{line['rows']:,}") for line in manifest["report"])
    show(table("Rows", ("step", "rows"), report, ("rows",)))
    counts = size(dataset)
    density = f"{100 * counts.pop('density'):.3g} %"
    titles = f"{manifest['items_with_title']:,}"
    cells = [*((name, f"{n:,}") for name, n in counts.items()), ("items with a title", titles), ("density", density)]
    show(table("Size", ("", "count"), [*cells, ("scale", str(dataset.scale))]))
    show(histogram("Ratings", manifest["histogram"]))
    if dataset.user_features is not None:
        features = [
            (feature.name, category, f"{n:,}")
            for f, feature in enumerate(dataset.features)
            for category, n in zip(feature.categories, np.bincount(dataset.user_features[:, f] + 1)[1:], strict=False)
        ]
        show(table("Features of people", ("feature", "category", "users"), features, ("users",)))
    show(histogram(f"Interactions (liked: {dataset.labelling})", manifest["labels"]))
    note(manifest["note"])


def crosstab(dataset: "Dataset") -> "Table":
    """The ratings of the most active users (rows, by id) for the most rated items (columns), as many as fit the terminal.

    Ids are shown in one's own terminal; a report of `konomi compare` has none.
    """
    from konomi.report.maps import most_active_by_most_rated

    rated = most_active_by_most_rated(dataset, user_ids=True)
    names = rated.rows[:USERS]
    fit = max((console().width - max(map(len, names)) - 2) // CELL, 1)
    heads = [title if len(title) <= HEAD else f"{title[: HEAD - 1]}…" for title in rated.columns[:fit]]
    values = zip(names, rated.values[:, :fit], strict=False)
    rows = ((name, *("" if np.isnan(r) else f"{r:g}" for r in row)) for name, row in values)
    grid = table("The most active users × the most rated items", ("user id", *heads), rows)
    for column in grid.columns[1:]:
        column.justify, column.min_width, column.max_width = "right", CELL - 2, CELL - 2
    return grid


def taste(dataset: "Dataset", user: str) -> dict[str, Any]:
    """One person: the number, mean and histogram of their ratings, and their Bayesian average per genre, the highest first."""
    from konomi.catalogue.tags import genre_matrix, genre_names
    from konomi.catalogue.taste import genre_taste
    from konomi.data.statistics import overall_mean

    profile = dataset.profile(user)
    rated = profile.scored()
    mean = overall_mean(dataset.items)
    averages = genre_taste(profile, dataset.items, mean)[0]
    plain = genre_taste(profile, dataset.items, mean, prior=0)[0]
    counts = genre_matrix(dataset.items)[rated.item].sum(axis=0)
    genres = [
        {"genre": name, "ratings": int(counts[g]), "mean": float(plain[g]), "taste": float(averages[g])}
        for g, name in enumerate(genre_names(dataset.items))
        if counts[g]
    ]
    return {
        "user": user,
        **({} if dataset.people is None else {"features": dataset.people.row(dataset.users.row(user, "user"), named=True)}),
        "entries": len(profile.item),
        "ratings": len(rated.item),
        "mean": float(rated.rating.mean(dtype=np.float64)) if len(rated.item) else None,
        "mean_of_all": mean,
        "histogram": {f"{value:g}": int(n) for value, n in zip(*np.unique(rated.rating, return_counts=True), strict=True)},
        "genres": sorted(genres, key=lambda genre: -float(genre["taste"])),
    }


def show_taste(facts: dict[str, Any]) -> None:
    """Print the result of `taste`."""
    mean = "none" if facts["mean"] is None else f"{facts['mean']:.2f}"
    ratings = f"{facts['ratings']:,} ratings, mean {mean} (everybody's: {facts['mean_of_all']:.2f})"
    show(f"User {facts['user']}: {facts['entries']:,} entries, {ratings}")
    if features := facts.get("features"):
        show(", ".join(f"{name}: {value or 'unknown'}" for name, value in features.items()), "")
    show(histogram("Ratings", facts["histogram"]))
    cells = ((g["genre"], g["ratings"], f"{g['mean']:.2f}", f"{g['taste']:.2f}") for g in facts["genres"])
    show(table("Taste per genre", ("genre", "ratings", "mean", "taste"), cells, ("ratings", "mean", "taste")))
