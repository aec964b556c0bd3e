"""The log of a service that nobody reads: no request waits for it, and what is left out is counted."""

import json
import threading
from io import StringIO

from konomi.serve.log import Log, LogBehind


class Stuck(StringIO):
    """A pipe that is full until somebody reads it."""

    def __init__(self):
        super().__init__()
        self.read = threading.Event()

    def write(self, text):
        assert self.read.wait(10)
        return super().write(text)


def test_a_log_that_nobody_reads_stops_nobody():
    stream = Stuck()
    log = LogBehind(stream, most=5)
    for n in range(20):
        log(n=n)
    stream.read.set()
    log.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    said = [line["n"] for line in lines if "n" in line]
    assert said == list(range(len(said))) and 5 <= len(said) <= 6
    assert sum(line.get("left_out", 0) for line in lines) == 20 - len(said)


def test_a_log_that_stays_stuck_is_given_up(monkeypatch):
    monkeypatch.setattr("konomi.serve.log.GRACE", 0.01)
    stream = Stuck()
    log = LogBehind(stream, most=2)
    for n in range(9):
        log(n=n)
    log.close()
    stream.read.set()


def test_lines_are_the_same_either_way():
    plain, behind = StringIO(), StringIO()
    log = LogBehind(behind)
    for each in (Log(plain), log):
        each(request="a", status=200)
    log.close()
    assert [{**json.loads(each.getvalue()), "time": 0} for each in (plain, behind)] == [
        {"time": 0, "request": "a", "status": 200}
    ] * 2
