"""The service as an ASGI application: the routes, how errors are told, and the guards around all of it."""

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from konomi.errors import KonomiError
from konomi.serve import operations, v1, v1_items, v1_keys, v1_models, v1_more, v1_people, v1_people_answers
from konomi.serve.guards.access import Access
from konomi.serve.guards.bodies import Bodies
from konomi.serve.guards.headers import Headers
from konomi.serve.guards.hosts import Hosts
from konomi.serve.guards.observed import Observed, unforeseen
from konomi.serve.guards.rate import Rate
from konomi.serve.invalid import invalid
from konomi.serve.log import Log
from konomi.serve.problems import Problem, problem, problem_of
from konomi.serve.service import Service

API_VERSION = "1"
RATE, BURST = 50.0, 200.0  # requests a second of one caller, for long and at once
HINTS = {
    400: "Send one JSON value, in UTF-8.",
    404: "See /v1/openapi.json for what there is.",
    405: "See /v1/openapi.json for what can be done here.",
}
CODES = {400: "json", 404: "no_route", 405: "method"}


def application(service: Service, log: Log | None = None) -> ASGIApp:
    """The service behind its guards."""
    guarded: ASGIApp = Bodies(routes(service))
    if service.store is not None:
        guarded = Access(Rate(guarded, RATE, BURST), service.callers, service.open, service.https)
    return Headers(Observed(Hosts(guarded, service.hosts), service.metrics, log or Log()))


def routes(service: Service) -> FastAPI:
    """The routes. Nothing that they show comes from elsewhere: pages that load scripts from other sites are off."""
    app = FastAPI(
        title="Konomi",
        summary="Recommendations from a bundle of models.",
        version=API_VERSION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    of_people = () if service.store is None else (v1_people.router, v1_people_answers.router, v1_items.router, v1_keys.router)
    of_models = () if service.models is None else (v1_models.router,)
    for router in (*of_people, *of_models, v1.router, v1_more.router, operations.router):
        app.router.routes.extend(router.routes)  # flat: an included router looks through its routes twice for each request
    app.add_exception_handler(KonomiError, _of_family)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, _unforeseen)
    _describe_problems(app)
    return app


async def _of_family(request: Request, error: Exception) -> Response:
    assert isinstance(error, KonomiError)
    return problem_of(request.scope, error)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    hint = HINTS.get(status, HINTS[404])
    return problem(request.scope, status, CODES.get(status, "http"), f"{error.detail}.", hint, headers=error.headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    answer: Response = unforeseen(request.scope)
    return answer


def _describe_problems(app: FastAPI) -> None:
    """Add the schema of problems, which every route names."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        problems = TypeAdapter(Problem).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        components = schema["components"]["schemas"]
        components |= problems.pop("$defs", {})
        components["Problem"] = problems
        return schema

    app.openapi = described  # type: ignore[method-assign]
