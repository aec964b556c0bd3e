"""One request to the service, repeated while that can help and cannot do harm.

Reading, replacing and removing may be repeated, and so may answers that store nothing. What creates something is repeated only
where the service has certainly not begun it: no connection was made, or it was refused as too often. The pause grows
exponentially up to a bound, with full jitter, and is never shorter than the service asks for (Retry-After).
"""

import random
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec

from konomi.client.errors import AGAIN, ServiceError, Unreachable, refusal

T = TypeVar("T")

FIRST, LONGEST = 0.1, 5.0  # seconds: the bounds of the first pause and of every one
BUSY = (502, 503, 504)  # the service, or a proxy before it, cannot answer now
TOO_OFTEN = 429
LARGEST = 1 << 28  # bytes of an answer: who sends more is not this service
UNHEARD = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)  # the service knows nothing of the request
REPEATABLE = frozenset({"GET", "PUT", "DELETE"})


@dataclass(frozen=True)
class Calls:
    """Sends requests. within: seconds for all tries of one request together."""

    http: httpx.Client
    within: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random

    def get(self, path: str, type: type[T], params: Mapping[str, Any] | None = None) -> T:
        """The answer to GET, as a record."""
        return self.ask("GET", path, type, params=params)

    def put(self, path: str, type: type[T], body: Mapping[str, Any]) -> T:
        """The answer to PUT, as a record."""
        return self.ask("PUT", path, type, content=msgspec.json.encode(body))

    def post(self, path: str, type: type[T], body: Mapping[str, Any], repeat: bool = True) -> T:
        """The answer to POST, as a record; repeat: nothing is created by it."""
        return self.ask("POST", path, type, content=msgspec.json.encode(body), repeat=repeat)

    def ask(
        self,
        method: str,
        path: str,
        type: type[T],
        *,
        params: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        media: str = "application/json",
        repeat: bool | None = None,
        meant: Collection[int] = (),
    ) -> T:
        """The answer as a record; ServiceError where there is none, or one that is not of this service."""
        answer = self.raw(method, path, params=params, content=content, media=media, repeat=repeat, meant=meant)
        try:
            return msgspec.json.decode(answer, type=type)
        except msgspec.DecodeError as error:
            raise _strange(path, error) from None

    def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        media: str = "application/json",
        repeat: bool | None = None,
        meant: Collection[int] = (),
    ) -> bytes:
        """The content of an answer of 2xx, or of another status that is meant; ServiceError otherwise.

        repeat: whether it may be sent again where it is not known what became of it; None: by the method.
        """
        safe = method in REPEATABLE if repeat is None else repeat
        headers = {"X-Request-Id": secrets.token_hex(8), **({} if content is None else {"Content-Type": media})}
        asked = self.http.build_request(
            method, path, params={name: value for name, value in (params or {}).items() if value is not None},
            content=content, headers=headers,
        )  # fmt: skip
        end, pause = self.clock() + self.within, FIRST
        while True:
            wait = 0.0
            try:
                status, answer, wait = self._once(asked, end)
                if 200 <= status < 300 or status in meant:
                    return answer
                error: ServiceError = refusal(status, answer, headers["X-Request-Id"])
                again = status == TOO_OFTEN or (safe and status in BUSY)
            except httpx.DecodingError as cause:
                raise _strange(path, cause) from None
            except httpx.TransportError as cause:
                told = f"{self.http.base_url}: {cause or cause.__class__.__name__}"
                error = Unreachable(told, AGAIN, code="unreachable", request=headers["X-Request-Id"])
                error.__cause__ = cause
                again = safe or isinstance(cause, UNHEARD)
            wait = max(wait, pause * self.draw())
            if not again or self.clock() + wait >= end:
                raise error
            self.sleep(wait)
            pause = min(2 * pause, LONGEST)

    def _once(self, asked: httpx.Request, end: float) -> tuple[int, bytes, float]:
        """The status and content of the answer to one try, and the seconds to wait before another one."""
        left = end - self.clock()
        limits = {name: min(seconds or left, left) for name, seconds in self.http.timeout.as_dict().items()}
        asked.extensions = {**asked.extensions, "timeout": limits}
        response, read = self.http.send(asked, stream=True), bytearray()
        try:
            for piece in response.iter_bytes():
                read += piece
                if len(read) > LARGEST:
                    raise _strange(asked.url.path, f"there are more than {LARGEST:,} bytes")
                if self.clock() > end:
                    raise httpx.ReadTimeout("The answer comes too slowly.", request=asked)
        finally:
            response.close()
        return response.status_code, bytes(read), _seconds(response.headers.get("retry-after", ""))


def _strange(path: str, what: object) -> ServiceError:
    return ServiceError(f"{path}: is not answered as expected: {what}.", "Is this the address of Konomi?")


def _seconds(text: str) -> float:
    """The seconds of a Retry-After: a number, or a date; 0 where it is neither."""
    try:
        return float(int(text))
    except (ValueError, OverflowError):
        pass
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0
