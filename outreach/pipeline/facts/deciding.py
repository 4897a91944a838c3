"""Whether a message may go, asked of the facts as they are now: the one way to ``may_send``."""

from datetime import datetime
from uuid import UUID

from outreach.domain.consent import ConsentState
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, Only
from outreach.domain.policy import Decision, Situation, Verdict, may_send
from outreach.domain.states import FollowUpStatus, Purpose, SkipReason
from outreach.domain.whereabouts import Whereabouts, whereabouts
from outreach.pipeline.facts.closed_days import nothing_to_say, week_of
from outreach.pipeline.facts.reading import FROM_STAFF, Facts
from outreach.pipeline.facts.surroundings import unmet
from outreach.pipeline.planning.occasions import occasion_gone
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    CampaignStatus,
    ContactPoint,
    ConversationStatus,
    DoseStatus,
    Message,
    Patient,
    Touchpoint,
)

PAGE = "staff_page"
"""The message that asks staff to take an item; once somebody has, it is of no more use."""
_BEFORE_A_VISIT = frozenset({Anchor.VISIT_START, Anchor.CLOSURE})
CONFIRMS_OPT_OUT = frozenset(
    {
        "auto_opted_out",
        "auto_opted_out_at_er",
        "auto_opted_out_call_911",
        "auto_opted_out_call_988",
        "auto_opted_out_page_1h",
    }
)
"""The one message that may follow an opt-out: its confirmation, with what to do where the same text
told of a symptom."""
_TO_BE_ASKED = frozenset({ConversationStatus.WAITING, ConversationStatus.OPEN})


def decide_touchpoint(
    world: World, facts: Facts, row: Touchpoint, contact: ContactPoint | None, now: datetime
) -> Decision:
    """The one decision, for a touchpoint that is due (clinic time)."""
    index = "" if contact is None else contact.address_index
    return may_send(_situation(world, facts, row, index, now, contact is not None), world.policy)


def decide_message(world: World, facts: Facts, message: Message, now: datetime) -> Decision:
    """The same decision at the last moment, for a message that was claimed (clinic time)."""
    if message.touchpoint_id is not None:
        touchpoint = facts.touchpoints[message.touchpoint_id]
        reached = {row.address_index for row in facts.contacts.get(touchpoint.patient_id, ())}
        index = message.address_index
        situation = _situation(world, facts, touchpoint, index, now, index in reached)
        return may_send(situation, world.policy)
    if message.template == PAGE and message.followup_id is not None:
        item = facts.followups[message.followup_id]
        if item.status is not FollowUpStatus.OPEN:
            return Decision(Verdict.SKIP, "Somebody has taken it.", reason=SkipReason.STOPPED)
        if now >= message.useful_until:
            return Decision(Verdict.SKIP, "The next round went.", reason=SkipReason.LATE)
    if message.conversation_id is not None and _asked_in_vain(facts, message.conversation_id):
        why = "Something urgent or a person came before this question, or its answer did."
        return Decision(Verdict.SKIP, why, reason=SkipReason.STOPPED)
    patient = facts.patients.get(message.patient_id) if message.patient_id else None
    consent = facts.consents.get(message.address_index, ConsentState())
    if message.template in CONFIRMS_OPT_OUT:
        consent = ConsentState()
    usable = message.template != FROM_STAFF or _may_be_used(facts, message)
    return decide_unplanned(
        world,
        patient,
        consent,
        purpose=message.purpose,
        useful_until=message.useful_until,
        has_address=usable,
        now=now,
    )


def _may_be_used(facts: Facts, message: Message) -> bool:
    """Whether an address still is one at which a patient may be written to."""
    known = facts.contacts.get(message.patient_id, ()) if message.patient_id is not None else ()
    return any(row.address_index == message.address_index for row in known)


def decide_unplanned(
    world: World,
    patient: Patient | None,
    consent: ConsentState,
    *,
    purpose: Purpose,
    useful_until: datetime,
    has_address: bool,
    now: datetime,
) -> Decision:
    """The same decision for what no journey planned: an answer, a page, a person's own words.

    What a person writes to somebody who did not write lately is care, and keeps the clinic's hours.
    """
    return may_send(
        Situation(
            now=now,
            purpose=purpose,
            useful_until=useful_until,
            has_address=has_address,
            consent=consent,
            # a death that only a reply speaks of keeps no answer from whoever writes
            deceased=patient is not None and patient.deceased and not patient.death_reported,
            zones=(world.clinic.zone,),
            automatic=False,
        ),
        world.policy,
    )


