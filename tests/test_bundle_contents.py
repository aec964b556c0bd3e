"""Bundles whose hashes are right and whose contents are wrong: each is refused, with what is wrong, and none answers."""

import shutil

import numpy as np
import polars as pl
import pytest

from konomi.bundle.facts import DataFacts, Facts, SplitFacts
from konomi.bundle.format import load_bundle, save_bundle
from konomi.bundle.layout import map_file
from konomi.bundle.shapes import check_shapes, check_values
from konomi.data.split import SplitConfig
from konomi.data.validity import LATER
from konomi.errors import BundleError
from konomi.models import mf, module
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from rewritten import rewrite, rewrite_items

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def whole(checkerboard, tmp_path_factory):
    models = {"ease": module("ease").Config(l2=5), "mf": mf.Config(dim=4, epochs=2), "genre": module("genre").Config()}
    path = tmp_path_factory.mktemp("whole") / "model"
    save_bundle(path, train_model(checkerboard, models, SplitConfig(valid=0.2), Run(threads=1)))
    return path


@pytest.fixture
def saved(whole, tmp_path):
    return shutil.copyfile(whole, tmp_path / "model")


def refused(path, message, check=True):
    with pytest.raises(BundleError, match=message) as caught:
        load_bundle(path, check)
    assert str(caught.value).startswith(f"{path}: ") and str(caught.value).isprintable() and caught.value.hint


def like(path, name, change):
    return {name: change(map_file(path).arrays[name].copy())}


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("ease/weight", lambda a: None, "ease: weight is missing"),
        ("ease/weight", lambda a: a.astype(np.float64), r"weight is float64\[20, 20\], not f32\[n, n\]"),
        ("ease/weight", lambda a: a[:, :-1], r"weight is float32\[20, 19\]"),
        ("ease/weight", lambda a: a.reshape(-1), r"weight is float32\[400\]"),
        ("ease/weight", lambda a: np.float32(1).reshape(()), r"weight is float32\[\]"),
        ("ease/weight", lambda a: a[:0], r"weight is float32\[0, 20\]"),
        ("ease/column", lambda a: a + 1, "column has values from 1 to 21, not 0..n"),
        ("ease/column", lambda a: a - 1, "column has values from -1 to 19"),
        ("ease/column", lambda a: a.astype(np.int64), r"column is int64\[21\]"),
        ("ease/labelling", lambda a: np.array([1, 10, 1, 7], np.float32), "ease: "),
        ("ease/labelling", lambda a: np.array([10, 1, 1, 0], np.float32), "ease: A rating scale from 10 to 1"),
        ("mf/item_code", lambda a: a[:-1], r"item_code is float32\[20, 5\]"),
        ("mf/item_known", lambda a: a + 2, "item_known has values from 2"),
        ("mf/penalty", lambda a: a * 0, "penalty has values from 0 to 0, not >0"),
        ("mf/penalty", lambda a: a[:, 1:], r"penalty is float32\[2, 4\], not f32\[2, D\+1\] with D = 4"),
        ("mf/mean", lambda a: np.empty(0, np.float32), r"mean is float32\[0\]"),
        ("mf/labelling", lambda a: np.ones(3, np.float32), "mf: "),
        ("genre/genres", lambda a: np.ones((21, 3), np.uint8), "more tags than the catalogue"),
        ("mf/more", lambda a: np.ones(3), None),
        ("items.parquet", lambda a: None, "items.parquet"),
        ("items.parquet", lambda a: a[:-20], "not a bundle that can be used"),
        ("items.parquet", lambda a: a[:0], "not a bundle that can be used"),
        ("items.parquet", lambda a: a.reshape(1, -1)[:, :0], "not a bundle that can be used"),
    ],
)
def test_arrays_that_do_not_fit(saved, name, change, message):
    if message is None:
        refused(rewrite(saved, arrays={name: change(None)}), "more is not one of its arrays")
    else:
        refused(rewrite(saved, arrays=like(saved, name, change)), message)


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1e30])
@pytest.mark.parametrize("name", ["ease/weight", "mf/item_code", "mf/average", "genre/item_offset"])
def test_one_number_that_is_none(saved, name, value):
    def spoilt(array):
        array.reshape(-1)[-3] = value
        return array

    refused(rewrite(saved, arrays=like(saved, name, spoilt)), "has values from")


