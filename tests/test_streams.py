"""Streams that are closed or full, terminals without width, and lines within a cell of a table."""

import os
import subprocess
import sys

import pytest

from command_line import konomi
from konomi.bundle.format import load_bundle


def test_reasons_stand_beneath_their_title(place):
    shown = konomi("recommend", place / "bundle", "--rate", "Mushishi=9", "-k", 2).stdout
    assert "\\n" not in shown and shown.count("(") >= 2


@pytest.mark.parametrize("columns", [0, 1])
def test_a_terminal_without_width(place, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert "Mushishi" in konomi("recommend", place / "bundle", "-k", 6).stdout


def of_shell(words, streams):
    """Exit code and output of a command whose streams a shell redirects."""
    python = f"{sys.executable} -c 'from konomi.cli.main import main; main()'"
    found = subprocess.run(["sh", "-c", f"{python} {words} {streams}"], capture_output=True, text=True, timeout=60)
    return found.returncode, found.stdout + found.stderr


@pytest.mark.slow
@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(place, tmp_path, streams):
    code, said = of_shell(f"train {place / 'data'} -m popular -o {tmp_path / 'bundle'}", streams)
    assert code == 0 and "Traceback" not in said
    load_bundle(tmp_path / "bundle")  # nothing was printed into it
    code, said = of_shell(f"info {tmp_path / 'nothing'}", streams)
    assert code == 2 and "Traceback" not in said


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("words", ["--help", "--version", "info nothing"])
def test_output_that_cannot_be_written(words):
    code, said = of_shell(words, ">/dev/full")
    assert code in (0, 2) and "Traceback" not in said
    assert words == "--version" or code == 2
