"""The rows of models: which bundles a service has, and which of them answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from konomi.serve.store.clock import now
from konomi.serve.store.tables import model


@dataclass(frozen=True)
class Kept:
    """A model that a service has. id: the first digits of its file's SHA-256; made: when its training began, or it was given;
    activated: when it was last made the one that answers, None = never; job: of its training, None = it was given; seq: the
    last change that it has learnt, 0 = none of this store; report: how it stands to the one that was served then."""

    id: str
    made: int
    activated: int | None
    job: int | None
    seq: int
    report: dict[str, Any]


def models(connection: Connection) -> list[Kept]:
    """All models, the newest first."""
    rows = connection.execute(select(model).order_by(model.c.made.desc(), model.c.id))
    return [Kept(**{**row, "report": json.loads(row["report"])}) for row in rows.mappings()]


def served(connection: Connection) -> list[Kept]:
    """The models that answer or did, the one that does first, then the one before it, …"""
    known = [each for each in models(connection) if each.activated is not None]
    return sorted(known, key=lambda each: each.activated or 0, reverse=True)


def add_model(
    connection: Connection, id: str, made: int, job: int | None = None, seq: int = 0, report: Mapping[str, Any] | None = None
) -> None:
    """Note a model; one that is there already stays as it is."""
    if connection.scalar(select(model.c.id).where(model.c.id == id)) is None:
        row = {"id": id, "made": made, "job": job, "seq": seq, "report": json.dumps(report or {})}
        connection.execute(insert(model).values(**row))


def activate_model(connection: Connection, id: str) -> None:
    """Note that a model is the one that answers from now on."""
    latest = max((each.activated or 0 for each in served(connection)), default=0)
    connection.execute(update(model).where(model.c.id == id).values(activated=max(now(), latest + 1)))


def set_aside(connection: Connection, id: str) -> None:
    """Note that a model was never served, as far as going back is concerned."""
    connection.execute(update(model).where(model.c.id == id).values(activated=None))


def remove_model(connection: Connection, id: str) -> None:
    """Forget a model, whose file is gone."""
    connection.execute(delete(model).where(model.c.id == id))
