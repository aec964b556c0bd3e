"""konomi serve in a process of its own: how it starts and ends, and what comes over a plain socket."""

import json
import signal
import socket
import sys
import threading
import time

import httpx
import pytest

from command_line import refused
from forked import forked
from konomi.bundle.store import Store
from konomi.serve import protocol, running
from konomi.serve.current import model_id
from konomi.serve.guards.bodies import LARGEST
from konomi.serve.guards.headers import HEADERS
from served import ended, serving

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The folder of this user's data, where a store is unless it is said."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def url(place, tmp_path_factory):
    with forked(tmp_path_factory.mktemp("home"), place / "bundle") as (_, url):
        yield url


def spoken(url, *parts, pause=0.0):
    """What a service says to bytes on a socket, until it closes the connection."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(pause)
        said = b""
        while piece := line.recv(1 << 16):
            said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    return head.decode(), body


def posted(length):
    """The head of a request with a body."""
    lines = ("POST /v1/recommend HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {length}")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def told(url, *parts, status, **more):
    head, body = spoken(url, *parts, **more)
    assert head.startswith(f"HTTP/1.1 {status} ") and json.loads(body)["status"] == status
    lowered = head.lower()
    assert all(f"{name}: {value}".lower() in lowered for name, value in HEADERS.items())
    return json.loads(body)


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")])
def test_a_signal_ends_it(place, number, code, word):
    with serving(place / "bundle") as (child, url):
        assert httpx.post(f"{url}/v1/recommend", json={"k": 1}).status_code == 200
        returned, said = ended(child, number)
    assert returned == code
    first, *rest = said.strip().splitlines()
    assert json.loads(first)["route"] == "/v1/recommend" and [line for line in rest if line] == [f"{word}."]


def test_what_runs_is_finished(place):
    with serving(place / "bundle") as (child, url):
        host, port = url.removeprefix("http://").split(":")
        body = json.dumps({"profile": {"15": 9}, "k": 3}).encode()
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(posted(len(body)) + body[:5])
            time.sleep(0.2)
            child.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            line.sendall(body[5:])
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        assert child.wait(timeout=10) == 143


def test_a_store_is_served(place, tmp_path):
    store = Store(tmp_path / "store")
    store.publish(place / "bundle")
    with forked(tmp_path, tmp_path / "store") as (_, url):
        assert httpx.get(f"{url}/ready").json()["model"] == model_id(tmp_path / "store" / "1")
        store.publish(place / "bias")
        end = time.monotonic() + 30
        while httpx.get(f"{url}/ready").json()["model"] != model_id(tmp_path / "store" / "2"):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_refusals(place):
    message, hint = refused("serve", place / "bundle", "--host", "0.0.0.0")
    assert "answers this machine alone" in message and "--host" in hint
    assert "answers this machine alone" in refused("serve", place / "bundle", "--host", "example.org")[0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        message, hint = refused("serve", place / "bundle", "--port", taken.getsockname()[1])
    assert "in use" in message and "--port" in hint
    assert "no such file" in refused("serve", place / "nowhere", "--port", 0)[0]
    assert "nothing was published" in refused("serve", place, "--port", 0)[0]


def test_an_extra_that_is_missing(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    message, hint = refused("serve", place / "bundle")
    assert message == "The service needs uvicorn, which is not installed." and 'pip install "konomi[serve]"' in hint


def test_no_http(url):
    assert told(url, b"hello\r\n\r\n", status=400)["code"] == "http"
    assert told(url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", status=400)["code"] == "http"


def test_endless_headers(url):
    more = (b"X-%d: " % n + b"x" * 8_000 + b"\r\n" for n in range(9))  # the last is too much
    assert told(url, b"GET /live HTTP/1.1\r\n", *more, status=431, pause=0.02)["code"] == "headers"


def test_a_body_of_too_many_bytes_is_refused_before_it_comes(url):
    assert told(url, posted(LARGEST + 1), status=413)["code"] == "too_large"


def test_no_host(url):
    assert told(url, b"GET /live HTTP/1.0\r\n\r\n", status=421)["code"] == "host"


def test_an_upgrade_is_not_followed(url):
    asked = b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    assert spoken(url, asked)[0].startswith("HTTP/1.1 200 ")


def test_slow_clients(place, tmp_path, monkeypatch):
    """Nothing at all, half a request, one line at a time, and a first request that is followed by nothing."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.3)
    monkeypatch.setattr(running, "KEPT", 0.3)
    address, stop = [], threading.Event()

    class Stopped(running._Server):
        def install_signal_handlers(self):
            """None: this is not the main thread."""

        async def on_tick(self, counter):
            return await super().on_tick(counter) or stop.is_set()

    monkeypatch.setattr(running, "_Server", Stopped)
    thread = threading.Thread(
        target=running.serve, args=(place / "bundle", "localhost", 0, tmp_path / "store.db", (), address.append)
    )
    thread.start()
    while not address:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        (url,) = address
        assert told(url, status=408)["code"] == "too_slow"
        assert told(url, b"GET /live HTTP/1.1\r\nHo", status=408)["code"] == "too_slow"
        drops = (b"X-%d: 1\r\n" % n for n in range(3))
        assert told(url, b"GET /live HTTP/1.1\r\n", *drops, status=408, pause=0.09)["code"] == "too_slow"
        assert spoken(url, b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")[0].startswith("HTTP/1.1 200 ")
        head, body = spoken(url, b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\n", pause=0.1)
        assert head.startswith("HTTP/1.1 200 ") and b"408" in body
    finally:
        stop.set()
        thread.join()
