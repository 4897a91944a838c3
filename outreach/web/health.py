"""Two questions of whoever runs this: is the process alive, and can it do its work?"""

from collections.abc import Callable
from datetime import timedelta
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


PATIENCE = timedelta(seconds=60)
"""How long a reply may wait to be read, or a page to be made (clinic time)."""


class Readiness(BaseModel):
    """What works: the database, and that somebody reads replies and pages staff.

    A broker is not required: without one the tick finds all work.
    """

    ready: bool
    reason: str
    """Why it is not ready; empty when it is."""
    database: Literal["ok", "not migrated", "unreachable"]
    broker: Literal["ok", "unreachable", "not asked"]
    waiting: list[str]
    """Stages that have work at this moment; one that stays here has no worker."""
    stopped: list[str]
    """Senders (``sms/name``) and accounts (``sms``) that the provider refuses: their messages wait.
    Events and webhooks are taken all the same, so this alone is no reason not to be ready."""


def health_routes(edge: Edge, broker: BrokerProbe | None) -> APIRouter:
    """``/health/live`` and ``/health/ready``; neither needs a key, neither tells addresses."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> dict[str, str]:
        """The process answers; nothing else is asked."""
        return {"status": "ok"}

    @router.get("/ready", response_model=Readiness, responses={503: {"model": Readiness}})
    async def ready() -> Response:
        """200 when all can be stored and neither reply nor page waits over a minute, else 503."""
        try:
            found = await edge.run(partial(_look, edge.world, broker))
        except Unavailable as error:
            log.warning("web.not_ready", why=str(error))
            found = Readiness(
                ready=False,
                reason="The database cannot be reached.",
                database="unreachable",
                broker="not asked",
                waiting=[],
                stopped=[],
            )
        return JSONResponse(found.model_dump(), 200 if found.ready else 503)

    return router


def _look(world: World, broker: BrokerProbe | None) -> Readiness:
    answers: Literal["ok", "unreachable", "not asked"] = "not asked"
    if broker is not None:
        answers = "ok" if broker() else "unreachable"
    if not is_current(world.db):
        return Readiness(
            ready=False,
            reason="The database lacks tables. Run 'outreach db upgrade'.",
            database="not migrated",
            broker=answers,
            waiting=[],
            stopped=[],
        )
    now = world.clinic_now()
    with world.db.read() as unit:
        waiting = unit.work.waiting(now, world.machine_now())
        oldest = unit.work.oldest(now)
        stopped = sorted(unit.breakers.tripped())
    late = [
        f"Work for '{stage}' has waited {(now - since).total_seconds():.0f} s."
        for stage, since in oldest.items()
        if now - since > PATIENCE
    ]
    if late:
        late.append("Look at the workers, the beat and the broker.")
    return Readiness(
        ready=not late,
        reason=" ".join(late),
        database="ok",
        broker=answers,
        waiting=waiting,
        stopped=stopped,
    )
