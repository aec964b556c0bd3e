"""No acknowledged rating is lost: what is on the disk before an answer, after kills, and after any order of events."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from killing import rounds
from konomi.serve.current import Served, load
from konomi.serve.store import clock
from konomi.serve.store.people_store import PeopleStore
from served import MAIN, Client
from stores import KINDS, crash, new_place

DURABLE = re.compile(r" (?:fsync|fdatasync)\(\d+\) += 0(?! \(INJECTED\))$")


def syncs_before_the_answer(place, tmp_path, *more):
    """How many fsync that reach the disk lie between a PUT that is read and its 200 that is written, by strace."""
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    words = ["strace", "-f", "-s", "200", "-o", trace, "-e", calls, *more, sys.executable, "-c", MAIN]
    words += ["serve", place / "bundle", "--port", "0", "--store", tmp_path / "store.db"]
    child = subprocess.Popen([*map(str, words)], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        url = None
        while url is None:
            line = child.stderr.readline()
            if not line:
                pytest.skip("strace may not trace here")
            found = re.search(r"answers at (http://\S+);", line)
            url = found and found[1]
        httpx.put(f"{url}/v1/people/warm/entries/1", json={"rating": 5}, timeout=30)
        assert httpx.put(f"{url}/v1/people/ann/entries/1", json={"rating": 5}, timeout=30).status_code == 200
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stderr.close()
    lines = trace.read_text(errors="replace").splitlines()
    asked = next(n for n, line in enumerate(lines) if "PUT /v1/people/ann/" in line)
    told = next(n for n, line in enumerate(lines) if n > asked and "HTTP/1.1 200" in line)
    joined = [re.sub(r"<\.\.\. (\w+) resumed>\)", r"\1(0)", line) for line in lines[asked:told]]
    return sum(DURABLE.search(line) is not None for line in joined)


@pytest.mark.slow
def test_an_fsync_lies_between_request_and_answer(place, tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("there is no strace here")
    (tmp_path / "real").mkdir()
    (tmp_path / "none").mkdir()
    assert syncs_before_the_answer(place, tmp_path / "real") >= 1
    assert syncs_before_the_answer(place, tmp_path / "none", "-e", "inject=fsync,fdatasync:retval=0") == 0  # it can fail


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_kill_9_loses_nothing(kind, tmp_path):
    """`bench/kills.py` does it a thousand times within the writes of 32 clients."""
    found = rounds(tmp_path, new_place(kind, tmp_path), kills=10, clients=8, between=40)
    assert (found.missing, found.doubled) == (0, 0) and sum(found.acknowledged) > 200


@pytest.mark.slow
def test_a_database_that_is_killed_loses_nothing(tmp_path):
    found = rounds(tmp_path, new_place("postgresql", tmp_path), kills=2, clients=8, between=40, crash=crash)
    assert (found.missing, found.doubled) == (0, 0)


PEOPLE, ITEMS = st.sampled_from(["ann", "bob"]), st.sampled_from(["11", "12", "x"])
TIMES = st.integers(1, 6)
SAID = st.tuples(ITEMS, st.one_of(st.none(), st.integers(1, 10)), st.booleans(), TIMES)


class Machine(RuleBasedStateMachine):
    """Clients that write, repeat themselves, and send old news late; a service that starts again and changes its model."""

    bundle: Path
    served: Served

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.sent, self.known, self.erased = [], {}, {}
        self.open()

    def open(self):
        self.client = Client(self.bundle, self.served, store=PeopleStore.open(self.folder / "store.db"))

    def teardown(self):
        if hasattr(self, "client"):
            self.client.service.store.close()
            shutil.rmtree(self.folder)

    def send(self, person, rows):
        body = [
            {
                "item": item,
                "at": clock.written(at * 1_000_000),
                **({"deleted": True} if deleted else {"status": "seen"} if rating is None else {"rating": rating}),
            }
            for item, rating, deleted, at in rows
        ]
        told = self.client.request("PUT", f"/v1/people/{person}/entries", json=body)
        assert told.status_code == 200, told.text
        for (item, rating, deleted, at), row in zip(rows, told.json()["rows"], strict=True):
            before = self.known.get((person, item))
            said = ("deleted" if deleted else rating, at)
            if person in self.erased:
                assert row["outcome"] == "older"  # all these times are long ago
            elif before is not None and at < before[1]:
                assert row["outcome"] == "older"
            else:
                assert row["outcome"] in (("same",) if before and before[0] == said[0] else ("stored", "unknown item"))
                self.known[person, item] = said

    @rule(person=PEOPLE, rows=st.lists(SAID, min_size=1, max_size=4))
    def write(self, person, rows):
        self.sent.append((person, rows))
        self.send(person, rows)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat(self, data):
        self.send(*data.draw(st.sampled_from(self.sent)))

    @rule(person=PEOPLE)
    def erase(self, person):
        there = any(who == person for who, _ in self.known)
        assert self.client.request("DELETE", f"/v1/people/{person}").status_code == (200 if there else 404)
        if there:
            self.known = {pair: said for pair, said in self.known.items() if pair[0] != person}
            self.erased[person] = True

    @rule()
    def restart(self):
        self.client.service.store.close()
        self.open()

    @rule()
    def swap(self):
        self.client.service.current.swap(self.bundle)

    @invariant()
    def all_is_there(self):
        if not hasattr(self, "client"):
            return
        for person in ("ann", "bob"):
            told = self.client.get(f"/v1/people/{person}/entries?limit=1000")
            mine = {item: said for (who, item), said in self.known.items() if who == person}
            assert told.status_code == (200 if mine else 404)
            found = {each["item"]: each["rating"] for each in told.json().get("entries", [])}
            assert found == {item: rating for item, (rating, _) in mine.items() if rating != "deleted"}


@pytest.mark.slow
def test_any_order_of_events(place):
    Machine.bundle, Machine.served = place / "bias", load(place / "bundle")
    machine = Machine.TestCase
    machine.settings = settings(
        max_examples=15, stateful_step_count=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    machine().runTest()
