"""Damaged datasets: refused with an error of ours, whatever was damaged and whether or not its hashes fit; formats of old."""

import importlib.util
import io
import json
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import table_of
from konomi.data.array_files import map_array
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.files import hash_bytes, hash_manifest
from konomi.kernels import csr
from konomi.kernels.reference import csr as reference

BENCH = Path(__file__).parents[1] / "bench"
ROWS = [("ann", "x", 8), ("ann", "y", None), ("bob", "y", 3.5), ("cy", "x", 1), ("cy", "y", 10)]


def small(**more):
    return prepare(table_of(ROWS, scale=Scale(1, 10, 0.5), status=np.array([2, 6, 2, 4, 1], np.uint8), **more))


@pytest.fixture
def saved(tmp_path):
    """The folder of the current version, to be spoilt."""
    small().save(tmp_path / "data")
    return tmp_path / "data" / "versions" / "1"


@pytest.fixture(scope="module")
def damage():
    spec = importlib.util.spec_from_file_location("damage", BENCH / "damage.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize(("kind", "rounds"), [("dataset", 200), ("checkpoint", 300)])
def test_nothing_damaged_is_opened_in_silence_or_with_a_traceback(damage, kind, rounds):
    ends, bad = damage.attack(kind, rounds, seed=1)
    assert bad == [] and ends["refused"] > rounds * 0.8


def test_every_byte_of_every_file_counts(saved):
    """One flipped bit, in every file at a handful of places: all are found, but what only lays out the header of an array."""
    files = {file: file.read_bytes() for file in saved.iterdir()}
    for file, content in files.items():
        for place in range(0, len(content), max(len(content) // 40, 1)):
            file.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
            with pytest.raises(DataError, match=r"damaged|not readable|not a konomi|not known|missing"):
                Dataset.open(saved.parents[1])
        file.write_bytes(content)
    assert Dataset.open(saved.parents[1]).sha256 == small().sha256


def forge(saved, **changes):
    """Change the manifest, or a Parquet file, and make the hashes fit."""
    manifest = json.loads((saved / "manifest.json").read_text())
    for name in ("items", "users"):
        if (change := changes.pop(name, None)) is not None:
            buffer = io.BytesIO()
            change(pl.read_parquet(io.BytesIO((saved / f"{name}.parquet").read_bytes()))).write_parquet(buffer)
            (saved / f"{name}.parquet").write_bytes(buffer.getvalue())
            manifest["sha256"][f"{name}.parquet"] = hash_bytes(buffer.getvalue())
    manifest |= changes
    manifest["sha256"]["manifest.json"] = hash_manifest(manifest)
    (saved / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": lambda items: items.drop("title")}, "the catalogue has no column title"),
        ({"items": lambda items: items.drop("bayes")}, "the catalogue has no column bayes"),
        ({"items": lambda items: items.with_columns(year=pl.lit("1999"))}, "the catalogue's year is String, not Int32"),
        ({"items": lambda items: items.with_columns(genres=pl.lit("Drama"))}, "the catalogue's genres is String, not List"),
        ({"items": lambda items: items.with_columns(bayes=pl.lit(float("nan"), pl.Float32))}, "are no counts and means"),
        ({"items": lambda items: items.with_columns(ratings=pl.lit(-1, pl.Int64))}, "are no counts and means"),
        ({"items": lambda items: items.with_columns(sensitive=pl.lit(None, pl.Boolean))}, "lacks values"),
        ({"items": lambda items: items[[0, 0]]}, "some item ids are missing or double"),
        ({"items": lambda items: items[:1]}, "its users and items are not those of its manifest"),
        ({"users": lambda users: users.rename({"user_id": "id"})}, "its users and items are not those of its manifest"),
        ({"users": lambda users: users.with_columns(user_id=pl.lit(1.5))}, "the user ids are Float64"),
        ({"users": lambda users: users[[0, 0, 1]]}, "some user ids are missing or double"),
        ({"users": lambda users: users.with_columns(user_id=pl.lit(None, pl.String))}, "some user ids are missing or double"),
        ({"users": lambda users: users.with_columns(age=pl.lit(7))}, "the users' age is Int32, not text"),
        ({"lineage": [7]}, "its earlier hashes are none"),
        ({"rules": {"labels": "scored", "liked": "much"}}, "what is liked is no rating"),
        ({"entries": 7}, "is not an array of 7"),
        ({"entries": -1}, "a count is below 0"),
        ({"entries": True}, '"entries" is missing, or is not what it should be'),
        ({"users": None, "note": 7}, '"note" is missing, or is not what it should be'),
        ({"scale": {"low": 1, "high": 10}}, "'step' is missing"),
        ({"scale": {"low": 1, "high": 10, "step": "1"}}, "the scale is not made of numbers"),
        ({"scale": {"low": 9, "high": 1, "step": 1}}, "is not a scale"),
        ({"scale": {"low": 1, "high": 1e30, "step": 0}}, "too wide or too narrow"),
        ({"scale": {"low": 1, "high": 10, "step": 0}}, "rating.npy is not an array of 5 float32"),
        ({"rules": {"labels": ["scored"]}}, "the rule for labels is none of"),
        ({"labels": {"liked": 1}}, "it does not count what is liked"),
        ({"histogram": {"1": "many"}}, "not made of counts"),
        ({"report": [7]}, "not made of counts"),
        ({"format": 4}, "format 4 is not known"),
    ],
)
def test_wrong_contents_under_right_hashes_are_refused(saved, check, changes, message):
    changes = {key: change for key, change in changes.items() if change is not None}
    forge(saved, **changes)
    with pytest.raises(DataError) as caught:
        Dataset.open(saved.parents[1], check)
    assert message in str(caught.value) and caught.value.hint


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("indptr", [0, 3, 2, 5], "do not ascend"),
        ("indptr", [1, 2, 3, 5], "do not ascend"),
        ("indptr", [0, 2, 3, 4], "do not ascend"),
        ("item", [0, 2, 1, 0, 1], "a user's items are not in the catalogue"),
        ("item", [-1, 1, 1, 0, 1], "a user's items are not in the catalogue"),
        ("item", [1, 0, 1, 0, 1], "do not ascend"),
        ("item", [1, 1, 1, 0, 1], "are there twice"),
        ("stored", [1, 0, 20, 1, 1], "ratings off the scale 1 to 10 in steps of 0.5"),
        ("status", [1, 0, 5, 1, 1], "statuses that do not exist"),
    ],
)
def test_wrong_entries_under_right_hashes_are_refused(tmp_path, name, wrong, message):
    dataset = small()
    object.__setattr__(dataset, name, np.array(wrong, getattr(dataset, name).dtype))
    dataset.save(tmp_path / "data")
    with pytest.raises(DataError, match=message):
        Dataset.open(tmp_path / "data")
    if name != "indptr":  # a quick look goes through those whom it is asked for
        quick = Dataset.open(tmp_path / "data", check=False)
        outcomes = []
        for user in ("ann", "bob", "cy"):
            try:
                quick.profile(user)
            except DataError as error:
                outcomes.append(str(error))
        assert len(outcomes) == 1 and message in outcomes[0]


