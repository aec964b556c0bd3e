"""Users files, several catalogues, and titles that nobody has rated."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import konomi
from command_line import konomi as command
from command_line import write
from konomi.data.dataset import Dataset
from konomi.data.split import SplitConfig, make_split
from konomi.errors import DataError
from konomi.pipeline.train import train_model
from konomi.reading.merge import merged
from konomi.reading.users import read_users
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

RUN = Run(threads=1)
U_USER = "1|24|M|technician|85711\n2|53|F|other|94043\n3|17|M|writer|32067\n"


# users files


def test_the_users_of_movielens(tmp_path):
    found, left_out = read_users(write(tmp_path / "u.user", U_USER))
    assert found.to_dict(as_series=False) == {
        "user_id": [1, 2, 3], "age": ["24", "53", "17"], "sex": ["M", "F", "M"],
        "occupation": ["technician", "other", "writer"],
    }  # fmt: skip
    assert left_out == ["zip"]
    everybody, apart = read_users(pl.DataFrame({"user": range(200), "name": [f"N{n}" for n in range(200)], "sex": ["F"] * 200}))
    assert everybody.columns == ["user_id", "sex"] and apart == ["name"]
    dat = "".join(f"{n}::{'FM'[n % 2]}::{(1, 18, 25)[n % 3]}::{n % 21}::{48000 + n}\n" for n in range(1, 200))
    found, left_out = read_users(write(tmp_path / "users.dat", dat))
    assert found.columns == ["user_id", "sex", "age", "occupation"] and left_out == ["zip"]


def test_ages_and_other_numbers_get_classes(tmp_path):
    rows = "".join(f"{n},{n % 70},{n * 1.5}\n" for n in range(300))
    found, _ = read_users(write(tmp_path / "people.csv", "user_id,age,income\n" + rows))
    of = dict(zip(found["user_id"], found["age"], strict=True))
    assert (of[17], of[18], of[24], of[69]) == ("under 18", "18 to 24", "18 to 24", "56 and above")
    assert found["income"].n_unique() == 10 and found["income"].value_counts()["count"].to_list() == [30] * 10


def test_frames_and_missing_values():
    frame = pl.DataFrame({"member_id": ["a", "b", "a"], "town": ["X", None, "Y"]})
    found, _ = read_users(frame)
    assert dict(zip(found["user_id"], found["town"], strict=True)) == {"a": "Y", "b": None}  # the last row of a person counts
    with pytest.raises(DataError, match="no column that looks like the user"):
        read_users(pl.DataFrame({"town": ["X"]}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user_id,town\n1,X\n2\n", "too few columns"),
        ("user_id,town\n", "no user in it"),
        ("user_id,town,town\n1,X,Y\n", "same name"),
        ("\0\1\2\3", "no text"),
    ],
)
def test_users_that_are_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_users(write(tmp_path / "people.csv", content))


def test_features_are_in_profiles_and_no_one_needs_them(tmp_path):
    ratings = write(tmp_path / "r.csv", "user_id,item_id,rating\n1,1,5\n1,2,3\n2,1,4\n7,2,2\n")
    users = write(tmp_path / "people.csv", "user_id,sex,town\n2,F,X\n1,M,\n9,F,Y\n")
    shown = command("prepare", ratings, "--users", users, "-o", tmp_path / "d").stdout
    assert "Features of people" in shown and "sex" in shown
    dataset = Dataset.open(tmp_path / "d")
    assert [(each.name, each.categories) for each in dataset.features] == [("sex", ("F", "M")), ("town", ("X",))]
    assert dataset.user_features.tolist() == [[1, -1], [0, 0], [-1, -1]] == dataset.profiles.features.tolist()
    assert dataset.profile(2).features.tolist() == [[0, 0]]
    train = make_split(dataset, SplitConfig(valid=0, test=1)).train_set(dataset)
    assert train.features == dataset.features and train.seen.features.tolist() == dataset.user_features.tolist()
    assert train.seen.take(np.array([2, 0])).features.tolist() == [[-1, -1], [1, -1]]
    assert train.seen.slice(1, 2).features.tolist() == [[0, 0]]
    both = konomi.Profiles.stacked([train.seen, konomi.Profiles.of([{0: 4.0}])])
    assert both.features.tolist()[-1] == [-1, -1]
    assert "sex: M, town: unknown" in command("info", tmp_path / "d", "--user", "1").stdout
    frame = pl.DataFrame({"user_id": [8, 2], "item_id": [1, 2], "rating": [5, 5]})
    grown = konomi.add(dataset, frame, users=pl.DataFrame({"user_id": [8, 1], "town": ["X", "Z"], "age": ["9", None]}))
    assert grown.people.to_dicts() == [
        {"sex": "M", "town": "Z", "age": None}, {"sex": "F", "town": "X", "age": None},
        {"sex": None, "town": None, "age": None}, {"sex": None, "town": "X", "age": "9"},
    ]  # fmt: skip
    assert konomi.prepare(ratings).profiles.features is None


# several catalogues


def items(**columns):
    return pl.DataFrame(columns, schema_overrides={"genres": pl.List(pl.String), "titles": pl.List(pl.String)})


def test_each_catalogue_fills_what_those_before_lack():
    first = items(item_id=[1, 2], title=["A", None], titles=[["Aa"], None], genres=[[], ["X"]], sensitive=[False, False])
    second = items(item_id=[2, 1, 3], title=["B", "Other A", "C"], titles=[[], ["Aa", "Aaa"], []],
                   genres=[["Y"], ["Z"], None], sensitive=[True, False, False])  # fmt: skip
    found = merged([first, second])
    assert found.sort("item_id").to_dict(as_series=False) == {
        "item_id": [1, 2, 3], "title": ["A", "B", "C"], "titles": [["Aa", "Other A", "Aaa"], [], []],
        "genres": [["Z"], ["X"], None], "sensitive": [False, True, False],
    }  # fmt: skip
    texts = merged([first, second.with_columns(pl.col("item_id").cast(pl.String))])
    assert texts["item_id"].dtype == pl.String and len(texts) == 3


@given(st.lists(st.dictionaries(st.integers(0, 5), st.none() | st.sampled_from("ABC"), min_size=1), min_size=1, max_size=4))
def test_the_first_that_knows_says_it(several):
    frames = [pl.DataFrame({"item_id": list(each), "title": list(each.values())}, schema_overrides={"title": pl.String})
              for each in several]  # fmt: skip
    found = dict(merged(frames).select("item_id", "title").iter_rows())
    for item in {item for each in several for item in each}:
        assert found[item] == next((each[item] for each in several if each.get(item) is not None), None)


def test_catalogues_of_files_and_frames_together(tmp_path):
    ratings = write(tmp_path / "r.csv", "user_id,item_id,rating\n1,1,5\n1,2,3\n2,1,4\n")
    one = write(tmp_path / "one.csv", "item_id,title,genres\n1,A,X\n")
    two = write(tmp_path / "two.csv", "item_id,title,year\n1,Another A,1999\n2,B,2000\n3,C,2001\n")
    shown = json.loads(command("prepare", ratings, "--items", one, "--items", two, "-o", tmp_path / "d", "--json").stdout)
    assert shown["items"] == 3 and [file["name"] for file in shown["input"]] == ["r.csv", "one.csv", "two.csv"]
    dataset = Dataset.open(tmp_path / "d")
    assert dataset.items["title"].to_list() == ["A", "B", "C"] and dataset.items["year"].to_list() == [1999, 2000, 2001]
    again = konomi.prepare(ratings, items=[one, pl.read_csv(two)])
    assert again.items.equals(dataset.items)


# titles that nobody has rated


@pytest.fixture(scope="module")
def unrated():
    """A dataset of 12 titles, of which 10 to 21 are rated; a title of each genre is not."""
    draw = np.random.default_rng(0)
    rows = [(u, 10 + i, int(np.clip((9 if (u + i) % 2 == 0 else 3) + draw.integers(-1, 2), 1, 10)))
            for u in range(40) for i in range(12) if (3 * u + 5 * i) % 7]  # fmt: skip
    names = [
        "Amber",
        "Birch",
        "Cedar",
        "Dusk",
        "Ember",
        "Frost",
        "Grove",
        "Haze",
        "Iris",
        "Jade",
        "Kelp",
        "Lark",
        "Moss",
        "Nova",
    ]
    catalogue = pl.DataFrame(
        {"item_id": range(10, 24), "title": names, "genres": [["Odd" if i % 2 else "Even", "All"] for i in range(14)]}
    )
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    return konomi.prepare(frame, items=catalogue, scale=konomi.Scale(1, 10, 1))


def test_they_keep_a_row(unrated):
    assert len(unrated.items) == 14 and unrated.items["ratings"].to_list()[-2:] == [0, 0]
    few = konomi.prepare(
        pl.DataFrame({"user_id": [1, 1, 2], "item_id": [1, 2, 1], "rating": [5, 4, 3]}),
        konomi.Rules(min_item_ratings=1), items=pl.DataFrame({"item_id": [1, 2, 3], "title": ["a", "b", "c"]}),
    )  # fmt: skip
    assert few.items["item_id"].to_list() == [1]  # a title without ratings has no more than one


def test_they_are_offered_where_a_model_knows_contents(unrated):
    ratings = {"Amber": 9.0, "Cedar": 9.0, "Birch": 2.0}
    for models, offered in (("ease,mf", False), ("genre", True), ("ease,genre", True)):
        recommender = Recommender(train_model(unrated, models, run=RUN))
        answer = recommender.recommend(ratings, k=14)
        assert ("Moss" in [row.title for row in answer]) == offered
        assert not {"Amber", "Cedar", "Birch"} & {row.title for row in answer}
        told = recommender.recommend({"Moss": 9.0, **ratings}, k=14)
        assert "Moss" not in [row.title for row in told]
        assert ("nobody has rated it" in repr(told)) == (not offered)
        assert told.to_dict()["given"][0]["known"] == offered
    assert [row.title for row in recommender.similar("Moss", k=3, by="content")]
