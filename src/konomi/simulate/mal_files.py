"""Simulated ratings as the files of each MyAnimeList data set, with the same headers, marks for missing values and quirks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from konomi.arrays import I32, I64, U8
from konomi.data.labels import STATUS
from konomi.errors import ConfigError, DataError
from konomi.files import whole_folder, write_manifest
from konomi.reading.sources import SIMULATION
from konomi.runtime import Run, Stage, blocks
from konomi.settings import closest
from konomi.simulate.ratings import Simulation
from konomi.simulate.titles import NOUNS, OWNERS

ROWS = 1 << 20  # rows per block
SEASONS = [("Jan", "Winter"), ("Apr", "Spring"), ("Jul", "Summer"), ("Oct", "Fall")]

SYNOPSIS = """In "{}", nothing is what it seems.

This synopsis, of a title that does not exist, has several lines.

(Source: simulated, edited)"""

UNSCORED = {"mal-2016": 0.19, "mal-2020": 0.47, "mal-2023": 0.0}
"""format → the share of rows without a rating in its real files."""


def check_format(format: str) -> None:
    """Raise a `ConfigError` for a format that is not known."""
    if format not in UNSCORED:
        raise ConfigError(f'Unknown format "{format}".{closest(format, UNSCORED)}', f"The formats are: {', '.join(UNSCORED)}.")


def write_files(simulation: Simulation, format: str, folder: Path, run: Run) -> None:
    """Write a simulation as the files of a MyAnimeList data set into `folder`, which appears whole or not at all.

    format: "mal-2016" (anime.csv, rating.csv), "mal-2020" (anime.csv, rating_complete.csv, animelist.csv) or "mal-2023"
    (anime-dataset-2023.csv, users-score-2023.csv); manifest.json has the noise floor. ConfigError for another format, DataError
    where the folder cannot be written or has other contents.
    """
    writers = {"mal-2016": _write_2016, "mal-2020": _write_2020, "mal-2023": _write_2023}
    check_format(format)
    with whole_folder(folder, SIMULATION, DataError) as partial:
        writers[format](simulation, _facts(simulation), partial, run)
        manifest = {
            "kind": SIMULATION, "format": 1, "note": simulation.note, "form": format, "seed": simulation.seed,
            "users": len(simulation.user_ids), "items": len(simulation.items), "rows": len(simulation),
            "noise_floor": simulation.noise_floor,
        }  # fmt: skip
        write_manifest(partial, manifest)


def _write_2016(simulation: Simulation, facts: pl.DataFrame, folder: Path, run: Run) -> None:
    name = pl.col("title")
    for sign, escape in {"&": "&amp;", '"': "&quot;", "'": "&#039;"}.items():
        name = name.str.replace_all(sign, escape, literal=True)
    facts.select(
        anime_id="item_id", name=name, genre="genre", type="type", episodes=_text("episodes", "Unknown"),
        rating=pl.col("mean").round(2), members="members",
    ).write_csv(folder / "anime.csv")  # fmt: skip
    scores = pl.col("rating").cast(pl.Int16)
    _stream(simulation, folder / "rating.csv", run, lambda rows: rows.select(
        "user_id", "anime_id", rating=pl.when(scores == 0).then(-1).otherwise(scores)
    ))  # fmt: skip


def _write_2020(simulation: Simulation, facts: pl.DataFrame, folder: Path, run: Run) -> None:
    unknown = pl.lit("Unknown")
    decimal = {f"Score-{k}": _text(pl.col(f"score {k}").cast(pl.Float64), "Unknown") for k in range(10, 0, -1)}
    facts.select(
        MAL_ID="item_id", Name="title", Score=_text(pl.col("mean").round(2), "Unknown"), Genres=_text("genre", "Unknown"),
        **{"English name": _text("english", "Unknown"), "Japanese name": unknown},
        Type=_text("type", "Unknown"), Episodes=_text("episodes", "Unknown"), Aired=_text("aired", "Unknown"),
        Premiered=_text("premiered", "Unknown"), Producers=unknown, Licensors=unknown, Studios=unknown,
        Source=pl.lit("Original"), Duration=pl.lit("24 min. per ep."), Rating=_rated(),
        Ranked=_text(pl.col("rank").cast(pl.Float64), "Unknown"),
        Popularity="popularity", Members="members", Favorites=pl.col("score 10"),
        **{name: pl.col(status) for name, status in zip(
            ["Watching", "Completed", "On-Hold", "Dropped", "Plan to Watch"], STATUS, strict=True)},
        **decimal,
    ).write_csv(folder / "anime.csv")  # fmt: skip
    columns = ["user_id", "anime_id", "rating"]
    completed = (pl.col("watching_status") == STATUS["completed"]) & (pl.col("rating") > 0)
    _stream(simulation, folder / "rating_complete.csv", run, lambda rows: rows.filter(completed).select(columns))
    episodes = facts["episodes"].fill_null(0)
    _stream(simulation, folder / "animelist.csv", run, lambda rows: rows.select(
        *columns, "watching_status", watched_episodes=_watched(episodes.gather(rows["item"]))
    ))  # fmt: skip


def _watched(episodes: pl.Series) -> pl.Expr:
    """Episodes watched: all where completed, none where planned, else any number below all."""
    status = pl.col("watching_status")
    watched = (pl.col("user_id") * 7 + pl.col("anime_id") * 13) % pl.max_horizontal(episodes, 1)
    planned = pl.when(status == STATUS["plan to watch"]).then(0)
    return pl.when(status == STATUS["completed"]).then(episodes).otherwise(planned.otherwise(watched))


def _write_2023(simulation: Simulation, facts: pl.DataFrame, folder: Path, run: Run) -> None:
    unknown = pl.lit("UNKNOWN")
    synopsis = pl.format(SYNOPSIS, "title")
    facts.select(
        "item_id", "title", _text("english", "UNKNOWN").alias("English name"), unknown.alias("Other name"),
        Score=_text(pl.col("mean").round(2), "UNKNOWN"), Genres=_text("genre", "UNKNOWN"), Synopsis=synopsis,
        Type=_text("type", "UNKNOWN"), Episodes=_text(pl.col("episodes").cast(pl.Float64), "UNKNOWN"),
        Aired=_text("aired", "Not available"), Premiered=_text(pl.col("premiered").str.to_lowercase(), "UNKNOWN"),
        Status=pl.lit("Finished Airing"), Producers=unknown, Licensors=unknown, Studios=unknown, Source=pl.lit("Original"),
        Duration=pl.lit("24 min per ep"), Rating=_rated(), Rank=_text(pl.col("rank").cast(pl.Float64), "UNKNOWN"),
        Popularity="popularity", Favorites="score 10",
        **{"Scored By": _text(pl.col("scored").cast(pl.Float64), "UNKNOWN")},
        Members="members", **{"Image URL": pl.format("https://example.org/anime/{}.jpg", "item_id")},
    ).rename({"item_id": "anime_id", "title": "Name"}).write_csv(folder / "anime-dataset-2023.csv")  # fmt: skip
    names, titles = pl.Series(_usernames(simulation.user_ids)), simulation.items["title"]
    _stream(simulation, folder / "users-score-2023.csv", run, lambda rows: rows.select(
        "user_id", names.gather(rows["user"]).alias("Username"),
        "anime_id", titles.gather(rows["item"]).alias("Anime Title"), "rating",
    ).filter(pl.col("rating") > 0))  # fmt: skip


def _stream(simulation: Simulation, path: Path, run: Run, columns: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Write all rows in blocks; columns: from a block with user, item, user_id, anime_id, rating, … to the written columns."""
    item_ids = simulation.items["item_id"].to_numpy()
    run.progress(Stage(f"writing {path.name}", 0, len(simulation), "rows"))
    with path.open("wb") as handle:
        for start, stop in blocks(len(simulation), ROWS):
            user, item = simulation.user[start:stop], simulation.item[start:stop]
            rows = pl.DataFrame({
                "user": user, "item": item, "user_id": simulation.user_ids[user], "anime_id": item_ids[item],
                "rating": simulation.rating[start:stop], "watching_status": simulation.status[start:stop],
            })  # fmt: skip
            columns(rows).write_csv(handle, include_header=start == 0)
            run.progress(Stage(f"writing {path.name}", stop, len(simulation), "rows"))


