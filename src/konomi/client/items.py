"""Items, which whoever has the scope items may change."""

from collections import Counter
from collections.abc import Iterable
from typing import Unpack

import msgspec

from konomi.client.asked import Facts, Id, ItemRow
from konomi.client.calls import Calls
from konomi.client.rows import NDJSON, bodies, segment
from konomi.serve.item_replies import ItemOutcome, ItemOutcomes

MOST_BYTES = 16_000_000  # of a body


class Items:
    """What a shop offers. A change is in the next answer."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def put(self, item: Id, **facts: Unpack[Facts]) -> ItemOutcome:
        """Say what an item is, instead of what was said before. A new one is offered at once, a withdrawn one again."""
        return self._calls.put(_path(item), ItemOutcome, facts)

    def change(self, item: Id, **facts: Unpack[Facts]) -> ItemOutcome:
        """Say more of an item: only what is named changes; None takes back what was said."""
        return self._calls.ask("PATCH", _path(item), ItemOutcome, content=msgspec.json.encode(facts), repeat=True)

    def withdraw(self, item: Id) -> ItemOutcome:
        """Offer an item no more; what people say of it stays."""
        return self._calls.ask("DELETE", _path(item), ItemOutcome)

    def put_many(self, rows: Iterable[ItemRow]) -> ItemOutcomes:
        """Say what any number of items are; each body of up to 10,000 is stored as a whole or not at all."""
        told, counts = list[ItemOutcome](), Counter[str]()
        for _, body in bodies(rows, MOST_BYTES):
            some = self._calls.ask("PUT", "/v1/items", ItemOutcomes, content=body, media=NDJSON)
            told += some.rows
            counts.update(some.counts)
        return ItemOutcomes(dict(counts), tuple(told))


def _path(item: Id) -> str:
    return f"/v1/items/{segment(item, 'item')}"
