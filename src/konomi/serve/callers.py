"""Who asks: the key or the session of a request → a `Caller`."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Literal

from konomi.serve.access import LOCAL, SESSION, Caller
from konomi.serve.store.keys import DAY, MINUTE, find_key, find_session, keys, session_was_used, was_used
from konomi.serve.store.people_store import PeopleStore

REMEMBERED = 1.0  # seconds in which a caller need not be looked up again: so late does a removed key end at most
MOST = 10_000  # callers that are remembered

Kind = Literal["key", "cookie", "local"]
"""By what a caller is known: the key of a program, the cookie of a browser, or that it is a program of this machine ("")."""


class Callers:
    """Looks up callers in a store, and remembers them for a second."""

    def __init__(self, store: PeopleStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock, self._lock = store, clock, Lock()
        self._known = OrderedDict[tuple[str, str], tuple[float, Caller | None]]()
        self._used = OrderedDict[str, int]()

    def known(self, kind: Kind, secret: str) -> tuple[Caller | None] | None:
        """(who it is,) if that is remembered; it does not wait."""
        with self._lock:
            found = self._known.get((kind, secret))
        return found[1:] if found is not None and self._clock() - found[0] < REMEMBERED else None

    def find(self, kind: Kind, secret: str) -> Caller | None:
        """Whoever has this key or cookie, or programs of this machine (local): None where it is nobody's, or not any more."""
        if (known := self.known(kind, secret)) is not None:
            return known[0]
        at = self._clock()
        caller = {"key": self._look_up_key, "cookie": self._look_up_cookie, "local": self._look_up_local}[kind](secret)
        with self._lock:
            self._known[kind, secret] = at, caller
            self._known.move_to_end((kind, secret))
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return caller

    def forget(self) -> None:
        """Look up everybody again: a key was made or removed."""
        with self._lock:
            self._known.clear()

    def _look_up_key(self, token: str) -> Caller | None:
        with self._store.database.read() as connection:
            key = find_key(connection, token)
        if key is None:
            return None
        if self._is_use(key.id, key.used or 0, MINUTE):
            self._store.writer.call(lambda connection: was_used(connection, key.id))
        return Caller(f"key {key.id}", key.scopes, key.person)

    def _look_up_cookie(self, cookie: str) -> Caller | None:
        with self._store.database.read() as connection:
            found = find_session(connection, cookie)
        if found is None:
            return None
        who, used = found
        if self._is_use(who, used, DAY):
            self._store.writer.call(lambda connection: session_was_used(connection, cookie))
        return Caller(SESSION, frozenset({"read"}), who)

    def _is_use(self, whose: str, used: int, after: int) -> bool:
        """Whether the last use of a key or session was so long ago that this one is noted; it is not asked twice."""
        at = time.time_ns() // 1000
        with self._lock:
            if at - max(used, self._used.get(whose, 0)) <= after:
                return False
            self._used[whose] = at
            while len(self._used) > MOST:
                self._used.popitem(last=False)
        return True

    def _look_up_local(self, _: str) -> Caller | None:
        with self._store.database.read() as connection:
            return None if keys(connection) else LOCAL
