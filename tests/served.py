"""The service in this process, asked without a network; and in a process of its own."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import httpx

from konomi.serve.app import application
from konomi.serve.current import Current, Served, load
from konomi.serve.log import Log
from konomi.serve.models import Models
from konomi.serve.service import Service
from konomi.serve.training.shelf import Shelf

URL = "http://localhost"
MAIN = "from konomi.cli.main import main\nmain()"


class Client:
    """Asks a service; `said` is its log. shelf: the folder of its models, None = the one bundle alone."""

    def __init__(self, bundle: Path, served: Served | None = None, shelf: Path | None = None, **more: Any) -> None:
        if shelf is not None:
            more["models"] = Models(more["store"], Shelf.open(shelf), bundle)
        current = more["models"].current if shelf is not None else Current(served or load(bundle))
        self.service = Service(current, **more)
        self.said = StringIO()
        self.app = application(self.service, Log(self.said))

    @property
    def recommender(self):
        return self.service.current.served.recommender

    async def asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.request(method, path, **more)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self.asked(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        return self.request("POST", path, json=body, **more)

    def answer(self, path: str, body: Any) -> dict[str, Any]:
        """The answer to a POST that has to succeed."""
        response = self.post(path, body)
        assert response.status_code == 200, response.text
        return response.json()

    def problem(self, path: str, body: Any, status: int = 422) -> dict[str, Any]:
        """The problem that a POST ends in."""
        return problem(self.post(path, body), status)


class InProcess(httpx.BaseTransport):
    """Brings requests of a client that does not wait by asyncio to a service in this process."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.client.request(request.method, str(request.url), content=request.read(), headers=request.headers)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """What a refusal says, after a look at its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status and told["type"] == "about:blank" and told["request"] == response.headers["x-request-id"]
    assert told["detail"] and told["hint"] and told["code"] and "Traceback" not in response.text
    return told


@contextmanager
def serving(*words: object, within: tuple[str, ...] = ()):
    """`konomi serve words` in a process of its own on a free port: the process and its URL. It is killed in the end.

    Its store is a new one, unless the words say where it is. within: a command that runs the rest of its words.
    """
    command = [*within, sys.executable, "-c", MAIN, "serve", *map(str, words), "--port", "0"]
    home = Path(tempfile.mkdtemp())
    env = {**os.environ, "XDG_DATA_HOME": str(home)}
    with (home / "said").open("w+b") as said:  # a pipe that nobody reads would be full one day, and the service would wait
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=env)
        child.said = home / "said"
        try:
            while (found := re.search(r"answers at (http://\S+);.*\n", child.said.read_text())) is None:
                assert child.poll() is None, child.said.read_text()
                time.sleep(0.02)
            child.begun = found.end()
            yield child, found[1]
        finally:
            child.kill()
            child.wait()
            shutil.rmtree(home)


def ended(child: subprocess.Popen, number: signal.Signals) -> tuple[int, str]:
    """The exit code after a signal, and what was still said on stderr."""
    child.send_signal(number)
    code = child.wait(timeout=20)
    return code, child.said.read_text()[child.begun :]
