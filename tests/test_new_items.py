"""A bundle with what somebody says of items: rows stay, new ones have kin, franchises and places, whatever the order."""

import types
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import konomi
from konomi.bundle.grown import with_items
from konomi.catalogue.franchises import BESIDE, franchises, joined
from konomi.catalogue.kin import kin_of
from konomi.data.profiles import Profiles
from konomi.data.table import ITEM_COLUMNS
from konomi.errors import BundleError
from konomi.recommend.recommender import Recommender
from konomi.serve.catalogue import FIELDS, frame_of, key_of, told_bundle, training_items
from konomi.serve.store.items import Told

FRESH = [
    {"item_id": 900, "title": "A New Beginning", "genres": ["Even"], "year": 2025, "type": "TV"},
    {"item_id": 901, "title": "A New Beginning 2nd Season", "genres": ["Even"], "year": 2026, "type": "TV"},
    {"item_id": 902, "title": "Odd Times", "genres": ["Odd"], "type": "TV"},
    {"item_id": 903, "title": "Of Which Nothing Is Known"},
    {"item_id": 30, "title": "Renamed", "year": 1999},
    {"item_id": 40, "withdrawn": True},
]


def said(rows):
    return pl.DataFrame(rows, {"item_id": pl.Int64, **FIELDS, "withdrawn": pl.Boolean})


@pytest.fixture(scope="module")
def bundle(checkerboard):
    genres = pl.Series("genres", [["Odd" if i % 2 else "Even"] for i in range(20)])
    titles = pl.Series("title", [f"Title {name}" for name in "abcdefghijklmnopqrst"])
    dataset = replace(checkerboard, items=checkerboard.items.with_columns(genres, titles))
    return konomi.train_model(dataset, {"slim": {"l2": 5.0}, "mf": {"dim": 4, "epochs": 20}, "genre": {}})


def test_known_rows_stay_and_new_ones_follow(bundle):
    more = with_items(bundle, said(FRESH))
    assert more.items["item_id"].to_list() == [*bundle.items["item_id"].to_list(), 900, 901, 902, 903]
    assert with_items(bundle, said([])) is bundle
    same = [name for name in bundle.items.columns if name not in ("title", "year")]
    assert_frame_equal(more.items.head(20).select(same), bundle.items.select(same))
    assert more.items["title"][3] == "Renamed" and more.items["year"][3] == 1999
    new = more.items.tail(4)
    assert new["ratings"].to_list() == [0] * 4 and new["mean"].null_count() == 4 and new["bayes"].is_between(1, 10).all()
    assert [len(kin) for kin in new["kin"]] == [3, 3, 3, 0]
    assert more.items["withdrawn"].to_list() == [id == 40 for id in more.items["item_id"]]
    assert set(bundle.items.filter(pl.col("item_id").is_in([20 * n for n in range(10)]))["genres"].explode()) == {"Even"}
    for model in more.models.values():
        assert len(model.item_known) == 25 and model.item_known[-2] == 0 and (model.item_known[20:23] > 0).all()
    profile = Profiles.of([{0: 9.0, 1: 2.0, 2: 9.0}])
    for model in more.models.values():
        scores = model.score(model.encode(profile), "rank")[0]
        assert scores[20] > scores[22], model  # somebody of the even colour


def as_told(item_id, withdrawn=False, **facts):
    return Told(str(item_id), facts, withdrawn)


@given(st.permutations(FRESH))
def test_the_order_of_what_is_said_does_not_matter(bundle, rows):
    first, other = (told_bundle(bundle, [as_told(**row) for row in some]) for some in (FRESH, rows))
    assert_frame_equal(first.items, other.items)
    for name, model in first.models.items():
        assert all(array.tobytes() == other.models[name].state()[key].tobytes() for key, array in model.state().items())


def test_a_grown_bundle_cannot_be_saved(bundle, tmp_path):
    with pytest.raises(BundleError):
        konomi.save_bundle(tmp_path / "bundle", with_items(bundle, said(FRESH)))


def test_a_renamed_tag_is_told_by_its_name(bundle):
    """New genres and types move the tags of the catalogue; reasons still name those that the model has learnt."""
    more = with_items(bundle, said([{**FRESH[0], "genres": ["Aardvarks", "Even"], "type": "OVA"}]))
    person, items = Profiles.of([{0: 9.0, 1: 2.0}]), np.array([2, 3], np.int32)
    plain, moved = (one.models["genre"].features(person, items, "rating") for one in (bundle, more))
    assert moved[1:3].tobytes() == plain.tobytes() and not moved[0].any()


def test_new_parts_of_a_franchise(bundle):
    more = with_items(bundle, said([*FRESH, {"item_id": 904, "title": "Else", "related": ["50"], "year": 2000, "type": "TV"}]))
    rows = {id: n for n, id in enumerate(more.items["item_id"].to_list())}
    franchise, part = more.items["franchise"].to_list(), more.items["part"].to_list()
    assert franchise[rows[900]] == franchise[rows[901]] == rows[900] and (part[rows[900]], part[rows[901]]) == (0, 1)
    assert franchise[rows[904]] == franchise[rows[50]] and franchise[rows[902]] == rows[902]
    assert [franchise[n] == n for n in range(20)] == [n != 5 or franchise[rows[904]] == 5 for n in range(20)]
    assert more.items["kin"][rows[904]].to_list()[0] == rows[50]  # a part of the same work is nearest
    offered = [row.item_id for row in Recommender(more).recommend({"Title c": 9}, k=50)]
    assert 900 in offered and 901 not in offered  # never a sequel before its first part
    after = [row.item_id for row in Recommender(more).recommend({"Title c": 9, "A New Beginning": 8}, k=50)]
    assert 901 in after and 900 not in after
    gone = Recommender(with_items(bundle, said([{**FRESH[0], "withdrawn": True}, *FRESH[1:]])))
    offered = [row.item_id for row in gone.recommend({"Title c": 9}, k=50)]
    assert 901 in offered and 900 not in offered  # the next part is where to begin


