"""Packages that are imported when they are needed."""

import sys

import pytest

from konomi.errors import ConfigError
from konomi.extras import need

INTERRUPTED = """
import os, signal, time
with open(__file__ + ".times", "a") as file:
    file.write("begun ")
os.kill(os.getpid(), signal.SIGINT)
time.sleep(0.1)
whole = True
"""


def test_ctrl_c_does_not_cut_an_import_in_two(tmp_path, monkeypatch):
    (tmp_path / "konomi_interrupted.py").write_text(INTERRUPTED)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        need("konomi_interrupted", "A test")
    need("konomi_interrupted", "A test")
    assert sys.modules.pop("konomi_interrupted").whole
    assert (tmp_path / "konomi_interrupted.py.times").read_text() == "begun "


def test_a_package_that_is_not_installed_or_needs_another(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="A test needs konomi_nowhere, which is not installed"):
        need("konomi_nowhere", "A test")
    (tmp_path / "konomi_broken.py").write_text("import konomi_nowhere_either")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nowhere_either"):
        need("konomi_broken", "A test")
