"""Who may do what: every route × everybody who may ask. A route that is not in the table below fails the test."""

import re

import httpx
import pytest

from konomi.errors import ConfigError, RequestError
from konomi.serve.access import SCOPES, Caller, right, rule_of
from konomi.serve.guards.access import COOKIE
from konomi.serve.guards.rate import Rate
from konomi.serve.running import serve
from konomi.serve.store import clock
from konomi.serve.store.keys import find_key, keys, make_key, remove_key
from konomi.serve.store.people_store import PeopleStore
from served import Client, problem

READ = {"read", "people", "items", "owner", "other", "session", "admin"}  # keys made below, and the session
OPEN = {*READ, "models", "metrics", "expired", "nobody"}
ROUTES = {
    **{f"GET {path}": ("open", OPEN) for path in ("/live", "/ready", "/v1/openapi.json")},
    "POST /v1/session": ("open", OPEN),
    "GET /v1/session": ("open", OPEN),
    "GET /metrics": ("scope", {"metrics", "admin"}),
    **{
        f"GET /v1/{name}": ("scope", READ - {"people", "items"})
        for name in ("popular", "new", "search", "items/1", "items/1/similar")
    },
    **{
        f"POST /v1/{name}": ("scope", READ - {"people", "items"})
        for name in ("recommend", "rank", "similar", "ask", "predict", "together", "why", "taste")
    },
    **{f"{method} /v1/items/1": ("scope", {"items", "admin"}) for method in ("PUT", "PATCH", "DELETE")},
    "PUT /v1/items": ("scope", {"items", "admin"}),
    **{f"{method} /v1/keys": ("scope", {"admin"}) for method in ("GET", "POST")},
    "DELETE /v1/keys/1": ("scope", {"admin"}),
    **{
        route: ("scope", {"models", "admin"})
        for route in (
            *("GET /v1/models", "POST /v1/models/1/activate", "POST /v1/models/rollback"),
            *("POST /v1/train", "GET /v1/jobs", "GET /v1/jobs/1", "DELETE /v1/jobs/1"),
        )
    },
    **{
        f"{words} /v1/people/ann{path}": ("person", {"owner", "people", "admin"})
        for path, several in {
            "": ("DELETE",),
            "/entries": ("GET", "PUT"),
            "/entries/1": ("PUT", "DELETE"),
            "/settings": ("GET", "PUT"),
            "/export": ("GET",),
            "/import": ("POST",),
            "/recommend": ("GET", "POST"),
            "/taste": ("GET",),
            "/why/1": ("GET",),
        }.items()
        for words in several
    },
}
"""What is asked → of which kind it is, and who gets an answer."""


@pytest.fixture(scope="module")
def client(place, tmp_path_factory):
    folder = tmp_path_factory.mktemp("access")
    store = PeopleStore.open(folder / "store.db")
    yield Client(place / "bundle", store=store, shelf=folder / "models")
    store.close()


@pytest.fixture(scope="module")
def callers(client):
    """Name → headers."""
    make = client.service.store.writer
    tokens = {"admin": make.call(lambda to: make_key(to, "admin", ["admin"])).result()}
    for scope in ("read", "people", "items", "models", "metrics"):
        tokens[scope] = make.call(lambda to, scope=scope: make_key(to, scope, [scope])).result()
    tokens["owner"] = make.call(lambda to: make_key(to, "owner", [], "ann")).result()
    tokens["other"] = make.call(lambda to: make_key(to, "other", [], "bob")).result()
    tokens["expired"] = make.call(lambda to: make_key(to, "old", ["admin"], None, clock.now() - 1)).result()
    client.service.callers.forget()
    cookie = client.post("/v1/session", None).cookies[COOKIE]
    keyed = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    return {**keyed, "nobody": {}, "session": {"Cookie": f"{COOKIE}={cookie}", "Sec-Fetch-Site": "same-origin"}}


def asked(client, route, headers):
    method, path = route.split()
    body = {} if method in ("GET", "DELETE") or path.endswith("/import") else {"json": {}}
    return client.request(method, path, headers=headers, **body)


def test_every_route_is_in_the_table(client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    there = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} | {"GET /v1/openapi.json"}
    known = set()
    for route in ROUTES:
        fitting = [one for one in there if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), route)]
        known |= {min(fitting, key=lambda one: one.count("{"))} if fitting else set()
    assert there - known == set()


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_for_everybody(client, callers, route):
    kind, allowed = ROUTES[route]
    for name, headers in callers.items():
        status = asked(client, route, headers).status_code
        if name in allowed:
            assert status not in (401, 403), (name, status)
        elif name in ("nobody", "expired"):
            assert status == 401, (name, status)
        else:
            assert status == (404 if kind == "person" else 403), (name, status)


@pytest.mark.parametrize("route", [route for route, (kind, _) in ROUTES.items() if kind == "person"])
def test_somebody_else_is_as_if_there_was_nobody(client, callers, route):
    """Whether bob is known or not, ann's key says the same."""
    known, unknown = (
        asked(client, route.replace("/ann", f"/{who}"), callers["owner"]) for who in ("bob", "somebody-who-was-never-here")
    )
    told = [{**problem(answer, 404), "request": ""} for answer in (known, unknown)]
    assert told[0] == told[1]


