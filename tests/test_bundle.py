"""Bundles: saved and loaded they score the same; whatever is wrong with one is said."""

import json
from dataclasses import replace

import numpy as np
import pytest

from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.data.split import SplitConfig, make_split
from konomi.errors import BundleError
from konomi.files import hash_manifest
from konomi.models import mf
from konomi.runtime import Run


@pytest.fixture(scope="module")
def bundle(checkerboard):
    split = make_split(checkerboard, SplitConfig())
    model = mf.fit(split.train_set(checkerboard), mf.Config(dim=4, epochs=3), Run())
    facts = {"data": {}, "split": {"sha256": split.sha256}, "seed": 0, "metrics": {}, "history": {"mf": [[1.5, None]]}}
    return Bundle({"mf": model}, {"mf": {"dim": 4}}, checkerboard.items, checkerboard.scale, facts)


@pytest.fixture
def saved(bundle, tmp_path):
    save_bundle(tmp_path / "model", bundle)
    return tmp_path / "model"


def test_saved_and_loaded_it_is_the_same(bundle, saved, checkerboard):
    again = load_bundle(saved)
    assert (list(again.models), again.configs, again.scale) == (["mf"], {"mf": {"dim": 4}}, bundle.scale)
    assert again.facts["split"] == bundle.facts["split"] and again.items.equals(bundle.items)
    codes = bundle.models["mf"].encode(checkerboard.profiles)
    np.testing.assert_array_equal(codes, again.models["mf"].encode(checkerboard.profiles))
    np.testing.assert_array_equal(bundle.models["mf"].score(codes, "rank"), again.models["mf"].score(codes, "rank"))


def test_the_same_model_gives_the_same_bytes(bundle, saved, tmp_path):
    save_bundle(tmp_path / "again", bundle)
    for name in ("mf.safetensors", "items.parquet", "manifest.json"):
        assert (saved / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_it_holds_nobodys_ratings(saved, checkerboard):
    """No array is as long as there are users or entries: what is saved is about items."""
    sizes = {n for array in load_bundle(saved).models["mf"].state().values() for n in array.shape}
    assert len(checkerboard.users) not in sizes and len(checkerboard.item) not in sizes


@pytest.mark.parametrize("name", ["mf.safetensors", "items.parquet"])
def test_cut_short_altered_or_missing(saved, name):
    whole = (saved / name).read_bytes()
    (saved / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match="altered or cut short"):
        load_bundle(saved)
    (saved / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BundleError, match="altered or cut short"):
        load_bundle(saved)
    (saved / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: cannot be read"):
        load_bundle(saved)


def resigned(manifest):
    """The same manifest with a hash that fits it."""
    return {**manifest, "sha256": {**manifest["sha256"], "manifest.json": hash_manifest(manifest)}}


def test_manifests_that_do_not_fit(saved, tmp_path):
    file = saved / "manifest.json"
    good = json.loads(file.read_text())
    for changed, message in [
        ({**good, "format": 3}, "format 3 is not known"),
        (resigned({**good, "models": [{"name": "oracle", "config": {}}]}), 'a model "oracle" that is not known'),
        ({**good, "kind": "konomi dataset"}, "not a konomi bundle but konomi dataset"),
        ({k: v for k, v in good.items() if k != "scale"}, '"scale" is missing'),
        ({**good, "scale": {"low": 1, "high": 100, "step": 1}}, "has been altered"),
        ({**good, "sha256": {}}, "missing or does not fit"),
        ({**good, "sha256": 7}, "missing or does not fit"),
        (resigned({**good, "models": [{"name": "bias", "config": {}}]}), "missing or does not fit"),
        (resigned({**good, "scale": {"low": 5, "high": 1, "step": 1}}), "missing or does not fit"),
    ]:
        file.write_text(json.dumps(changed))
        with pytest.raises(BundleError, match=message):
            load_bundle(saved)
    file.unlink()
    with pytest.raises(BundleError, match=r"not a konomi bundle: it has no manifest\.json"):
        load_bundle(saved)
    with pytest.raises(BundleError, match="no such folder") as caught:
        load_bundle(tmp_path / "nowhere")
    assert "`train_model`" in caught.value.hint


def test_a_catalogue_of_another_model(bundle, saved):
    save_bundle(saved, replace(bundle, items=bundle.items.head(3)))
    with pytest.raises(BundleError, match="its model has 20 items and its catalogue 3"):
        load_bundle(saved)


def test_a_full_disk_leaves_the_older_bundle(bundle, saved, monkeypatch):
    import pathlib

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(BundleError, match="the disk is full"):
        save_bundle(saved, bundle)
    monkeypatch.undo()
    assert list(load_bundle(saved).models) == ["mf"] and [p.name for p in saved.parent.iterdir()] == ["model"]
