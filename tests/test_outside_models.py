"""Models from outside: of installed packages, registered ones, and the page that shows how one is made."""

import json
import re
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import konomi as front_door
import stand_in
from command_line import konomi, ratings, refused, write
from konomi import models
from konomi.bundle.format import load_bundle
from konomi.errors import BundleError, ConfigError, RequestError
from konomi.files import read_metadata
from konomi.models.api import needs
from konomi.testing import laws
from rewritten import rewrite_items

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-model.md").read_text(encoding="utf-8")
NEAREST, REGISTER, CHECK, TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def registry(monkeypatch):
    """Nothing is registered, and entry points are looked for anew; as before after the test."""
    monkeypatch.setattr(models, "_registered", {})
    models._offers.cache_clear()
    yield
    models._offers.cache_clear()


@pytest.fixture
def install(tmp_path, monkeypatch, registry):
    """A package in the way it lies in site-packages: its module, and what pip writes of its entry points."""
    place = tmp_path / "site-packages"

    def installed(package, text, points):
        folder = place / f"{package.replace('-', '_')}-1.2.dist-info"
        folder.mkdir(parents=True)
        write(folder / "METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        write(folder / "entry_points.txt", "\n".join(["[konomi.models]", *lines, ""]))
        for value in points.values():
            module = value.partition(":")[0]
            write(place / f"{module}.py", text)
            monkeypatch.delitem(sys.modules, module, raising=False)
        models._offers.cache_clear()
        return folder

    monkeypatch.syspath_prepend(place)
    return installed


@pytest.fixture
def nearest(registry):
    """The page's model."""
    module = types.ModuleType("nearest")
    sys.modules["nearest"] = module  # dataclasses look their module up
    exec(NEAREST, vars(module))
    yield module
    del sys.modules["nearest"]


def test_the_page_runs(nearest):
    exec(REGISTER, {})
    exec(CHECK, {})
    said = {}
    exec(TEST, said)
    (mark,) = said["test_a_law"].pytestmark
    assert [str(law) for law in mark.args[1]] == [str(law) for law in laws("nearest")]
    said["test_a_law"](mark.args[1][0])


def test_the_page_names_all_that_a_model_may_have():
    from konomi.models import api

    kinds = [kind for name, kind in vars(api).items() if name.startswith("Has") or name == "WarmStart"]
    names = {name for kind in kinds for name in vars(kind) if not name.startswith("_")}
    assert len(kinds) == 8 and [name for name in names if f"`{name}`" not in PAGE] == []


def test_a_model_of_a_package_from_training_to_a_list(install, tmp_path, monkeypatch):
    folder = install("their-models", NEAREST, {"nearest": "their_nearest"})
    assert "nearest" in models.model_names() and "their_nearest" not in sys.modules
    data, bundle = tmp_path / "data", tmp_path / "bundle"
    konomi("prepare", write(tmp_path / "ratings.csv", ratings()), "--scale", "1:10:1", "-o", data)
    konomi("train", data, "-m", "bias,nearest", "--set", "nearest.shrink=20", "-o", bundle)
    assert models.package("nearest") == "their-models" and models.package("bias") == ""
    loaded, said = load_bundle(bundle), json.loads(read_metadata(bundle)["manifest"])
    assert [model.get("package") for model in said["models"]] == [None, "their-models"]
    assert loaded.configs["nearest"] == {"shrink": 20.0} and list(loaded.models) == ["bias", "nearest"]
    words = ("recommend", bundle, "--rate", "12=9", "--json")
    assert len(json.loads(konomi(*words).stdout)["recommendations"]) > 0
    (folder / "entry_points.txt").unlink()
    models._offers.cache_clear()
    message, hint = refused(*words)
    assert 'holds a model "nearest" of the package their-models, which is not installed.' in message
    assert hint == "pip install their-models"
    with pytest.raises(BundleError, match="their-models"):
        load_bundle(bundle)
    assert "nearest" not in models.model_names()


BROKEN = "import nothing_of_the_kind\n"


def test_a_package_that_cannot_be_imported_is_told_of_when_it_is_used(install, tmp_path):
    install("broken-models", BROKEN, {"broken": "broken_model"})
    install("good-models", NEAREST, {"nearest": "good_nearest"})
    assert models.module("mf").TASKS and models.module("nearest").TASKS == ()
    with pytest.raises(ConfigError, match="broken-models cannot be imported: ModuleNotFoundError") as said:
        models.module("broken")
    assert said.value.hint == "Reinstall broken-models, or upgrade it."
    listed = json.loads(konomi("doctor", "--json").stdout)["models"]
    assert [(model["name"], model["package"], bool(model["reason"])) for model in listed] == [
        ("broken", "broken-models", True),
        ("nearest", "good-models", False),
    ]
    shown = " ".join(konomi("doctor").stdout.split())
    assert "nothing_of_the_kind" in shown and "can be used" in shown
    message, _ = refused("train", tmp_path / "data", "-m", "broken", "-o", tmp_path / "b")
    assert "cannot be imported" in message


def test_a_bundle_of_a_package_that_broke_since(install, checkerboard, tmp_path):
    folder = install("their-models", NEAREST, {"nearest": "their_nearest"})
    front_door.save_bundle(tmp_path / "b", front_door.train_model(checkerboard, "nearest"))
    write(folder / "entry_points.txt", "[konomi.models]\nnearest = their_nearest:Nothing\n")
    models._offers.cache_clear()
    with pytest.raises(BundleError, match=r"b: The model .* of the package their-models cannot be imported: AttributeError"):
        load_bundle(tmp_path / "b")


@pytest.mark.parametrize("name", ["mf", "split", "a.b", ""])
def test_names_that_are_taken(install, name):
    install("bold-models", NEAREST, {name: "bold_model"} if name else {})
    if name == "split":
        with pytest.raises(ConfigError, match='"split" of the package bold-models cannot be used'):
            models.module(name)
    assert models.module("bias").TASKS == ("rating",)
    with pytest.raises(ConfigError, match=f'A model cannot be called "{name}"'):
        front_door.register_model(name, stand_in)


def test_a_package_does_not_take_the_place_of_a_model_of_ours(install, checkerboard, caplog):
    install("bold-models", NEAREST, {"mf": "bold_model"})
    with caplog.at_level("INFO", "konomi"):
        assert models.module("mf").__name__ == "konomi.models.mf" and models.package("mf") == ""
    assert "The package bold-models offers a model mf, but Konomi's own is used" in caplog.text
    assert models.model_names() == list(models.MODELS) and "bold_model" not in sys.modules
    bundle = front_door.train_model(checkerboard, {"mf": {"dim": 2, "epochs": 1}})
    assert type(bundle.models["mf"]).__module__ == "konomi.models.factors"
    (told,) = json.loads(konomi("doctor", "--json").stdout)["models"]
    assert (told["name"], told["package"]) == ("mf", "bold-models") and "Konomi has a model of this name" in told["reason"]


def test_two_packages_that_offer_one_name(install):
    install("one-models", NEAREST, {"nearest": "one_nearest"})
    install("two-models", NEAREST, {"nearest": "two_nearest"})
    with pytest.raises(ConfigError, match='"nearest" is offered by one-models and two-models'):
        models.module("nearest")


def test_a_class_may_be_a_model(registry):
    class Again:
        TASKS = stand_in.TASKS
        Config = stand_in.Config
        fit = staticmethod(stand_in.fit)
        load = staticmethod(stand_in.load)

    front_door.register_model("again", stand_in)
    front_door.register_model("again", Again)  # as a cell of a notebook that is run twice
    assert models.module("again") is Again and models.model_names() == [*models.MODELS, "again"]
    with pytest.raises(RequestError, match=r'Unknown model "agian"\. Did you mean "again"'):
        models.module("agian")
    with pytest.raises(RequestError, match="A model cannot be 3"):
        models.module(3)


@dataclass(frozen=True)
class Nothing:
    pass


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ({"fit": None, "load": None}, "it lacks fit, load"),
        ({"Config": dict}, "a Config that is a dataclass"),
        ({"TASKS": "rating"}, "TASKS that are a tuple"),
    ],
)
def test_what_is_no_model_is_not_registered(registry, lacks, said):
    parts = {"TASKS": (), "Config": Nothing, "fit": stand_in.fit, "load": stand_in.load, **lacks}
    found = types.SimpleNamespace(**{name: part for name, part in parts.items() if part is not None})
    with pytest.raises(ConfigError, match=said) as error:
        front_door.register_model("mine", found)
    assert "docs/add-a-model.md" in error.value.hint and "mine" not in models.model_names()