def _facts(simulation: Simulation) -> pl.DataFrame:
    """The catalogue with the other columns of the files: counts by score and status, mean, ranks, dates."""
    n = len(simulation.items)
    scores, statuses = _counts(simulation.item, simulation.rating, n, 11), _counts(simulation.item, simulation.status, n, 7)
    scored = scores[:, 1:].sum(axis=1)
    mean = np.divide(scores @ np.arange(11), scored, out=np.full(n, np.nan), where=scored > 0)
    members = statuses.sum(axis=1)
    season = np.arange(n) % len(SEASONS)
    month, name = (pl.Series([SEASONS[s][column] for s in season.tolist()]) for column in (0, 1))
    until = pl.when(pl.col("episodes") > 1).then(pl.format(" to {} 28, {}", month, "year")).otherwise(pl.lit(""))
    return simulation.items.with_columns(
        pl.col("genres").list.join(", ").alias("genre"),
        pl.col("titles").list.first().alias("english"),
        pl.format("{} 3, {}{}", month, "year", until).alias("aired"),
        pl.when(pl.col("type") == "TV").then(pl.format("{} {}", name, "year")).alias("premiered"),
        pl.Series("mean", mean).fill_nan(None),
        pl.Series("scored", scored),
        pl.Series("members", members),
        pl.Series("rank", mean).fill_nan(None).rank("ordinal", descending=True),
        pl.Series("popularity", members).rank("ordinal", descending=True),
        *[pl.Series(f"score {k}", scores[:, k]) for k in range(1, 11)],
        *[pl.Series(word, statuses[:, code]) for word, code in STATUS.items()],
    )


def _counts(item: I32, code: U8, items: int, codes: int) -> I64:
    """How often each item has each code, i64[items, codes]; in blocks, to avoid an int64 copy of all rows."""
    total = np.zeros(items * codes, np.int64)
    for start, stop in blocks(len(item), ROWS):
        total += np.bincount(item[start:stop].astype(np.int64) * codes + code[start:stop], minlength=items * codes)
    return total.reshape(items, codes)


def _text(column: str | pl.Expr, missing: str) -> pl.Expr:
    """A column as text, with the word `missing` for unknown values."""
    wide = pl.col(column) if isinstance(column, str) else column
    return wide.cast(pl.String).fill_null(missing)


def _rated() -> pl.Expr:
    """The age rating, which marks sensitive titles."""
    return pl.when("sensitive").then(pl.lit("Rx - Hentai")).otherwise(pl.lit("PG-13 - Teens 13 or older"))


def _usernames(user_ids: I64) -> list[str]:
    """A name for each account, all different."""
    words = [owner + noun for owner, _ in OWNERS for noun, _ in NOUNS]
    return [f"{words[id % len(words)]}{id}" for id in user_ids.tolist()]
