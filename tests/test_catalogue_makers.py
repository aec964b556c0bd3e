"""Studios, source and age of catalogues: read, merged, kept as data grows; studios have effects in `bayes`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from conftest import table_of
from konomi.data.add import add
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.data.table import Rejects
from konomi.models import bayes, bayes_design
from konomi.models.bayes_design import ENOUGH, contents, made_by
from konomi.pipeline.train import train_model
from konomi.reading.catalogues import catalogue_of_frame, read_catalogue
from konomi.reading.merge import merged
from konomi.recommend.filters import Where, allowed
from konomi.runtime import Run

MADE = ("studios", "source", "age")
RUN = Run(threads=1)


def read(folder: Path, text: str, name: str = "anime.csv") -> pl.DataFrame:
    (folder / name).write_text(text, encoding="utf-8")
    return read_catalogue(folder / name)


def made(frame: pl.DataFrame) -> list[tuple]:
    return frame.select(MADE).rows()


# ---- read


@pytest.mark.parametrize("ids", ["MAL_ID", "anime_id"])  # the dumps of 2020 and 2023
def test_myanimelist_calls_the_age_a_rating_and_it_is_no_score(tmp_path, ids):
    frame = read(
        tmp_path,
        f"{ids},Name,Score,Genres,Studios,Source,Rating\n"
        '1,A,8.78,Action,"Bones, Studio 4°C",Light novel,PG-13 - Teens 13 or older\n'
        "2,B,Unknown,Action,Sunrise,Original,R - 17+ (violence & profanity)\n"
        '3,C,UNKNOWN,Action,"None found, add some",Unknown,UNKNOWN\n'
        "4,D,,Action,,,\n",
    )
    assert frame["score"].to_list() == [pytest.approx(8.78), None, None, None]
    assert made(frame) == [
        (["Bones", "Studio 4°C"], "Light novel", "PG-13"),
        (["Sunrise"], "Original", "R"),
        ([], None, None),
        ([], None, None),
    ]


def test_the_dump_of_2016_rates_by_score_and_says_nothing_of_makers(tmp_path):
    frame = read(tmp_path, "anime_id,name,genre,type,episodes,rating,members\n9,A,Action,TV,51,9.16,7\n")
    assert frame["score"].to_list() == [pytest.approx(9.16)] and made(frame) == [(None, None, None)]


def test_commas_within_names_do_not_part_them(tmp_path):
    long = "é" * 100_000
    header, studios = (
        "item_id,title,genres,studios,source,age\n",
        '1,A,"X|Y","Yamamura Animation, Inc., Bones, A Co., Ltd.",m,13\n',
    )
    assert made(read(tmp_path, header + studios)) == [(["Yamamura Animation, Inc.", "Bones", "A Co., Ltd."], "m", "13")]
    piped = header + f'1,A,"X, Y",One; Two|Three,a - b,R+\n2,B,,{long},{long},{long}\n3,C,,|Bones||Bones|,,\n'
    assert made(read(tmp_path, piped)) == [
        (["One; Two", "Three"], "a - b", "R+"),
        ([long], long, long),
        (["Bones"], None, None),
    ]
    assert read(tmp_path, 'item_id,title,genres\n1,A,"Action, Co-op, Company"\n')["genres"][0].to_list() == [
        "Action",
        "Co-op",
        "Company",
    ]


def test_frames_with_lists(tmp_path):
    frame = pl.DataFrame(
        {"item_id": [1, 2, 3], "studios": [["A, B", " C ", None, "Unknown"], [], None], "source": [None, "", "Game"]}
    )
    assert made(catalogue_of_frame(frame)) == [(["A, B", "C"], None, None), ([], None, None), ([], "Game", None)]


def test_a_column_without_a_name_says_nothing(tmp_path):
    """pandas writes its index so."""
    frame = read(tmp_path, ",anime_id,name,genre,rating\n2001,5,A,Action,9\n")
    assert frame.select("year", "image", *MADE).row(0) == (None,) * 5


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "unknown", "studios"),
    [
        ("anime-meta-2016/anime.csv", (12_294, 12_294, 12_294), 0),
        ("anime-meta-2020/anime.csv", (0, 3_567, 688), 721),
        ("anime-meta-2023/anime-dataset-2023.five-columns.csv", (24_901, 24_901, 24_901), 0),
    ],
)
def test_real(shared, path, unknown, studios):
    frame = read_catalogue(shared / path)
    assert tuple(frame[name].null_count() for name in MADE) == unknown
    assert frame["studios"].explode().drop_nulls().n_unique() == studios
    assert set(frame["age"].drop_nulls()) in ({"G", "PG", "PG-13", "R", "R+", "Rx"}, set())


@pytest.mark.data
def test_real_of_2023(shared):
    frame = read_catalogue(shared / "anime-meta-2023/anime-dataset-2023.truncated-full-columns.csv", "skip", Rejects())
    assert made(frame)[0] == (["Sunrise"], "Original", "R") and frame["age"].null_count() == 2


# ---- joined, and told from


def test_of_several_catalogues_the_first_that_knows_says_it():
    one = catalogue_of_frame(pl.DataFrame({"item_id": [1, 2], "studios": [[], ["A"]], "age": ["R", None]}))
    two = catalogue_of_frame(
        pl.DataFrame({"item_id": [2, 1], "studios": [["B"], ["C"]], "source": ["Game", "Manga"], "age": ["G", "G"]})
    )
    assert made(merged([one, two])) == [(["C"], "Manga", "R"), (["A"], "Game", "G")]
    lacking = one.drop(MADE)
    assert made(merged([lacking, two]).sort("item_id")) == [(["C"], "Manga", "G"), (["B"], "Game", "G")]
    assert made(merged([two, lacking]).sort("item_id")) == [(["C"], "Manga", "G"), (["B"], "Game", "G")]


def test_conditions_ask_for_them():
    items = catalogue_of_frame(
        pl.DataFrame({"item_id": [1, 2, 3], "studios": [["A"], ["B", "A"], None], "age": ["R", "G", None]})
    )
    items = items.with_columns(ratings=pl.lit(9))
    assert allowed(Where(expression="'A' in studios and age = 'G'"), items).tolist() == [False, True, False]


# ---- datasets of before, and grown ones


@pytest.fixture
def before(tmp_path):
    """A dataset without the columns, as older releases wrote it."""
    rows = [(u, i, 1 + (u * i) % 10) for u in range(30) for i in range(12) if (u + i) % 3]
    items = catalogue_of_frame(pl.DataFrame({"item_id": list(range(12)), "title": [f"T{i}" for i in range(12)]}))
    dataset = prepare(replace(table_of(rows), items=items))
    assert dataset.items.columns[7:10] == list(MADE)
    replace(dataset, items=dataset.items.drop(MADE)).save(tmp_path / "old")
    return dataset, Dataset.open(tmp_path / "old")


def test_a_dataset_of_before_opens_and_gives_the_same_model(before):
    """Nothing is known of makers in the one; the other has no columns for it."""
    now, old = before
    assert not set(MADE) & set(old.items.columns) and old.sha256 == now.sha256
    config = bayes.Config(dim=3, epochs=4, burn_in=2, samples=2)
    states = [bayes.fit(make_split(d, SplitConfig()).train_set(d), config, RUN).state() for d in (now, old)]
    for name, array in states[0].items():
        np.testing.assert_array_equal(array, states[1][name])
    assert not set(MADE) & set(train_model(old, "bias", SplitConfig(), RUN).items.columns)


def test_an_addition_with_a_catalogue_fills_them_in(before, tmp_path):
    catalogue = catalogue_of_frame(
        pl.DataFrame({"item_id": [3, 99], "studios": [["A"], ["B"]], "source": ["Game", None], "age": ["R", "G"]})
    )
    more = replace(table_of([(1, 99, 5)]), items=catalogue)
    for dataset in before:
        add(dataset, more).save(tmp_path / "grown")
        grown = Dataset.open(tmp_path / "grown").items
        assert made(grown.filter(pl.col("item_id").is_in([3, 99]))) == [(["A"], "Game", "R"), (["B"], None, "G")]
        assert made(grown.filter(pl.col("item_id") == 5)) == [(None, None, None)]


# ---- effects


def test_the_design_by_hand(monkeypatch):
    monkeypatch.setattr(bayes_design, "ENOUGH", 2)
    studios = pl.Series([["B", "A"], ["A", "A"], None, [], ["B", None, "rare"], ["rarer"]])
    half = np.float32(np.sqrt(0.5))
    expected = [[half, half], [1, 0], [0, 0], [0, 0], [0, 1], [0, 0]]
    np.testing.assert_array_equal(made_by(studios).toarray(), np.array(expected, np.float32))  # A, B


def made_alike(studios: list[list[str]]) -> pl.DataFrame:
    """A catalogue in which studios alone tell titles apart."""
    alike = {"type": "TV", "year": 2000, "episodes": 12}
    genres = pl.Series([[]] * len(studios), dtype=pl.List(pl.String))
    return pl.DataFrame({"studios": studios, "genres": genres}).with_columns(pl.lit(x).alias(name) for name, x in alike.items())


@pytest.mark.parametrize("more", [0, 1])
def test_studios_with_enough_titles_are_contents(more):
    items = made_alike([["A"]] * (ENOUGH - 1 + more) + [["B"]] * (ENOUGH - 1 + more))
    assert [matrix.shape for matrix in contents(items)] == [(len(items), 2)] * more
    assert contents(items.drop("studios")) == []


def test_rare_studios_take_no_room():
    assert contents(made_alike([[f"S{i // (ENOUGH - 1)}"] for i in range(50_000)])) == []
