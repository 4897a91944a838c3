"""Late confirmation: a C that comes after a newer question about the same visit was asked.

The day before a visit the open question is whether anything is wrong. Who answers C then has read
the text of the week before: it confirms that visit, and the newer question stays open.
"""

from dataclasses import dataclass

from outreach.domain.events import GONE
from outreach.domain.triage.keywords import bare_word
from outreach.domain.triage.result import Prompt, Triage
from outreach.pipeline.world import World
from outreach.storage.models import Conversation, Reply
from outreach.storage.unit import Unit

_WORDS = frozenset(
    {"c", "confirm", "confirmed", "confirming"}
    | {"confirmo", "confirmado", "confirmada", "confirmar"}
    | {"r", "reschedule", "reprogramar", "reagendar"}
)
"""Whole replies that can answer nothing but whether the patient comes. Never ``yes`` or ``ok``: to
the question before a visit those mean something else."""


@dataclass(frozen=True, slots=True)
class Late:
    """The older question, and the reply read under it."""

    question: Conversation
    result: Triage


def read_late(
    unit: Unit, world: World, reply: Reply, language: str | None, newest: Conversation | None
) -> Late | None:
    """The older question about the same visit that such a reply answers; None where there is none.

    ``newest`` is the open question, which the reply did not answer. The visit must still be to come
    at the time and place that were asked about.
    """
    if newest is None or newest.prompt is not Prompt.SCREEN or bare_word(reply.body) not in _WORDS:
        return None
    older = _question_of_same_visit(unit, world, newest)
    if older is None:
        return None
    result = world.triage.triage(reply.body, language, Prompt.CONFIRM)
    return Late(older, result) if result.answer in {"confirm", "reschedule"} else None


def _question_of_same_visit(unit: Unit, world: World, newest: Conversation) -> Conversation | None:
    asked = unit.replies.asked(newest.address_index, newest.patient_id, Prompt.CONFIRM)
    rows = unit.ledger.touchpoints([newest.touchpoint_id, *(row.touchpoint_id for row in asked)])
    about = rows[newest.touchpoint_id]
    if about.appointment_id is None:
        return None
    visit = unit.visits.appointments([about.appointment_id]).get(about.appointment_id)
    now = world.clinic_now()
    if visit is None or visit.status in GONE or (visit.start_at and visit.start_at <= now):
        return None
    for row in asked:
        touchpoint = rows[row.touchpoint_id]
        same = touchpoint.appointment_id == visit.id
        if same and touchpoint.anchor_version == visit.version:
            return row
    return None
