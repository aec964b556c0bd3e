"""The public names: all there, all told to type checkers, none of them paid for before it is used."""

import ast
import copy
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import konomi
from konomi import errors

HEAVY = {"numpy", "scipy", "numba", "polars", "safetensors", "rich", "torch", "matplotlib"}


@pytest.mark.parametrize("name", konomi.__all__)
def test_every_name_resolves(name):
    assert getattr(konomi, name) is not None


def test_every_name_stands_once_and_is_what_a_checker_takes_it_for():
    """In the stub; `import X as X` and `Y = _X` are how a stub hands a name on (PEP 484)."""
    stub = ast.parse(Path(konomi.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told, renamed = [], {}
    for node in stub.body:
        if isinstance(node, ast.ImportFrom):
            (alias,) = node.names
            assert alias.asname in (alias.name, f"_{alias.name}")
            told.append((alias.asname, node.module, alias.name))
        else:
            assert isinstance(node, ast.Assign)
            renamed[node.value.id] = node.targets[0].id
    homes = {renamed.get(name, name): (module, own) for name, module, own in told}
    assert len(homes) == len(told) and {name for name in homes if name.startswith("_")} == set()
    assert sorted(homes) == konomi.__all__ == dir(konomi)
    for name, (module, own) in homes.items():
        assert getattr(konomi, name) is getattr(import_module(module), own)


def test_the_whole_family_of_errors_is_public():
    family = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert family <= set(konomi.__all__)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'recomend'"):
        konomi.recomend  # noqa: B018


@pytest.mark.parametrize("module", ["konomi", "konomi.cli.main", "konomi.cli.commands"])
def test_importing_is_light(module):
    code = f"import {module}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert module in loaded
    assert not HEAVY & set(loaded)


def test_a_command_hears_ctrl_c_before_anything_is_imported():
    """Until its handlers stand, what is imported is a few small modules of Python's own, and no file is read."""
    code = "import sys, signal; before = set(sys.modules); import konomi.cli.main; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["konomi", "konomi.cli", "konomi.cli.main"]
    code = (
        "import konomi; assert konomi._homes == {}; from konomi import *; print(*sorted(set(konomi.__all__) - set(globals())))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_the_library_is_quiet_unless_asked():
    code = "import logging, konomi; konomi.Run; logging.getLogger('konomi.models').warning('loud')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr == ""


def test_errors_are_made_for_programs_too():
    """code and field beside message and hint; hints name no option of the command line; an error may cross processes."""
    error = errors.RequestError("k is 0.", "Give 1 or more.", "k")
    assert (error.code, error.message, error.hint, error.field) == ("request", "k is 0.", "Give 1 or more.", "k")
    assert vars(copy.copy(error)) == vars(error) and str(copy.copy(error)) == str(error)
    kinds = [errors.DataError, errors.ConfigError, errors.FitError, errors.BundleError, errors.RequestError]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_errors_of_the_library_speak_no_options():
    """`valid`, not --valid: the command line puts its own words there (cli/hints.py)."""
    told = []
    for path in Path(konomi.__file__).parent.rglob("*.py"):
        if path.parent.name != "cli":
            calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
            raised = (call for call in calls if getattr(call.func, "id", "").lower().endswith("error"))
            told += [
                f"{path.name}: {text.value}"
                for call in raised
                for text in ast.walk(call)
                if isinstance(text, ast.Constant)
                and isinstance(text.value, str)
                and re.search(r"(^|\W)-(-[a-z]|[a-z]\b)", text.value)
            ]
    assert told == []
