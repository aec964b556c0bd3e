"""Serving a bundle on a port, until a signal ends it."""

import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn

from konomi.errors import ConfigError
from konomi.serve.app import application
from konomi.serve.log import LogBehind
from konomi.serve.models import Models
from konomi.serve.protocol import Connection
from konomi.serve.service import LOOPBACK, Service
from konomi.serve.store.keys import keys
from konomi.serve.store.people_store import PeopleStore, models_beside
from konomi.serve.training.shelf import Shelf
from konomi.serve.training.trainer import Trainer, When

KEPT = 5  # seconds that an idle connection is kept
NEVER = When()
GRACE = 5  # seconds that running requests have to end
TOLD = {"uvicorn": logging.WARNING, "konomi.serve": logging.INFO}  # whose messages go to the log, and from which level on


def serve(
    path: Path,
    host: str,
    port: int,
    place: Path | str,
    names: Sequence[str],
    ready: Callable[[str], None],
    when: When = NEVER,
    https: bool = False,
) -> None:
    """Answer with the bundle of a file or of a `Store`'s folder; ready(url) is called once requests are taken.

    place: of the store of people; names: that requests may call the service by, beside its own; when: to train by itself;
    https: whether browsers come by a proxy with TLS, so that their cookies go by nothing else.
    SIGINT and SIGTERM end it: no connection is taken any more, running requests have `GRACE` seconds, then the signal goes on
    to who handled it before.
    ConfigError for a host beyond this machine while there is no key, or a port that cannot be had; BundleError as `load`,
    StoreError as `PeopleStore.open`.
    """
    address = "127.0.0.1" if host.lower() == "localhost" else host
    local = loopback(address)
    with closing(PeopleStore.open(place)) as store, _allowed(store, host, local), bound(address, port) as listening:
        hosts = frozenset((*LOOPBACK, host.lower(), *(name.lower() for name in names)))
        models = Models(store, Shelf.open(models_beside(place)), path)
        service = Service(models.current, hosts=hosts, store=store, models=models, open=local, https=https)
        trainer = Trainer(models, store.ledger.erased.path, str(place), when)
        log = LogBehind()
        for talk, level in TOLD.items():
            logging.getLogger(talk).addHandler(log)
            logging.getLogger(talk).setLevel(level)
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
        shown = f"[{address}]" if ":" in address else address
        url = f"http://{shown}:{listening.getsockname()[1]}"
        trainer.start()
        try:
            _Server(config, lambda: ready(url)).run(sockets=[listening])
        finally:
            trainer.close()
            for talk in TOLD:
                logging.getLogger(talk).removeHandler(log)
            log.close()
            service.pool.close()


def loopback(address: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@contextmanager
def _allowed(store: PeopleStore, host: str, local: bool) -> Iterator[None]:
    """ConfigError where anybody could use a service: it answers other machines, and no key was made."""
    with store.database.read() as connection:
        safe = local or keys(connection)
    if not safe:
        raise ConfigError(
            f"{host}: without keys, a service answers this machine alone.",
            "Leave out `host`, or make a key first: konomi keys add, with the same `store`.",
            "host",
        )
    yield


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