def test_arrays_of_no_model_and_models_without(saved):
    refused(rewrite(saved, arrays={"oracle/a": np.zeros(1)}), "'oracle/a' is of no model in it")
    refused(rewrite(saved, arrays={"oracle/a": None}, manifest={"models": [{"name": "bias", "config": {}}]}), "of no model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda items: items.drop("title"), 'no column "title"'),
        (lambda items: items.drop("ratings"), 'no column "ratings"'),
        (lambda items: items.drop("franchise"), 'no column "franchise"'),
        (lambda items: items.cast({"ratings": pl.Float64}), '"ratings" is Float64, not Int64'),
        (lambda items: items.cast({"item_id": pl.Int32}), '"item_id" is Int32'),
        (lambda items: items.with_columns(genres=pl.lit("Action")), '"genres" is String'),
        (lambda items: items.head(19), r"I = 19"),
        (lambda items: items.head(0), "no item"),
        (lambda items: items.with_columns(item_id=pl.lit(7, pl.Int64)), "not distinct"),
        (lambda items: items.with_columns(item_id=pl.lit(None, pl.Int64)), '"item_id" has gaps'),
        (lambda items: items.with_columns(ratings=pl.lit(-1, pl.Int64)), "ratings is below 0"),
        (lambda items: items.with_columns(bayes=pl.lit(NAN, pl.Float32)), "an average is not finite"),
        (lambda items: items.with_columns(mean=pl.lit(INF, pl.Float32)), "an average is not finite"),
        (lambda items: items.with_columns(franchise=pl.lit(20, pl.Int32)), "an entry point is no row"),
        (lambda items: items.with_columns(part=pl.lit(-1, pl.Int32)), "a place is below 0"),
        (lambda items: items.with_columns(genres=pl.lit([None], pl.List(pl.String))), "a genre has no name"),
    ],
)
def test_catalogues_that_do_not_fit(saved, change, message):
    rewrite_items(saved, change)
    refused(saved, message)
    refused(saved, message, check=False)


def test_a_catalogue_may_lack_what_no_source_tells(saved):
    bundle = load_bundle(rewrite_items(saved, lambda items: items.drop(LATER)))
    assert {"studios", "source", "age", "imdb_id"}.isdisjoint(bundle.items.columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": None}, "'models' is missing"),
        ({"models": []}, "it has no model, or one twice"),
        ({"models": 7}, "not a bundle that can be used"),
        ({"models": [{"name": "mf", "config": {}}] * 2}, "it has no model, or one twice"),
        ({"models": [{"name": "mf", "config": {"dim": [1]}}]}, '"config" of models cannot be'),
        ({"models": [{"name": ["mf"], "config": {}}]}, '"name" of models cannot be'),
        ({"scale": {"low": 5, "high": 1, "step": 1}}, "rating scale from 5 to 1"),
        ({"scale": {"low": "a", "high": "b", "step": 1}}, '"low" of scale cannot be a'),
        ({"scale": {"low": 1, "high": INF, "step": 1}}, '"high" of scale cannot be inf'),
        ({"scale": None}, "scale is no record"),
        ({"data": {"path": ""}}, '"sha256" of data is missing'),
        ({"data": {"path": 7, "sha256": "", "source": "", "note": ""}}, '"path" of data cannot be 7'),
        ({"split": {"kind": "by moon", "sha256": "", "entries": {}}}, '"kind" of split cannot be by moon'),
        ({"split": {"kind": "last", "sha256": "", "entries": {"train": "all"}}}, '"entries" of split'),
        ({"split": {"kind": "last", "sha256": "", "entries": {}, "moon": 1}}, '"moon" of split is not known here'),
        ({"seed": "0"}, '"seed" of the manifest cannot be 0'),
        ({"seed": True}, '"seed" of the manifest'),
        ({"metrics": None}, '"metrics" of the manifest is missing'),
        ({"metrics": {"test": 7}}, '"metrics" of the manifest'),
        ({"metrics": {"test": {"rmse": "low"}}}, "rmse of metrics of test is no number"),
        ({"metrics": {"test": {"rmse": [1]}}}, "not what is measured"),
        ({"metrics": {"test": {"rmse": NAN}}}, "not a bundle that can be used"),
        ({"metrics": {"test": {"baselines": {"bias": 7}}}}, "not what is measured"),
        ({"metrics": {"test": {"baselines": {"bias": {"rmse": {}}}}}}, "rmse of the baseline bias"),
        ({"history": {"mf": [[1]]}}, '"history" of the manifest'),
        ({"history": {"mf": [["a", None]]}}, '"history" of the manifest'),
        ({"intervals": [7]}, '"intervals" of the manifest'),
        ({"weights": 7}, "weights is no record"),
        ({"weights": {"liked": [1.0], "shares": [[0.5, 0.2]]}}, "the weights are no shares of 1"),
        ({"weights": {"liked": [1.0], "shares": [[0.2] * 5]}}, "the weights are not of as many models as order"),
        ({"intervals": [{"from": 0, "n": 1, "edges": [], "low": [[0]], "high": [[0]] * 3}]}, "as many ends"),
        ({"intervals": [{"from": 0, "n": 1, "edges": [1], "low": [[0]] * 3, "high": [[0]] * 3}]}, "as many ends"),
        ({"versions": {"python": 3}}, '"versions" of the manifest'),
        ({"m\x1b[31m\u202e\n": "full"}, r'"m.\[31m. " of the manifest is not known here'),
        ({"moon": "full"}, '"moon" of the manifest is not known here'),
    ],
)
def test_manifests_that_do_not_fit(saved, changes, message):
    refused(rewrite(saved, manifest=changes), message)


