"""What a refusal says: problem+json (RFC 9457)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A field of a request that is wrong: what is wrong with it, and what to do."""

    field: str
    detail: str
    hint: str


@dataclass(frozen=True)
class Problem:
    """Why a request was not answered. code: the kind of problem, for programs; field: of the request, null where it is none in
    particular; request: the id to ask about; errors: every wrong field, where there are several."""

    title: str
    status: int
    code: str
    detail: str
    hint: str
    field: str | None
    request: str
    errors: tuple[Wrong, ...] = ()
    type: str = "about:blank"
