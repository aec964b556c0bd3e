"""The routes that change items: what clients say of them is stored before it is acknowledged, and is in the next answer."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from konomi.serve import item_bodies as bodies
from konomi.serve import item_replies as replies
from konomi.serve.catalogue import check_id, check_kinds
from konomi.serve.problems import Unknown
from konomi.serve.routes import WITHOUT_BODY, JsonRoute, documented, replied, service_of, store_of, written
from konomi.serve.rows import rows_of, several
from konomi.serve.saying import checked_id
from konomi.serve.store.items import Facts, ItemChange
from konomi.serve.store.tables import LONGEST_ID

router = APIRouter(prefix="/v1/items", route_class=JsonRoute, tags=["items"])

Id = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="an item id")]
ROWS: TypeAdapter[list[bodies.ItemRow]] = TypeAdapter(bodies.ItemRows)


@router.put("/{id}", **documented(replies.ItemOutcome))
async def put_item(request: Request, id: Id, body: bodies.ItemBody) -> Response:
    """Say what an item is, instead of what was said before. A new one is offered at once, a withdrawn one again."""
    return await _one(request, ItemChange(id, facts_of(body), withdrawn=False))


@router.patch("/{id}", **documented(replies.ItemOutcome))
async def patch_item(request: Request, id: Id, body: bodies.ItemBody) -> Response:
    """Say more of an item: only the fields that are named change; null takes back what was said."""
    _known(request, id)
    named = {name: facts_of(body).get(name) for name in body.model_fields_set}
    return await _one(request, ItemChange(id, named, part=True))


@router.delete("/{id}", **documented(replies.ItemOutcome, WITHOUT_BODY))
async def withdraw_item(request: Request, id: Id) -> Response:
    """Offer an item no more. What people say of it stays, and counts; PUT brings it back."""
    _known(request, id)
    return await _one(request, ItemChange(id, withdrawn=True))


@router.put("", **documented(replies.ItemOutcomes), openapi_extra=several("ItemRow"))
async def put_items(request: Request) -> Response:
    """Say what up to 10,000 items are, as a JSON array or as lines of JSON: all of it is stored, or nothing."""
    rows = await rows_of(ROWS, await request.body(), request.headers.get("content-type", ""))
    return replied(request, await _stored(request, [ItemChange(str(row.item), facts_of(row), row.withdrawn) for row in rows]))


def facts_of(body: bodies.ItemBody) -> Facts:
    """What is said of an item, without what is not."""
    facts = body.model_dump(exclude_none=True, include=set(bodies.ItemBody.model_fields))
    return {**facts, "related": [str(id) for id in facts["related"]]} if "related" in facts else facts


def _known(request: Request, id: str) -> None:
    if id not in service_of(request).current.served.rows:
        raise Unknown(f'"{id}": no item has this id.', "Say what it is with PUT.", "id")


async def _one(request: Request, change: ItemChange) -> Response:
    outcomes = await _stored(request, [change])
    return replied(request, outcomes.rows[0])


async def _stored(request: Request, changes: Sequence[ItemChange]) -> replies.ItemOutcomes:
    """Store changes; told once they are on the disk and in the answers."""
    current = service_of(request).current
    ids = current.served.bundle.items.schema["item_id"]
    for change in changes:
        check_id(checked_id(change.id, "item"), ids)
    check_kinds((change.facts for change in changes if change.facts), current.served.kinds)
    outcomes = await written(request, store_of(request).change_items(changes))
    await asyncio.wrap_future(current.refresh())
    rows = tuple(replies.ItemOutcome(one.id, outcome) for one, outcome in zip(changes, outcomes, strict=True))
    return replies.ItemOutcomes(dict(Counter(outcomes)), rows)
