"""The client: where the service is, who asks, and how long a program waits for it."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from types import TracebackType

import httpx

from konomi.client.answers import Answers
from konomi.client.asked import Row
from konomi.client.calls import Calls
from konomi.client.items import Items
from konomi.client.keys import Keys
from konomi.client.models import Models
from konomi.client.person import Somebody, by_person
from konomi.client.rows import MOST_ROWS
from konomi.serve.people_replies import Session
from konomi.serve.replies import Ready


class Client(Answers):
    """Asks a service; any thread may use it. Close it, or use it as a context manager.

    url: of the service; key: its whole text, None on the service's own machine while no key was made; timeout: seconds that one
    try may wait for the service to do something; within: seconds for all tries of a request; transport: another way to the
    service, such as `httpx.HTTPTransport` with certificates of your own. Raises `ServiceError`.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = 10.0,
        within: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json", **({} if key is None else {"Authorization": f"Bearer {key}"})}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)
        super().__init__(Calls(self._http, within))
        self.items, self.models, self.keys = Items(self._calls), Models(self._calls), Keys(self._calls)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def person(self, id: str) -> Somebody:
        """Somebody by their id; nothing is asked yet."""
        return Somebody(self._calls, id)

    def put_many(self, rows: Iterable[tuple[str, Row]]) -> Counter[str]:
        """Say something of many items for many people, (person, row) each; how many rows became what.

        Rows are taken as they are needed, 10,000 at once, and those of a person go together, stored as a whole or not
        at all. All of it may be sent again.
        """
        counts, left = Counter[str](), iter(rows)
        while some := by_person(islice(left, MOST_ROWS)):
            for id, own in some.items():
                counts.update(self.person(id).put_many(own).counts)
        return counts

    def ready(self) -> Ready:
        """Whether requests can be answered, check by check; `Unreachable` where nobody answers."""
        return self._calls.ask("GET", "/ready", Ready, meant=(503,))

    def session(self) -> Session:
        """Whose own data the key, or the session, may use."""
        return self._calls.get("/v1/session", Session)

    def begin_session(self) -> Session:
        """Become an anonymous person of one's own, as browsers do: without a key, later requests are theirs."""
        return self._calls.ask("POST", "/v1/session", Session, repeat=False)

    def metrics(self) -> str:
        """What the service has counted, as Prometheus reads it."""
        return self._calls.raw("GET", "/metrics").decode()
