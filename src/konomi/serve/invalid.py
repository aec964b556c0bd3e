"""What pydantic finds wrong with a request, in words and with the fields as a client wrote them."""

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from konomi.serve.problems import Wrong, problem
from konomi.text import visible

TAGS = ("dict", "list")  # of the two forms of a profile: no part of a field's name
LONGEST = 200  # characters of a field's name


async def invalid(request: Request, error: Exception) -> Response:
    """400 for what is no JSON, 422 for what is not as the route wants it."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problem(request.scope, 400, "json", "The body is not JSON.", "Send one JSON value, in UTF-8.")
    wrong = [_wrong(each) for each in found]
    first = wrong[0]
    more = wrong if len(wrong) > 1 else []
    return problem(request.scope, 422, "validation", f"{first.field}: {first.detail}", first.hint, first.field, more)


def _wrong(error: dict[str, Any]) -> Wrong:
    said = error.get("ctx", {})
    name = _field(error["loc"], said.get("name"))
    return Wrong(visible(name)[:LONGEST], visible(error["msg"]), visible(said.get("hint", "See /v1/openapi.json.")))


def _field(place: Sequence[int | str], name: str | None) -> str:
    """`where.years.0` of ("body", "where", "years", 0)."""
    parts = [str(part) for part in place[1:] if not (str(part).startswith("[") or str(part).startswith("function-"))]
    if len(parts) > 1 and parts[0] == "profile" and parts[1] in TAGS:
        del parts[1]
    return ".".join([*parts, *([name] if name else [])]) or str(place[0])
