"""What whoever runs a service asks: whether it lives, whether it can answer, and what it has counted."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from konomi.serve import replies
from konomi.serve.routes import documented, encoded, service_of

router = APIRouter(tags=["operations"])
OK = "ok"
GUARDED = (421, 500)


@router.get("/live", **documented(replies.Alive, GUARDED))
async def live(request: Request) -> Response:
    """Whether the process answers."""
    return encoded(msgspec.json.encode(replies.Alive()), service_of(request).current.served)


_ready = documented(replies.Ready, GUARDED)
_ready["responses"][503] = {"model": replies.Ready, "description": "a check says what is wrong"}


@router.get("/ready", **_ready)
async def ready(request: Request) -> Response:
    """Whether requests can be answered, check by check."""
    service = service_of(request)
    served = service.current.served
    checks = await service.pool.run(lambda: {name: check() or OK for name, check in service.checks.items()})
    said = replies.Ready(all(each == OK for each in checks.values()), served.id, checks)
    return encoded(msgspec.json.encode(said), served, 200 if said.ready else 503)


_metrics = documented(None, GUARDED)
_text = {"text/plain": {"schema": {"type": "string"}}}
_metrics["responses"][200] = {"description": "in Prometheus' text format", "content": _text}


@router.get("/metrics", **_metrics)
async def metrics(request: Request) -> Response:
    """What was counted, for Prometheus."""
    return Response(service_of(request).metrics.text(), media_type="text/plain; version=0.0.4")
