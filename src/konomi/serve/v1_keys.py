"""The routes of keys, for the scope admin, and of sessions, for browsers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from konomi.errors import RequestError
from konomi.serve import people_replies as replies
from konomi.serve.access import SESSION
from konomi.serve.bodies import Body
from konomi.serve.guards.access import cookie_name, cookie_of
from konomi.serve.people_bodies import StoredId, When
from konomi.serve.problems import Unknown
from konomi.serve.routes import WITHOUT_BODY, JsonRoute, documented, replied, service_of, store_of, written
from konomi.serve.store import clock
from konomi.serve.store.keys import KEPT, PREFIX, Key, keys, make_key, remove_key

router = APIRouter(prefix="/v1", route_class=JsonRoute, tags=["access"])

Scope = Literal["read", "people", "items", "models", "metrics", "admin"]


class NewKey(Body):
    """What a key is for. person: whose own data alone it may use."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    scopes: Annotated[list[Scope], Field(max_length=6)] = Field(default_factory=list)
    person: StoredId | None = None
    expires: When | None = None


@router.post("/session", **documented(replies.Session, WITHOUT_BODY))
async def session(request: Request) -> Response:
    """Begin the session of a browser: an anonymous person of its own, by a cookie that no script can read."""
    cookie, who = await written(request, store_of(request).begin_session())
    return _with_cookie(request, replied(request, replies.Session(who)), cookie)


@router.get("/session", **documented(replies.Session, WITHOUT_BODY))
async def who_asks(request: Request) -> Response:
    """Whose own data the caller may use: the person of a session, or of a key that is for one."""
    caller = request.scope["state"].get("caller")
    answer = replied(request, replies.Session(None if caller is None else caller.person))
    cookie = cookie_of(request.headers, service_of(request).https)
    return answer if cookie is None or caller is None or caller.name != SESSION else _with_cookie(request, answer, cookie)


@router.get("/keys", **documented(list[replies.ShownKey], WITHOUT_BODY))
async def list_keys(request: Request) -> Response:
    """All keys, without their secrets."""
    store = store_of(request)

    def found() -> list[replies.ShownKey]:
        with store.database.read() as connection:
            return [_shown(key) for key in keys(connection)]

    return replied(request, await service_of(request).pool.run(found))


@router.post("/keys", **documented(replies.MadeKey))
async def new_key(request: Request, body: NewKey) -> Response:
    """Make a key. It is shown this once."""
    expires = None if body.expires is None else clock.parsed(body.expires)
    if expires is not None and expires <= clock.now():
        raise RequestError("This time has passed.", "Give a later one, or none.", "expires")
    made = await written(
        request, store_of(request).writer.call(lambda to: make_key(to, body.name, body.scopes, body.person, expires))
    )
    service_of(request).callers.forget()
    return replied(request, replies.MadeKey(made.removeprefix(PREFIX).partition("_")[0], made))


@router.delete("/keys/{id}", **documented(replies.RemovedKey, WITHOUT_BODY))
async def delete_key(request: Request, id: str) -> Response:
    """Remove a key; from now on it opens nothing."""
    try:
        await written(request, store_of(request).writer.call(lambda to: remove_key(to, id)))
    except RequestError as error:
        raise Unknown(error.message, error.hint, "id") from None
    service_of(request).callers.forget()
    return replied(request, replies.RemovedKey(id))


def _with_cookie(request: Request, answer: Response, cookie: str) -> Response:
    """The answer, by which a browser keeps its session for `KEPT` from now on."""
    https = service_of(request).https
    age = KEPT // 1_000_000
    answer.set_cookie(cookie_name(https), cookie, max_age=age, httponly=True, samesite="lax", secure=https, path="/")
    return answer


def _shown(key: Key) -> replies.ShownKey:
    dates = [None if at is None else clock.written(at) for at in (key.expires, key.used)]
    return replies.ShownKey(key.id, key.name, tuple(sorted(key.scopes)), key.person, clock.written(key.created), *dates)
