"""What a client is told when something is wrong: problem+json (RFC 9457) with a code, the field, and what to do."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from konomi.errors import Cancelled, ConfigError, DataError, KonomiError, RequestError, StoreError
from konomi.serve.hints import as_field, as_sent
from konomi.serve.refused import Problem as Problem
from konomi.serve.refused import Wrong as Wrong
from konomi.text import visible

MEDIA_TYPE = "application/problem+json"
MOST_WRONG = 10  # fields that are told of, at most
STATUS = {RequestError: 422, DataError: 422, ConfigError: 422, Cancelled: 503, StoreError: 503}
"""The status of errors of the library; of all others 500. Errors of the service have their own, `status`."""

SOON = 1  # seconds until what is not there now may be asked for again

Scope = Mapping[str, Any]


class Unknown(RequestError):
    """There is no item with this id or title, or nobody with this id."""

    code = "unknown"
    status = 404


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    hint: str,
    field: str | None = None,
    errors: Sequence[Wrong] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that tells of a problem."""
    title = HTTPStatus(status).phrase
    told = Problem(title, status, code, visible(detail), visible(hint), field, request_id(scope), tuple(errors)[:MOST_WRONG])
    return Response(msgspec.json.encode(told), status, headers, MEDIA_TYPE)


def problem_of(scope: Scope, error: KonomiError) -> Response:
    """An error of the family, in the words of a request."""
    kinds = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    status = getattr(error, "status", None) or next(kinds, 500)
    wait = getattr(error, "retry_after", SOON if status == 503 else None)
    headers = {} if wait is None else {"Retry-After": str(wait)}
    field = None if error.field is None else as_field(error.field)
    return problem(scope, status, error.code, error.message, as_sent(error.hint), field, headers=headers)


def request_id(scope: Scope) -> str:
    """The id of a request, which `guards.observed` gives."""
    return str(scope.get("state", {}).get("request", ""))
