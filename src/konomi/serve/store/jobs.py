"""The rows of jobs: trainings that wait, run or are done. Whoever runs one has a lease, which ends if it is not renewed: then
the next to ask takes the job over and goes on where it stood."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from konomi.serve.status import How as How
from konomi.serve.status import State as State
from konomi.serve.store.clock import now
from konomi.serve.store.tables import job

OPEN = ("waiting", "running")
ENDED = tuple(state for state in get_args(State) if state not in OPEN)

LEASE = 30_000_000  # microseconds
ATTEMPTS = 3  # trainings that were killed are begun again so often
REMEMBERED = 100  # jobs that have ended


@dataclass(frozen=True)
class Job:
    """A training. how: from the model before, or anew; created, began, ended: microseconds since 1970; attempts: how often it
    was begun; progress: what it does; error: why it failed."""

    id: int
    how: How
    state: State
    created: int
    began: int | None
    ended: int | None
    attempts: int
    progress: dict[str, Any]
    error: str | None


def jobs(connection: Connection) -> list[Job]:
    """All jobs, the newest first."""
    return [_job(row) for row in connection.execute(select(job).order_by(job.c.id.desc())).mappings()]


def find_job(connection: Connection, id: int) -> Job | None:
    """One job; None where there is none."""
    row = connection.execute(select(job).where(job.c.id == id)).mappings().first()
    return None if row is None else _job(row)


def add_job(connection: Connection, how: How) -> int:
    """A new job that waits; the id of the one that waits already, where there is one."""
    waiting = connection.scalar(select(job.c.id).where(job.c.state == "waiting").order_by(job.c.id))
    if waiting is not None:
        if how == "whole":
            connection.execute(update(job).where(job.c.id == waiting).values(how=how))
        return int(waiting)
    old = connection.scalars(select(job.c.id).where(job.c.state.in_(ENDED)).order_by(job.c.id.desc()).offset(REMEMBERED - 1))
    connection.execute(delete(job).where(job.c.id.in_(old.all())))
    made = connection.execute(insert(job).values(how=how, state="waiting", created=now()).returning(job.c.id))
    return int(made.scalar_one())


def claim_job(connection: Connection) -> Job | None:
    """Take the oldest job that waits, or whose lease has ended; None where there is none."""
    lost = and_(job.c.state == "running", job.c.lease < now())
    id = connection.scalar(select(job.c.id).where(or_(job.c.state == "waiting", lost)).order_by(job.c.id).limit(1))
    if id is None:
        return None
    begun = {"began": now(), "lease": now() + LEASE, "attempts": job.c.attempts + 1}
    connection.execute(update(job).where(job.c.id == id).values(state="running", **begun))
    return find_job(connection, id)


def renew_job(connection: Connection, id: int, progress: Mapping[str, Any]) -> bool:
    """Renew the lease and note the progress; whether the job still runs: it may have been cancelled."""
    values = {"lease": now() + LEASE, "progress": json.dumps(progress)}
    return bool(connection.execute(update(job).where(job.c.id == id, job.c.state == "running").values(**values)).rowcount)


def give_back_job(connection: Connection, id: int, counted: bool = False) -> None:
    """Let a running job wait again. counted: whether this was one of its attempts."""
    values = {"state": "waiting", "lease": None, "attempts": job.c.attempts - (0 if counted else 1)}
    connection.execute(update(job).where(job.c.id == id, job.c.state == "running").values(**values))


def end_job(connection: Connection, id: int, state: State, error: str | None = None) -> bool:
    """Note how an open job has ended; whether it was open."""
    ended = update(job).where(job.c.id == id, job.c.state.in_(OPEN)).values(state=state, ended=now(), error=error, lease=None)
    return bool(connection.execute(ended).rowcount)


def _job(row: Mapping[Any, Any]) -> Job:
    return Job(**{**{name: row[name] for name in Job.__dataclass_fields__}, "progress": json.loads(row["progress"])})
