"""How a route answers: on a thread of the pool, encoded once, and described for OpenAPI."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from konomi.serve.current import Served
from konomi.serve.models import Models
from konomi.serve.problems import MEDIA_TYPE, problem
from konomi.serve.service import Service
from konomi.serve.store.people_store import PeopleStore

JSON = "application/json"
SAID = {
    400: "not HTTP, or not JSON",
    404: "no such item",
    408: "the body came too slowly",
    413: "the body is too large",
    415: "the body is not called JSON",
    421: "this service has another name",
    422: "something in the request is wrong",
    500: "an error of the service",
    503: "too much is asked at once",
}
"""Every problem that a route may tell of."""
WITH_BODY = (400, 404, 408, 413, 415, 421, 422, 500, 503)
WITHOUT_BODY = (404, 421, 422, 500, 503)


class JsonRoute(APIRoute):
    """A route that refuses a body which is not called JSON before it reads it."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The handler, with that check before it."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def checked(request: Request) -> Response:
            sent = request.headers.get("content-type", "")
            if sent.partition(";")[0].strip().lower() != JSON:
                return problem(
                    request.scope, 415, "media_type", f'The body is "{sent}".', f"Send JSON, with Content-Type: {JSON}."
                )
            answer: Response = await handle(request)
            return answer

        return checked


def documented(reply: Any, problems: tuple[int, ...] = WITH_BODY, status: int = 200) -> dict[str, Any]:
    """What OpenAPI says of a route's answers. status: of those that are no refusal."""
    refusals = {status: {"description": SAID[status], "content": {MEDIA_TYPE: {"schema": PROBLEM}}} for status in problems}
    answers = {status: {"model": reply, "description": "the answer"}, **refusals}
    return {"response_model": None, "status_code": status, "responses": answers}


PROBLEM = {"$ref": "#/components/schemas/Problem"}


def service_of(request: Request) -> Service:
    """The service that a request has come to."""
    service: Service = request.app.state.service
    return service


def store_of(request: Request) -> PeopleStore:
    """The store of people of that service; routes that ask for it are there only where there is one."""
    store = service_of(request).store
    assert store is not None
    return store


def models_of(request: Request) -> Models:
    """The models of that service; likewise."""
    models = service_of(request).models
    assert models is not None
    return models


def replied(request: Request, content: Any, status: int = 200) -> Response:
    """A reply that was not computed on a thread of the pool."""
    return encoded(msgspec.json.encode(content), service_of(request).current.served, status)


async def answered(request: Request, work: Callable[..., object], *arguments: object) -> Response:
    """The answer work(served, *arguments), by the bundle that is served as the request begins."""
    service = service_of(request)
    served = service.current.served
    content = await service.pool.run(lambda: msgspec.json.encode(work(served, *arguments)))
    return encoded(content, served)


def encoded(content: bytes, served: Served, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An encoded answer, with the model that it comes from."""
    return Response(content, status, {"Konomi-Model": served.id, **(headers or {})}, JSON)