def test_a_bundle_of_a_model_that_is_not_registered(registry, monkeypatch, checkerboard, tmp_path):
    front_door.register_model("stand-in", stand_in)
    front_door.save_bundle(tmp_path / "b", front_door.train_model(checkerboard, "stand-in"))
    assert load_bundle(tmp_path / "b").models["stand-in"].outputs == {"rating", "rank"}
    monkeypatch.setattr(models, "_registered", {})
    with pytest.raises(BundleError, match='a model "stand-in" that is not known here') as error:
        load_bundle(tmp_path / "b")
    assert "konomi.register_model" in error.value.hint


def test_the_arrays_of_a_model_from_outside_are_checked(registry, checkerboard, tmp_path):
    """By what it declares of them, where it does; else by what it answers."""
    path = tmp_path / "b"
    front_door.register_model("mine", stand_in)
    front_door.save_bundle(path, front_door.train_model(checkerboard, "mine"))
    rewrite_items(path, lambda items: items.head(15).with_columns(franchise=pl.int_range(15, dtype=pl.Int32)))
    with pytest.raises(BundleError, match="mine: it scores 20 items, and the catalogue has 15"):
        load_bundle(path)
    shapes = {"probability": "f32[I+1] 0..1", "scale": "f32[2]", "has": "bool[2]", "history": "f32[E, 2] nan"}
    front_door.register_model("mine", types.SimpleNamespace(**{**vars(stand_in), "SHAPES": shapes}))
    for check in (True, False):
        with pytest.raises(BundleError, match=r"mine: probability is float32\[21\], not f32\[I\+1\] with I = 15"):
            load_bundle(path, check)
    front_door.save_bundle(path, front_door.train_model(checkerboard, "mine"))
    assert load_bundle(path).models["mine"].probability.shape == (21,)