@pytest.mark.parametrize(
    "text", ["", "7", "null", "[]", "{", "[" * 100_000, '{"a":' * 100_000, "\ud800"[:0] + "nan", "9" * 5000]
)
def test_manifests_that_are_none(saved, text):
    refused(rewrite(saved, metadata={"manifest": text}), "not a bundle that can be used")


@pytest.mark.parametrize("key", ["kind", "format", "manifest"])
def test_metadata_that_is_missing(saved, key):
    refused(rewrite(saved, metadata={key: None}), "not a konomi bundle|is not known here|is missing")


def header(about, metadata='{"kind": "konomi bundle"}'):
    """A header with one array."""
    return f'{{"__metadata__": {metadata}, "a": {about}}}'.encode()


def place(dtype, shape, offsets):
    return header(f'{{"dtype": {dtype}, "shape": {shape}, "data_offsets": {offsets}}}')


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b"[]", b"{" * 200_000, b"\xff\xfe" * 40, header("7"), header("{}"), header("{}", "7")),
        header("7", '{"kind": "konomi bundle", "format": 3}'),
        *(place('"F32"', shape, "[0, 4]") for shape in ("[-1]", "[1.0]", "[2]", "7", "[true]", "[[1]]")),
        *(place('"F32"', "[1]", offsets) for offsets in ("[4, 8]", "[8, 4]", "[0]", "7", "[0, 1e9]", "[-4, 0]")),
        *(place(dtype, "[1]", "[0, 4]") for dtype in ('"F33"', "[]", "null", '"I64"')),
        place('"U8"', "[0, 9223372036854775807, 9]", "[0, 0]"),
        place('"U8"', str([1] * 99 + [8]), "[0, 8]"),
        b'{"__metadata__": {"kind": "konomi bundle"}}',
    ],
)
def test_headers_that_make_no_sense(tmp_path, header):
    path = tmp_path / "model"
    for length in (len(header), len(header) + 1, 1 << 40, (1 << 64) - 1):
        path.write_bytes(length.to_bytes(8, "little") + header + bytes(8))
        refused(path, "not a ")


def test_facts_are_the_same_after_a_round_trip():
    facts = Facts(
        data=DataFacts("data", "sha256:1", "mal", "simulated"),
        split=SplitFacts("users", 0.1, 3, 0.5, 7, sha256="sha256:2", entries={"train": 9, "test": 1}),
        seed=1 << 70,
        metrics={"test": {"rmse": 0.1 + 0.2, "n": 3, "segments": ({"from": 0, "below": None},), 7: None}},
        history={"mf": [[1.5, None], (0.25, 1e-300)]},
        intervals=[{"from": 0, "n": 1, "edges": [], "low": [[None]] * 3, "high": [[0.5]] * 3}],
        versions={"python": "3.11"},
    )
    again = Facts.from_json(facts.to_json())
    assert again == facts and again.history["mf"][1] == (0.25, 1e-300) and facts.metrics["test"]["7"] is None
    assert Facts.from_json(Facts().to_json()) == Facts() and "intervals" not in Facts().to_json()
    assert facts.split.spec == {"kind": "users", "valid": 0.1, "test": 3, "shown": 0.5, "seed": 7}
    with pytest.raises(ValueError, match="JSON"):
        Facts(metrics={"test": {"rmse": NAN}})


def test_what_a_shape_may_say():
    state = {"a": np.zeros((3, 5), np.float32), "b": np.array([0, 2], np.uint8), "e": np.empty((0, 2), np.float32)}
    shapes = {"a": "f32[I+1, D+1]", "b": "u8[2] 0..D", "e": "f32[E, 2] >0"}
    sizes = check_shapes(state, shapes, 2)
    assert sizes == {"I": 2, "D": 4, "E": 0}
    check_values(state, shapes, sizes, True)
    for rule, right in [
        ("", True),
        ("0..2", True),
        ("1..2", False),
        ("0..1", False),
        (">0", False),
        ("..2", True),
        ("0..", True),
    ]:
        try:
            check_values(state, {**shapes, "b": f"u8[2] {rule}".strip()}, sizes, False)
            assert right, rule
        except ValueError:
            assert not right, rule
