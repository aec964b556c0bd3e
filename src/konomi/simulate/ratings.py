"""Simulated ratings: a generative model of people who choose titles and rate them. docs/simulation.md gives the reasons.

A title has genres, a year, a hidden quality and hidden traits; a person has a level, a spread and a taste for each of these.
People take titles by popularity and taste, and rate them with independent noise. So the best possible predictor is known: its
RMSE is the *noise floor*.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from konomi.arrays import F32, F64, I32, I64, U8
from konomi.catalogue.tags import genre_matrix
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import ConfigError
from konomi.kernels.simulate import alias_table, simulate_block
from konomi.runtime import Run, Stage, blocks
from konomi.settings import positive

SCALE = Scale(1, 10, 1)
NOTE = "simulated ratings"

# in ratings from 1 to 10 unless stated otherwise; docs/simulation.md has their sources
LEVEL_MEAN, LEVEL_SD = 6.6, 0.76  # m_u: a person's rating of a title that is neither to nor against their taste
SPREAD_SD = 0.32  # of log k_u, whose mean is 0: how much of the scale a person uses
SIGMA = 1.0  # σ: the noise of one rating, in units of the person's spread
QUALITY, QUALITY_SD = 0.68, 0.30  # weight of quality: median over people, and the sd of its log
GENRE_SD = 0.32  # taste for one genre
ERA_SD = 0.12  # taste for new titles, and for the middle years
HIDDEN_DIM, HIDDEN_SD = 4, 0.58  # taste that genres do not explain: its dimensions, and the sd of their sum
PULL, RESERVE = 4.0, 2.0  # β, c: how much taste decides what is taken, and how rarely what is neither for nor against it
FAME_SD, FAME_OF_QUALITY = 2.1, 0.65  # sd of log popularity, and its correlation with quality
ACTIVITY_SD = 1.17  # of log ratings per person
MOST_TAKEN = 0.6  # share of the titles that a list has, at most
HOARD_SD = 1.0  # of the log of rows without a rating per row with one

ID_GAP = 9  # user ids go up by 1 to 8, as accounts that rated nothing leave gaps
YEAR_2024, DAY = 1_704_067_200, 86_400  # seconds: 2024-01-01 since 1970; a day
FIXED = 1 << 32  # 1 in the fixed point of `whole_counts`
BLOCK, WAVE = 256, 32  # people per task; tasks between two reports of progress; results do not depend on them


@dataclass(frozen=True)
class World:
    """The hidden values: features f32[I, F] and fame f64[I] of titles; weights f32[U, F], level and spread f64[U] of people."""

    features: F32
    fame: F64
    weights: F32
    level: F64
    spread: F64


@dataclass(frozen=True)
class Simulation:
    """Simulated lists. Row n: person user[n] has title item[n] with rating[n] (0 = not scored) and status[n].

    user, item i32[N], user ascending, titles in the order in which they were taken; rating u8[N]; status u8[N], codes of
    `labels.STATUS`; user_ids i64[U]; items: the catalogue, `ITEM_COLUMNS`, row order = item row; noise_floor: the RMSE of the
    best possible predictor on the scored rows; seed: of the random numbers; world: the hidden values.
    """

    user: I32
    item: I32
    rating: U8
    status: U8
    user_ids: I64
    items: pl.DataFrame
    noise_floor: float
    seed: int
    world: World

    def __len__(self) -> int:
        return len(self.item)

    @property
    def note(self) -> str:
        """The note that has to be shown with these ratings."""
        return f"{NOTE}; best reachable RMSE {self.noise_floor:.3f}"

    def table(self) -> Table:
        """The lists as a Table, with times."""
        return Table(
            user_id=pl.Series("user_id", self.user_ids[self.user]),
            item_id=self.items["item_id"].gather(self.item),
            rating=np.where(self.rating == 0, np.float32(np.nan), self.rating).astype(np.float32),
            scale=SCALE,
            source="sample",
            status=self.status,
            time=times(self.user, len(self.user_ids), self.seed),
            items=self.items,
            note=self.note,
        )


def simulate(
    items: pl.DataFrame, users: int, ratings: int, seed: int, run: Run, unscored: float = 0.0, fame_sd: float = FAME_SD
) -> Simulation:
    """Exactly `ratings` ratings of the titles `items` (`ITEM_COLUMNS`) by `users` people.

    Same seed (0 to 2⁶⁴ − 1), same bytes at any thread count. `unscored` is the share of all rows that have a status but no
    rating; `fame_sd` the sd of log popularity. Raises `ConfigError` for another seed, fewer ratings than people, or more
    rows than `MOST_TAKEN` of all pairs.
    """
    positive("simulate", users=users, ratings=ratings, items=len(items))
    if not 0 <= seed < 1 << 64:
        raise ConfigError(f"simulate: seed is {seed}.", "Set `seed` to a whole number from 0 to 18,446,744,073,709,551,615.")
    if not 0 <= unscored < 1:
        raise ConfigError(f"simulate: unscored is {unscored}.", "Set unscored to a share from 0 up to, not including, 1.")
    rows = round(ratings / (1 - unscored))
    most = max(int(MOST_TAKEN * len(items)), 1)
    if not users <= ratings <= rows <= users * most:
        raise ConfigError(
            f"simulate: {rows:,} rows ({ratings:,} of them rated) do not fit {users:,} users × {len(items):,} items.",
            f"Each user rates at least one item and has at most {most:,}: ask for {users:,} to {users * most:,} rows.",
        )
    rng = np.random.default_rng(seed)
    world = draw_world(items, users, fame_sd, rng)
    scored = whole_counts(np.exp(rng.normal(0, ACTIVITY_SD, users)), 1, most, ratings)
    planned = whole_counts(scored * np.exp(rng.normal(0, HOARD_SD, users)), 0, most - scored, rows - ratings)
    indptr = np.concatenate([[0], np.cumsum(scored + planned)])
    user_ids = np.cumsum(rng.integers(1, ID_GAP, users))

    item, rating, status = np.empty(rows, np.int32), np.empty(rows, np.uint8), np.empty(rows, np.uint8)
    variance = np.empty(users)
    keep, other = alias_table(world.fame)

    def block(people: tuple[int, int]) -> None:
        simulate_block(
            np.uint64(seed), *people, indptr, scored, world.features, world.weights, world.level, world.spread, SIGMA,
            PULL, RESERVE, keep, other, item, rating, status, variance,
        )  # fmt: skip

    run.progress(Stage("simulating ratings", 0, rows, "rows"))
    with run.workers() as each:
        for start, stop in blocks(users, WAVE * BLOCK):
            each(block, [(start + a, start + b) for a, b in blocks(stop - start, BLOCK)])
            run.progress(Stage("simulating ratings", int(indptr[stop]), rows, "rows"))
    user = np.repeat(np.arange(users, dtype=np.int32), scored + planned)
    floor = float(np.sqrt(variance.sum() / ratings))
    return Simulation(user, item, rating, status, user_ids, items, floor, seed, world)


def draw_world(items: pl.DataFrame, users: int, fame_sd: float, rng: np.random.Generator) -> World:
    """The hidden values of a catalogue and of `users` people.

    A title's features, one column each: quality; its genres, 1/√(their number) each; new titles and the middle years, the first
    two Hermite polynomials of the standardised year; hidden traits. A person's weights are the taste for each of them.
    """
    quality = rng.normal(size=len(items))
    genres = genre_matrix(items).astype(np.float64)
    genres /= np.sqrt(np.maximum(genres.sum(axis=1, keepdims=True), 1))
    year = items["year"].cast(pl.Float64)
    late = ((year - year.mean()) / (year.std() or 1)).fill_null(0).clip(-2, 2).to_numpy()
    era = np.stack([late, (late**2 - 1) / np.sqrt(2)], axis=1)
    hidden = rng.normal(size=(len(items), HIDDEN_DIM)) / np.sqrt(HIDDEN_DIM)
    luck = rng.normal(size=len(items))
    features = np.concatenate([quality[:, None], genres, era, hidden], axis=1, dtype=np.float32)
    weights = np.concatenate(
        [
            QUALITY * np.exp(rng.normal(0, QUALITY_SD, (users, 1))),
            rng.normal(0, GENRE_SD, (users, genres.shape[1])),
            rng.normal(0, ERA_SD, (users, 2)),
            rng.normal(0, HIDDEN_SD, (users, HIDDEN_DIM)),
        ],
        axis=1,
        dtype=np.float32,
    )
    return World(
        features=features,
        fame=np.exp(fame_sd * (FAME_OF_QUALITY * quality + np.sqrt(1 - FAME_OF_QUALITY**2) * luck)),
        weights=weights,
        level=rng.normal(LEVEL_MEAN, LEVEL_SD, users),
        spread=np.exp(rng.normal(0, SPREAD_SD, users)),
    )


def whole_counts(weight: F64 | I64, low: int, high: int | I64, total: int) -> I64:
    """Whole numbers n_u with sum exactly `total`, each within 1 of clip(c·weight_u, low, high); bisection finds the one c.

    The running sum is rounded in fixed point, not each number, so that the sum is exact and no n_u leaves [low, high].
    """

    def shares(c: float) -> I64:
        return (np.clip(c * weight, low, high) * FIXED).astype(np.int64)

    few, many = 0.0, 1.0
    while shares(many).sum() < total * FIXED and many < 1e300:
        many *= 2
    for _ in range(100):
        c = (few + many) / 2
        few, many = (c, many) if shares(c).sum() < total * FIXED else (few, c)
    running = (np.cumsum(shares(many)) + FIXED // 2) // FIXED
    return np.diff(running, prepend=0)


def times(user: I32, users: int, seed: int) -> I64:
    """The time of each row, i64[N] seconds since 1970: everybody begins on a day of 2024 and goes on at a pace of their own."""
    rng = np.random.default_rng([seed, 1])
    begin = YEAR_2024 + rng.integers(0, 366 * DAY, users)
    pace = (DAY * np.exp(rng.normal(0, 1, users))).astype(np.int64)
    place = np.arange(len(user)) - np.searchsorted(user, np.arange(users))[user]
    return begin[user] + place * pace[user]
