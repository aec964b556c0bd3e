"""Hints of the library in the words of a request: `no_genre` becomes where.no_genre, `without` becomes exclude."""

import re
from dataclasses import fields

from konomi.ranking.dials import Dials
from konomi.recommend.filters import Where

FIELDS = {
    **{each.name: f"where.{each.name}" for each in fields(Where)},
    **{each.name: f"dials.{each.name}" for each in fields(Dials)},
    "without": "exclude",
    "only": "candidates",
}
"""Settings in Python → fields of a request; all others are called the same."""

_named = re.compile(r"`([\w.]+)`")


def as_field(name: str) -> str:
    """The field of a request that a setting in Python comes from."""
    return FIELDS.get(name, name)


def as_sent(hint: str) -> str:
    """A hint with each `name` in it as the field of a request."""
    return _named.sub(lambda found: as_field(found[1]), hint)
