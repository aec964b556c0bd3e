"""Mistakes in the settings of models, from a program as from a file: a ConfigError that names the setting, and the remedy."""

import dataclasses
import json
import typing

import numpy as np
import pytest

from konomi.errors import ConfigError
from konomi.models import MODELS, mf, module, nn, two_tower
from konomi.models.choice import left_open
from konomi.settings import check_types, settings

FIELDS = [(name, field.name) for name in MODELS for field in dataclasses.fields(module(name).Config)]
WORDS = ("a text", None, [1, 2], object(), 1 + 2j, np.zeros(2), b"\xff")


@pytest.mark.parametrize(("name", "field"), FIELDS)
@pytest.mark.parametrize("wrong", WORDS, ids=lambda wrong: type(wrong).__name__)
def test_a_value_of_the_wrong_type(name, field, wrong):
    if wrong is None and field in left_open(module(name).Config()):
        return  # it leaves the setting to validation
    with pytest.raises(ConfigError, match=field if (name, field) != ("two_tower", "layers") else "layers cannot be") as error:
        module(name).Config(**{field: wrong})
    assert error.value.hint


@pytest.mark.parametrize(
    ("make", "said", "hint"),
    [
        (lambda: mf.Config(dim=16.5), 'mf: dim cannot be "16.5".', "It is a whole number."),
        (lambda: mf.Config(dim=np.float32(16)), 'mf: dim cannot be "16.0".', "It is a whole number."),
        (lambda: mf.Config(dim=True), 'mf: dim cannot be "True".', "It is a whole number."),
        (lambda: mf.Config(rate=float("nan")), 'mf: rate cannot be "nan".', "It is a number."),
        (lambda: mf.Config(rate=10**400), 'mf: rate cannot be "1', "It is a number."),
        (lambda: mf.Config(optimizer="adagard"), 'Did you mean "adagrad"?', "It is one of: sgd, adagrad."),
        (lambda: nn.Config(biased="perhaps"), 'biased cannot be "perhaps".', "It is true or false."),
        (lambda: two_tower.Config(layers=[256, 32]), 'two_tower: layers cannot be "[256, 32]".', "Write whole numbers"),
    ],
)
def test_what_is_said(make, said, hint):
    with pytest.raises(ConfigError) as error:
        make()
    assert said in str(error.value) and error.value.hint.startswith(hint)


def test_numbers_of_numpy_and_whole_numbers_become_those_of_python():
    config = mf.Config(dim=np.int64(16), rate=np.float32(0.5), l2=1, patience=np.uint8(2))
    assert (config.dim, config.rate, config.l2, config.patience) == (16, 0.5, 1.0, 2)
    assert [type(value) for value in (config.dim, config.rate, config.l2)] == [int, float, float]
    assert json.loads(json.dumps(dataclasses.asdict(config)))["dim"] == 16


@dataclasses.dataclass(frozen=True)
class Optional:
    memory: int | None = None
    sizes: typing.Literal[1, 2] = 1

    def __post_init__(self):
        check_types(self, "optional")


def test_nothing_may_be_said_where_it_may():
    assert Optional().memory is None and Optional(3).memory == 3 and settings(Optional, {"memory": None}, "x").memory is None
    with pytest.raises(ConfigError, match="optional: memory cannot be"):
        Optional("much")
