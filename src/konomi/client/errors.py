"""What a client raises: refusals as the service has told them, and the silence of one that cannot be reached."""

import msgspec

from konomi.errors import KonomiError
from konomi.serve.refused import Problem, Wrong

AGAIN = "Ask again later."


class ServiceError(KonomiError):
    """The service has refused a request.

    status: of the answer, None where there was none; code, message, hint and field: as the service tells them; request: the id
    to ask its operator about; wrong: every field that is wrong, where there are several.
    """

    code = "service"

    def __init__(
        self,
        message: str,
        hint: str,
        field: str | None = None,
        *,
        code: str = "service",
        status: int | None = None,
        request: str = "",
        wrong: tuple[Wrong, ...] = (),
    ) -> None:
        super().__init__(message, hint, field)
        self.code = code  # type: ignore[misc]  # the kind of problem, which the service names
        self.status, self.request, self.wrong = status, request, wrong

    def __reduce__(self) -> tuple[object, ...]:  # type: ignore[override]
        return type(self), (self.message, self.hint, self.field), dict(vars(self))


class NotThere(ServiceError):
    """Nobody, or nothing, has this id; or it is not for this key to know."""


class Unreachable(ServiceError):
    """No answer came, or only that there is none now, until the time was up. Whether a change was stored is not known: repeat
    it, with the same `at`."""


def refusal(status: int, content: bytes, request: str) -> ServiceError:
    """The error of an answer that is a refusal, also of one that a proxy has written."""
    kind = NotThere if status == 404 else Unreachable if status in (429, 502, 503, 504) else ServiceError
    try:
        told = msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:
        text = content[:200].decode(errors="replace")
        return kind(f"Status {status}: {text}", AGAIN, status=status, request=request)
    more = {"code": told.code, "status": status, "request": told.request or request, "wrong": told.errors}
    return kind(told.detail, told.hint, told.field, **more)  # type: ignore[arg-type]
