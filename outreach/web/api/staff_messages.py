"""``POST /api/v1/staff-messages``: a system of the clinic's own lets a person write to a patient.

Such as an inbox that nurses use already. The key says which system asks; ``by`` says which person
writes, and what the patient answers is theirs until it is released.
"""

from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from outreach.domain.errors import BadInput, NotFound
from outreach.pipeline.replies import staff_message, takeover
from outreach.pipeline.replies.staff_message import Draft, Said, Warned
from outreach.pipeline.world import World
from outreach.web.api.keys import ApiKeys
from outreach.web.bodies import read_body
from outreach.web.edge import Edge
from outreach.web.problems import Problem, Refused, problem

_Body = TypeVar("_Body", bound=BaseModel)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not understood"},
    401: {"model": Problem, "description": "No API key, or a wrong one"},
    404: {"model": Problem, "description": "Nobody is known by this"},
    409: {"model": Problem, "description": "There are warnings: say 'anyway' to send it"},
    422: {"model": Problem, "description": "It must not go as it is; nothing was sent"},
    503: {"model": Problem, "description": "The store is down: send it again"},
}
_TO = "The code of a follow-up, or the patient: system|value, a record number, a phone or an id."
_Name = Annotated[str, Field(min_length=1, max_length=80)]
_To = Annotated[str, Field(min_length=1, max_length=300, description=_TO)]


class StaffMessage(BaseModel):
    """What a person writes."""

    model_config = ConfigDict(extra="forbid")

    to: _To
    text: Annotated[str, Field(min_length=1, max_length=1600)]
    by: _Name
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")]
    """The same token sends once, however often it is posted."""
    anyway: bool = False
    """The person has seen the warnings."""


class Queued(BaseModel):
    """What is on its way."""

    id: UUID
    duplicate: bool
    """True when this token came before: nothing was sent again."""
    channel: str | None
    segments: int | None
    warnings: list[str]


class Release(BaseModel):
    """Who gives a conversation back."""

    model_config = ConfigDict(extra="forbid")

    to: _To
    by: _Name


class Released(BaseModel):
    """How many conversations with the patient ended by it."""

    released: int


def staff_message_routes(edge: Edge) -> APIRouter:
    """Writing to a patient, and giving the conversation back."""
    router = APIRouter(prefix="/api/v1/staff-messages", tags=["staff"])
    keys = ApiKeys(edge.config.api_keys)

    @router.post(
        "",
        status_code=202,
        response_model=Queued,
        responses=_REFUSALS,
        openapi_extra=_described(StaffMessage),
    )
    async def write(request: Request) -> Response:
        """Queues a person's words; the conversation is theirs from now on."""
        keys.sender(request)
        asked = await _read(request, StaffMessage, edge.config.max_body_bytes)
        try:
            said = await edge.run(partial(_say, edge.world, asked))
        except Warned as warned:
            return problem(
                409,
                "Nothing was sent. Send it again with 'anyway' to send it in spite of this.",
                extra=_found(warned.draft),
            )
        except NotFound as error:
            raise Refused(404, str(error)) from None
        except BadInput as error:
            raise Refused(422, f"Nothing was sent. {error.message}") from None
        draft = said.draft
        answer = Queued(
            id=said.message_id,
            duplicate=said.duplicate,
            channel=None if draft is None else draft.channel.value,
            segments=None if draft is None else draft.measured.segments,
            warnings=[] if draft is None else list(draft.warnings),
        )
        return JSONResponse(answer.model_dump(mode="json"), status_code=202)

    @router.post(
        "/release",
        response_model=Released,
        responses=_REFUSALS,
        openapi_extra=_described(Release),
    )
    async def release(request: Request) -> Released:
        """Ends every conversation with a patient: questions are open again."""
        keys.sender(request)
        asked = await _read(request, Release, edge.config.max_body_bytes)
        try:
            return Released(released=await edge.run(partial(_release, edge.world, asked)))
        except NotFound as error:
            raise Refused(404, str(error)) from None
        except BadInput as error:
            raise Refused(422, error.message) from None

    return router


def _described(model: type[BaseModel]) -> dict[str, Any]:
    """The body is read here and not by the framework, so that the key is asked for first."""
    schema = model.model_json_schema()
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "security": [{"bearer": []}, {"key": []}],
    }


async def _read(request: Request, model: type[_Body], limit: int) -> _Body:
    body = await read_body(request, limit)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        places = sorted({".".join(map(str, fault["loc"])) or "body" for fault in faults})
        raise Refused(400, f"Not understood: {', '.join(places)}.") from None


def _say(world: World, asked: StaffMessage) -> Said:
    return staff_message.say(
        world, asked.to, asked.text, who=asked.by, token=asked.token, anyway=asked.anyway
    )


def _release(world: World, asked: Release) -> int:
    with world.db.read() as unit:
        patient = staff_message.addressee(unit, world, asked.to).patient
    return takeover.release(world, patient.id, asked.by)


def _found(draft: Draft) -> dict[str, object]:
    return {"warnings": list(draft.warnings), "segments": draft.measured.segments}
