"""Keys of programs, and sessions of browsers: secrets that are shown once, of which the store has only the hash.

A key is `kn_` + 8 letters that name it + `_` + 52 letters of the secret: 256 random bits, so a fast hash is enough. What it may
do say its scopes; with a `person` it is for that person's own data alone.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from konomi.errors import RequestError
from konomi.serve.store.clock import now
from konomi.serve.store.tables import key, session

SCOPES = ("read", "people", "items", "models", "metrics", "admin")
"""read: answers and the catalogue; people: everybody's data; items, models: change them; metrics: figures; admin: all."""

MINUTE = 60_000_000  # microseconds
DAY = 1440 * MINUTE
KEPT = 400 * DAY  # a session that is not used; browsers keep no cookie for longer
PREFIX = "kn_"
TOKEN = re.compile(rf"{PREFIX}([a-z2-7]{{8}})_([a-z2-7]{{52}})")


@dataclass(frozen=True)
class Key:
    """A key without its secret. expires: microseconds since 1970, None = never; used: when last, to a minute."""

    id: str
    name: str
    scopes: frozenset[str]
    person: str | None
    created: int
    expires: int | None
    used: int | None


def make_key(
    connection: Connection, name: str, scopes: Iterable[str], person: str | None = None, expires: int | None = None
) -> str:
    """A new key, whole: nothing can show it again. RequestError for an unknown scope or none, and for a
    first key without the scope admin."""
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise RequestError(f'Unknown scope "{unknown[0]}".', f"Give some of: {', '.join(SCOPES)}.", "scopes")
    if not wanted and person is None:
        raise RequestError("A key without scopes may do nothing.", f"Give some of: {', '.join(SCOPES)}.", "scopes")
    if "admin" not in wanted and not keys(connection):
        raise RequestError("The first key has to have the scope admin.", "Without a key, nobody could make another.", "scopes")
    id, secret = _letters(5), _letters(32)
    row = {"id": id, "hash": hashed(secret), "name": name, "scopes": " ".join(wanted), "person": person}
    connection.execute(insert(key).values(**row, created=now(), expires=expires))
    return f"{PREFIX}{id}_{secret}"


def keys(connection: Connection) -> list[Key]:
    """All keys, the oldest first."""
    return [_key(row) for row in connection.execute(select(key).order_by(key.c.created, key.c.id))]


def find_key(connection: Connection, token: str) -> Key | None:
    """The key of a token; None where there is none, or it has expired. As long for a wrong secret as for a right one."""
    found = TOKEN.fullmatch(token)
    id, secret = (found[1], found[2]) if found else ("", "")
    row = connection.execute(select(key).where(key.c.id == id)).first()
    right = hmac.compare_digest(hashed(secret), row.hash if row else hashed(""))
    if row is None or not right or (row.expires is not None and row.expires <= now()):
        return None
    return _key(row)


def was_used(connection: Connection, id: str) -> None:
    """Note that a key is used now."""
    connection.execute(update(key).where(key.c.id == id).values(used=now() // MINUTE * MINUTE))


def remove_key(connection: Connection, id: str) -> None:
    """Remove a key: from now on it is none. RequestError where there is none with this id."""
    if not connection.execute(delete(key).where(key.c.id == id)).rowcount:
        raise RequestError(f'There is no key "{id[:20]}".', "List the keys there are.", "id")


def make_session(connection: Connection) -> tuple[str, str]:
    """(cookie, person) of a new anonymous person."""
    cookie, who = _letters(32), f"anonymous-{_letters(15)}"
    connection.execute(insert(session).values(hash=hashed(cookie), person=who, used=now()))
    return cookie, who


def find_session(connection: Connection, cookie: str) -> tuple[str, int] | None:
    """(person, when it was last used) of a cookie; None where there is none, or it was not used for `KEPT`."""
    of = (session.c.hash == hashed(cookie)) & (session.c.used > now() - KEPT)
    row = connection.execute(select(session.c.person, session.c.used).where(of)).first()
    return None if row is None else (row.person, row.used)


def session_was_used(connection: Connection, cookie: str) -> None:
    """Note that a session is used now."""
    connection.execute(update(session).where(session.c.hash == hashed(cookie)).values(used=now()))


def forget_sessions(connection: Connection) -> None:
    """Remove the sessions that were not used for `KEPT`."""
    connection.execute(delete(session).where(session.c.used <= now() - KEPT))


def hashed(secret: str) -> str:
    """SHA-256 in hex."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _letters(size: int) -> str:
    """So many random bytes, as small letters and digits."""
    return base64.b32encode(secrets.token_bytes(size)).decode().rstrip("=").lower()


def _key(row: Any) -> Key:
    return Key(row.id, row.name, frozenset(row.scopes.split()), row.person, row.created, row.expires, row.used)
