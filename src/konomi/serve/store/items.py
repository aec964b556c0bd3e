"""What clients say of items, in the store: facts beside those of a bundle's catalogue, and whether an item is withdrawn."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from konomi.serve.status import Changed
from konomi.serve.store.entries import AT_ONCE, Ledger, chunks
from konomi.serve.store.tables import item

Facts = dict[str, Any]


class Told(NamedTuple):
    """What is said of an item now: facts by the names of `table.ITEM_COLUMNS`, None = nothing was ever said; withdrawn: it is
    not offered any more."""

    id: str
    facts: Facts | None
    withdrawn: bool


class ItemChange(NamedTuple):
    """What somebody says of an item. facts: instead of those before, or with `part` beside them, where None takes one back;
    withdrawn: None = as before."""

    id: str
    facts: Facts | None = None
    withdrawn: bool | None = None
    part: bool = False


def change_items(ledger: Ledger, changes: Sequence[ItemChange], connection: Connection) -> list[Changed]:
    """Store changes, in order of arrival; what became of each. Within a transaction of the one writer."""
    rows = ledger.items(connection, dict.fromkeys(change.id for change in changes))
    before = {each.id: each for some in chunks(rows, AT_ONCE) for each in _told(connection, item.c.id.in_(some))}
    now, outcomes = dict(before), list[Changed]()
    for change in changes:
        said = _after(now[change.id], change)
        outcomes.append("same" if said == now[change.id] else "stored")
        now[change.id] = said
    changed = [each for each in now.values() if each != before[each.id]]
    if changed:
        made = update(item).where(item.c.row == bindparam("at"))
        made = made.values(facts=bindparam("said"), withdrawn=bindparam("gone"))
        values = [{"at": rows[each.id], "said": _text(each.facts), "gone": each.withdrawn} for each in changed]
        connection.execute(made, values)
    return outcomes


def told_of(connection: Connection) -> list[Told]:
    """All items of which something is said, in order of their ids."""
    return _told(connection, item.c.facts.is_not(None) | item.c.withdrawn)


def _told(connection: Connection, where: Any) -> list[Told]:
    found = connection.execute(select(item.c.id, item.c.facts, item.c.withdrawn).where(where))
    return sorted((Told(id, as_facts(text), bool(gone)) for id, text, gone in found), key=lambda told: told.id)


def as_facts(text: str | None) -> Facts | None:
    """Facts from the text that the store has of them."""
    return None if text is None else json.loads(text)


def _after(before: Told, change: ItemChange) -> Told:
    facts = before.facts if change.facts is None else change.facts
    if change.part:
        facts = {name: value for name, value in {**(before.facts or {}), **(change.facts or {})}.items() if value is not None}
    return Told(before.id, facts, before.withdrawn if change.withdrawn is None else change.withdrawn)


def _text(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(facts, sort_keys=True)
