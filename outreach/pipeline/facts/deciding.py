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
from outreach.pipeline.facts.reading import Facts
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
    Touchpoint,
)

_TO_BE_ASKED = frozenset({ConversationStatus.WAITING, ConversationStatus.OPEN})
CONFIRMS_OPT_OUT = "auto_opted_out"
"""The one message that may follow an opt-out: its confirmation."""


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
    if message.followup_id is not None:
        item = facts.followups[message.followup_id]
        if item.status is not FollowUpStatus.OPEN:
            return Decision(Verdict.SKIP, "Somebody has taken it.", reason=SkipReason.STOPPED)
        if now >= message.useful_until:
            return Decision(Verdict.SKIP, "The next round went.", reason=SkipReason.LATE)
    if message.conversation_id is not None and _asked_in_vain(facts, message.conversation_id):
        why = "Something urgent came before this question, or its answer did."
        return Decision(Verdict.SKIP, why, reason=SkipReason.STOPPED)
    patient = facts.patients.get(message.patient_id) if message.patient_id else None
    consent = facts.consents.get(message.address_index, ConsentState())
    if message.template == CONFIRMS_OPT_OUT:
        consent = ConsentState()
    return may_send(
        Situation(
            now=now,
            purpose=message.purpose,
            useful_until=message.useful_until,
            has_address=True,
            consent=consent,
            # a death that only a reply speaks of keeps no answer from whoever writes
            deceased=patient is not None and patient.deceased and not patient.death_reported,
        ),
        world.policy,
    )


def _asked_in_vain(facts: Facts, question_id: UUID) -> bool:
    """Whether a question of a check-in need not or must not be asked any more."""
    row = facts.questions.get(question_id)
    return row is None or row.status not in _TO_BE_ASKED or row.patient_id in facts.urgent


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
        other_language=not world.clinic.speaks(patient.language),
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
        launched = campaign is not None and campaign.status is CampaignStatus.LAUNCHED
        return None if launched else SkipReason.CANCELLED
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