NAMES = [
    "Monster",
    "Monster 2nd Season",
    "Monster: The Movie",
    "Naruto",
    "Naruto Shippuuden",
    "Trigun",
    "Haikyuu!!",
    "Haikyuu!! 2",
]


def catalogue(names):
    """Series of these names, one a year."""
    columns = {"title": names, "titles": [[]] * len(names), "genres": [["Drama"]] * len(names), "episodes": [12] * len(names)}
    rows = {"item_id": range(len(names)), "year": [2000 + n for n in range(len(names))], "type": ["TV"] * len(names)}
    return pl.DataFrame({**rows, **columns})


@given(st.lists(st.sampled_from(NAMES), min_size=3, unique=True), st.data())
def test_new_titles_join_as_they_would_have_been(names, data):
    """A catalogue that grows has the franchises of one that was read at once, where names alone decide."""
    old = data.draw(st.integers(1, len(names)))
    items, nobody = catalogue(names), Profiles.of([{}])
    franchise, part = franchises(items.head(old), nobody)
    grown = items.with_columns(
        pl.Series("franchise", [*franchise.tolist(), *[None] * (len(names) - old)], pl.Int32),
        pl.Series("part", [*part.tolist(), *[None] * (len(names) - old)], pl.Int32),
    )
    at_once, joined_ = franchises(items, nobody), joined(grown, old)
    for whole, some in zip(at_once, joined_, strict=True):
        assert whole.tolist() == some.tolist()
    assert (joined_[1] < BESIDE).all()


def test_franchises_that_are_apart_stay_apart():
    """A new title that belongs to two of them comes to one, and parts of one that their names join are not joined."""
    names = ["Monster", "Monster 2nd Season", "Naruto", "Monster 3rd Season"]
    items = catalogue(names).with_columns(
        pl.Series("franchise", [0, 1, 2, None], pl.Int32), pl.Series("part", [0, 0, 0, None], pl.Int32)
    )
    franchise, part = joined(items, 3)
    assert franchise.tolist() == [0, 1, 2, 0] and part.tolist() == [0, 0, 0, 1]
    related = items.with_columns(pl.Series("related", [None, None, None, ["1", "2"]], pl.List(pl.String)))
    assert len(set(joined(related, 3)[0].tolist())) == 2  # what a client relates is one work


def test_kin_that_are_not_for_everybody_are_not_named(bundle):
    rows = [*FRESH[:4], *({"item_id": 20 * n, "sensitive": True} for n in range(5)), {"item_id": 100, "withdrawn": True}]
    items = with_items(bundle, said(rows)).items
    assert not {0, 2, 4, 6, 8, 10} & set(items["kin"][20]) and len(items["kin"][20]) == 3


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_odd_titles(bundle, titles):
    rows = [
        {"item_id": 900 + n, "title": title or None, "titles": titles, "genres": ["Even"]} for n, title in enumerate(titles)
    ]
    recommender = Recommender(with_items(bundle, said(rows)))
    assert len(recommender.recommend({"Title a": 9}, k=50)) > 3
    for title in filter(str.strip, titles):
        recommender.search(title)


def test_kin_are_the_nearest_rated(bundle):
    items = with_items(bundle, said(FRESH)).items
    kin = kin_of(items, np.arange(len(items)) >= 20)
    assert kin.weight.dtype == np.float32 and np.abs(kin.weight.sum(axis=1) - 1).max() < 1e-5
    even = set(range(0, 20, 2))
    assert kin.weight[0, [row in even for row in kin.row[0]]].sum() > 0.99
    assert kin.known.tolist() == [True, True, True, False] and (np.diff(kin.weight[:3], axis=1) <= 0).all()


def test_the_interval_of_a_new_item_is_wider(bundle):
    explainer = Recommender(with_items(bundle, said(FRESH))).explainer
    vars(explainer)["intervals"] = types.SimpleNamespace(around=lambda rating, *_: (rating - 1, rating + 2))
    rating = np.array([5.0, 5.0, 9.0], np.float32)
    assert explainer.spans(rating, np.array([0, 20, 21], np.int32), 5) == [(4.0, 7.0), (3.9, 7.2), (7.9, 10.0)]


def test_ids_of_a_catalogue():
    for id, key in (("1", 1), ("-5", -5), ("007", None), ("x", None), ("٣", None), (str(2**63), None), ("1 ", None)):
        assert key_of(id, pl.Int64) == key and key_of(id, pl.String) == id
    told = [Told("x", {"title": "X"}, False), Told("5", {}, True)]
    assert frame_of(told, pl.Int64)["item_id"].to_list() == [5] and frame_of(told, pl.String)["item_id"].to_list() == ["5", "x"]


def test_what_a_training_takes(bundle):
    told = [Told("900", {"title": "New", "genres": ["Even"], "studios": ["A"]}, False), Told("0", {"year": 1990}, True)]
    items = training_items(bundle.items, told)
    assert set(items.columns) <= ITEM_COLUMNS.keys() and len(items) == 21 and not items["sensitive"].null_count()
    assert {name: items.schema[name] for name in items.columns if name != "item_id"} == {
        name: ITEM_COLUMNS[name] for name in items.columns if name != "item_id"
    }
    assert (
        items["year"][0] == 1990 and items["title"][0] == bundle.items["title"][0] and items["studios"][20].to_list() == ["A"]
    )
