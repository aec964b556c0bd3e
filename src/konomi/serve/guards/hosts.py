"""The names that a service may be called by: a page elsewhere whose name leads to this machine is refused (DNS rebinding)."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from konomi.serve.problems import problem


class Hosts:
    """Refuses requests whose Host, without a port, is not one of `names`; there has to be exactly one."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app, self.names = app, frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and without_port(hosts[0]) in self.names:
            await self.app(scope, receive, send)
            return
        refusal = problem(
            scope, 421, "host", "This service is not called so.", "Call it by the URL that it has printed.", "Host"
        )
        await refusal(scope, receive, send)


def without_port(host: str) -> str:
    """The name in a Host header, in lower case.

    >>> without_port("LocalHost:8000"), without_port("[::1]:80"), without_port("[::1]"), without_port("a")
    ('localhost', '[::1]', '[::1]', 'a')
    """
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() and not (name.count(":") and not name.endswith("]")) else host.lower()
