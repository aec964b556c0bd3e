"""The routes of models, for the scope models: which there are, which answers, and trainings from what the store has."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from konomi.serve import model_replies as replies
from konomi.serve.bodies import Body
from konomi.serve.models import Models
from konomi.serve.problems import Unknown
from konomi.serve.routes import WITHOUT_BODY, JsonRoute, documented, models_of, replied, service_of, store_of, written
from konomi.serve.store import clock
from konomi.serve.store.jobs import How, Job, add_job, end_job, find_job, jobs
from konomi.serve.store.models import Kept

router = APIRouter(prefix="/v1", route_class=JsonRoute, tags=["models"])

CHANGING = (*WITHOUT_BODY, 409)
JobId = Annotated[int, Path(ge=1, lt=2**63, description="the id of a training")]


class NewTraining(Body):
    """How to train. warm: from the served model, where that can be done; whole: anew."""

    how: How = "warm"


@router.get("/models", **documented(list[replies.Model], WITHOUT_BODY))
async def list_models(request: Request) -> Response:
    """The models that the service has, the newest first, and how each stood to the one that was served."""
    known = models_of(request)

    def found() -> list[replies.Model]:
        return [_shown_model(each, known.current.served.id) for each in known.all()]

    return replied(request, await service_of(request).pool.run(found))


@router.post("/models/{id}/activate", **documented(replies.Activated, CHANGING))
async def activate(request: Request, id: str) -> Response:
    """Let a model answer, whatever the comparison said; no request fails meanwhile."""
    await asyncio.to_thread(models_of(request).activate, id)
    return replied(request, replies.Activated(id))


@router.post("/models/rollback", **documented(replies.Activated, CHANGING))
async def roll_back(request: Request) -> Response:
    """Let the model before the one that answers answer again."""
    return replied(request, replies.Activated(await asyncio.to_thread(models_of(request).roll_back)))


@router.post("/train", **documented(replies.Training, status=202))
async def train(request: Request, body: NewTraining) -> Response:
    """Train from what the store has, in a process of its own. The new model answers by itself if it is not worse than the
    served one. Where a training waits already, it is that one."""
    store = store_of(request)
    id = await written(request, store.writer.call(lambda connection: add_job(connection, body.how)))
    return replied(request, await _shown(request, id), 202)


@router.get("/jobs", **documented(list[replies.Training], WITHOUT_BODY))
async def list_trainings(request: Request) -> Response:
    """The trainings that wait, run or were lately, the newest first."""
    known = models_of(request)

    def found() -> list[replies.Training]:
        with known.store.database.read() as connection:
            every = jobs(connection)
        return [_with_model(job, known) for job in every]

    return replied(request, await service_of(request).pool.run(found))


@router.get("/jobs/{id}", **documented(replies.Training, WITHOUT_BODY))
async def training(request: Request, id: JobId) -> Response:
    """What has become of a training so far."""
    return replied(request, await _shown(request, id))


@router.delete("/jobs/{id}", **documented(replies.Cancelled, WITHOUT_BODY))
async def cancel(request: Request, id: JobId) -> Response:
    """Cancel a training that waits or runs; nothing of it stays."""
    await _shown(request, id)
    ended = await written(request, store_of(request).writer.call(lambda connection: end_job(connection, id, "cancelled")))
    return replied(request, replies.Cancelled(id, ended))


async def _shown(request: Request, id: int) -> replies.Training:
    """A training as it is shown; `Unknown` where there is none."""
    known = models_of(request)

    def found() -> replies.Training:
        with known.store.database.read() as connection:
            job = find_job(connection, id)
        if job is None:
            raise Unknown(f"There is no training {id}.", "Give the id of one that GET /v1/jobs has.", "id")
        return _with_model(job, known)

    return await service_of(request).pool.run(found)


def _with_model(job: Job, known: Models) -> replies.Training:
    return _shown_training(job, next((each.id for each in known.all() if each.job == job.id), None))


def _shown_model(kept: Kept, serving: str) -> replies.Model:
    """A model as it is shown. serving: the id of the one that answers."""
    report = dict(kept.report)
    figures = tuple(replies.Figure(**each) for each in report.pop("figures", ()))
    activated = None if kept.activated is None else clock.written(kept.activated)
    return replies.Model(kept.id, kept.id == serving, clock.written(kept.made), activated, kept.job, **report, figures=figures)


def _shown_training(job: Job, model: str | None) -> replies.Training:
    """A training as it is shown. model: the id of what it has made."""
    created, began, ended = (None if at is None else clock.written(at) for at in (job.created, job.began, job.ended))
    running = job.state == "running" and job.progress
    step = replies.Step(**{name: job.progress[name] for name in replies.Step.__dataclass_fields__}) if running else None
    return replies.Training(job.id, job.how, job.state, created or "", began, ended, step, job.error, model)
