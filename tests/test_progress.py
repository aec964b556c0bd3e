"""Progress where stderr is a file or a pipe: few plain lines, with unit, rate, time left and the newest validation error."""

import re
from itertools import pairwise

import pytest

from command_line import konomi
from konomi.cli import progress
from konomi.cli.progress import Lines
from konomi.neural.stopping import newest
from konomi.runtime import Stage


@pytest.fixture
def said(monkeypatch):
    """A function that tells `Lines` of stages of (seconds, done), which tells of the lines that come of it."""
    monkeypatch.setattr(progress, "SOON", 1.0)
    lines, heard, clock = [], [], [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    tell = Lines(heard.append)

    def stages(what, total, unit, *times, error=""):
        for clock[0], done in times:
            tell(Stage(what, done, total, unit, error))
        lines[:], heard[:] = heard, []
        return lines

    return stages


def test_a_line_has_unit_rate_time_left_and_error(said):
    assert said("train mf", 60, "epochs", (0, 0), (5, 15), error="valid RMSE 1.1340") == [
        "train mf: 15 of 60 epochs, 3 epochs/s, 0:00:15 left, valid RMSE 1.1340"
    ]
    assert said("rank", 1000, "people", (10, 0), (12.5, 1000)) == ["rank: 1,000 of 1,000 people, 400 people/s, 0:00:02 in all"]
    assert said("train nn", 9, "epochs", (20, 0), (100, 0.25)) == ["train nn: 0.2 of 9 epochs, 0.0031 epochs/s, 0:46:40 left"]


def test_what_is_quick_is_not_told(said):
    assert said("evaluate", 100, "people", (0, 0), (0.5, 50), (0.9, 100)) == []
    assert said("evaluate", 100, "people", (0.9, 0), (1.8, 100)) == []  # the next model


def test_lines_keep_their_distance(said):
    lines = said("train nn", 5000, "epochs", *((n / 10, n / 10) for n in range(50_001)))
    times = [float(re.search(r": ([\d,.]+) of", line)[1].replace(",", "")) for line in lines]
    assert times[:3] == [1, 6, 11] and times[-1] == 5000 and len(times) < 120
    assert min(b - a for a, b in pairwise(times)) >= 5


def test_a_last_line_that_is_near_is_waited_for(said):
    assert len(said("rank", 9, "people", *((n, n) for n in range(10)))) == 2  # after one second, and at the end
    assert len(said("rank", 4, "people", (20, 0), (21, 1), (22, 2), (24, 4), (24.5, 4))) == 1


def test_a_stage_that_begins_again_has_a_rate_of_its_own(said):
    said("rank", 100, "people", (0, 0), (10, 100))
    assert said("rank", 100, "people", (50, 0), (52, 100)) == ["rank: 100 of 100 people, 50 people/s, 0:00:02 in all"]


def test_a_log_that_cannot_be_written_ends_no_work(monkeypatch):
    def full(line):
        raise OSError("No space left on device")

    monkeypatch.setattr(progress, "SOON", 0)
    tell = Lines(full)
    for done in range(3):
        tell(Stage("rank", done, 2, "people"))


def test_the_newest_error():
    assert newest([], "RMSE") == "" == newest([(1.0, float("nan"))], "RMSE")
    assert newest([(1.0, 1.2), (0.9, 1.13404)], "log loss") == "valid log loss 1.1340"


def test_a_pipe_gets_plain_lines_and_json_none(place, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "SOON", 0)
    monkeypatch.setattr(progress, "PAUSE", 0)
    words = ("train", place / "data", "-m", "mf", "-o", tmp_path / "b", "--set", "epochs=3", "--set", "patience=0")
    lines = konomi(*words).stderr.splitlines()
    for wanted in (
        r"train mf: 1 of 3 epochs, \S+ epochs/s, 0:00:00 left, valid RMSE \d\.\d{4}",
        r"train mf again: (\d) of \1 epochs, \S+ epochs/s, 0:00:00 in all",
        r"rank: (\d+) of \1 people, \S+ people/s, 0:00:0\d in all",
    ):
        assert any(re.fullmatch(wanted, line) for line in lines), lines
    assert all(line.isprintable() for line in lines)
    assert konomi(*words, "--json").stderr == ""
