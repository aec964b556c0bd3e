"""The simulation: the kernel against its slow twin, the noise floor against hand and Monte Carlo, the files."""

import csv
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.scale import Scale
from konomi.data.table import ITEM_COLUMNS
from konomi.errors import ConfigError, DataError
from konomi.kernels.random import uniform
from konomi.kernels.reference.simulate import mix as mix_reference
from konomi.kernels.reference.simulate import moments, rate, simulate_list
from konomi.kernels.simulate import alias_table, draw_rating, mix
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run, Stage
from konomi.simulate import ratings as synth
from konomi.simulate import sample
from konomi.simulate.mal_files import UNSCORED, write_files
from konomi.simulate.ratings import simulate, whole_counts
from konomi.simulate.titles import GENRES, simulated_catalogue


@pytest.fixture(scope="module")
def small():
    return simulate(simulated_catalogue(60, 0), 300, 4_000, 5, Run(threads=1), 0.3)


def opinions(simulation):
    """Clean opinion and noise of the scored rows."""
    w, user, item = simulation.world, simulation.user, simulation.item
    scored = simulation.rating > 0
    taste = np.einsum("nf,nf->n", w.weights[user].astype(float), w.features[item].astype(float))
    return (w.level[user] + w.spread[user] * taste)[scored], (synth.SIGMA * w.spread[user])[scored], scored


# ---- the random numbers


def test_splitmix_is_the_published_generator():
    # the first outputs of Vigna's splitmix64.c from state 0: the state goes up by the golden step, then is mixed
    state, outputs = 0, []
    for _ in range(3):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        outputs.append(mix_reference(state))
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@given(st.integers(0, 2**64 - 1))
def test_mix_is_its_twin(z):
    assert int(mix(np.uint64(z))) == mix_reference(z)


def test_uniform_numbers_are_uniform():
    numbers = np.array([uniform(np.uint64(7), n) for n in range(20_000)])
    assert 0 <= numbers.min() and numbers.max() < 1
    counts = np.histogram(numbers, 20, (0, 1))[0]
    assert np.sum((counts - 1000) ** 2 / 1000) < 43.8  # χ² with 19 degrees of freedom: one in a thousand is above


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30))
def test_alias_table_gives_back_its_weights(weight):
    weight = np.array(weight)
    keep, other = alias_table(weight)
    share = np.minimum(keep, 1.0)
    np.add.at(share, other, 1 - np.minimum(keep, 1.0))
    np.testing.assert_allclose(share / len(weight), weight / weight.sum(), atol=1e-9)


# ---- one rating


def test_rating_by_hand():
    # opinion 7.2, no more than a whisper of noise: always 7
    assert draw_rating(7.2, 1e-3, 0.5) == (7, 0.0)
    assert draw_rating(42.0, 1.0, 0.5)[0] == 10 and draw_rating(-42.0, 1.0, 0.5)[0] == 1
    # on the edge between 7 and 8 with little noise: a coin; variance 1/4
    rating, variance = draw_rating(7.5, 1e-3, 0.6)
    assert rating == 8 and variance == pytest.approx(0.25)
    assert draw_rating(7.5, 1e-3, 0.4)[0] == 7
    # a hundred times the scale in noise: half of the ratings 1, half 10, but for the 9/(200√(2π)) near the middle
    assert draw_rating(5.5, 1e6, 0.5)[1] == pytest.approx(4.5**2, rel=1e-4)


@given(st.floats(-3, 14), st.floats(0.05, 4), st.floats(1e-9, 1 - 1e-9))
def test_rating_is_its_twin(opinion, noise, v):
    rating, variance = draw_rating(opinion, noise, v)
    mean, expected = moments(np.array([opinion]), np.array([noise]))
    assert variance == pytest.approx(expected[0], abs=1e-9)
    assert 1 <= mean[0] <= 10
    below, above = rate(opinion, noise, v - 1e-12), rate(opinion, noise, v + 1e-12)  # within rounding of an edge, either
    assert rating in (below, above)


