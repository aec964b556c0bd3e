"""The public names: all there, all told to type checkers, none of them paid for before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import konomi
from konomi import errors

HEAVY = {"numpy", "scipy", "numba", "polars", "safetensors", "rich"}


@pytest.mark.parametrize("name", konomi.__all__)
def test_every_name_resolves(name):
    assert getattr(konomi, name) is not None


def test_all_is_complete_and_sorted_as_checkers_see_it():
    tree = ast.parse(Path(konomi.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module.startswith("konomi.")]
    told = {alias.asname or alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    assert sorted(told) == sorted(konomi.__all__)
    lazy = {name: home for name, home in told.items() if not home.startswith("konomi.errors.")}
    assert lazy == konomi._HOME


def test_the_whole_family_of_errors_is_public():
    family = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert family <= set(konomi.__all__)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'recomend'"):
        konomi.recomend  # noqa: B018


@pytest.mark.parametrize("module", ["konomi", "konomi.cli.main"])
def test_importing_is_light(module):
    code = f"import {module}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert module in loaded
    assert not HEAVY & set(loaded)
