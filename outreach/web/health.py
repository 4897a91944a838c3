"""Two questions of whoever runs this: is the process alive, and can it do its work?"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from outreach.domain.errors import Unavailable
from outreach.pipeline.world import World
from outreach.storage.migrate import is_current
from outreach.web.edge import Edge

log = structlog.get_logger(__name__)

BrokerProbe = Callable[[], bool]
"""Whether the broker answers; may take a second, must not raise."""


class Readiness(BaseModel):
    """What works. Only the database is required: without a broker the tick finds all work."""

    ready: bool
    database: Literal["ok", "not migrated", "unreachable"]
    broker: Literal["ok", "unreachable", "not asked"]
    waiting: list[str]
    """Stages that have work at this moment; one that stays here has no worker."""


def health_routes(edge: Edge, broker: BrokerProbe | None) -> APIRouter:
    """``/health/live`` and ``/health/ready``; neither needs a key, neither tells addresses."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> dict[str, str]:
        """The process answers; nothing else is asked."""
        return {"status": "ok"}

    @router.get("/ready", response_model=Readiness, responses={503: {"model": Readiness}})
    async def ready() -> Response:
        """200 when events and webhooks can be stored, else 503."""
        try:
            found = await edge.run(partial(_look, edge.world, broker))
        except Unavailable as error:
            log.warning("web.not_ready", why=str(error))
            found = Readiness(ready=False, database="unreachable", broker="not asked", waiting=[])
        return JSONResponse(found.model_dump(), 200 if found.ready else 503)

    return router


def _look(world: World, broker: BrokerProbe | None) -> Readiness:
    answers: Literal["ok", "unreachable", "not asked"] = "not asked"
    if broker is not None:
        answers = "ok" if broker() else "unreachable"
    if not is_current(world.db):
        return Readiness(ready=False, database="not migrated", broker=answers, waiting=[])
    with world.db.read() as unit:
        waiting = unit.work.waiting(world.clinic_now(), world.machine_now())
    return Readiness(ready=True, database="ok", broker=answers, waiting=waiting)