def test_kernel_is_its_twin(small):
    w, seed = small.world, small.seed
    keep, other = alias_table(w.fame)
    people = np.bincount(small.user, minlength=300)
    scored = np.bincount(small.user, weights=small.rating > 0, minlength=300)
    start = np.concatenate([[0], np.cumsum(people)])
    world, constants = (w.features, w.weights, w.level, w.spread), (synth.SIGMA, synth.PULL, synth.RESERVE)
    for u in range(0, 300, 10):
        twin = simulate_list(seed, u, people[u], scored[u], *world, *constants, keep, other)
        rows = slice(start[u], start[u + 1])
        got = list(zip(small.item[rows].tolist(), small.rating[rows].tolist(), small.status[rows].tolist(), strict=True))
        assert got == [entry[:3] for entry in twin]


# ---- the noise floor


def test_floor_is_the_mean_variance(small):
    opinion, noise, scored = opinions(small)
    _, variance = moments(opinion, noise)
    assert small.noise_floor == pytest.approx(np.sqrt(variance.mean()), rel=1e-9)
    assert scored.sum() == 4_000


def test_floor_by_monte_carlo(small):
    opinion, noise, scored = opinions(small)
    mean, _ = moments(opinion, noise)
    rng = np.random.default_rng(0)
    drawn = np.clip(np.round(opinion + noise * rng.normal(size=(200, len(opinion)))), 1, 10)
    assert np.sqrt(np.mean((drawn - mean) ** 2)) == pytest.approx(small.noise_floor, rel=0.005)
    # and the one draw that the kernel made: 4,000 squared errors, whose mean has a standard error of about 2.5 %
    assert np.sqrt(np.mean((small.rating[scored] - mean) ** 2)) == pytest.approx(small.noise_floor, rel=0.05)


def test_no_other_prediction_is_better(small):
    opinion, noise, _ = opinions(small)
    mean, _ = moments(opinion, noise)
    drawn = np.clip(np.round(opinion + noise * np.random.default_rng(1).normal(size=(50, len(opinion)))), 1, 10)
    for wrong in (mean + 0.2, np.round(mean), opinion, np.full(len(mean), mean.mean())):
        assert np.sqrt(np.mean((drawn - wrong) ** 2)) > small.noise_floor + 0.003


def test_selection_does_not_know_the_noise(small, monkeypatch):
    monkeypatch.setattr(synth, "SIGMA", 0.1)
    quiet = simulate(small.items, 300, 4_000, 5, Run(threads=1), 0.3)
    assert (quiet.item == small.item).all() and (quiet.status == small.status).all()
    assert (quiet.rating != small.rating).any() and quiet.noise_floor < small.noise_floor


# ---- a whole simulation


def test_same_bytes_at_any_thread_count(small, monkeypatch):
    monkeypatch.setattr(synth, "BLOCK", 7)
    for threads in (2, 8):
        again = simulate(small.items, 300, 4_000, 5, Run(threads=threads), 0.3)
        for name in ("user", "item", "rating", "status", "user_ids"):
            assert getattr(again, name).tobytes() == getattr(small, name).tobytes()
        assert again.noise_floor == small.noise_floor
    other = simulate(small.items, 300, 4_000, 6, Run(threads=1), 0.3)
    assert other.item.tobytes() != small.item.tobytes()


def test_a_list_has_each_title_once_and_everybody_has_one(small):
    assert len(set(zip(small.user.tolist(), small.item.tolist(), strict=True))) == len(small) == round(4_000 / 0.7)
    assert (np.bincount(small.user[small.rating > 0], minlength=300) >= 1).all()
    assert np.bincount(small.user).max() <= 0.6 * 60
    assert (np.diff(small.user) >= 0).all()
    assert set(small.status.tolist()) <= {1, 2, 3, 4, 6}
    assert not ((small.status == 6) & (small.rating > 0)).any()


