"""Bundles: saved and loaded they score the same, whole or not at all; whoever changes a byte is found out."""

import json
import re
import resource
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from conftest import table_of
from konomi.bundle.facts import made_with
from konomi.bundle.format import load_bundle, save_bundle
from konomi.bundle.layout import BLOCK, map_file, write
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig
from konomi.errors import BundleError
from konomi.files import kind_of
from konomi.models import MODELS, mf, module
from konomi.pipeline.train import train_model
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run
from rewritten import older

SMALL = {"dim": 4, "epochs": 2}
SETTINGS = [
    *(("mf", {**SMALL, "task": task}) for task in ("rating", "interaction")),
    *(("popular", {}), ("bias", {}), ("genre", {}), ("ease", {"l2": 5.0}), ("slim", {"nearest": 8})),
    *(("bayes", {"epochs": 6, "dim": 4, "samples": 3, "method": method}) for method in ("gibbs", "vb")),
    *((name, {**SMALL, "hidden": 8, "product": product}) for name in ("nn", "hybrid") for product in (True, False)),
    *(("two_tower", {"epochs": 1, "layers": "8-4", "features": features}) for features in ("full", "notebook5")),
]


@pytest.fixture(scope="module")
def dataset(checkerboard):
    """The checkerboard with the two colours as genres."""
    genres = pl.Series("genres", [["Odd" if i % 2 else "Even"] for i in range(20)])
    return replace(checkerboard, items=checkerboard.items.with_columns(genres))


@pytest.fixture(scope="module")
def bundle(dataset):
    return train_model(dataset, {"ease": module("ease").Config(l2=5), "mf": mf.Config(**SMALL)}, SplitConfig(valid=0.2), Run())


@pytest.fixture
def saved(bundle, tmp_path):
    save_bundle(tmp_path / "model", bundle)
    return tmp_path / "model"


def test_saved_and_loaded_it_is_the_same(bundle, saved):
    again = load_bundle(saved)
    assert kind_of(saved) == "konomi bundle"
    assert (list(again.models), again.configs, again.scale) == (["ease", "mf"], bundle.configs, bundle.scale)
    assert again.facts == bundle.facts and again.items.equals(bundle.items) and again.metrics["test"]["rmse"] > 0
    assert again.facts.intervals and again.facts.history["mf"][0][1] is not None  # so that there is something to compare


