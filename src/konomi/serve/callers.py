"""Who asks: the key or the session of a request → a `Caller`."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from konomi.serve.access import LOCAL, SESSION, Caller
from konomi.serve.store.keys import DAY, MINUTE, find_key, find_session, keys, session_was_used, was_used
from konomi.serve.store.people_store import PeopleStore

REMEMBERED = 1.0  # seconds in which a caller need not be looked up again: so late does a removed key end at most
MOST = 10_000  # callers that are remembered


class Callers:
    """Looks up callers in a store, and remembers them for a second."""

    def __init__(self, store: PeopleStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock, self._lock = store, clock, Lock()
        self._known = OrderedDict[tuple[str, str], tuple[float, Caller | None]]()
        self._used = OrderedDict[str, int]()

    def by_key(self, token: str) -> Caller | None:
        """Whoever has this key; None where it is none, or has expired."""
        return self._remembered("key", token, self._look_up_key)

    def by_cookie(self, cookie: str) -> Caller | None:
        """The anonymous person of this cookie; None where there is none."""
        return self._remembered("cookie", cookie, self._look_up_cookie)

    def local(self) -> Caller | None:
        """A program on this machine: it needs no key while there is none."""
        return self._remembered("local", "", self._look_up_local)

    def begin_session(self) -> tuple[str, str]:
        """(cookie, person) of a new anonymous person."""
        return self._store.begin_session().result()

    def forget(self) -> None:
        """Look up everybody again: a key was made or removed."""
        with self._lock:
            self._known.clear()

    def _remembered(self, kind: str, secret: str, look_up: Callable[[str], Caller | None]) -> Caller | None:
        at = self._clock()
        with self._lock:
            found = self._known.get((kind, secret))
        if found is not None and at - found[0] < REMEMBERED:
            return found[1]
        caller = look_up(secret)
        with self._lock:
            self._known[kind, secret] = at, caller
            self._known.move_to_end((kind, secret))
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return caller

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
