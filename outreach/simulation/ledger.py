"""The ledger of a finished simulation as rows: the contract of ``outreach simulate``."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.states import MessageStatus, TouchpointStatus
from outreach.pipeline.facts.reading import FROM_STAFF
from outreach.pipeline.replies.survey import answers_in, composite_of
from outreach.pipeline.world import World
from outreach.storage.models import Message, SurveyResponse, Touchpoint
from outreach.storage.unit import Unit


def rows(world: World, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Touchpoints by when they were decided or are due, what staff wrote, then follow-ups; times
    in ``zone``."""
    with world.db.read() as unit:
        touchpoints = unit.ledger.everything()
        names = _names(unit, {row.patient_id for row in touchpoints})
        messages = unit.messages.of_touchpoints([row.id for row in touchpoints])
        surveys = unit.surveys.by_touchpoints([row.id for row in touchpoints])
        for row in sorted(touchpoints, key=lambda item: item.decided_at or item.due_at):
            survey = surveys.get(row.id)
            told = {} if survey is None else {"survey": _survey(survey)}
            yield _touchpoint(row, messages.get(row.id, []), names, zone) | told
        yield from _by_staff(unit, names, zone)
        items = unit.followups.worklist(closed=True, limit=1_000_000)
        names |= _names(unit, {row.patient_id for row in items if row.patient_id is not None})
        for item in sorted(items, key=lambda item: (item.created_at, item.id)):
            yield {
                "at": item.created_at.astimezone(zone).isoformat(),
                "patient": names.get(item.patient_id) if item.patient_id else None,
                "followup": item.kind,
                "priority": item.priority.value,
                "due": item.due_at.astimezone(zone).isoformat(),
                "summary": item.summary,
            }


def _by_staff(unit: Unit, names: dict[UUID, str], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """What people wrote themselves; none where the scenario has no such line."""
    messages = {row.id: row for row in unit.messages.everything() if row.template == FROM_STAFF}
    words = unit.takeovers.words_of(messages) if messages else {}
    for message_id, message in messages.items():
        patient_id = message.patient_id
        if patient_id is not None and patient_id not in names:
            names |= _names(unit, {patient_id})
        yield {
            "at": message.created_at.astimezone(zone).isoformat(),
            "patient": names.get(patient_id) if patient_id else None,
            "staff": words[message_id].who,
            "outcome": message.status.value,
            "reason": None if message.reason is None else message.reason.value,
            "channel": message.channel.value,
            "language": message.language,
            "body": message.body,
        }


def _names(unit: Unit, ids: set[UUID]) -> dict[UUID, str]:
    """What the scenario calls each patient: the first identifier."""
    found = unit.people.identifiers_of(ids)
    return {patient_id: found[patient_id][0].value for patient_id in ids if found[patient_id]}


_LOST = frozenset({MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.SKIPPED})


def _outcome(row: Touchpoint, messages: list[Message]) -> TouchpointStatus:
    """How it ended for the patient: what the provider took, and nothing of which arrived, failed.

    In the database it stays sent, because that is what was done; its messages say the rest.
    """
    lost = bool(messages) and all(message.status in _LOST for message in messages)
    return TouchpointStatus.FAILED if row.status is TouchpointStatus.SENT and lost else row.status


def _survey(response: SurveyResponse) -> dict[str, Any]:
    """What was answered to a check-in, in the order in which it came, and what it comes to."""
    return {
        "status": response.status.value,
        "composite": composite_of(response),
        "answers": [
            {key: one[key] for key in ("question", "value", "chosen", "words") if key in one}
            for one in answers_in(response)
        ],
    }


def _touchpoint(
    row: Touchpoint, messages: list[Message], names: dict[UUID, str], zone: ZoneInfo
) -> dict[str, Any]:
    said = [message for message in messages if message.body is not None]
    first = next((message for message in said if message.channel is row.channel), None)
    return {
        "at": (row.decided_at or row.due_at).astimezone(zone).isoformat(),
        "patient": names.get(row.patient_id, str(row.patient_id)),
        "journey": row.journey,
        "step": row.step,
        "anchor": row.anchor_at.astimezone(zone).isoformat(),
        "outcome": _outcome(row, messages).value,
        "reason": None if row.reason is None else row.reason.value,
        "channel": None if row.channel is None else row.channel.value,
        "language": None if first is None else first.language,
        "body": None if first is None else first.body,
        "to": None if first is None else first.to_whom,
        "also": [message.channel.value for message in said if message is not first],
        "due": row.due_at.astimezone(zone).isoformat(),
        "why": row.note,
    }
