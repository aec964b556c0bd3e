"""The contract suite itself: each law finds the fault that it is there for, and a model that has none passes."""

import re
import subprocess
import sys
import types
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import konomi
import stand_in
from konomi import models
from konomi.models.api import Criterion, HasVariance, WarmStart, criterion
from konomi.testing import FOR_EACH_TASK, ONCE, check_model, laws

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-model.md").read_text(encoding="utf-8")
NEAREST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
EVERYBODY_ALIKE = {"personal": False, "random": False}


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(models, "_registered", {})


@pytest.fixture(scope="module")
def nearest():
    """The model of docs/add-a-model.md."""
    module = types.ModuleType("nearest")
    sys.modules["nearest"] = module  # dataclasses look their module up
    exec(NEAREST, vars(module))
    yield module
    del sys.modules["nearest"]


def register(module, kind, methods=None, **functions):
    """Register "spoilt": the module with functions of its own, its record `kind` with methods, of others."""
    spoilt = type("Spoilt", (kind,), methods or {})

    def again(call):
        return lambda *given: spoilt(**vars(call(*given)))

    own = {name: again(getattr(module, name)) for name in ("fit", "fit_from", "load") if hasattr(module, name)}
    konomi.register_model("spoilt", types.SimpleNamespace(**{**vars(module), **own, **functions}))


def broken(law, **more):
    """What the law says of "spoilt"."""
    (found, *_) = [each for each in laws("spoilt", **more) if str(each).endswith(f": {law}")]
    with pytest.raises(AssertionError) as said:
        found()
    return str(said.value)


def test_the_stand_in_keeps_every_law():
    """It has a warm start and a variance, which no model of Konomi's has."""
    konomi.register_model("stand-in", stand_in)
    empty = stand_in.load(dict.fromkeys(("probability", "scale", "has", "history")))
    assert isinstance(stand_in, WarmStart) and isinstance(empty, HasVariance)
    check_model("stand-in", **EVERYBODY_ALIKE)


def of_people(value):
    """An `encode` whose codes are value(profiles) f32[B], in every column."""
    return {"encode": lambda self, profiles, threads=1: np.tile(value(profiles)[:, None], len(self.alike)).astype(np.float32)}


def wrong_once(value):
    """A `score` that is off by `value` where all items are asked for."""

    def score(self, codes, output, items=None):
        scores = super(type(self), self).score(codes, output, items)
        return scores + np.float32(value) if items is None else scores

    return {"score": score}


def spend(self, codes, output, items=None):
    codes *= np.float32(0.5)
    return super(type(self), self).score(codes, output, items)


def anything(self, codes, output, items=None):
    return codes[:, :-1] if items is None else codes[:, items]


METHODS = {
    "scores have their shapes and are finite": {"score": lambda self, codes, output, items=None: codes[:, :3]},
    "all ways to score agree": wrong_once(1),
    "a withheld liked item comes before every disliked one": of_people(lambda profiles: np.ones(len(profiles))),
    "a batch is its single people": of_people(lambda profiles: np.full(len(profiles), len(profiles))),
    "the order of a profile does not matter": of_people(lambda profiles: profiles.item[profiles.indptr[:-1]]),
    "nobody and the unscored have the same code": of_people(lambda profiles: profiles.counts),
    "more can be asked for than there is": {"score": lambda self, codes, output, items=None: codes[:, :-1] * np.nan},
    "nothing that it is given is changed": {"score": spend},
    "loaded it says the same": {"state": lambda self: {**vars(self), "alike": self.alike * np.float32(2)}},
    "what it cannot do is said": {"score": anything},
    "what was chosen gives the same model": {"chosen": {"shrink": 99.0}},
}


@pytest.mark.parametrize("law", METHODS)
def test_a_fault_of_a_record_is_found(nearest, law):
    register(nearest, nearest.Nearest, METHODS[law])
    broken(law)


FALLS_NOT = np.array([[1, 1], [2, 1]], np.float32)
TRAININGS = {
    "it has what a model file has": lambda model, run: {"item_known": np.ones(3, np.float32)},
    "the same seed gives the same bytes at any thread count": lambda model, run: {
        "alike": model.alike / np.float32(run.threads)
    },
    "another seed gives another model where any does": lambda model, run: {"alike": model.alike + np.float32(run.seed)},
    "a history has an error for each epoch": lambda model, run: {"history": FALLS_NOT},
}


@pytest.mark.parametrize("law", TRAININGS)
def test_a_fault_of_a_training_is_found(nearest, law):
    def fit(train, config, run):
        model = nearest.fit(train, config, run)
        return replace(model, **TRAININGS[law](model, run))

    register(nearest, nearest.Nearest, fit=fit)
    broken(law)


