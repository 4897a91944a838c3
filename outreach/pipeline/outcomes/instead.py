"""Instead: what a message that may not go leaves for staff to do, so that nothing is lost silently.

A safety check-in becomes a call. Of one stay in hospital, or one pause, there is one item, whatever
falls due in it: the ward watches the patient, and a nurse who resumes outreach reads it all at
once. A patient whom no message can reach at all, or in whose language none is written, is called
once for each visit.
"""

from datetime import timedelta
from uuid import UUID

from outreach.domain.journeys import Anchor, WhenLate
from outreach.domain.policy import STAFF_FIRST, Decision
from outreach.domain.states import FollowUpStatus, Purpose, SkipReason, TouchpointStatus
from outreach.domain.triage.result import Action, Prompt
from outreach.pipeline import followup
from outreach.pipeline.facts.reach import contacts_for, rests
from outreach.pipeline.world import World
from outreach.storage.models import Campaign, Patient, Touchpoint
from outreach.storage.unit import Unit

_BECOMES_A_CALL = frozenset(
    {
        SkipReason.OPTED_OUT,
        SkipReason.NO_CONSENT,
        SkipReason.NO_ADDRESS,
        SkipReason.QUIET_HOURS,
        SkipReason.LATE,
        SkipReason.ZONE_UNKNOWN,
    }
)
"""A safety check-in that cannot be texted for one of these reasons is made by phone."""
_NO_TIME_LEFT = frozenset({SkipReason.QUIET_HOURS, SkipReason.LATE, SkipReason.ZONE_UNKNOWN})
_UNSAID = frozenset({TouchpointStatus.SKIPPED, TouchpointStatus.FAILED})
_SAID = frozenset({SkipReason.COVERED, SkipReason.MERGED})
_LATELY = timedelta(days=1)
_AHEAD = frozenset({Anchor.VISIT_START, Anchor.CLOSURE})
"""A call about a visit to come is of use before it alone."""
_TOLD_BY_PHONE = _BECOMES_A_CALL | {SkipReason.PAUSED}
"""Who cannot hear by text that the site is closed is called: they would come for nothing."""

_STAFF_STOPPED_IT = frozenset({SkipReason.CANCELLED, SkipReason.DUPLICATE})
"""Of a recall nobody is called for one of these reasons: staff cancelled it, or it went already."""


def make_up_for(unit: Unit, world: World, row: Touchpoint, decision: Decision) -> None:
    """Opens the item, if any, that a skipped touchpoint leaves (``due`` and ``send`` ask here)."""
    check_in = row.asks is Prompt.SEVERITY_0_3 or row.when_late is WhenLate.CALL
    why = f"It could not be sent: {decision.why}"
    if row.anchor_kind is Anchor.CLOSURE:
        if decision.reason in _TOLD_BY_PHONE:
            call(unit, world, row, why)
    elif row.anchor_kind is Anchor.CAMPAIGN:
        if decision.reason not in _STAFF_STOPPED_IT:
            recall_instead(unit, world, row, why)
    elif check_in and decision.reason is SkipReason.PAUSED:
        _missed_in_a_stay(unit, world, row)
    elif check_in and decision.reason in _BECOMES_A_CALL:
        call(unit, world, row, why)
    elif row.purpose is Purpose.CARE and decision.reason is SkipReason.NO_ADDRESS:
        _unreached(unit, world, row, decision)
    elif _last_word(unit, world, row, decision):
        call_before_visit(unit, world, row, why)


def _last_word(unit: Unit, world: World, row: Touchpoint, decision: Decision) -> bool:
    """Whether a reminder is lost that nothing else makes up for: it waited for staff, or it was
    all that could be said of its visit."""
    if decision.source == STAFF_FIRST:
        return _still_ahead(world, row)
    return decision.reason in _NO_TIME_LEFT and _nothing_said_before(unit, world, row)


def _still_ahead(world: World, row: Touchpoint) -> bool:
    """Whether it is a reminder of a visit that has not begun: whoever phones can still say it."""
    care = row.purpose is Purpose.CARE
    return care and row.anchor_kind is Anchor.VISIT_START and row.anchor_at > world.clinic_now()


def call(unit: Unit, world: World, row: Touchpoint, why: str) -> None:
    """A call in place of one message (once per touchpoint)."""
    _open_call(
        unit,
        world,
        row,
        _key(row),
        f"{_what_to_do(row)} {why}",
    )


def _what_to_do(row: Touchpoint) -> str:
    if row.anchor_kind is Anchor.CLOSURE:
        return "Call the patient: the site is closed on the day of a visit of theirs."
    return f"Call the patient in place of the message '{row.step}'."


def _unreached(unit: Unit, world: World, row: Touchpoint, decision: Decision) -> None:
    """No message is in the patient's language, or no address that may be used is on file at all,
    or texts do not reach the one there is.

    Nor is silence right where the address of a message under way went out of use, or where those on
    file are somebody else's: the patient may not know that nobody is told any more.
    """
    patient = unit.people.patient(row.patient_id)
    foreign = patient is not None and not world.clinic.speaks(patient.language)
    contacts = [] if patient is None else contacts_for(unit, world, patient)
    reachable = any(contact.channel in world.channels for contact in contacts)
    barred = not contacts and bool(unit.people.contacts_of([row.patient_id]))
    resting = any(rests(contact, world.clinic_now()) for contact in contacts)
    lost = row.channel is not None or resting
    if row.anchor_kind is Anchor.VISIT_START and (foreign or lost or not reachable):
        call_before_visit(unit, world, row, decision.why)
    elif foreign or lost or barred:
        call(unit, world, row, f"It could not be sent: {decision.why}")


