"""Keys of programs, which whoever has the scope admin may make and remove."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from konomi.client.calls import Calls
from konomi.client.errors import NotThere
from konomi.client.rows import moment, segment
from konomi.serve.people_replies import MadeKey, RemovedKey, ShownKey

Scope = Literal["read", "people", "items", "models", "metrics", "admin"]


class Keys:
    """The keys of a service."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list(self) -> tuple[ShownKey, ...]:
        """All keys, without their secrets."""
        return self._calls.get("/v1/keys", tuple[ShownKey, ...])

    def add(
        self, name: str, scopes: Sequence[Scope], person: str | None = None, expires: datetime | str | None = None
    ) -> MadeKey:
        """Make a key, which is shown this once; person: whose own data alone it may use; expires: None = never. It is not
        repeated: where no answer came, look in `list` whether there is one that nobody has seen."""
        body = {"name": name, "scopes": scopes, "person": person, "expires": None if expires is None else moment(expires)}
        return self._calls.post("/v1/keys", MadeKey, body, repeat=False)

    def remove(self, id: str) -> bool:
        """Remove a key; whether there was one."""
        try:
            self._calls.ask("DELETE", f"/v1/keys/{segment(id, 'key')}", RemovedKey)
        except NotThere:
            return False
        return True