def test_taste_and_fame_decide_what_is_taken():
    simulation = simulate(simulated_catalogue(200, 0), 500, 10_000, 0, Run(threads=1))
    taken = np.bincount(simulation.item, minlength=200)
    assert np.corrcoef(np.log(simulation.world.fame), np.log(taken + 1))[0, 1] > 0.8
    w = simulation.world
    taste = w.weights @ w.features.T
    assert taste[simulation.user, simulation.item].mean() > taste.mean() + 0.2


def test_table(small):
    table = small.table()
    assert len(table) == len(small) and table.source == "sample"
    assert table.note == f"simulated ratings; best reachable RMSE {small.noise_floor:.3f}"
    assert np.isnan(table.rating).sum() == (small.rating == 0).sum()
    assert table.scale.valid(table.rating).all()
    assert table.item_id.is_in(table.items["item_id"].to_list()).all()
    first = table.time[small.user == 0]
    assert (np.diff(first) > 0).all() and first[0] >= 1_704_067_200  # in the order in which they were taken, from 2024 on


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"users": 0}, "users is 0"),
        ({"ratings": 299}, "do not fit 300 users × 60 items"),
        ({"ratings": 300 * 36 + 1}, "Each user rates at least one item and has at most 36: ask for 300 to 10,800 rows"),
        ({"unscored": 1.0}, "unscored is 1.0"),
        ({"seed": 2**64}, "seed is 18446744073709551616"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_impossible_simulations_are_refused(small, more, message):
    with pytest.raises(ConfigError) as caught:
        simulate(**{"items": small.items, "users": 300, "ratings": 4_000, "seed": 0, "run": Run()} | more)
    assert message in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(("users", "ratings"), [(1, 1), (300, 300), (300, 300 * 36)])
def test_smallest_and_fullest(small, users, ratings):
    assert len(simulate(small.items, users, ratings, 0, Run(threads=2))) == ratings


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40), st.integers(1, 50), st.floats(0, 1))
def test_whole_counts_are_exact(weight, high, share):
    total = len(weight) + round(share * len(weight) * (high - 1))
    counts = whole_counts(np.array(weight), 1, high, total)
    assert counts.sum() == total and counts.min() >= 1 and counts.max() <= high


def test_whole_counts_by_hand():
    assert whole_counts(np.array([1.0, 2.0, 5.0]), 0, 100, 16).tolist() == [2, 4, 10]
    assert whole_counts(np.array([1.0, 2.0, 5.0]), 0, 6, 12).tolist() == [2, 4, 6]  # the largest is held at 6


# ---- catalogues


def test_simulated_titles_are_all_different():
    items = simulated_catalogue(20_000, 3)  # more than one season of every title
    assert items["title"].n_unique() == items["item_id"].n_unique() == 20_000
    assert items.schema == {name: dtype or pl.Int64 for name, dtype in ITEM_COLUMNS.items()}
    share = items["genres"].explode().value_counts(normalize=True)
    assert share.sort("proportion")["genres"][-1] == "Comedy"
    assert set(share["genres"].drop_nulls()) == set(GENRES)
    hentai = items["genres"].list.contains("Hentai").fill_null(False)
    assert (items["sensitive"] == hentai).all() and 0.02 < hentai.mean() < 0.15


@pytest.fixture(scope="module")
def embedded():
    return sample.sample(Run())


def test_sample_is_large_varied_and_says_what_it_is(embedded):
    table = sample.read([], ReadOptions(), Run(seed=99))
    assert (~np.isnan(table.rating)).sum() == 200_000 and len(table) == 250_000
    assert table.note.startswith("simulated ratings") and table.user_id.dtype == pl.Int64
    assert 480 <= len(table.items) <= 600 and table.items["score"].null_count() == len(table.items)
    assert table.items["item_id"].n_unique() == table.items["title"].n_unique() == len(table.items)
    assert table.items.schema == {name: dtype or pl.Int64 for name, dtype in ITEM_COLUMNS.items()}
    bebop = table.items.row(by_predicate=pl.col("title") == "Cowboy Bebop", named=True)
    assert bebop["item_id"] == 1 and bebop["year"] == 1998 and "Space" in bebop["genres"] and bebop["titles"] == []
    per_user = np.bincount(embedded.user[embedded.rating > 0])
    assert 50 <= np.median(per_user) <= 70 and per_user.max() > 4 * np.median(per_user)
    assert (table.rating == sample.read([], ReadOptions(), Run(threads=1)).rating)[~np.isnan(table.rating)].all()


