"""What a program says of items, for the scope items."""

from collections import Counter
from collections.abc import Iterable
from typing import Unpack

from konomi.client.asked import Facts, Id, ItemRow
from konomi.client.calls import Calls
from konomi.client.rows import NDJSON, bodies, segment
from konomi.serve.item_replies import ItemOutcome, ItemOutcomes


class Items:
    """The items of a service."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def put(self, id: Id, **facts: Unpack[Facts]) -> ItemOutcome:
        """Say what an item is, instead of what was said before. A new one is offered at once, a withdrawn one again."""
        return self._calls.put(self._path(id), ItemOutcome, facts)

    def patch(self, id: Id, **facts: Unpack[Facts]) -> ItemOutcome:
        """Say more of an item: only what is named changes; None takes back what was said. `NotThere` where there is none."""
        return self._calls.patch(self._path(id), ItemOutcome, facts)

    def withdraw(self, id: Id) -> ItemOutcome:
        """Offer an item no more. What people say of it stays, and counts. `NotThere` where there is none."""
        return self._calls.ask("DELETE", self._path(id), ItemOutcome)

    def put_many(self, rows: Iterable[ItemRow]) -> ItemOutcomes:
        """Say what any number of items are; what became of each row, in order. All of it may be sent again."""
        told, counts = list[ItemOutcome](), Counter[str]()
        for _, body in bodies(rows):
            some = self._calls.ask("PUT", "/v1/items", ItemOutcomes, content=body, media=NDJSON)
            told += some.rows
            counts.update(some.counts)
        return ItemOutcomes(dict(counts), tuple(told))

    def _path(self, id: Id) -> str:
        return f"/v1/items/{segment(id, 'item')}"