def test_a_setting_that_changes_nothing_is_found(nearest):
    register(nearest, nearest.Nearest, fit=lambda train, config, run: nearest.fit(train, nearest.Config(), run))
    assert "shrink: [20.1, 5.0] change nothing" in broken("every setting changes something")


def test_a_setting_that_is_left_open_and_not_told_of_is_found(nearest):
    @dataclass(frozen=True)
    class Config:
        shrink: float = 10.0
        most: int | None = None

    register(nearest, nearest.Nearest, {"chosen": {}}, Config=Config)
    assert "most: None leaves it open" in broken("what was chosen gives the same model")


def test_what_a_bundle_does_not_bring_back_is_found(nearest):
    register(nearest, nearest.Nearest, load=lambda state: nearest.Nearest(**{**state, "alike": state["alike"] * np.float32(2)}))
    broken("a bundle brings it back")


def test_a_probability_that_is_none_is_found():
    twice = {"score": lambda self, codes, output, items=None: 2 * stand_in.StandIn.score(self, codes, output, items)}
    register(stand_in, stand_in.StandIn, twice)
    (law,) = [law for law in laws("spoilt", **EVERYBODY_ALIKE) if str(law) == "spoilt (interaction): a probability is one"]
    with pytest.raises(AssertionError, match="probabilities from"):
        law()


CAPABILITIES = {
    "a variance is one": {"variance": lambda self, codes, rows: -np.ones(len(codes), np.float32)},
    "dots are scores": {
        "dot_outputs": frozenset({"rank"}),
        "dots": lambda self, codes, output: (codes, np.ones((20, 1), np.float32), self.probability[:-1] * 2, codes[:, 0]),
    },
    "parts add up": {"parts": lambda self, profiles, items, output: np.ones((len(profiles.item), len(items)), np.float32)},
    "features tell of taste": {"features": lambda self, profiles, items, output: np.zeros((2, len(items)), np.float32)},
    "items that the same people like are near": {"item_vectors": lambda self: np.eye(20, dtype=np.float32)},
    "what it is chosen by has a name": {"criterion": "NDCG"},
}


@pytest.mark.parametrize("law", CAPABILITIES)
def test_a_fault_of_what_a_model_may_have_is_found(law):
    register(stand_in, stand_in.StandIn, CAPABILITIES[law])
    broken(law, **EVERYBODY_ALIKE)


def test_a_warm_start_that_changes_its_start_or_ignores_it_is_found():
    def drift(start, train, config, run):
        start.probability[0] = 0.25
        return stand_in.fit_from(start, train, config, run)

    register(stand_in, stand_in.StandIn, fit_from=drift)
    assert "of the model that it starts from" in broken("a warm start goes on", **EVERYBODY_ALIKE)
    register(stand_in, stand_in.StandIn, fit_from=lambda start, *given: stand_in.fit(*given))
    assert "and one from nothing" in broken("a warm start goes on", **EVERYBODY_ALIKE)


def test_every_law_has_a_fault_here():
    page = Path(__file__).read_text(encoding="utf-8")
    names = [law.__name__.replace("_", " ") for law in (*FOR_EACH_TASK, *ONCE)]
    assert [name for name in names if f'{name}"' not in page] == []


def test_all_that_is_broken_is_named(nearest):
    register(nearest, nearest.Nearest, METHODS["scores have their shapes and are finite"])
    with pytest.raises(AssertionError, match=r"^spoilt breaks \d+ of 25 laws:\n  spoilt: scores have") as said:
        check_model("spoilt")
    assert "rank: float32(30, 3), not (30, 20)" in str(said.value) and "scores of shape (30, 3) for 30 profiles" in str(
        said.value
    )


def test_what_it_is_chosen_by(checkerboard):
    """The epoch of the highest figure is the one that was kept, where higher is better."""

    def rising(*given):
        history = np.array([[3, 0.1], [2, 0.3], [1, 0.2]], np.float32)
        return Chosen(**{**vars(stand_in.fit(*given)), "history": history})

    class Chosen(stand_in.StandIn):
        criterion = Criterion("NDCG@10", higher=True)

    register(stand_in, Chosen, fit=rising)
    chosen = {"spoilt": stand_in.Config(), "bias": models.module("bias").Config()}
    found, plain = konomi.compare_models(checkerboard, chosen, ("rating",)).fits
    assert criterion(found.model).name == "NDCG@10" and found.best == 2
    assert criterion(plain.model) == Criterion("RMSE") and plain.best == 0


def test_the_suite_takes_no_test_library():
    code = "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None; from konomi.testing import check_model\n"
    code += "check_model('bias', personal=False); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr
