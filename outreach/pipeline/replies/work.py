"""Work: the item for staff that a reply makes, when a person must read or do something."""

from collections.abc import Collection
from uuid import UUID

from outreach.domain.triage.result import Action, Label, Triage
from outreach.pipeline import followup
from outreach.pipeline.replies import automatic, hold, wishes
from outreach.pipeline.replies.answer import phone_instead
from outreach.pipeline.replies.question import Asked
from outreach.pipeline.world import World
from outreach.storage.models import Patient, Reply
from outreach.storage.unit import Unit

_MADE_BY_REPLIES = frozenset(
    {
        followup.RED_FLAG,
        *(label.value for label in Label),
        "unknown_sender",
        "shared_phone",
        "reschedule",
        "photo",
    }
)
"""The kinds of item to which another text of the same matter can be added."""
_WHOSE = " Several patients share this phone, and it is not clear who is meant: ask for each."


def make_work(
    unit: Unit,
    world: World,
    reply: Reply,
    result: Triage,
    people: list[Patient],
    patient: Patient | None,
    asked: Asked,
    related: Collection[UUID] = (),
    *,
    silent: bool,
) -> None:
    """An item for staff, when a person must read or do something.

    What may be an answer to the question before a visit is read before that visit. ``related``:
    earlier replies of the same minute or the same check-in; all they make is one item.
    """
    if automatic.take(unit, world, reply, result):
        return
    kind, action, summary = _work(reply, result, people, patient, silent=silent)
    unit.flush()
    before = unit.followups.made_by(related, _MADE_BY_REPLIES) if related else None
    if kind is None:
        if before is not None:
            followup.add_word(unit, world, before, f"Then: {result.reason}", reply.id)
        return
    decide_by = None
    if asked.screens and not result.urgent and result.answer is None:
        decide_by = hold.decide_by(world, hold.visits_of(unit, world, asked.screens))
        if decide_by is not None and action is Action.ROUTINE:
            action = Action.SAME_DAY
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"reply:{reply.id.hex}",
            kind=kind,
            action=action,
            summary=summary,
            patient_id=reply.patient_id,
            reply_id=reply.id,
            due_at=decide_by,
            into=None if before is None else before.id,
        ),
    )


def _work(
    reply: Reply, result: Triage, people: list[Patient], patient: Patient | None, *, silent: bool
) -> tuple[str | None, Action, str]:
    if result.urgent:
        phone = phone_instead(reply, result) if silent else ""
        whose = _WHOSE if patient is None and people else ""
        return "red_flag", result.action, f"{result.reason}{whose}{phone}"
    if wishes.is_plain_start(reply, result) and (people or patient is not None):
        return None, Action.NONE, ""
    if not people and patient is None:
        return "unknown_sender", Action.ROUTINE, "Somebody we do not know wrote to the clinic."
    if patient is None:
        return (
            "shared_phone",
            Action.SAME_DAY,
            "It is not clear who of those at this address wrote.",
        )
    if (cancelled := wishes.cancel_item(reply)) is not None:
        return cancelled.kind, cancelled.action, cancelled.summary
    if result.answer == "reschedule":
        return "reschedule", Action.SAME_DAY, "The patient wants another time for the visit."
    if reply.media:
        return "photo", Action.SAME_DAY, "The patient sent a picture: look at it."
    if result.staff or result.action in {Action.SAME_DAY, Action.ROUTINE}:
        action = result.action if result.action is not Action.NONE else Action.ROUTINE
        return result.label.value, action, result.reason
    return None, Action.NONE, ""