def _asked_in_vain(facts: Facts, question_id: UUID) -> bool:
    """Whether a question of a check-in need not or must not be asked any more."""
    row = facts.questions.get(question_id)
    if row is None or row.status not in _TO_BE_ASKED:
        return True
    return facts.urgent_open(row.patient_id) or row.patient_id in facts.in_hand.taken_over


def _situation(
    world: World, facts: Facts, row: Touchpoint, index: str, now: datetime, has_address: bool
) -> Situation:
    patient = facts.patients[row.patient_id]
    place = place_of(world, facts, row)
    return Situation(
        now=now,
        purpose=row.purpose,
        useful_until=row.useful_until,
        has_address=has_address,
        zones=place.zones,
        states=place.states,
        week=week_of(world, row, now),
        consent=facts.consents.get(index, ConsentState()),
        deceased=patient.deceased,
        paused=patient.paused or not patient.active,
        gone=_gone(facts, row, now) or unmet(world, facts.around, row, visit_of(facts, row)),
        recent=facts.recent.get(index, ()),
        care=facts.care.get(row.patient_id, ()),
        held=_held(facts, row),
        barred="" if has_address else facts.barred.get(row.patient_id, ""),
        resting=not has_address and facts.rests(row.patient_id),
        other_language=not world.clinic.speaks(patient.language),
        urgent_open=facts.urgent_open(row.patient_id),
        taken_over=row.patient_id in facts.in_hand.taken_over,
        visit_at=row.anchor_at if row.anchor_kind in _BEFORE_A_VISIT else None,
    )


def place_of(world: World, facts: Facts, row: Touchpoint) -> Whereabouts:
    """Whose hours count: the site's for care around a visit, else those where the patient lives.

    Care that is not about a visit keeps the clinic's hours where nothing is known; for all else
    nothing stays nothing. Nothing, too, when clinic.yaml no longer has the site.
    """
    if row.purpose is Purpose.CARE and row.site_code is not None:
        site = world.clinic.zone_at(row.site_code)
        return Whereabouts() if site is None else Whereabouts((site,), known_by="the site")
    patient, phone = facts.patients[row.patient_id], facts.text_of(row.patient_id)
    place = whereabouts(
        zone=patient.zone,
        postal_code=patient.postal_code,
        phone=None if phone is None else phone.address,
        region=world.clinic.region,
    )
    if row.purpose is Purpose.CARE and not place.zones:
        return Whereabouts((world.clinic.zone,), known_by="the clinic")
    return place


def visit_of(facts: Facts, row: Touchpoint) -> Appointment | None:
    """The visit a touchpoint is about, if it is about one."""
    return None if row.appointment_id is None else facts.visits.get(row.appointment_id)


def _gone(facts: Facts, row: Touchpoint, now: datetime) -> SkipReason | None:
    """Why the occasion of a touchpoint is no longer as it was planned, if it is not."""
    if row.anchor_kind is Anchor.DOSE:
        return _dose_gone(facts, row)
    if row.anchor_kind is Anchor.CAMPAIGN:
        campaign = facts.campaigns.get(row.anchor_id)
        stands = campaign is not None and campaign.status is not CampaignStatus.CANCELLED
        return None if stands else SkipReason.CANCELLED
    if row.anchor_kind is Anchor.OCCASION:
        return occasion_gone(facts.occasions.get(row.anchor_id), row)
    visit = facts.visits.get(row.anchor_id)
    if row.anchor_kind is Anchor.CLOSURE:
        return nothing_to_say(visit, row, now)
    if visit is None or visit.status in GONE:
        return SkipReason.CANCELLED
    if row.anchor_kind is Anchor.INFUSION_END:
        return None if visit.end_version == row.anchor_version else SkipReason.MOVED
    if visit.version != row.anchor_version:
        return SkipReason.MOVED
    if visit.id in facts.closed:
        return SkipReason.CANCELLED
    if visit.start_at is not None and row.due_at <= visit.start_at <= now:
        return SkipReason.PAST_EVENT
    return None


def _held(facts: Facts, row: Touchpoint) -> bool:
    visit = facts.visits.get(row.anchor_id)
    return row.anchor_kind is Anchor.VISIT_START and visit is not None and visit.held


def _dose_gone(facts: Facts, row: Touchpoint) -> SkipReason | None:
    dose = facts.doses.get(row.anchor_id)
    if dose is None or dose.status is DoseStatus.WITHDRAWN:
        return SkipReason.CANCELLED
    if dose.version != row.anchor_version:
        return SkipReason.MOVED
    if dose.status is DoseStatus.TAKEN or (
        row.only is Only.ALWAYS and dose.status is DoseStatus.SKIPPED
    ):
        return SkipReason.STOPPED
    return None
