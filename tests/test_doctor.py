"""What `konomi doctor` says of the installation, and what is said where an optional package is wanted and missing."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from command_line import konomi
from konomi.cli import installed
from konomi.cli.installed import Needed
from konomi.errors import ConfigError
from konomi.extras import EXTRAS, need


@pytest.fixture
def found(monkeypatch):
    """A function that lets other versions of packages (None: none) be found than there are."""
    there = installed.version_of
    return lambda versions: monkeypatch.setattr(installed, "version_of", lambda name: versions.get(name, there(name)))


def packages():
    return {facts["package"]: facts for facts in json.loads(konomi("doctor", "--json").stdout)["packages"]}


def test_doctor_names_what_is_declared():
    declared = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {line: "" for line in declared["dependencies"]}
    extras = declared["optional-dependencies"]
    wanted |= {line: extra for extra in extras if extra not in ("all", "dev") for line in extras[extra]}
    wanted = {re.sub(r"\[.*?\]|;.*", "", line): extra for line, extra in wanted.items()}  # without parts and systems
    assert {facts["package"] + facts["wanted"]: facts["extra"] for facts in packages().values()} == wanted
    facts = json.loads(konomi("doctor", "--json").stdout)
    assert facts["konomi"] and facts["cores"] and facts["wrong"] == []


def test_what_is_missing_or_outside_the_range_is_told_with_the_cure(found):
    found({"scipy": None, "numpy": "1.26.4"})
    result = konomi("doctor")
    assert "numba cache" in result.stdout and "1.26.4, outside the range" in " ".join(result.stdout.split())
    assert result.stderr.splitlines() == [
        'numpy is outside the range: pip install "numpy>=2.0"',
        'scipy is missing: pip install "scipy>=1.13"',
    ]


def test_what_an_extra_needs_may_be_missing_but_not_be_too_new(found):
    found({"torch": None, "matplotlib": "3.9.2"})
    facts = packages()
    assert [facts[name]["state"] for name in ("torch", "matplotlib", "numpy")] == ["missing", "right", "right"]
    assert facts["torch"]["found"] is None and facts["torch"]["install"] == 'pip install "konomi[neural]"'
    result = konomi("doctor")
    assert re.search(r'torch +>=2\.13,<2\.14 +missing +neural +pip install "konomi\[neural\]"', result.stdout)
    assert result.stderr.splitlines() == ["Nothing is missing."]
    found({"torch": "2.14.0+cpu"})
    assert konomi("doctor").stderr.splitlines() == ['torch is outside the range: pip install "konomi[neural]"']


@pytest.mark.parametrize(
    ("version", "wanted", "state"),
    [
        ("2.13.0+cpu", ">=2.13,<2.14", ""),
        ("2.14", ">=2.13,<2.14", "outside the range"),
        ("2.9.1", ">=2.13", "outside the range"),
        ("3.10.0rc1", ">=3.9", ""),
        ("2.0.0", "==2,!=2.1", ""),
        ("1.0", "", ""),
        (None, "", "missing"),
    ],
)
def test_ranges(version, wanted, state):
    assert Needed("some", "", wanted, version).state == state


def test_versions_are_found_without_an_import():
    """Torch and matplotlib take seconds to import, and may fail to."""
    code = "import sys; from konomi.cli.installed import needed; needed(); print({'torch', 'matplotlib'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(("package", "extra"), EXTRAS.items())
def test_a_package_that_is_needed(monkeypatch, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"^The model needs {package}, which is not installed.$") as refused:
        need(package, "The model")
    assert refused.value.hint == f'pip install "konomi[{extra}]"'


def test_a_package_that_lacks_another_is_no_error_of_ours(monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text("import nothing_of_the_kind\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(ModuleNotFoundError, match="nothing_of_the_kind"):
        need("torch", "The model")