@dataclass(frozen=True)
class Layers:
    layers: tuple[int, ...] = (8, 4)


def test_settings_that_are_lists_come_back_as_lists(registry, checkerboard, tmp_path):
    def fit(train, config, run):
        return stand_in.fit(train, stand_in.Config(), run)

    front_door.register_model("mine", types.SimpleNamespace(**{**vars(stand_in), "Config": Layers, "fit": fit}))
    front_door.save_bundle(tmp_path / "b", front_door.train_model(checkerboard, "mine"))
    assert load_bundle(tmp_path / "b").configs == {"mine": {"layers": [8, 4]}}
    assert json.loads(konomi("info", tmp_path / "b", "--json").stdout)["models"] == {"mine": {"layers": [8, 4]}}


def test_help_asks_no_other_package(tmp_path):
    code = "import sys, konomi.cli.main, importlib.metadata as m\nm.entry_points = None\nsys.argv[1:] = ['train', '--help']\n"
    code += "import konomi.models; konomi.models.entry_points = None\nkonomi.cli.main.main()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0 and "two_tower" in found.stdout, found.stderr


def test_what_a_model_needs_is_declared(registry, tmp_path, monkeypatch):
    assert [name for name in models.MODELS if "torch" in needs(models.module(name))] == ["nn", "hybrid", "two_tower"]
    batch = types.SimpleNamespace(**{**vars(stand_in), "NEEDS": ("nothing-of-the-kind",)})
    front_door.register_model("needy", batch)
    konomi("prepare", write(tmp_path / "ratings.csv", ratings()), "--scale", "1:10:1", "-o", tmp_path / "data")
    message, hint = refused("train", tmp_path / "data", "-m", "needy", "-o", tmp_path / "b")
    assert message == "needy needs nothing-of-the-kind, which is not installed." and hint == "pip install nothing-of-the-kind"
    message, _ = refused("train", tmp_path / "data", "-m", "needy", "-o", tmp_path / "b", "--checkpoint", tmp_path / "c")
    assert "needy has none" in message
