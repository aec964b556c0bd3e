"""Recommendations for everybody: the same as for each, in blocks, in a file that is whole or not there."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.models.factors import MF
from konomi.ranking.rank import BLOCK, Ranking, rank
from konomi.recommend.bulk import recommend_all, table, write_table
from konomi.runtime import Run, Stage

ITEMS = pl.DataFrame({"item_id": [10, 20, 30], "title": ["Ten", None, "Thirty"]})
USERS = pl.Series(["ann", "bob", "cy"])


def mf(items=300, dim=8):
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.standard_normal((items + 1, dim)), np.ones(items + 1)]).astype(np.float32)
    bias, known = rng.standard_normal(items + 1).astype(np.float32), rng.random(items + 1).astype(np.float32)
    average, penalty = np.zeros(dim + 1, np.float32), np.full((2, dim + 1), 0.1, np.float32)
    nothing, history = np.empty(0, np.float32), np.empty((0, 2), np.float32)
    return MF(np.array([6.5], np.float32), codes, bias, known, average, penalty, nothing, history)


def people(n, items=300):
    rng = np.random.default_rng(1)
    return Profiles.of([{int(item): 7.0 for item in rng.permutation(items)[:5]} for _ in range(n)])


@pytest.mark.parametrize("output", ["rank", "rating"])
def test_many_get_what_each_gets(output):
    model, profiles, allowed = mf(), people(150), np.arange(300) % 9 > 0
    many = rank(model, profiles, 20, allowed, output, threads=2)
    for b in (0, 77, 149):
        alone = rank(model, profiles.slice(b, b + 1), 20, allowed, output)
        np.testing.assert_array_equal(many.items[b], alone.items[0])
        np.testing.assert_allclose(many.scores[b], alone.scores[0], rtol=1e-5)


def test_memory_and_threads_change_no_bytes():
    model, profiles, allowed = mf(), people(2 * BLOCK + 30), np.ones(300, bool)

    def best(start, stop):
        return rank(model, profiles.slice(start, stop), 9, allowed)

    whole = list(recommend_all(best, len(profiles), 300, 9, Run(threads=1)))
    enough = 2 * BLOCK * 300 * 32 + BLOCK * 9 * 128
    parts = list(recommend_all(best, len(profiles), 300, 9, Run(memory=enough, threads=2)))
    assert [start for start, _ in parts] == [0, BLOCK, 2 * BLOCK] and [start for start, _ in whole] == [0]
    for name in ("items", "scores"):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for _, part in parts]), getattr(whole[0][1], name))


def test_progress_and_too_little_memory():
    told = []
    run = Run(memory=10**8, progress=told.append)
    list(recommend_all(lambda start, stop: Ranking(*np.zeros((2, stop - start, 1))), 70_000, 3, 1, run))
    assert told[0] == Stage("recommend", 0, 70_000, "people") and told[-1] == told[0]._replace(done=70_000) and len(told) > 3
    with pytest.raises(RequestError, match="are allowed"):
        next(recommend_all(lambda *_: 1 / 0, 5, 10_000, 100, Run(memory=10**6)))
    with pytest.raises(RequestError, match="nobody"):
        next(recommend_all(lambda *_: 1 / 0, 0, 3, 1, Run()))


def frames():
    first = Ranking(np.array([[2, 0], [1, -1]], np.int32), np.array([[2, 1], [0.5, np.nan]], np.float32))
    second = Ranking(np.array([[-1, -1]], np.int32), np.full((1, 2), np.nan, np.float32))
    return [table(0, first, USERS, ITEMS), table(2, second, USERS, ITEMS)]


def test_a_table_has_no_padding():
    expected = {
        "user_id": ["ann", "ann", "bob"],
        "place": pl.Series([1, 2, 1], dtype=pl.Int32),
        "item_id": [30, 10, 20],
        "title": ["Thirty", "Ten", None],
        "score": pl.Series([2, 1, 0.5], dtype=pl.Float32),
    }
    assert_frame_equal(pl.concat(frames()), pl.DataFrame(expected))
    nothing = Ranking(np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32))
    assert table(0, nothing, USERS, ITEMS.select("item_id")).columns == ["user_id", "place", "item_id", "score"]


def test_files(tmp_path):
    assert write_table(tmp_path / "recs.parquet", iter(frames())) == 3
    assert_frame_equal(pl.read_parquet(tmp_path / "recs.parquet"), pl.concat(frames()))
    assert write_table(tmp_path / "recs.csv", iter(frames())) == 3
    assert (tmp_path / "recs.csv").read_text().splitlines() == [
        "user_id,place,item_id,title,score",
        "ann,1,30,Thirty,2.0",
        "ann,2,10,Ten,1.0",
        "bob,1,20,,0.5",
    ]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["recs.csv", "recs.parquet"]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_interrupted_leaves_what_was_there(tmp_path, suffix, error):
    path = tmp_path / f"recs.{suffix}"
    write_table(path, frames())
    before = path.read_bytes()

    def some():
        yield frames()[0]
        raise error

    with pytest.raises(error):
        write_table(path, some())
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "text"), [("ratings.csv", "user_id,item_id,rating"), ("data.parquet", "PAR1")])
def test_only_an_older_table_is_replaced(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(RequestError, match="already exists and is not a table of recommendations"):
        write_table(path, frames())
    assert path.read_text() == text
    pl.DataFrame({"user_id": [1], "item_id": [2]}).write_parquet(tmp_path / "mine.parquet")
    with pytest.raises(RequestError, match="already exists"):
        write_table(tmp_path / "mine.parquet", frames())


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(RequestError, match="no format"):
        write_table(tmp_path / "recs.xlsx", frames())
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RequestError, match="is a folder"):
        write_table(tmp_path / "folder.csv", frames())
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="cannot be written: Not a directory"):
        write_table(tmp_path / "file" / "recs.csv", frames())
    with pytest.raises(RequestError, match="cannot be written: the disk is full"):
        write_table(tmp_path / "recs.csv", fail(OSError(28, "No space left on device")))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.csv"]


def fail(error):
    yield frames()[0]
    raise error
