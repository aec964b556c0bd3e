"""A server that passes requests on to a service in this process, and fails on purpose."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from served import Client

PROXY = b"<html>Bad Gateway</html>"


class Failing(ThreadingHTTPServer):
    """faults: what happens to the next requests, in order; "" and after them: nothing. seen: (method, headers) of each."""

    daemon_threads = True

    def __init__(self, service: Client) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service, self.faults, self.seen = service, list[str](), []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        fault = self.server.faults.pop(0) if self.server.faults else ""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.command, {name.lower(): value for name, value in self.headers.items()}))
        if fault.isdigit():
            self._send(int(fault), {"Retry-After": "0"}, PROXY)
        elif fault == "drop":  # before anything was done
            self.close_connection = True
        else:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            told = self.server.service.request(self.command, self.path, content=body, headers=headers)
            if fault == "lose":  # it is stored, and the answer is lost
                self.close_connection = True
                return
            if fault == "slow":
                time.sleep(0.4)
            self._send(told.status_code, {"Content-Type": told.headers["content-type"]}, told.content, fault == "drip")

    do_GET = do_PUT = do_POST = do_DELETE = _answer

    def _send(self, status: int, headers: dict[str, str], body: bytes, slowly: bool = False) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for n in range(len(body)):
                self.wfile.write(body[n : n + 1] if slowly else body)
                if not slowly:
                    break
                time.sleep(0.02)
        except OSError:
            self.close_connection = True  # the client waits no more

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def failing(service: Client):
    """Such a server, on a free port of the loopback."""
    with Failing(service) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()
