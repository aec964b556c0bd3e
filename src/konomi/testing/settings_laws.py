"""The laws of a model's settings and of its errors."""

import dataclasses
import typing
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from konomi.errors import ConfigError, FitError, RequestError
from konomi.models.api import Model
from konomi.runtime import Run
from konomi.testing.asserts import raises
from konomi.testing.subject import Subject, one

QUICK = 4  # epochs, where many models are trained


def what_it_cannot_do_is_said(subject: Subject) -> None:
    """RequestError for an unknown output, FitError without training entries, ConfigError for a setting of a wrong type."""
    model, nothing = subject.model, np.zeros(len(subject.seen.item), bool)
    raises(RequestError, lambda: model.score(model.encode(one({})), "no such output"), 'an output "no such output"')
    raises(RequestError, lambda: model.score_pairs(model.encode(one({})), np.zeros(1, np.int32), ""), 'an output ""')
    empty = dataclasses.replace(subject.train, seen=subject.seen.keep(nothing))
    raises(FitError, lambda: subject.module.fit(empty, subject.config(), Run(threads=1)), "no training entry")
    hints = typing.get_type_hints(subject.module.Config)
    for name in (name for name in subject.names if hints[name] is not str):
        wrong = {name: "no such value"}
        raises(ConfigError, partial(subject.config, **wrong), f'{name} = "no such value"')


def every_setting_changes_something(subject: Subject) -> None:
    """Another value of each setting of Config gives another model: other outputs, another history or another order."""
    quick: dict[str, Any] = {"epochs": QUICK} if "epochs" in subject.names else {}
    usual = subject.fit(**quick)
    for name in subject.names:
        base = {**quick, **subject.beside.get(name, {})}
        before = usual if base == quick else subject.fit(**base)
        values = list(_others(subject, name, getattr(subject.config(**base), name)))
        assert values, f"{name}: name another value of it, other={{{name!r}: …}}"
        assert any(_changed(subject, before, {**base, name: value}) for value in values), f"{name}: {values} change nothing"


def _others(subject: Subject, name: str, value: Any) -> Iterator[Any]:
    """Other values of a setting: the given one, else some that may be allowed."""
    kind = typing.get_type_hints(subject.module.Config)[name]
    if name in subject.other:
        yield subject.other[name]
    elif typing.get_origin(kind) is typing.Literal:
        yield from (choice for choice in typing.get_args(kind) if choice != value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (2 * value + 1, value // 2)
    elif isinstance(value, float):
        yield from (2 * value + 0.1, value / 2)


def _changed(subject: Subject, before: Model, changed: dict[str, Any]) -> bool:
    try:
        after = subject.fit(**changed)
    except (ConfigError, FitError):  # a value that is not allowed
        return False
    if after.outputs != before.outputs or not np.array_equal(after.history, before.history, equal_nan=True):
        return True
    old, new = (model.score(model.encode(subject.seen), "rank") for model in (before, after))
    return not np.array_equal(old, new)
