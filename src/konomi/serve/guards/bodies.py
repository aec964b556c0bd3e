"""Bodies of requests: read whole before a route sees them, up to a size and within a time."""

import asyncio
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from konomi.serve.problems import problem

LARGEST = 1_000_000  # bytes
LARGER = (
    (re.compile(r"/v1/people/[^/]+/entries"), 4_000_000),
    (re.compile(r"/v1/people/[^/]+/import"), 32 << 20),
    (re.compile(r"/v1/items"), 16_000_000),
)
PATIENCE = 10.0  # seconds for all of it


class Bodies:
    """Refuses bodies that are too large for their route (413), whatever they say of their length, and slow ones (408)."""

    def __init__(self, app: ASGIApp, patience: float = PATIENCE) -> None:
        self.app, self.patience = app, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = {name: value for name, value in scope["headers"] if name in (b"content-length", b"transfer-encoding")}
        if not said:
            await self.app(scope, receive, send)
            return
        largest = next((size for path, size in LARGER if path.fullmatch(scope["path"])), LARGEST)
        try:
            if int(said.get(b"content-length", b"0")) > largest:
                raise _TooLarge
            async with asyncio.timeout(self.patience):
                body = await self._read(receive, largest)
        except _TooLarge:
            await self._refuse(413, "too_large", f"The body has more than {largest:,} bytes.", scope, receive, send)
            return
        except TimeoutError:
            await self._refuse(408, "too_slow", f"The body took more than {self.patience:g} s.", scope, receive, send)
            return
        if body is not None:  # else nobody waits for an answer
            await self.app(scope, _once(body, receive), send)

    async def _read(self, receive: Receive, largest: int) -> bytes | None:
        """The whole body; None where the client has gone."""
        read = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            read += message.get("body", b"")
            if len(read) > largest:
                raise _TooLarge
            if not message.get("more_body", False):
                return bytes(read)

    async def _refuse(self, status: int, code: str, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
        hint = "Send less at once." if status == 413 else "Send it without pauses."
        refusal = problem(scope, status, code, detail, hint, headers={"Connection": "close"})
        await refusal(scope, receive, send)


class _TooLarge(Exception):
    """The body is larger than allowed."""


def _once(body: bytes, receive: Receive) -> Receive:
    """Gives the body, then what comes after it."""
    given = False

    async def first_the_body() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return first_the_body
