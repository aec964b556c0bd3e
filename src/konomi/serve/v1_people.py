"""The routes of people: what they say is stored before it is acknowledged, and used at once."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import TypeAdapter
from starlette.responses import Response

from konomi.errors import RequestError
from konomi.recommend.person import wish_row
from konomi.serve import people
from konomi.serve import people_bodies as bodies
from konomi.serve import people_replies as replies
from konomi.serve.current import Served
from konomi.serve.problems import Unknown
from konomi.serve.routes import WITHOUT_BODY, DirectRoute, JsonRoute, documented, replied, service_of, store_of, written
from konomi.serve.rows import rows_of, several
from konomi.serve.saying import Said, changes_of, checked_id
from konomi.serve.store import clock
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.store.tables import LONGEST_ID

router = APIRouter(prefix="/v1/people", route_class=JsonRoute, tags=["people"])

Id = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="the id of a person")]
Item = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="an item id")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="entries of a page")]

ROWS: TypeAdapter[list[bodies.EntryRow]] = TypeAdapter(bodies.Rows)


async def put_entry(request: Request, id: Id, item: Item, body: bodies.EntryBody) -> Response:
    """Say something of an item; what was said before is replaced. Safe to repeat."""
    outcomes = await _stored(request, id, [Said(item, body.rating, body.status, body.at)])
    return replied(request, outcomes.rows[0])


router.add_api_route(
    "/{id}/entries/{item}", put_entry, methods=["PUT"], route_class_override=DirectRoute, **documented(replies.RowOutcome)
)


@router.delete("/{id}/entries/{item}", **documented(replies.RowOutcome, WITHOUT_BODY))
async def delete_entry(request: Request, id: Id, item: Item, at: str | None = None) -> Response:
    """Take back what was said of an item. An older entry that comes late does not bring it back."""
    outcomes = await _stored(request, id, [Said(item, at=at, taken_back=True)])
    return replied(request, outcomes.rows[0])


@router.put("/{id}/entries", **documented(replies.Outcomes), openapi_extra=several("EntryRow"))
async def put_entries(request: Request, id: Id) -> Response:
    """Say something of up to 10,000 items, as a JSON array or as lines of JSON: all of it is stored, or nothing."""
    rows = await rows_of(ROWS, await request.body(), request.headers.get("content-type", ""))
    said = [Said(str(row.item), row.rating, row.status, row.at, row.deleted) for row in rows]
    return replied(request, await _stored(request, id, said))


@router.get("/{id}/entries", **documented(replies.Entries, WITHOUT_BODY))
async def entries(request: Request, id: Id, after: str | None = None, limit: Limit = 100) -> Response:
    """What somebody says, page by page: `after` is that of the page before."""
    store, served = store_of(request), service_of(request).current.served
    signer = URLSafeSerializer(store.secret, salt="entries")
    try:
        row = -1 if after is None else int(signer.loads(after))
    except (BadSignature, ValueError):
        raise RequestError("This is no place in a list of entries.", "Take what the page before has given.", "after") from None

    def page() -> replies.Entries:
        settings_of(store, id)
        found = store.entries(id, row, limit + 1)
        more = signer.dumps(found[limit - 1].item_row) if len(found) > limit else None
        return replies.Entries(tuple(_shown(each, served) for each in found[:limit]), more)

    return replied(request, await service_of(request).pool.run(page))


@router.delete("/{id}", **documented(replies.Erased, WITHOUT_BODY))
async def erase(request: Request, id: Id) -> Response:
    """Erase all that is kept of somebody. The same id is a new person afterwards."""
    count = await written(request, store_of(request).erase(id))
    if count is None:
        raise nobody()
    until = "Models whose training began before now may have learnt from these entries; none that is trained from now on does."
    return replied(request, replies.Erased(count, clock.written(clock.now()), until))


@router.get("/{id}/settings", **documented(bodies.Settings, WITHOUT_BODY))
async def settings(request: Request, id: Id) -> Response:
    """The wishes and dials that are kept."""
    store = store_of(request)
    kept = await service_of(request).pool.run(lambda: settings_of(store, id))
    return replied(request, bodies.Settings(**kept).model_dump())


@router.put("/{id}/settings", **documented(bodies.Settings))
async def set_settings(request: Request, id: Id, body: bodies.Settings) -> Response:
    """Keep wishes and dials, which answers take where they are not asked for others."""
    checked_id(id, "person")
    wish_row(body.wishes, service_of(request).current.served.recommender.catalogue)
    await written(request, store_of(request).set_settings(id, body.model_dump()))
    return replied(request, body.model_dump())


_EXPORTED: dict[str, Any] = {"description": "all that is kept", "content": {"application/json": {}, "text/csv": {}}}
_export = documented(None, WITHOUT_BODY)
_export["responses"][200] = _EXPORTED


@router.get("/{id}/export", **_export)
async def export(request: Request, id: Id, format: Literal["json", "csv"] = "json") -> Response:
    """All that is kept of somebody, as a file."""
    store, served = store_of(request), service_of(request).current.served

    def written() -> bytes:
        kept, found = settings_of(store, id), store.entries(id)
        return people.as_json(id, kept, found, served) if format == "json" else people.as_csv(found, served)

    content = await service_of(request).pool.run(written)
    media = "application/json" if format == "json" else "text/csv; charset=utf-8"
    return Response(content, 200, {"Content-Disposition": f'attachment; filename="konomi.{format}"'}, media)


_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/{id}/import", **documented(replies.Imported), openapi_extra=_FILE)
async def import_list(
    request: Request,
    id: Id,
    name: Annotated[str, Query(max_length=200, description="of the file, for messages")] = "list",
    dry_run: Annotated[bool, Query(description="say how it is understood, and store nothing")] = False,
) -> Response:
    """Store a list that a site has handed out, any that `konomi recommend --profile` reads; the file is the body."""
    checked_id(id, "person")
    content, served = await request.body(), service_of(request).current.served
    matched = await service_of(request).pool.run(lambda: people.listed(name, content, served.recommender))
    said = people.said_by(matched, served.recommender)
    counts = {} if dry_run or not said else (await _stored(request, id, said)).counts
    return replied(request, _imported(matched, served, counts, not dry_run))


async def _stored(request: Request, id: str, said: Sequence[Said]) -> replies.Outcomes:
    """Store what somebody says, and tell what became of it once it is on the disk."""
    store, served = store_of(request), service_of(request).current.served
    changes, clamped = changes_of(id, said, served.recommender.bundle.scale)
    verdicts = await written(request, store.put(changes))
    rows = tuple(
        replies.RowOutcome(one.item, "unknown item" if verdict == "stored" and one.item not in served.rows else verdict, late)
        for one, verdict, late in zip(said, verdicts, clamped, strict=True)
    )
    return replies.Outcomes(dict(Counter(row.outcome for row in rows)), rows)


def settings_of(store: PeopleStore, id: str) -> dict[str, Any]:
    """The settings of somebody; `Unknown` where nobody has this id."""
    found = store.settings(id)
    if found is None:
        raise nobody()
    return found


def nobody() -> Unknown:
    return Unknown("Nobody has this id.", "Store an entry first.", "id")


def _shown(entry: Any, served: Served) -> replies.StoredEntry:
    return replies.StoredEntry(**people.shown(entry, served))


def _imported(matched: Any, served: Served, counts: dict[str, int], stored: bool) -> replies.Imported:
    ids, names = served.recommender.catalogue.ids, served.recommender.catalogue.names
    return replies.Imported(
        matched.personal.site,
        stored,
        tuple(
            replies.ListedEntry(
                each.entry.name, str(ids[each.row]), names[each.row], each.entry.rating, round(each.confidence, 3), each.how
            )
            for each in matched.matched
        ),
        tuple(replies.Unmatched(each.entry.name, tuple(each.suggestions)) for each in matched.unmatched),
        tuple(each.entry.name for each in matched.doubles),
        tuple(matched.notes),
        counts,
    )