def _nothing_said_before(unit: Unit, world: World, row: Touchpoint) -> bool:
    """Whether this was the last that could be said of a visit to come, and nothing was.

    As when it is booked at night for the early morning.
    """
    if row.anchor_kind is not Anchor.VISIT_START or row.anchor_at <= world.clinic_now():
        return False
    others = _others(unit, row)
    return all(other.status in _UNSAID and other.reason not in _SAID for other in others)


def _others(unit: Unit, row: Touchpoint) -> list[Touchpoint]:
    """What else was planned from the same moment, as it is now."""
    return [
        other
        for other in unit.ledger.of_anchor(row.anchor_id)
        if (other.anchor_kind, other.anchor_version) == (row.anchor_kind, row.anchor_version)
        and other.id != row.id
    ]


def _still_waits(unit: Unit, world: World, key: str) -> bool:
    """Whether staff have yet to make a call of the last day; an older one asked something else."""
    item = unit.followups.by_reason(key)
    return (
        item is not None
        and item.status is not FollowUpStatus.CLOSED
        and item.created_at > world.clinic_now() - _LATELY
    )


def _key(row: Touchpoint) -> str:
    """By what the call in place of one message is known."""
    return f"touchpoint:{row.id.hex}:call"


def call_before_visit(unit: Unit, world: World, row: Touchpoint, why: str) -> None:
    """Once for each time and place of a visit, whatever would have been sent about it.

    Nor once more while the call in place of a text of the last day still waits.
    """
    if any(_still_waits(unit, world, _key(other)) for other in _others(unit, row)):
        return
    _open_call(
        unit,
        world,
        row,
        visit_call_key(row.anchor_id, row.anchor_version),
        f"Call the patient about the visit to come, in place of all messages before it. {why}",
    )


def visit_call_key(visit_id: UUID, version: int) -> str:
    """The reason of the call in place of all messages before a visit at a time and place."""
    return f"visit:{visit_id.hex}:{version}:call"


def call_about_doses(unit: Unit, world: World, row: Touchpoint, regimen: UUID, why: str) -> None:
    """Once for a schedule of home doses, in place of all its reminders."""
    what = "Call the patient about the home doses to come, in place of all their reminders."
    _open_call(unit, world, row, f"regimen:{regimen.hex}:call", f"{what} {why}")


def call_about_occasion(unit: Unit, world: World, row: Touchpoint, why: str) -> None:
    """Once for an occasion as it stands, in place of all messages about it."""
    key = f"occasion:{row.anchor_id.hex}:{row.anchor_version}:call"
    _open_call(unit, world, row, key, f"{_what_to_do(row)} {why}")


def recall_key(campaign_id: UUID, patient_id: UUID) -> str:
    """By what the call about a recall is known: one for each patient."""
    return f"recall:{campaign_id.hex}:{patient_id.hex}"


def recall_instead(unit: Unit, world: World, row: Touchpoint, why: str) -> None:
    """The text of a recall came to nothing: a call. Nothing where the campaign is no recall, or the
    patient has died; a death that only a reply speaks of is no reason."""
    campaign = unit.campaigns.by_ids([row.anchor_id]).get(row.anchor_id)
    patient = unit.people.patient(row.patient_id)
    if campaign is None or not campaign.calls_instead or patient is None:
        return
    if not patient.deceased or patient.death_reported:
        call_about_recall(unit, world, campaign, patient, why)


def call_about_recall(
    unit: Unit, world: World, campaign: Campaign, patient: Patient, why: str
) -> None:
    """Once for each patient of a recall."""
    lot = "" if campaign.lot is None else f" {campaign.lot}"
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=recall_key(campaign.id, patient.id),
            kind="lot_recall",
            action=Action.SAME_DAY,
            summary=f"Call the patient about the recall of lot{lot}. {why}"
            + _interpreter(world, patient),
            patient_id=patient.id,
        ),
    )


def _open_call(unit: Unit, world: World, row: Touchpoint, reason_key: str, summary: str) -> None:
    patient = unit.people.patient(row.patient_id)
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=reason_key,
            kind="call_patient",
            action=Action.SAME_DAY,
            summary=summary + _interpreter(world, patient),
            patient_id=row.patient_id,
            due_at=row.anchor_at if row.anchor_kind in _AHEAD else None,
        ),
    )


def _interpreter(world: World, patient: Patient | None) -> str:
    if patient is None or world.clinic.speaks(patient.language):
        return ""
    return f" Take an interpreter: the patient's language is '{patient.language}'."


def _missed_in_a_stay(unit: Unit, world: World, row: Touchpoint) -> None:
    patient = unit.people.patient(row.patient_id)
    since = None if patient is None else patient.paused_since
    stay = "unknown" if since is None else f"{since:%Y%m%d%H%M%S}"
    followup.open_item(
        unit,
        world,
        followup.NewItem(
            reason_key=f"patient:{row.patient_id.hex}:paused:{stay}",
            kind="paused_check_in",
            action=Action.SAME_DAY,
            summary=f"The check-in '{row.step}' fell due while outreach is paused, and was not "
            "sent. Ask the ward, or call the patient.",
            patient_id=row.patient_id,
            grows=True,
        ),
    )
