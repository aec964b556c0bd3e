"""What `konomi doctor` says of the installation, and what is said where an optional package is wanted and missing."""

import json
import sys

import pytest

from command_line import konomi
from konomi.cli import doctor
from konomi.errors import ConfigError
from konomi.extras import EXTRAS, need


def test_doctor_says_what_is_missing(monkeypatch):
    facts = json.loads(konomi("doctor", "--json").stdout)
    assert {"konomi", "numpy", "scipy"} <= set(facts["packages"]) and facts["cores"] and facts["missing"] == []
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "scipy" else "1.0")
    result = konomi("doctor")
    assert "numba cache" in result.stdout
    assert "scipy is missing: pip install scipy" in result.stderr


def test_what_is_optional_is_not_missing(monkeypatch):
    assert set(json.loads(konomi("doctor", "--json").stdout)["optional"]) == {"torch", "matplotlib"}
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "torch" else "1.0")
    facts = json.loads(konomi("doctor", "--json").stdout)
    assert facts["optional"] == {"torch": None, "matplotlib": "1.0"} and facts["missing"] == []
    result = konomi("doctor")
    assert 'not installed (pip install "konomi[neural]")' in result.stdout
    assert result.stderr.splitlines() == ["Nothing is missing."]


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
