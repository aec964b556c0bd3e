"""How a route answers: on a thread of the pool, encoded once, and described for OpenAPI."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from konomi.serve.current import Served
from konomi.serve.models import Models
from konomi.serve.problems import MEDIA_TYPE, problem
from konomi.serve.service import Service
from konomi.serve.store.people_store import PeopleStore

T = TypeVar("T")

JSON = "application/json"
SAID = {
    400: "not HTTP, or not JSON",
    404: "no such item",
    408: "the body came too slowly",
    409: "it cannot be done as things are",
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

    def handler(self) -> Callable[[Request], Any]:
        """What answers a request: FastAPI's way."""
        return super().get_route_handler()

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The handler, with that check before it."""
        handle = self.handler()
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


class DirectRoute(JsonRoute):
    """A route for many small requests: its function takes the request, the texts of its path and `body`, as it says for
    OpenAPI, and FastAPI's search for what to give it, which costs as much as all else of such a request, is left out. What
    is said of the path is not checked here."""

    def handler(self) -> Callable[[Request], Any]:
        """Reads the body, then calls the function."""
        assert self.body_field is not None
        adapter = TypeAdapter(cast(type[Any], self.body_field.field_info.annotation))

        async def handle(request: Request) -> Response:
            body = parsed(adapter, await request.body())
            answer: Response = await self.endpoint(request, **request.path_params, body=body)
            return answer

        return handle


def parsed(adapter: TypeAdapter[T], content: bytes) -> T:
    """A body as it should be; RequestValidationError with the place of what is wrong."""
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        wrong = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(wrong) from None


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


async def written(request: Request, future: Future[T]) -> T:
    """What the store's writer gives, once it is on the disk."""
    return await service_of(request).arrivals.result(future)


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
