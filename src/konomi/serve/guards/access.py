"""Who may do what: finds out who asks, and asks the table of `access.py`.

A program sends its key: `Authorization: Bearer kn_…`. A browser has the cookie of its own anonymous person, and is answered
only where the page is of this service itself: what another page makes it send says so (Sec-Fetch-Site, or Origin). A program of
this machine needs no key while none was made, where the service answers this machine alone.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from konomi.errors import KonomiError
from konomi.serve.access import READING, Caller, is_open, right
from konomi.serve.callers import Callers, Kind
from konomi.serve.problems import problem, problem_of

COOKIE = "konomi"
COOKIE_OF_HTTPS = "__Host-konomi"  # browsers take it from this host over TLS alone, and from none of its subdomains
BEARER = re.compile(r"[Bb]earer +(\S{1,200})")
OWN = ("same-origin", "none")  # what Sec-Fetch-Site says of the service's own page, and of an address that was typed


class Access:
    """Refuses what the caller may not do, before a body is read; `scope["state"]["caller"]` has who it is. open: whether
    programs without a key are answered while there is none; https: whether browsers come by TLS."""

    def __init__(self, app: ASGIApp, callers: Callers, open: bool, https: bool = False) -> None:
        self.app, self.callers, self.open, self.https = app, callers, open, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if _from_elsewhere(scope["method"], headers):
            refusal = problem(scope, 403, "origin", "Another page has sent this.", "Ask from the page of this service itself.")
            await refusal(scope, receive, send)
            return
        try:
            caller = None if is_open(scope["path"]) else await self._caller(headers)
        except KonomiError as error:
            await problem_of(scope, error)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        if (refused := _refusal(scope, right(scope["method"], scope["path"], caller))) is not None:
            await refused(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _caller(self, headers: dict[str, str]) -> Caller | None:
        if (told := self._told(headers)) is None:
            return None
        known = self.callers.known(*told)
        return known[0] if known is not None else await asyncio.to_thread(self.callers.find, *told)

    def _told(self, headers: dict[str, str]) -> tuple[Kind, str] | None:
        """By what a request tells whose it is."""
        if sent := headers.get("authorization"):
            found = BEARER.fullmatch(sent)
            return ("key", found[1]) if found else None
        if cookie := cookie_of(headers, self.https):
            return "cookie", cookie
        return ("local", "") if self.open and not _browser(headers) else None


def cookie_name(https: bool) -> str:
    """What the session's cookie is called."""
    return COOKIE_OF_HTTPS if https else COOKIE


def cookie_of(headers: Mapping[str, str], https: bool) -> str | None:
    """The value of the session's cookie."""
    found = re.search(rf"(?:^|; ){cookie_name(https)}=([a-z2-7]{{1,100}})(?:;|$)", headers.get("cookie", ""))
    return found[1] if found else None


def _browser(headers: dict[str, str]) -> bool:
    return "sec-fetch-site" in headers or "origin" in headers


def _from_elsewhere(method: str, headers: dict[str, str]) -> bool:
    """Whether a browser sends this for another page. What only reads may come by a link that somebody has followed."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in OWN and not (method in READING and headers.get("sec-fetch-mode") == "navigate")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _refusal(scope: Scope, right: str) -> Any:
    if right == "unknown caller":
        told = problem(scope, 401, "no_key", "It is not known who asks.", "Send a valid key: Authorization: Bearer kn_…")
        told.headers["WWW-Authenticate"] = "Bearer"
        return told
    if right == "not allowed":
        return problem(scope, 403, "scope", "This key may not do that.", "Send one that has the scope for it.")
    if right == "hidden":
        return problem(scope, 404, "no_route", "Not Found.", "See /v1/openapi.json for what there is.")
    return None
