"""``POST /events``: what happened in the scheduling system, durable before its sender hears yes.

What cannot be read at all is kept too, in quarantine, and its sender is told what is wrong with it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from outreach.domain.events import ParsedItem
from outreach.pipeline.arrive import Arrival, arrive
from outreach.pipeline.world import World
from outreach.storage.models import InboxEvent
from outreach.web.api.envelopes import FHIR, MEDIA_TYPES, Envelope, media_type_of, unwrapped
from outreach.web.api.keys import ApiKeys, source_of
from outreach.web.bodies import read_body
from outreach.web.edge import Edge
from outreach.web.problems import Problem, Refused, problem

_NOT_READABLE = "structure"
"""Intake's code for bytes that are not what they claim to be."""
_MOST_FAULTS = 20
_ANY_FORMAT = {"schema": {"type": "string", "format": "binary"}}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not readable; kept in quarantine"},
    401: {"model": Problem, "description": "No API key, or a wrong one"},
    413: {"model": Problem, "description": "The body is too large"},
    415: {"model": Problem, "description": "A format that is not read here"},
    422: {"model": Problem, "description": "Readable but contradictory; kept in quarantine"},
    503: {"model": Problem, "description": "The store is down: send it again"},
}


class Accepted(BaseModel):
    """What a sender hears once its event is stored."""

    id: UUID
    duplicate: bool
    """True when these very bytes came before: they have no effect again."""


class Item(BaseModel):
    """What became of one message or resource; holds nothing of its content."""

    id: UUID
    status: str
    """``received``, ``applied``, ``split``, ``ignored``, ``stale`` or ``quarantined``."""
    trigger: str
    code: str
    reason: str
    received_at: datetime
    settled_at: datetime | None


class EventState(Item):
    """An arrival, and its parts where it held several."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class _Taken:
    arrival: Arrival
    faults: list[tuple[int, str, str]]
    """Index, code and sentence of every item, when none of them could be used."""


def event_routes(edge: Edge) -> APIRouter:
    """Posting events, and asking what became of one."""
    router = APIRouter(tags=["events"])
    keys = ApiKeys(edge.config.api_keys)

    @router.post(
        "/events",
        status_code=202,
        response_model=Accepted,
        responses=_REFUSALS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": dict.fromkeys(sorted(MEDIA_TYPES), _ANY_FORMAT),
            },
            "security": [{"bearer": []}, {"key": []}],
        },
    )
    async def post_event(request: Request, *, quiet: bool = False) -> Response:
        """Stores one payload of any supported format. ``quiet``: state only, nobody is texted."""
        source = source_of(request, keys.sender(request))
        content_type = media_type_of(request.headers)
        body = await read_body(request, edge.config.max_body_bytes)
        envelope = unwrapped(request.headers, content_type, body)
        taken = await edge.run(partial(_take, edge.world, envelope, source, quiet))
        if taken.faults:
            return _rejection(content_type, taken)
        return JSONResponse(
            {"id": str(taken.arrival.id), "duplicate": not taken.arrival.new}, status_code=202
        )

    @router.get("/events/{event_id}", response_model=EventState, responses=_REFUSALS)
    async def event_state(request: Request, event_id: UUID) -> EventState:
        """What became of an arrival: its status and reason, without any of its content."""
        keys.sender(request)
        return await edge.run(partial(_state, edge.world, event_id))

    return router


def _take(world: World, envelope: Envelope, source: str, quiet: bool) -> _Taken:
    """Stores first. Ingest will judge the same bytes again and quarantine what is rejected."""
    arrival = arrive(
        world,
        envelope.raw,
        source=source,
        content_type=envelope.content_type,
        event_id=envelope.event_id,
        quiet=quiet,
    )
    items = world.parse(envelope.raw, envelope.content_type, source, world.clinic_now())
    return _Taken(arrival, _faults(items))


def _faults(items: list[ParsedItem]) -> list[tuple[int, str, str]]:
    faults = [
        (index, item.problem.code, item.problem.message)
        for index, item in enumerate(items)
        if item.problem is not None
    ]
    return faults[:_MOST_FAULTS] if len(faults) == len(items) else []


def _rejection(content_type: str, taken: _Taken) -> Response:
    """400 for bytes that cannot be read, 422 for an event that cannot be."""
    unreadable = all(code == _NOT_READABLE for _, code, _ in taken.faults)
    status = 400 if unreadable else 422
    if content_type == FHIR:
        return JSONResponse(_operation_outcome(taken), status, media_type=FHIR)
    first = taken.faults[0][2]
    return problem(
        status,
        f"Kept in quarantine; nobody is texted. {first[:1].upper()}{first[1:]}.",
        extra={
            "id": str(taken.arrival.id),
            "errors": [
                {"index": index, "code": code, "message": message}
                for index, code, message in taken.faults
            ],
        },
    )


def _operation_outcome(taken: _Taken) -> dict[str, object]:
    """The same in FHIR's own words."""
    return {
        "resourceType": "OperationOutcome",
        "id": str(taken.arrival.id),
        "issue": [
            {
                "severity": "error",
                "code": "structure" if code == _NOT_READABLE else "invalid",
                "diagnostics": message,
            }
            for _, code, message in taken.faults
        ],
    }


def _state(world: World, event_id: UUID) -> EventState:
    with world.db.read() as unit:
        row = unit.inbox.event(event_id)
        if row is None:
            raise Refused(404, "No event has this id.")
        parts = unit.inbox.children_of(event_id)
        return EventState(**_item(row).model_dump(), items=[_item(part) for part in parts])


def _item(row: InboxEvent) -> Item:
    return Item(
        id=row.id,
        status=row.status,
        trigger=row.trigger,
        code=row.code,
        reason=row.reason,
        received_at=row.received_at,
        settled_at=row.settled_at,
    )