@pytest.mark.parametrize(("name", "config"), SETTINGS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_model_answers_alike_from_a_file(name, config, dataset, tmp_path):
    bundle = train_model(dataset, {name: module(name).Config(**config)}, SplitConfig(valid=0.2), Run())
    save_bundle(tmp_path / "model", bundle)
    for check in (True, False):
        model, again = bundle.models[name], load_bundle(tmp_path / "model", check).models[name]
        assert all(not array.flags.writeable for array in again.state().values() if array.size)
        assert all(array.ctypes.data % array.itemsize == 0 for array in again.state().values())
        codes = model.encode(dataset.profiles)
        np.testing.assert_array_equal(codes, again.encode(dataset.profiles))
        for output in model.outputs:
            np.testing.assert_array_equal(model.score(codes, output), again.score(codes, output))


def test_every_model_has_its_settings_here():
    assert {name for name, _ in SETTINGS} == set(MODELS)


def test_the_same_bundle_gives_the_same_bytes(bundle, saved, tmp_path):
    save_bundle(tmp_path / "again", load_bundle(saved))
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_what_was_imported_leaves_no_trace(saved, bundle, monkeypatch):
    assert list(bundle.facts.versions) == ["python", "konomi", "numpy", "numba", "polars", "safetensors"]
    monkeypatch.setattr("konomi.models.mf.NEEDS", ("threadpoolctl",), raising=False)
    assert list(made_with(["mf", "bias"]))[-1] == "threadpoolctl" and "threadpoolctl" not in made_with(["bias"])
    monkeypatch.setattr("konomi.models.mf.NEEDS", ("_pytest", "nothing-of-the-kind"))
    assert list(made_with(["mf"]))[-1] == "_pytest" and made_with(["mf"])["_pytest"] == pytest.__version__


def test_it_holds_nobodys_ratings(saved, dataset):
    """No array is as long as there are users or entries: what is saved is about items."""
    sizes = {n for model in load_bundle(saved).models.values() for array in model.state().values() for n in array.shape}
    assert len(dataset.users) not in sizes and len(dataset.item) not in sizes


def test_what_one_or_two_people_rated_is_not_told():
    """Item n is rated by n people: by one 10, by two 10, by three 3, 7, 8; by the others 6 or 7."""
    given = {1: [10], 2: [10, 10], 3: [3, 7, 8], **{n: [6 + n % 2] * n for n in range(4, 9)}}
    rows = [(user, item, rating) for item, ratings in given.items() for user, rating in enumerate(ratings)]
    bundle = train_model(prepare(table_of(rows)), "bias", SplitConfig(valid=0, test=0), Run(threads=1))
    overall = np.mean([rating for ratings in given.values() for rating in ratings])
    assert bundle.items["ratings"].dtype == pl.Int64 and bundle.items["ratings"].to_list() == [0, 0, 3, 4, 5, 6, 7, 8]
    assert bundle.items["mean"].to_list() == [None, None, 6, 6, 7, 6, 7, 6]
    assert bundle.items["bayes"][:2].to_list() == pytest.approx([overall, overall])
    assert bundle.items["bayes"][4] == pytest.approx((25 * overall + 5 * 7) / 30)
    best = [row.item_id for row in Recommender(bundle).recommend()]
    assert len(best) == 8 and set(best[-2:]) == {1, 2}  # still offered, after what more people know


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_may_change(saved, seed):
    whole, draw = saved.read_bytes(), np.random.default_rng(seed)
    for _ in range(40):
        content = bytearray(whole)
        content[int(draw.integers(len(whole)))] ^= 1 << int(draw.integers(8))
        saved.write_bytes(content)
        with pytest.raises(BundleError):
            load_bundle(saved)
    for length in (0, 1, 7, 8, 9, len(whole) - 1, *draw.integers(len(whole), size=20).tolist()):
        saved.write_bytes(whole[:length])
        for check in (True, False):
            with pytest.raises(BundleError):
                load_bundle(saved, check)
    saved.write_bytes(whole + b" ")
    with pytest.raises(BundleError, match="something after its last array"):
        load_bundle(saved)
    saved.write_bytes(whole)
    assert load_bundle(saved)


def test_a_large_array_is_hashed_in_blocks(tmp_path):
    array = np.arange(3 * BLOCK // 4, dtype=np.float32)  # three blocks
    write(tmp_path / "a", {}, {"a": array})
    content = bytearray((tmp_path / "a").read_bytes())
    assert map_file(tmp_path / "a").altered(["a"]) == []
    content[-100 - 2 * BLOCK] ^= 1
    (tmp_path / "a").write_bytes(content)
    assert map_file(tmp_path / "a").altered(["a"]) == ["a"]


def test_an_array_in_any_order_of_memory_is_written_as_it_is(tmp_path):
    square = np.arange(6, dtype=np.float32).reshape(2, 3)
    arrays = {"t": square.T, "swapped": square.astype(">f4"), "one": np.array(3), "none": np.empty((0, 2), np.uint8)}
    write(tmp_path / "a", {"ü": "\n"}, arrays)
    mapped, read = map_file(tmp_path / "a"), load_file(tmp_path / "a")
    for name, array in arrays.items():
        np.testing.assert_array_equal(mapped.arrays[name], array)
        np.testing.assert_array_equal(read[name], array)
    with safe_open(tmp_path / "a", framework="numpy") as file:
        assert file.metadata() == {"ü": "\n"}
    with pytest.raises(ValueError, match="complex"):
        write(tmp_path / "b", {}, {"a": np.zeros(1, complex)})


def test_a_folder_of_format_2_is_read_and_never_replaced(bundle, saved, tmp_path):
    folder = older(tmp_path / "older", bundle)
    again = load_bundle(folder)
    assert again.facts == bundle.facts and again.items.equals(bundle.items)
    save_bundle(tmp_path / "anew", replace(again, people=bundle.people, lifts=bundle.lifts))  # an older bundle has neither
    assert (tmp_path / "anew").read_bytes() == saved.read_bytes()
    with pytest.raises(BundleError, match="a folder, a konomi bundle of an older format") as caught:
        save_bundle(folder, bundle)
    assert "Move the folder away" in caught.value.hint and load_bundle(folder)
    for name in ("mf.safetensors", "items.parquet", "manifest.json"):
        content = bytearray((folder / name).read_bytes())
        (folder / name).write_bytes(content[:-9])
        with pytest.raises(BundleError):
            load_bundle(folder)
        (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for text in ("[" * 100_000, "7", json.dumps({**manifest, "sha256": 7}), json.dumps({**manifest, "format": 1})):
        (folder / "manifest.json").write_text(text)
        with pytest.raises(BundleError):
            load_bundle(folder)


@pytest.mark.parametrize("what", ["text", "empty", "folder", "a safetensors file"])
def test_what_is_no_bundle_is_left_alone(bundle, tmp_path, what):
    place = tmp_path / "mine"
    if what == "folder":
        place.mkdir()
        (place / "diary.txt").write_text("dear diary")
    elif what == "a safetensors file":
        write(place, {"kind": "konomi checkpoint"}, {"a": np.arange(3)})
    else:
        place.write_text("dear diary" if what == "text" else "")
    before = sorted((file, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file())
    refusal = "mine: is a folder" if what == "folder" else "already exists and is not a konomi bundle"
    with pytest.raises(BundleError, match=refusal):
        save_bundle(place, bundle)
    with pytest.raises(BundleError, match="not a konomi bundle"):
        load_bundle(place)
    assert sorted((file, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file()) == before


def test_a_full_disk_leaves_the_older_bundle(bundle, saved):
    before, limits = saved.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (len(before) - 1, len(before) // 2, 100):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
        try:
            with pytest.raises(BundleError, match="the disk is full"):
                save_bundle(saved, bundle)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert saved.read_bytes() == before and [file.name for file in saved.parent.iterdir()] == ["model"]


def test_what_could_not_be_loaded_is_not_saved(bundle, tmp_path):
    broken = replace(bundle.models["mf"], item_bias=bundle.models["mf"].item_bias * np.float32(np.nan))
    for wrong, message in [
        (replace(bundle, models={"mf": broken}, configs={"mf": {}}), "mf: item_bias has values from nan to nan"),
        (replace(bundle, items=bundle.items.head(3)), r"column is int32\[21\], not i32\[I\+1\] with I = 3"),
        (replace(bundle, items=bundle.items.drop("sensitive")), 'no column "sensitive"'),
        (replace(bundle, configs={"ease": {}, "mf": {"rate": float("inf")}}), "JSON"),
    ]:
        with pytest.raises(BundleError, match=message):
            save_bundle(tmp_path / "model", wrong)
    assert list(tmp_path.iterdir()) == []


def test_whoever_reads_while_others_save_has_a_whole_bundle(bundle, saved):
    """Two sizes of bundle take each other's place; every open has one of them."""
    small = replace(bundle, models={"mf": bundle.models["mf"]}, configs={"mf": bundle.configs["mf"]})
    over, opened, failed = threading.Event(), [], []

    def read():
        while not over.is_set():
            try:
                opened.append(len(load_bundle(saved).models))
            except BundleError as error:
                failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(30):
        save_bundle(saved, (small, bundle)[n % 2])
    over.set()
    for reader in readers:
        reader.join()
    assert not failed and {1, 2} == set(opened)


def test_an_open_bundle_outlives_its_file(saved):
    opened = load_bundle(saved, check=False)
    saved.unlink()
    assert np.isfinite(opened.models["ease"].weight).all()


def test_the_example_of_the_document_reads_it(saved, bundle):
    page = (Path(__file__).parents[1] / "docs" / "bundle-format.md").read_text("utf-8")
    [program] = re.findall(r"```python\n(.*?)```", page, re.S)
    assert "konomi" not in program
    shown = subprocess.run([sys.executable, "-c", program], cwd=saved.parent, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("konomi bundle 6 ['ease', 'mf']\n") and "ease/weight float32 (20, 20)" in shown
    assert asdict(bundle.scale) == {"low": 1, "high": 10, "step": 1}
