"""Sessions of browsers: how long they last, and by what their cookies go; and what is remembered of who asks."""

import pytest

from konomi.errors import StoreError
from konomi.serve import callers
from konomi.serve.store import keys
from konomi.serve.store.keys import DAY, KEPT, make_key
from konomi.serve.store.people_store import PeopleStore
from served import Client
from stores import KINDS, new_place

PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(params=KINDS)
def place_of(request, tmp_path):
    return new_place(request.param, tmp_path)


def who(client, cookie):
    return client.get("/v1/session", headers={**PAGE, "Cookie": cookie})


def test_a_session_lasts_while_it_is_used(place, place_of, tmp_path, monkeypatch):
    store = PeopleStore.open(place_of, tmp_path / "erased")
    client, clock = Client(place / "bundle", store=store), [keys.now()]
    monkeypatch.setattr(keys, "now", lambda: clock[0])
    monkeypatch.setattr(callers, "REMEMBERED", 0.0)
    monkeypatch.setattr(callers.time, "time_ns", lambda: clock[0] * 1000)
    begun = client.post("/v1/session", None)
    cookie, person = begun.headers["set-cookie"].partition(";")[0], begun.json()["person"]
    for _ in range(3):  # each time again for 400 days
        clock[0] += KEPT - DAY
        told = who(client, cookie)
        assert told.json()["person"] == person and "max-age=34560000" in told.headers["set-cookie"].lower()
        store.writer.call(lambda connection: None).result()
    clock[0] += KEPT + DAY
    assert (
        who(client, cookie).json()["person"] is None and client.get("/v1/popular", headers={**PAGE, "Cookie": cookie}).is_error
    )
    store.close()
    store = PeopleStore.open(place_of, tmp_path / "erased")
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM session").scalar() == 0
    store.close()


def test_behind_tls_a_cookie_goes_by_nothing_else(place, tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    plain, safe = (Client(place / "bundle", store=store, https=https) for https in (False, True))
    open_cookie, cookie = (client.post("/v1/session", None).headers["set-cookie"] for client in (plain, safe))
    assert open_cookie.startswith("konomi=") and "secure" not in open_cookie.lower()
    assert cookie.startswith("__Host-konomi=")
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "domain" not in cookie.lower()
    assert who(safe, cookie.partition(";")[0]).json()["person"]
    assert who(safe, open_cookie.partition(";")[0]).json()["person"] is None  # what a page without TLS has set is none
    store.close()


def test_what_is_remembered_has_a_bound(place, tmp_path, monkeypatch):
    monkeypatch.setattr(callers, "MOST", 3)
    store = PeopleStore.open(tmp_path / "store.db")
    client = Client(place / "bundle", store=store)
    made = [store.writer.call(lambda to: make_key(to, "shop", ["admin"])).result() for _ in range(6)]
    for key in made:
        assert client.get("/v1/popular", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert len(client.service.callers._used) == len(client.service.callers._known) == 3
    store.close()


def test_who_asks_is_not_looked_up_where_anybody_may(place, tmp_path, monkeypatch):
    """So whether it lives is told while the store cannot be asked."""
    store = PeopleStore.open(tmp_path / "store.db")
    client = Client(place / "bundle", store=store)

    def gone(*_):
        raise StoreError("The database is gone.", "Wait.")

    monkeypatch.setattr(callers.Callers, "_look_up_local", gone)
    statuses = [client.get(path).status_code for path in ("/live", "/ready", "/v1/openapi.json", "/v1/popular", "/v1/session")]
    assert statuses == [200, 200, 200, 503, 503]
    store.close()