def test_what_no_rule_names_is_nobodys():
    admin = Caller("key", frozenset(SCOPES))
    for path in ("/", "/v1", "/v1/people/a/../b", "/v1/peoples", "/v2/recommend", "/v1/keysx", "/metrics/", "//metrics"):
        if rule_of(path) is None:
            assert right("GET", path, admin) == "hidden"
    owner = Caller("key", frozenset(), "ann")
    assert right("GET", "/v1/people/ann/entries", owner) == "allowed"
    for path in ("/v1/people/Ann/entries", "/v1/people/ann%2F/entries", "/v1/people/bob/ann", "/v1/people/"):
        assert right("GET", path, owner) != "allowed"


def test_programs_of_this_machine_need_no_key_while_there_is_none(place, tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    client = Client(place / "bundle", store=store)
    assert client.get("/v1/popular").status_code == 200
    for browser in ({"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}):
        assert client.get("/v1/popular", headers=browser).status_code == 401  # a browser has a session
    assert client.get("/v1/popular", headers={"Authorization": "Bearer kn_aaaaaaaa_b"}).status_code == 401
    assert problem(client.post("/v1/keys", {"name": "shop", "scopes": ["read"]}), 422)["field"] == "scopes"
    made = client.answer("/v1/keys", {"name": "shop", "scopes": ["admin"]})
    assert client.get("/v1/popular").status_code == 401
    key = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/v1/keys", headers=key).json()[0]["name"] == "shop"
    assert client.request("DELETE", f"/v1/keys/{made['id']}", headers=key).status_code == 200
    assert client.get("/v1/popular").status_code == 200
    closed = Client(place / "bundle", store=store, open=False)
    assert closed.get("/v1/popular").status_code == 401  # where other machines are answered
    store.close()


def test_another_page_cannot_use_a_session(client, callers):
    cookie = {"Cookie": callers["session"]["Cookie"]}
    for elsewhere in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ):
        assert problem(client.post("/v1/recommend", {}, headers={**cookie, **elsewhere}), 403)["code"] == "origin"
    assert client.post("/v1/recommend", {}, headers={**cookie, "Origin": "http://localhost"}).status_code == 200
    answer = client.post("/v1/session", None)
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=lax" in said and "access-control-allow-origin" not in answer.headers


def test_a_session_is_a_person_of_its_own(client, callers):
    store = client.service.store
    mine = client.get("/v1/session", headers=callers["session"]).json()["person"]
    assert mine == client.service.callers.find("cookie", callers["session"]["Cookie"].partition("=")[2]).person
    put = client.request("PUT", f"/v1/people/{mine}/entries/11", json={"rating": 9}, headers=callers["session"])
    assert put.status_code == 200 and len(store.entries(mine)) == 1
    assert client.get("/v1/people/ann/entries", headers=callers["session"]).status_code == 404
    assert client.request("DELETE", f"/v1/people/{mine}", headers=callers["session"]).status_code == 200
    client.service.callers.forget()
    assert client.get("/v1/popular", headers=callers["session"]).status_code == 401  # the session went with the person


def test_keys_are_kept_as_hashes_and_compared_whole(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    token = store.writer.call(lambda to: make_key(to, "shop", ["admin"])).result()
    secret = token.rpartition("_")[2]
    assert re.fullmatch(r"kn_[a-z2-7]{8}_[a-z2-7]{52}", token) and secret.encode() not in (tmp_path / "store.db").read_bytes()
    with store.database.read() as connection:
        assert find_key(connection, token).scopes == {"admin"}
        for wrong in (
            token[:-1],
            token + "a",
            token.upper(),
            token.removeprefix("kn_"),
            "",
            "kn_",
            f"kn_{'a' * 8}_{secret}",
            "kn_\ud800",
        ):
            assert find_key(connection, wrong) is None
    for scopes in (["everything"], []):
        with pytest.raises(RequestError):
            store.writer.call(lambda to, scopes=scopes: make_key(to, "x", scopes)).result()
    store.writer.call(lambda to: remove_key(to, token[3:11])).result()
    with store.database.read() as connection:
        assert find_key(connection, token) is None and keys(connection) == []
    store.close()


def test_no_secret_is_logged(client, callers):
    for headers in callers.values():
        client.get("/v1/popular", headers=headers)
    said = client.said.getvalue()
    for headers in callers.values():
        for value in headers.values():
            assert value.rpartition("_")[2].rpartition("=")[2][-20:] not in said or value == "same-origin"


def test_another_machine_needs_a_key(place, tmp_path):
    with pytest.raises(ConfigError, match="without keys"):
        serve(place / "bundle", "0.0.0.0", 0, tmp_path / "store.db", (), lambda url: None)


def test_whoever_asks_too_often_has_to_wait():
    time, passed = [0.0], []

    async def app(scope, receive, send):
        passed.append(scope)

    sent = []

    async def send(message):
        sent.append(message)

    async def ask(guard, name):
        scope = {"type": "http", "method": "GET", "headers": [], "client": ("1.2.3.4", 1), "state": {"caller": Caller(name)}}
        await guard(scope, None, send)

    async def all_of_it():
        guard = Rate(app, rate=2, burst=3, clock=lambda: time[0])
        for _ in range(4):
            await ask(guard, "key a")
        assert len(passed) == 3 and sent[0]["status"] == 429 and (b"retry-after", b"1") in sent[0]["headers"]
        await ask(guard, "key b")
        assert len(passed) == 4  # another bucket
        time[0] = 0.5
        await ask(guard, "key a")
        await ask(guard, "key a")
        assert len(passed) == 5

    import asyncio

    asyncio.run(all_of_it())
    assert isinstance(sent[0], dict) and httpx