def test_ratings_of_a_scale_without_steps_are_looked_through(tmp_path):
    dataset = prepare(table_of(ROWS, scale=Scale(1, 10, 0)))
    for wrong in (11, np.inf, -np.inf, 0.5):
        dataset.stored[0] = wrong
        dataset.save(tmp_path / "data")
        dataset.__dict__.pop("contents")
        with pytest.raises(DataError, match="off the scale 1 to 10"):
            Dataset.open(tmp_path / "data")


@given(st.lists(st.lists(st.integers(-1, 6), max_size=4), max_size=5), st.integers(1, 6))
def test_ascending_rows_against_the_twin(rows, n_items):
    indptr = np.cumsum([0, *map(len, rows)])
    item = np.array([item for row in rows for item in row], np.int32)
    for start in range(len(rows) + 1):
        wanted = reference.ascend(indptr, item, n_items, start, len(rows))
        assert csr.ascend(indptr, item, n_items, start, len(rows)) == wanted


def test_an_array_is_what_is_expected_or_refused(tmp_path):
    right = np.arange(5, dtype=np.int32)
    np.save(tmp_path / "a.npy", right)
    mapped = map_array(tmp_path / "a.npy", np.int32, 5)
    assert mapped.tolist() == right.tolist() and not mapped.flags.writeable and type(mapped) is np.ndarray
    for wrong in (right[:4], right[:0], np.array(5, np.int32), right[:, None], right.astype(np.uint32), right.astype(">i4")):
        np.save(tmp_path / "a.npy", wrong)
        with pytest.raises(ValueError, match="is not an array of 5 int32"):
            map_array(tmp_path / "a.npy", np.int32, 5)
    np.save(tmp_path / "a.npy", right[:0])
    assert len(map_array(tmp_path / "a.npy", np.int32, 0)) == 0
    for content in (b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff", b"PK\x03\x04" * 99):
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(ValueError, match="is not an array"):
            map_array(tmp_path / "a.npy", np.int32, 5)


def as_format_1(data):
    """A dataset as older releases wrote it: no versions, no hashes of tables and manifest."""
    version = data / "versions" / "1"
    manifest = json.loads((version / "manifest.json").read_text())
    manifest |= {"format": 1, "sha256": {name: value for name, value in manifest["sha256"].items() if "." not in name}}
    (version / "manifest.json").write_text(json.dumps(manifest))
    for file in version.iterdir():
        shutil.move(file, data / file.name)
    shutil.rmtree(data / "versions")
    (data / "current").unlink()


def test_datasets_of_format_1_are_read_checked_and_replaced(saved):
    data, whole = saved.parents[1], small()
    as_format_1(data)
    assert Dataset.open(data).sha256 == whole.sha256 and Dataset.open(data, check=False).items.equals(whole.items)
    item = np.load(data / "item.npy")
    np.save(data / "item.npy", item[::-1])
    with pytest.raises(DataError, match="item: has been altered: its hash is not the one in the manifest"):
        Dataset.open(data)
    np.save(data / "item.npy", item)
    opened = Dataset.open(data)
    opened.save(data)  # onto itself, while it is mapped
    assert json.loads((data / "versions" / "1" / "manifest.json").read_text())["format"] == 3
    assert sorted(path.name for path in data.iterdir()) == ["current", "versions"]
    assert Dataset.open(data).sha256 == whole.sha256 and opened.profile("bob").rating.tolist() == [3.5]


def test_the_older_one_stays_whole_for_whoever_has_it_open(tmp_path):
    small().save(tmp_path / "data")
    older = Dataset.open(tmp_path / "data")
    prepare(table_of([(1, 1, 8)])).save(tmp_path / "data")
    assert older.item.tolist() == small().item.tolist() and older.profile("cy").rating.tolist() == [1, 10]
    assert len(Dataset.open(tmp_path / "data").item) == 1


def save_many(path):
    for n in range(25):
        prepare(table_of([(user, user, 8) for user in range(1 + n % 5)])).save(path)


@pytest.mark.parametrize("format", [1, 2])
def test_opening_beside_many_saves_never_fails(tmp_path, format):
    small().save(tmp_path / "data")
    if format == 1:
        as_format_1(tmp_path / "data")
    saver = multiprocessing.get_context("spawn").Process(target=save_many, args=(tmp_path / "data",))
    saver.start()
    sizes, opens = set(), 0
    while saver.is_alive():
        dataset, opens = Dataset.open(tmp_path / "data"), opens + 1
        assert len(dataset.users) == len(dataset.items) or dataset.users.ids[0] == "ann"
        sizes.add(len(dataset.item))
    saver.join()
    assert saver.exitcode == 0 and opens > 10 and {1, 2, 3, 4, 5} <= sizes
