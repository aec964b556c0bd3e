"""A connection: slow clients and endless headers end it, and what is no HTTP is told so as every other problem."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from konomi.serve.guards.headers import HEADERS
from konomi.serve.problems import MEDIA_TYPE, problem

PATIENCE = 10.0  # seconds from the beginning of a request to the end of its headers
LONGEST_HEAD = 1 << 16  # bytes of a request's line and headers
MOST = 512  # connections at once


class Connection(HttpToolsProtocol):
    """A connection as uvicorn has it, with limits on what comes before a request reaches the application."""

    _deadline: asyncio.TimerHandle | None = None
    _head = 0  # bytes of a request whose headers are not complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request; where there are too many connections, refuse it."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            self._refuse(503, "busy", "There are too many connections.", "Ask again in a second.")
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self.transport.is_closing():
            return
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        self._head += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head > LONGEST_HEAD:
            self._refuse(431, "headers", f"The headers have more than {LONGEST_HEAD:,} bytes.", "Send fewer.")

    def on_headers_complete(self) -> None:
        """From here on the application decides."""
        self._arrived()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What has come is no HTTP."""
        self._refuse(400, "http", "This is no HTTP request.", "Speak HTTP/1.1.")

    def _wait(self) -> None:
        self._head, self._deadline = 0, self.loop.call_later(PATIENCE, self._late)

    def _arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        self._refuse(408, "too_slow", f"The headers took more than {PATIENCE:g} s.", "Send them at once.")

    def _refuse(self, status: int, code: str, detail: str, hint: str) -> None:
        """Tell of a problem and close the connection."""
        self._arrived()
        if not self.transport.is_closing():
            self.transport.write(refusal(status, code, detail, hint))
            self.transport.close()


def refusal(status: int, code: str, detail: str, hint: str) -> bytes:
    """A problem as it goes over the wire, without the application."""
    nobody: dict[str, Any] = {}
    told = problem(nobody, status, code, detail, hint)
    headers = {**HEADERS, "Content-Type": MEDIA_TYPE, "Content-Length": str(len(told.body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + lines.encode() + b"\r\n" + bytes(told.body)
