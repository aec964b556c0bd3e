"""Every public name that can be called, with things that make no sense: an error of ours or an answer, and no other end."""

import inspect

import numpy as np
import polars as pl
import pytest

import konomi
import stand_in
from konomi import models
from konomi.bundle.store import Store
from konomi.errors import KonomiError
from konomi.report import folder
from protocols import protocol, ratings, rows

FRAME = pl.DataFrame({"a": [1, 2]})
NONSENSE = [5, -1, 10**30, 1.5, float("nan"), "x", "", None, True, b"", b"x", [], [None], {}, {"a": "b"}, FRAME, object()]
RECORDS = (  # what Konomi gives, rather than takes: nothing is asked of it before it is used
    "Answer Benchmark Bundle Comparison Dataset EntryMean EntryMetric Evaluation Given Hit Item ListMetric Matched People "
    "Person PersonalList Predictions Ranking Report Split Table TasteFigures Together TrainSet Verdict"
).split()
ERRORS = [name for name in konomi.__all__ if name.endswith("Error") or name in ("Cancelled", "BeginAnew")]


def mean_error(found):
    return float(np.mean(found.true - found.predicted))


METRIC = konomi.EntryMetric("mean_error", "mean error", "rating", mean_error, "neither")


def calls(it) -> dict[str, tuple]:
    """Name → (what is called, arguments that make sense by their names)."""
    dataset, bundle, place = it["dataset"], it["bundle"], it["folder"]
    recommender, run = konomi.Recommender(bundle, dataset), konomi.Run(threads=1)
    ids, profiles = bundle.items["item_id"].to_list(), dataset.profiles.slice(0, 2)
    someone = {ids[0]: 9.0}
    asked = {"profile": someone, "k": 2, "where": konomi.Where(), "dials": konomi.Dials(), "wishes": None, "why": 1}
    data = {"dataset": dataset, "models": "bias", "run": run}
    store = Store(place / "store")
    store.publish(bundle)
    read = {"source": None, "items": None, "user": None, "rating": None, "separator": None, "scale": None, "on_bad_rows": None}
    found = konomi.compare_models(dataset, "bias", "rating", run=run)
    return {
        "Dials": (konomi.Dials, {"love": 0.2}),
        "Profiles.of": (konomi.Profiles.of, {"people": [{0: 9.0}]}),
        "Recommender": (konomi.Recommender, {"bundle": bundle, "data": dataset}),
        "Recommender.load": (konomi.Recommender.load, {"path": place / "bundle", "data": dataset}),
        "Recommender.best": (recommender.best, {"profiles": profiles, "k": 2, "where": konomi.Where()}),
        "Recommender.person": (recommender.person, {"profile": someone, "user": None, "list_file": None, "wishes": None}),
        "Recommender.predict": (recommender.predict, {"pairs": [(someone, ids[1])]}),
        "Recommender.recommend": (recommender.recommend, asked),
        "Recommender.recommend_many": (recommender.recommend_many, {"people": [someone], "k": 2, "why": 1}),
        "Recommender.similar": (recommender.similar, {"titles": ids[0], "k": 2, "by": "both", "metric": "cosine"}),
        "Rules": (konomi.Rules, {"min_item_ratings": 0, "k_core": 0, "labels": "scored"}),
        "Run": (konomi.Run, {each: getattr(run, each) for each in vars(run)}),
        "Scale": (konomi.Scale, {"low": 1, "high": 10, "step": 1}),
        "SplitConfig": (konomi.SplitConfig, vars(konomi.SplitConfig())),
        "Dataset.open": (konomi.Dataset.open, {"path": place / "data"}),
        "Dataset.save": (dataset.save, {"path": place / "again"}),
        "Dataset.profile": (dataset.profile, {"user_id": 100}),
        "Dataset.from_frame": (konomi.Dataset.from_frame, {"frame": it["frame"], "user": None, "item": None, "scale": None}),
        "Store": (Store, {"folder": place / "store"}),
        "Store.collect": (store.collect, {"keep": 3}),
        "Store.open": (store.open, {"number": 1}),
        "Store.publish": (store.publish, {"bundle": bundle}),
        "Store.select": (store.select, {"number": 1}),
        "Where": (konomi.Where, vars(konomi.Where())),
        "add": (konomi.add, {"dataset": dataset, "ratings": it["frame"], "run": run, **read}),
        "benchmark": (konomi.benchmark, {"protocol": place / "p.toml", "data": place, "models": "bias", "run": run,
                                         "rule": "clean", "seeds": 1, "by_ids": False, "tell": print}),
        "compare_bundles": (konomi.compare_bundles, {"first": bundle, "second": bundle, "seed": 0}),
        "compare_models": (konomi.compare_models, {**data, "tasks": "rating", "split": None, "tell": print, "metrics": ()}),
        "compare_people": (konomi.compare_people, {**data, "task": "rating", "split": None, "tell": print, "metrics": ()}),
        "evaluate_model": (konomi.evaluate_model, {"bundle": bundle, "test": dataset, "data": None, "run": run, "metrics": ()}),
        "load_bundle": (konomi.load_bundle, {"path": place / "bundle"}),
        "make_split": (konomi.make_split, {"dataset": dataset, "config": konomi.SplitConfig()}),
        "match_list": (konomi.match_list, {"personal": it["list"], "index": recommender.titles, "scale": dataset.scale}),
        "open_protocol": (konomi.open_protocol, {"protocol": place / "p.toml", "data": place, "run": run, "by_ids": False}),
        "prepare": (konomi.prepare, {"ratings": it["frame"], "rules": None, "run": run, **read}),
        "rank": (konomi.rank, {"model": bundle.models["bias"], "profiles": profiles, "k": 2, "allowed": np.ones(len(ids), bool),
                               "output": None, "threads": 1}),
        "read_list": (konomi.read_list, {"path": place / "list.csv"}),
        "read_ratings": (konomi.read_ratings, read),
        "register_metric": (konomi.register_metric, {"metric": METRIC}),
        "register_model": (konomi.register_model, {"name": "mine", "module": stand_in}),
        "save_bundle": (konomi.save_bundle, {"path": place / "saved", "bundle": bundle}),
        "train_model": (konomi.train_model, {**data, "split": None, "path": None}),
        "write_people": (konomi.write_people, {"path": place / "people", "found": it["people"], "source": ""}),
        "write_report": (konomi.write_report, {"path": place / "report", "comparison": found, "source": ""}),
    }  # fmt: skip


