"""Who may do what: one table of all routes, one answer for each request.

A route that the table does not name is nobody's, and a test fails for it. Data of people are for the key or the browser session
of that person, and for keys with the scope `people`; for everybody else such a person does not exist (404), so that nobody
learns who is known here.
"""

import re
from dataclasses import dataclass
from typing import Literal

from konomi.serve.store.keys import SCOPES

Right = Literal["allowed", "unknown caller", "not allowed", "hidden"]
"""What becomes of a request: answered; 401; 403; 404."""

READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Caller:
    """Who asks. scopes: of the key; person: whose own data they may use, None = nobody's; name: for logs: the id of the key,
    "session", or "local" where no key is needed."""

    name: str
    scopes: frozenset[str] = frozenset()
    person: str | None = None


SESSION = "session"
"""What whoever has a browser's session is called."""

LOCAL = Caller("local", frozenset(SCOPES))
"""A program on this machine, while no key was made."""


@dataclass(frozen=True)
class Rule:
    """A pattern of paths and what they need: a scope for reading and one for changing; "person": the person whom the path
    names, or the scope "people"; "anybody" = nothing; "open" = nothing, and nobody looks who asks."""

    path: re.Pattern[str]
    read: str
    change: str


def _rule(path: str, read: str, change: str | None = None) -> Rule:
    return Rule(re.compile(path), read, change or read)


RULES = (
    _rule(r"/live|/ready", "open"),
    _rule(r"/metrics", "metrics"),
    _rule(r"/v1/openapi\.json", "open"),
    _rule(r"/v1/session", "anybody"),
    _rule(r"/v1/people/(?P<person>[^/]+)(/.*)?", "person"),
    _rule(r"/v1/people", "people"),
    _rule(r"/v1/items/[^/]+/similar", "read"),
    _rule(r"/v1/items(/.*)?", "read", "items"),
    _rule(r"/v1/(models|train|jobs)(/.*)?", "models"),
    _rule(r"/v1/keys(/.*)?", "admin"),
    _rule(r"/v1/(recommend|rank|similar|ask|predict|popular|new|search|taste|together|why)", "read"),
)


def rule_of(path: str) -> Rule | None:
    """The rule of a path, which has it as a whole; None where no rule has."""
    return next((rule for rule in RULES if rule.path.fullmatch(path)), None)


def is_open(path: str) -> bool:
    """Whether a path is answered without a look at who asks, so that it is answered where the store cannot be asked."""
    return (rule := rule_of(path)) is not None and rule.read == "open"


def right(method: str, path: str, caller: Caller | None) -> Right:
    """What a caller may do; caller: None = without a key or session, or with one that is not valid."""
    if (rule := rule_of(path)) is None:
        return "hidden"
    need = rule.read if method in READING else rule.change
    if need in ("open", "anybody"):
        return "allowed"
    if caller is None:
        return "unknown caller"
    if "admin" in caller.scopes:
        return "allowed"
    if need == "person":
        own = rule.path.fullmatch(path)
        return "allowed" if "people" in caller.scopes or (own and own["person"] == caller.person) else "hidden"
    if need == "read" and caller.person is not None:
        return "allowed"  # whoever has a list may ask for answers
    return "allowed" if need in caller.scopes else "not allowed"
