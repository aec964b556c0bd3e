"""konomi.client where the service fails: what is repeated, what is not, how long, and that nothing is stored twice or lost."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from failing import failing
from konomi.client import Client, ServiceError, Unreachable, calls
from konomi.client.calls import Calls
from konomi.serve.replies import Alive
from konomi.serve.store.people_store import PeopleStore
from served import Client as Service


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(calls, "FIRST", 0.001)


@pytest.fixture(scope="module")
def server(place, tmp_path_factory):
    store = PeopleStore.open(tmp_path_factory.mktemp("store") / "store.db")
    with failing(Service(place / "bundle", store=store)) as made:
        yield made
    store.close()


@pytest.fixture
def konomi(server):
    server.faults, server.seen = [], []
    with Client(server.address, timeout=5) as made:
        yield made


@pytest.mark.parametrize("faults", [["drop"], ["lose"], ["503", "503"], ["429"], ["502", "lose", "drop", "503"]])
def test_what_may_be_repeated_is(konomi, server, faults):
    server.faults = list(faults)
    assert konomi.person("ann").put(10, rating=9).outcome in ("stored", "same")
    assert [entry.rating for entry in konomi.person("ann").entries()] == [9]
    assert len({headers["x-request-id"] for method, headers in server.seen if method == "PUT"}) == 1
    server.faults = list(faults)
    assert len(konomi.recommend({10: 9}, k=2).titles) == 2  # a POST that stores nothing
    server.faults = list(faults)
    assert konomi.person("ann").put_many([{"item": n, "rating": 5} for n in (11, 12)]).counts.keys() <= {"stored", "same"}
    server.faults = list(faults)
    erased = konomi.person("ann").erase()
    assert erased is None if "lose" in faults else erased.entries == 3


@pytest.mark.parametrize(("fault", "repeated"), [("drop", False), ("lose", False), ("503", False), ("429", True)])
def test_what_creates_something_is_repeated_only_where_it_was_not_begun(konomi, server, fault, repeated):
    server.faults = [fault]
    if repeated:
        assert konomi.begin_session().person
    else:
        with pytest.raises(Unreachable):
            konomi.begin_session()
    assert len(server.seen) == 1 + repeated


def test_a_repetition_that_comes_late_does_not_override_what_is_newer(konomi, server):
    """The first try is stored and its answer lost; somebody else says something newer; then the second try comes."""
    elsewhere = Client(server.address)

    def meanwhile(seconds):
        assert elsewhere.person("eve").put(10, rating=3).outcome in ("stored", "same")

    object.__setattr__(konomi._calls, "sleep", meanwhile)
    for fault in ("drop", "lose"):
        server.faults = [fault]
        assert konomi.person("eve").put(10, rating=9).outcome == "older"
        server.faults = [fault]
        assert konomi.person("eve").put_many([{"item": 10, "rating": 9}]).counts == {"older": 1}
        assert [entry.rating for entry in elsewhere.person("eve").entries()] == [3]
        elsewhere.person("eve").put(10, rating=4)
        server.faults = [fault]
        assert konomi.person("eve").take_back(10).outcome == "older"
        elsewhere.person("eve").put(10, rating=1)
    elsewhere.close()


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_slow_service_is_given_up(server, fault):
    """A pause that is longer than `timeout`; an answer whose every byte comes in time, and whose last would come too late."""
    with Client(server.address, timeout=0.2, within=0.3) as konomi:
        server.faults = [fault] * 9
        with pytest.raises(Unreachable) as caught:
            konomi.person("ann").put(10, rating=9)
        assert caught.value.code == "unreachable" and isinstance(caught.value.__cause__, httpx.ReadTimeout)
        server.faults = []
        assert konomi.person("ann").put(10, rating=9).outcome in ("stored", "same")


def test_nobody_listens():
    with Client("http://127.0.0.1:9", within=0.05) as konomi, pytest.raises(Unreachable) as caught:
        konomi.ready()
    assert "127.0.0.1:9" in str(caught.value) and caught.value.status is None and caught.value.request


def test_a_proxy_that_fails_is_quoted(konomi, server):
    server.faults = ["502"]
    with pytest.raises(Unreachable, match="Status 502: <html>Bad Gateway"):
        konomi.begin_session()


class Clock:
    """A service of which only the statuses are given, and a clock that sleeping sets on."""

    def __init__(self, *answers, within=100.0):
        self.now, self.pauses, self.answers = 0.0, [], list(answers)
        http = httpx.Client(base_url="http://konomi", transport=httpx.MockTransport(self.answer))
        self.calls = Calls(http, within, lambda: self.now, self.sleep, lambda: 1.0)

    def answer(self, request):
        status, wait = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(status, json={"status": "alive"}, headers={} if wait is None else {"Retry-After": wait})

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def test_pauses_grow_up_to_a_bound_and_the_time_has_an_end(monkeypatch):
    monkeypatch.undo()
    clock = Clock((503, None), within=30.0)
    with pytest.raises(Unreachable) as caught:
        clock.calls.get("/live", Alive)
    assert [round(pause, 3) for pause in clock.pauses] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5] and clock.now < 30
    assert caught.value.status == 503


def test_the_service_is_asked_when_it_says():
    late = format_datetime(datetime.now(UTC) + timedelta(seconds=30))
    clock = Clock((429, "7"), (503, late), (503, "soon"), (503, "9" * 500), (200, None))
    assert clock.calls.get("/live", Alive) == Alive()
    assert clock.pauses[0] == 7 and 25 < clock.pauses[1] <= 30 and clock.pauses[2] < 1
    clock = Clock((429, "1000"), (200, None))  # longer than there is time for: it is told at once
    with pytest.raises(ServiceError):
        clock.calls.get("/live", Alive)
    assert clock.pauses == []


@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 422, 500])
def test_what_will_not_be_better_is_not_repeated(status):
    clock = Clock((status, None))
    with pytest.raises(ServiceError):
        clock.calls.get("/live", Alive)
    assert clock.pauses == []
