"""The facts a decision or a text rests on, read for a whole batch at once and as they are now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from outreach.domain.consent import ConsentState
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, Only
from outreach.domain.policy import Decision, Situation, Verdict, may_send
from outreach.domain.states import ChannelKind, FollowUpStatus, Purpose, SkipReason
from outreach.pipeline.closed_days import nothing_to_say, visits_on_closed_days, week_of
from outreach.pipeline.occasions import occasion_gone
from outreach.pipeline.plan import patient_zone
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    Campaign,
    CampaignStatus,
    ContactPoint,
    Dose,
    DoseStatus,
    FollowUp,
    Message,
    Occasion,
    Patient,
    Touchpoint,
)
from outreach.storage.unit import Unit

CONFIRMS_OPT_OUT = "auto_opted_out"
"""The one message that may follow an opt-out: its confirmation."""


@dataclass
class Facts:
    """What is known now about the patients, occasions and addresses of a batch."""

    patients: dict[UUID, Patient] = field(default_factory=dict)
    contacts: dict[UUID, list[ContactPoint]] = field(default_factory=dict)
    consents: dict[str, ConsentState] = field(default_factory=dict)
    visits: dict[UUID, Appointment] = field(default_factory=dict)
    doses: dict[UUID, Dose] = field(default_factory=dict)
    campaigns: dict[UUID, Campaign] = field(default_factory=dict)
    occasions: dict[UUID, Occasion] = field(default_factory=dict)
    closed: frozenset[UUID] = frozenset()
    """The visits whose site is closed on their day."""
    touchpoints: dict[UUID, Touchpoint] = field(default_factory=dict)
    followups: dict[UUID, FollowUp] = field(default_factory=dict)
    last_day: dict[str, int] = field(default_factory=dict)
    last_week: dict[str, int] = field(default_factory=dict)

    def address_of(self, touchpoint: Touchpoint) -> ContactPoint | None:
        """The contact point a touchpoint goes to: the first working one of its channels."""
        for channel in touchpoint.channels:
            for contact in self.contacts.get(touchpoint.patient_id, ()):
                if contact.channel == channel:
                    return contact
        return None

    def count(self, index: str) -> None:
        """A message of this batch goes to an address: it counts for those that come after it."""
        for counts in (self.last_day, self.last_week):
            counts[index] = counts.get(index, 0) + 1

    def email_of(self, patient_id: UUID) -> ContactPoint | None:
        """A patient's mailbox."""
        for contact in self.contacts.get(patient_id, ()):
            if contact.channel is ChannelKind.EMAIL:
                return contact
        return None


def facts_for_touchpoints(unit: Unit, world: World, rows: Sequence[Touchpoint]) -> Facts:
    """Everything that touchpoints' decisions need, in a handful of statements."""
    facts = _about(unit, world, rows)
    facts.contacts = {
        patient_id: [row for row in contacts if row.channel in world.channels]
        for patient_id, contacts in unit.people.contacts_of(list(facts.patients)).items()
    }
    indexes = {row.address_index for found in facts.contacts.values() for row in found}
    _about_addresses(unit, world, facts, indexes, rows)
    return facts


def facts_for_messages(unit: Unit, world: World, messages: Sequence[Message]) -> Facts:
    """Everything that the last-moment check and the text of messages need."""
    ids = [row.touchpoint_id for row in messages if row.touchpoint_id is not None]
    touchpoints = unit.ledger.touchpoints(ids) if ids else {}
    extra = {row.patient_id for row in messages if row.patient_id is not None}
    facts = _about(unit, world, list(touchpoints.values()), extra)
    facts.touchpoints = touchpoints
    facts.contacts = unit.people.contacts_of(list(facts.patients))
    followups = [row.followup_id for row in messages if row.followup_id is not None]
    facts.followups = unit.followups.by_ids(followups) if followups else {}
    indexes = {row.address_index for row in messages}
    rows = list(touchpoints.values())
    _about_addresses(unit, world, facts, indexes, rows, [row.id for row in messages])
    return facts


def _about(
    unit: Unit, world: World, rows: Sequence[Touchpoint], extra: Iterable[UUID] = ()
) -> Facts:
    patients = {row.patient_id for row in rows} | set(extra)
    visits = {row.appointment_id for row in rows if row.appointment_id is not None}
    doses = {row.dose_id for row in rows if row.dose_id is not None}
    campaigns = {row.campaign_id for row in rows if row.campaign_id is not None}
    occasions = {row.anchor_id for row in rows if row.anchor_kind is Anchor.OCCASION}
    facts = Facts(
        patients=unit.people.patients(patients) if patients else {},
        visits=unit.visits.appointments(visits) if visits else {},
        doses=unit.visits.doses(doses) if doses else {},
        campaigns=unit.campaigns.by_ids(campaigns) if campaigns else {},
        occasions=unit.occasions.by_ids(occasions) if occasions else {},
    )
    facts.closed = visits_on_closed_days(unit, world, facts.visits.values())
    return facts


def _about_addresses(
    unit: Unit,
    world: World,
    facts: Facts,
    indexes: set[str],
    rows: Sequence[Touchpoint],
    batch: Collection[UUID] = (),
) -> None:
    facts.consents = unit.people.consent_of(indexes) if indexes else {}
    if indexes and any(row.purpose is not Purpose.CARE for row in rows):
        now = world.clinic_now()
        facts.last_day = unit.messages.recent_counts(indexes, now - timedelta(days=1), batch)
        facts.last_week = unit.messages.recent_counts(indexes, now - timedelta(days=7), batch)


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
            deceased=patient is not None and patient.deceased,
        ),
        world.policy,
    )


def _situation(
    world: World, facts: Facts, row: Touchpoint, index: str, now: datetime, has_address: bool
) -> Situation:
    patient = facts.patients[row.patient_id]
    zone = zone_of(world, row, patient)
    return Situation(
        now=now,
        purpose=row.purpose,
        useful_until=row.useful_until,
        has_address=has_address,
        zone=zone,
        week=week_of(world, row, zone, now),
        consent=facts.consents.get(index, ConsentState()),
        deceased=patient.deceased,
        paused=patient.paused or not patient.active,
        gone=_gone(facts, row, now),
        sent_last_day=facts.last_day.get(index, 0),
        sent_last_week=facts.last_week.get(index, 0),
    )


def zone_of(world: World, row: Touchpoint, patient: Patient) -> ZoneInfo | None:
    """Whose hours count: the site's for care around a visit, the patient's own otherwise.

    None when clinic.yaml no longer has the site.
    """
    if row.purpose is Purpose.CARE and row.site_code is not None:
        return world.clinic.zone_at(row.site_code)
    return patient_zone(patient, world)


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