@pytest.fixture(scope="module")
def known(checkerboard, tmp_path_factory):
    place = tmp_path_factory.mktemp("nonsense")
    bundle = konomi.train_model(checkerboard, "bias")
    konomi.save_bundle(place / "bundle", bundle)
    checkerboard.save(place / "data")
    (place / "list.csv").write_text("title,rating\n10,9\n")
    protocol(place / "p.toml", 'kind = "drawn"')
    ratings(place / "ratings.csv", rows())
    frame = pl.DataFrame({"user_id": [1, 1, 2, 2], "item_id": [1, 2, 1, 2], "rating": [9, 2, 8, 1]})
    return {"dataset": checkerboard, "bundle": bundle, "folder": place, "frame": frame, "people": None,
            "list": konomi.read_list(place / "list.csv")}  # fmt: skip


@pytest.fixture(scope="module")
def table(known):
    return calls(known)


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A folder and registries of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "_registered", {})
    monkeypatch.setattr(folder, "page", lambda comparison, found, user_ids: "")  # it takes a second
    before = dict(konomi.METRICS)
    yield
    konomi.METRICS.clear()
    konomi.METRICS.update(before)


def ends(call, *given, **words) -> BaseException | None:
    """How a call ends: None where it gives something, else the error."""
    try:
        call(*given, **words)
    except Exception as error:
        return error
    return None


def test_the_table_has_every_public_name_that_can_be_called(table):
    callable_names = {name for name in konomi.__all__ if callable(getattr(konomi, name))}
    told = {name.partition(".")[0] for name in table}
    assert callable_names - told - set(RECORDS) - set(ERRORS) == set()


def names() -> list[str]:
    return [line.split('"')[1] for line in inspect.getsource(calls).splitlines() if line.startswith('        "')]


@pytest.mark.parametrize("name", names())
def test_what_makes_no_sense_ends_in_an_error_of_ours(table, name):
    call, sensible = table[name]
    wrong = []
    for argument in sensible:
        for nonsense in NONSENSE:
            error = ends(call, **{**sensible, argument: nonsense})
            if error is not None and not (isinstance(error, KonomiError) and error.message and error.hint):
                wrong.append(f"{argument}={nonsense!r:.40}: {type(error).__name__}: {error!s:.200}")
    assert wrong == []


@pytest.mark.parametrize("name", ["read_ratings", "prepare"])
def test_paths_that_make_no_sense(name):
    for nonsense in NONSENSE:
        error = ends(getattr(konomi, name), nonsense)
        assert isinstance(error, KonomiError), (nonsense, error)


@pytest.mark.parametrize("name", RECORDS + ERRORS)
def test_records_and_errors_of_nonsense(name):
    kind = getattr(konomi, name)
    parameters = inspect.signature(kind).parameters.values()
    needed = [each.name for each in parameters if each.default is each.empty]
    for nonsense in NONSENSE:
        error = ends(kind, **dict.fromkeys(needed, nonsense))
        assert error is None or isinstance(error, KonomiError)


def test_the_worst_settings_of_a_model(checkerboard):
    for dim in (10**30, 2**62, -(10**30), 10**5000):
        error = ends(konomi.train_model, checkerboard, {"mf": {"dim": dim}})
        assert isinstance(error, KonomiError), (len(f"{dim:x}"), error)