def test_sample_takes_no_path(tmp_path):
    for options, name in (
        (ReadOptions(separator=";"), "separator"),
        (ReadOptions("skip", Scale(1, 5, 1)), "on_bad_rows, scale"),
    ):
        with pytest.raises(ConfigError, match=rf"The sample has no use for {name}\."):
            sample.read([], options, Run())
    with pytest.raises(DataError, match="the sample reads no file"):
        sample.read([tmp_path], ReadOptions(), Run())


def test_sample_resembles_ratings_that_people_give(embedded):
    rating = embedded.rating[embedded.rating > 0].astype(float)
    assert 7.2 < rating.mean() < 7.9 and 1.4 < rating.std() < 1.7
    assert 1.0 < embedded.noise_floor < 1.1


# ---- files


def written(simulation, form, folder):
    write_files(simulation, form, folder, Run())
    return {path.name: path for path in folder.iterdir()}


def test_2023_files_hold_the_ratings(small, tmp_path):
    files = written(small, "mal-2023", tmp_path / "out")
    with files["users-score-2023.csv"].open(newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["user_id", "Username", "anime_id", "Anime Title", "rating"]
    scored = small.rating > 0
    ids, titles = small.items["item_id"].to_list(), small.items["title"].to_list()
    expected = [
        [str(small.user_ids[u]), str(ids[i]), titles[i], str(r)]
        for u, i, r in zip(small.user[scored], small.item[scored], small.rating[scored], strict=True)
    ]
    assert [[row[0], *row[2:]] for row in rows[1:]] == expected
    assert len({(row[0], row[1]) for row in rows[1:]}) == len({row[1] for row in rows[1:]}) == 300  # a name each
    with files["anime-dataset-2023.csv"].open(newline="") as handle:
        catalogue = list(csv.DictReader(handle))
    assert len(catalogue) == 60 and len(catalogue[0]) == 24
    assert catalogue[0]["Synopsis"].count("\n") == 4 and f'In "{titles[0]}"' in catalogue[0]["Synopsis"]


def test_2016_files_mark_what_is_not_scored(small, tmp_path):
    titled = small.items.with_columns(pl.lit('Tom & "Jerry\'s"').alias("title"))
    files = written(replace(small, items=titled), "mal-2016", tmp_path / "out")
    ratings = pl.read_csv(files["rating.csv"])
    assert ratings.columns == ["user_id", "anime_id", "rating"]
    assert (ratings["rating"].to_numpy() == np.where(small.rating == 0, -1, small.rating.astype(int))).all()
    items = pl.read_csv(files["anime.csv"], infer_schema=False)
    assert items["name"][0] == "Tom &amp; &quot;Jerry&#039;s&quot;"
    assert items["members"].cast(int).sum() == len(small)


def test_2020_files_agree_with_each_other(small, tmp_path):
    files = written(small, "mal-2020", tmp_path / "out")
    lists, complete = pl.read_csv(files["animelist.csv"]), pl.read_csv(files["rating_complete.csv"])
    assert lists.columns == ["user_id", "anime_id", "rating", "watching_status", "watched_episodes"]
    assert (lists["rating"].to_numpy() == small.rating).all() and (lists["watching_status"].to_numpy() == small.status).all()
    kept = lists.filter((pl.col("watching_status") == 2) & (pl.col("rating") > 0)).select("user_id", "anime_id", "rating")
    assert complete.equals(kept)
    items = pl.read_csv(files["anime.csv"], infer_schema=False)
    assert items.width == 35
    for score in (1, 8, 10):
        assert items[f"Score-{score}"].cast(float).sum() == (small.rating == score).sum()
    assert items["Plan to Watch"].cast(int).sum() == (small.status == 6).sum()
    joined = lists.join(items.select(pl.col("MAL_ID").cast(int), "Episodes"), left_on="anime_id", right_on="MAL_ID")
    episodes = joined["Episodes"].replace("Unknown", "0").cast(int)
    assert (joined["watched_episodes"] <= episodes).all()
    assert (joined["watched_episodes"] == episodes).filter(joined["watching_status"] == 2).all()
    assert (joined["watched_episodes"] == 0).filter(joined["watching_status"] == 6).all()


def test_manifest_tells_the_floor(small, tmp_path):
    text = written(small, "mal-2016", tmp_path / "out")["manifest.json"].read_text()
    assert f'"noise_floor": {small.noise_floor}' in text and f'"note": "{small.note}"' in text


def test_blocks_do_not_show_in_the_files(small, tmp_path, monkeypatch):
    whole = written(small, "mal-2020", tmp_path / "whole")
    monkeypatch.setattr("konomi.simulate.mal_files.ROWS", 1000)
    pieces = written(small, "mal-2020", tmp_path / "pieces")
    assert all(pieces[name].read_bytes() == whole[name].read_bytes() for name in whole)


def test_nothing_is_left_of_files_that_could_not_be_finished(small, tmp_path):
    def stop(stage: Stage) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_files(small, "mal-2023", tmp_path / "out", Run(progress=stop))
    assert list(tmp_path.iterdir()) == []


def test_unknown_form_and_foreign_folder_are_refused(small, tmp_path):
    with pytest.raises(ConfigError, match=r'Unknown format "mal-2032". Did you mean "mal-2023"\?'):
        write_files(small, "mal-2032", tmp_path / "out", Run())
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DataError, match="already exists and is not a konomi simulation"):
        write_files(small, "mal-2016", tmp_path, Run())
    assert (tmp_path / "mine.txt").read_text() == "precious"


