"""The facts a decision or a text rests on, read for a whole batch at once and as they are now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from outreach.domain.consent import ConsentState
from outreach.domain.events import GONE
from outreach.domain.journeys import Anchor, Only
from outreach.domain.policy import Decision, Situation, Verdict, may_send
from outreach.domain.states import ChannelKind, FollowUpStatus, Purpose, SkipReason
from outreach.domain.whereabouts import Whereabouts, whereabouts
from outreach.pipeline.closed_days import nothing_to_say, visits_on_closed_days, week_of
from outreach.pipeline.occasions import occasion_gone
from outreach.pipeline.surroundings import Surroundings, read_surroundings, unmet
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
_LONGEST_DAY = timedelta(hours=26)
"""No calendar day is longer; so what falls on one day lies within this time of each other."""


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
    recent: dict[str, list[datetime]] = field(default_factory=dict)
    """When messages went to each address in the last week; read for outreach alone."""
    care: dict[UUID, list[datetime]] = field(default_factory=dict)
    """When care texts go or went to each patient; read for outreach alone."""
    care_today: dict[UUID, int] = field(default_factory=dict)
    """How many care texts each patient was given this clinic day; read for care alone."""
    around: Surroundings = field(default_factory=Surroundings)

    def address_of(self, touchpoint: Touchpoint) -> ContactPoint | None:
        """The contact point a touchpoint goes to: the first working one of its channels."""
        for channel in touchpoint.channels:
            for contact in self.contacts.get(touchpoint.patient_id, ()):
                if contact.channel == channel:
                    return contact
        return None

    def count(self, index: str, at: datetime) -> None:
        """A message of this batch goes to an address: it counts for those that come after it."""
        self.recent.setdefault(index, []).append(at)

    def text_of(self, patient_id: UUID) -> ContactPoint | None:
        """A patient's first phone that takes texts."""
        for contact in self.contacts.get(patient_id, ()):
            if contact.channel is ChannelKind.SMS:
                return contact
        return None

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
    _about_addresses(unit, facts, indexes)
    _about_outreach(unit, world, facts, indexes, rows)
    facts.care_today = _care_today(unit, world, rows)
    facts.around = read_surroundings(unit, world, rows)
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
    _about_addresses(unit, facts, indexes)
    _about_outreach(unit, world, facts, indexes, rows, [row.id for row in messages])
    facts.around = read_surroundings(unit, world, rows)
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


def _about_addresses(unit: Unit, facts: Facts, indexes: set[str]) -> None:
    facts.consents = unit.people.consent_of(indexes) if indexes else {}


def _about_outreach(
    unit: Unit,
    world: World,
    facts: Facts,
    indexes: set[str],
    rows: Sequence[Touchpoint],
    batch: Collection[UUID] = (),
) -> None:
    """What caps and care leave to campaigns, education and marketing: what went, what is due."""
    outreach = [row for row in rows if row.purpose is not Purpose.CARE]
    if not outreach or not indexes:
        return
    now = world.clinic_now()
    patients = {row.patient_id for row in outreach}
    until = max(row.useful_until for row in outreach) + _LONGEST_DAY
    facts.recent = unit.messages.recent(indexes, now - timedelta(days=7), batch)
    facts.care = unit.messages.care_since(patients, now - _LONGEST_DAY)
    for patient_id, due in unit.ledger.care_due(patients, until).items():
        facts.care.setdefault(patient_id, []).extend(max(at, now) for at in due)


def _care_today(unit: Unit, world: World, rows: Sequence[Touchpoint]) -> dict[UUID, int]:
    patients = {row.patient_id for row in rows if row.purpose is Purpose.CARE}
    if not patients:
        return {}
    midnight = datetime.combine(
        world.clinic_now().astimezone(world.clinic.zone).date(), time(), world.clinic.zone
    )
    found = unit.messages.care_since(patients, midnight.astimezone(UTC))
    return {patient_id: len(times) for patient_id, times in found.items()}


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
            # a death that only a reply speaks of keeps no answer from whoever writes
            deceased=patient is not None and patient.deceased and not patient.death_reported,
        ),
        world.policy,
    )


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
