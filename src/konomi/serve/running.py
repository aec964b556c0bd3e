"""Serving a bundle on a port, until a signal ends it."""

import ipaddress
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from konomi.errors import ConfigError
from konomi.serve.app import application
from konomi.serve.current import Current, load
from konomi.serve.log import Log
from konomi.serve.protocol import Connection
from konomi.serve.service import LOOPBACK, Service

KEPT = 5  # seconds that an idle connection is kept
GRACE = 5  # seconds that running requests have to end


def serve(path: Path, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Answer with the bundle of a file or of a `Store`'s folder; ready(url) is called once requests are taken.

    SIGINT and SIGTERM end it: no connection is taken any more, running requests have `GRACE` seconds, then the signal goes on
    to who handled it before. ConfigError for a host that is no loopback or a port that cannot be had; BundleError as `load`.
    """
    address = loopback(host)
    with bound(address, port) as listening:
        service = Service(Current(load(path)), hosts=frozenset((*LOOPBACK, host.lower())))
        log = Log()
        logging.getLogger("uvicorn").addHandler(log)
        config = uvicorn.Config(
            application(service, log),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEPT,
            timeout_graceful_shutdown=GRACE,
        )
        place = f"[{address}]" if ":" in address else address
        url = f"http://{place}:{listening.getsockname()[1]}"
        try:
            _Server(config, lambda: ready(url)).run(sockets=[listening])
        finally:
            logging.getLogger("uvicorn").removeHandler(log)
            service.pool.close()


def loopback(host: str) -> str:
    """The address of a loopback name; ConfigError for any other, which takes keys that a service does not have yet."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise ConfigError(
        f"{host}: without keys, a service answers this machine alone.",
        "Leave out `host`, and put a proxy that asks who it is before it.",
        "host",
    )


def bound(address: str, port: int) -> socket.socket:
    """A socket on a port, 0 = any that is free; ConfigError where it cannot be had."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen()
    except (OSError, OverflowError) as cause:
        made.close()
        reason = cause.strerror if isinstance(cause, OSError) else "it goes from 0 to 65,535"
        raise ConfigError(
            f"Port {port} of {address}: {reason}.", "Choose another `port`, or 0 for any that is free.", "port"
        ) from None
    return made


class _Server(uvicorn.Server):
    """A server that says when it takes requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets)
        self._ready()