REAL = [
    ("mal-2016", "anime.csv", "anime-meta-2016/anime.csv"),
    ("mal-2020", "anime.csv", "anime-meta-2020/anime.csv"),
    ("mal-2020", "animelist.csv", "anime-userlists-2022/animelist.csv"),
    ("mal-2020", "rating_complete.csv", "anime-rating-2020-slice/rating_complete.csv"),
    ("mal-2023", "anime-dataset-2023.csv", "anime-meta-2023/anime-dataset-2023.truncated-full-columns.csv"),
]


@pytest.mark.data
@pytest.mark.parametrize(("form", "name", "real"), REAL)
def test_headers_are_the_real_ones(small, shared, tmp_path, form, name, real):
    files = written(small, form, tmp_path / "out")
    with files[name].open() as ours, (shared / real).open() as theirs:
        assert ours.readline() == theirs.readline()
    assert form in UNSCORED


@pytest.mark.parametrize("form", UNSCORED)
def test_files_are_read_back_as_they_were(small, tmp_path, form):
    written(small, form, tmp_path / "out")
    table = read_source(None, [tmp_path / "out"], ReadOptions(), Run())
    kept = small.rating > 0 if form == "mal-2023" else np.ones(len(small), bool)
    assert (table.source, table.note) == (form, small.note)
    assert (table.user_id.to_numpy() == small.user_ids[small.user[kept]]).all()
    assert (table.item_id.to_numpy() == small.items["item_id"].to_numpy()[small.item[kept]]).all()
    np.testing.assert_array_equal(table.rating, np.where(small.rating == 0, np.nan, small.rating)[kept])
    assert table.items.sort("item_id")["title"].to_list() == small.items["title"].to_list()
    assert table.items.sort("item_id")["genres"].to_list() == small.items["genres"].to_list()
