"""What stands before every route: sizes, hosts, headers, ids, the log, and how full a service may be."""

import asyncio
import json
import threading

import httpx
import pytest

from konomi.serve import answers
from konomi.serve.guards.bodies import LARGEST, Bodies
from konomi.serve.guards.headers import HEADERS
from konomi.serve.guards.hosts import without_port
from konomi.serve.pool import Busy, Pool
from served import Client, problem


@pytest.fixture(scope="module")
def client(place):
    return Client(place / "bundle")


@pytest.mark.parametrize(
    ("method", "path", "status", "more"),
    [
        ("GET", "/live", 200, {}),
        ("GET", "/v1/openapi.json", 200, {}),
        ("GET", "/metrics", 200, {}),
        ("GET", "/nowhere", 404, {}),
        ("GET", "/v1/items/99", 404, {}),
        ("PUT", "/live", 405, {}),
        ("POST", "/v1/recommend", 413, {"content": b"x" * (LARGEST + 1)}),
        ("POST", "/v1/recommend", 415, {"content": b"x"}),
        ("GET", "/live", 421, {"headers": {"Host": "example.org"}}),
        ("POST", "/v1/recommend", 422, {"json": {"k": 0}}),
    ],
)
def test_every_answer_has_the_headers(client, method, path, status, more):
    response = client.request(method, path, **more)
    assert response.status_code == status
    assert HEADERS.items() <= {name: response.headers.get(name) for name in HEADERS}.items()
    assert response.headers["x-request-id"] and "access-control-allow-origin" not in response.headers


def test_answers_name_their_model(client):
    model = client.service.current.served.id
    assert client.post("/v1/recommend", {}).headers["konomi-model"] == model
    assert client.get("/live").headers["konomi-model"] == model


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_own_names(client, host):
    assert client.get("/live", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", "localhost:", "", "127.0.0.1@x", "::1", "x:80:80"])
def test_other_names(client, host):
    assert problem(client.get("/live", headers={"Host": host}), 421)["field"] == "Host"


def test_two_hosts_or_none_are_refused(client):
    assert client.get("/live", headers=[("Host", "localhost"), ("Host", "localhost")]).status_code == 421


def test_a_configured_name(place):
    assert (
        Client(place / "bundle", hosts=frozenset({"Shop.Example"}))
        .get("/live", headers={"Host": "shop.example:443"})
        .is_success
    )


@pytest.mark.parametrize(
    ("host", "name"), [("A:80", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a", "a"), ("::1", "::1"), ("a:x", "a:x")]
)
def test_ports_are_no_part_of_a_name(host, name):
    assert without_port(host) == name


async def chunks(number, size=10_000):
    for _ in range(number):
        yield b" " * size


def test_a_body_without_a_length_is_counted(client):
    headers = {"Content-Type": "application/json"}
    large = client.request("POST", "/v1/recommend", content=chunks(LARGEST // 10_000 + 1), headers=headers)
    assert problem(large, 413)["code"] == "too_large" and large.headers["connection"] == "close"
    assert client.request("POST", "/v1/recommend", content=chunks(LARGEST // 10_000), headers=headers).status_code == 400


def test_a_body_that_lies_about_its_length(client):
    headers = {"Content-Type": "application/json", "Content-Length": "2"}
    assert client.request("POST", "/v1/recommend", content=chunks(LARGEST // 10_000 + 1), headers=headers).status_code == 413


def test_a_slow_body(client):
    async def slow():
        yield b"{"
        await asyncio.sleep(60)

    async def ask():
        transport = httpx.ASGITransport(Bodies(client.app, patience=0.01))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking:
            return await asking.post("/v1/recommend", content=slow())

    assert asyncio.run(ask()).status_code == 408


def test_an_id_of_the_client_is_kept_where_it_is_plain(client):
    assert client.get("/live", headers={"X-Request-Id": "shop-7.a_B"}).headers["x-request-id"] == "shop-7.a_B"
    for odd in ("a b", "x" * 65, 'a"b', "", "é"):
        kept = client.get("/live", headers={"X-Request-Id": odd.encode("latin-1")}).headers["x-request-id"]
        assert kept != odd and len(kept) == 16


def lines(client):
    found = [json.loads(line) for line in client.said.getvalue().splitlines()]
    client.said.truncate(0)
    client.said.seek(0)
    return found


def test_the_log_has_a_line_a_request_and_nothing_of_anybody(client):
    lines(client)
    client.get("/v1/items/12345?secret=1", headers={"X-Request-Id": "mine", "Authorization": "Bearer kn_secret"})
    client.post("/v1/recommend", {"profile": {"Secret Title": 9}})
    client.post("/v1/recommend", {"profile": {"Mushishi": 9}})
    client.request("BREW", "/secret/path")
    first, *_, brewed = found = lines(client)
    assert len(found) == 4 and {"time", "request", "method", "route", "status", "ms"} == set(first)
    assert (first["request"], first["method"], first["route"], first["status"]) == ("mine", "GET", "/v1/items/{id}", 404)
    assert (brewed["method"], brewed["route"], brewed["status"]) == ("other", "", 404)
    said = json.dumps(found)
    assert not any(word in said for word in ("secret", "Secret", "Mushishi", "12345"))


def test_an_error_that_nobody_foresaw(client, monkeypatch):
    def broken(*_):
        raise KeyError("the secret of somebody")

    monkeypatch.setattr(answers, "recommend", broken)
    lines(client)
    response = client.post("/v1/recommend", {})
    told = problem(response, 500)
    assert told["code"] == "internal" and "secret" not in response.text
    (line,) = lines(client)
    assert line["error"] == "KeyError" and line["request"] == told["request"] and "broken" in line["at"][0]
    assert "secret" not in json.dumps(line)


def test_too_much_at_once(place):
    client = Client(place / "bundle", pool=Pool(threads=1, waiting=1))
    wait = threading.Event()

    async def flood():
        held = [asyncio.create_task(client.service.pool.run(lambda: wait.wait(5))) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await client.asked("POST", "/v1/recommend", json={})
        alive = await client.asked("GET", "/live")
        wait.set()
        await asyncio.gather(*held)
        return refused, alive, await client.asked("POST", "/v1/recommend", json={})

    refused, alive, after = asyncio.run(flood())
    assert problem(refused, 503)["code"] == "busy" and refused.headers["retry-after"] == "1"
    assert alive.status_code == after.status_code == 200 and client.service.pool.pending == 0


def test_who_does_not_wait_any_more_still_takes_a_place():
    async def gone():
        pool, wait = Pool(threads=1, waiting=0), threading.Event()
        task = asyncio.create_task(pool.run(lambda: wait.wait(5)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(Busy):
            await pool.run(int)
        wait.set()
        while pool.pending:
            await asyncio.sleep(0.001)
        return await pool.run(int)

    assert asyncio.run(gone()) == 0
