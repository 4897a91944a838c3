"""The facts a decision or a text rests on, read for a whole batch at once and as they are now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import chain
from uuid import UUID

from outreach.domain.consent import ConsentState
from outreach.domain.events import ContactRole
from outreach.domain.journeys import Anchor
from outreach.domain.people import Way, first_way
from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline.facts.closed_days import visits_on_closed_days
from outreach.pipeline.facts.reach import Reached, rests, who_is_written_to
from outreach.pipeline.facts.surroundings import Surroundings, read_surroundings
from outreach.pipeline.world import World
from outreach.storage.models import (
    Appointment,
    Campaign,
    ContactPoint,
    Conversation,
    Dose,
    FollowUp,
    Message,
    Occasion,
    Patient,
    StaffWord,
    Touchpoint,
)
from outreach.storage.repositories.takeovers import InHand
from outreach.storage.unit import Unit

FROM_STAFF = "from_staff"
"""The message around what a person of the clinic writes to a patient."""
_LONGEST_DAY = timedelta(hours=26)
"""No calendar day is longer; so what falls on one day lies within this time of each other."""


@dataclass
class Facts:
    """What is known now about the patients, occasions and addresses of a batch."""

    patients: dict[UUID, Patient] = field(default_factory=dict)
    contacts: dict[UUID, list[ContactPoint]] = field(default_factory=dict)
    """The addresses that may be used now, by patient, the first choice first."""
    ways: dict[UUID, Way] = field(default_factory=dict)
    """By contact point: why it may be used."""
    barred: dict[UUID, str] = field(default_factory=dict)
    """By patient: why none of the addresses on file may be used, where that is so."""
    resting: set[UUID] = field(default_factory=set)
    """The contact points that texts did not reach lately; looked at for touchpoints alone."""
    shared: set[str] = field(default_factory=set)
    """Addresses at which several patients are reached; read for texts alone."""
    consents: dict[str, ConsentState] = field(default_factory=dict)
    visits: dict[UUID, Appointment] = field(default_factory=dict)
    doses: dict[UUID, Dose] = field(default_factory=dict)
    campaigns: dict[UUID, Campaign] = field(default_factory=dict)
    occasions: dict[UUID, Occasion] = field(default_factory=dict)
    closed: frozenset[UUID] = frozenset()
    """The visits whose site is closed on their day."""
    touchpoints: dict[UUID, Touchpoint] = field(default_factory=dict)
    followups: dict[UUID, FollowUp] = field(default_factory=dict)
    questions: dict[UUID, Conversation] = field(default_factory=dict)
    """What messages ask further, by id; read for messages alone."""
    check_ins: dict[UUID, Touchpoint] = field(default_factory=dict)
    """The check-ins that these go on from."""
    recent: dict[str, list[datetime]] = field(default_factory=dict)
    """When messages went to each address in the last week; read for outreach alone."""
    care: dict[UUID, list[datetime]] = field(default_factory=dict)
    """When care texts go or went to each patient; read for outreach alone."""
    care_today: dict[UUID, int] = field(default_factory=dict)
    """How many care texts each patient was given this clinic day; read for care alone."""
    in_hand: InHand = field(default_factory=InHand)
    """Whom staff have in hand: automation waits."""
    staff_words: dict[UUID, StaffWord] = field(default_factory=dict)
    """By message: what a person wrote in it."""
    around: Surroundings = field(default_factory=Surroundings)

    def address_of(self, touchpoint: Touchpoint) -> ContactPoint | None:
        """The contact point a touchpoint goes to (``domain/people.py`` says which comes first)."""
        contacts = self.contacts.get(touchpoint.patient_id, ())
        usable = [row for row in contacts if row.id not in self.resting]
        ways = {way: row for row in usable if (way := self.ways.get(row.id)) is not None}
        channels = [ChannelKind(channel) for channel in touchpoint.channels]
        first = first_way(list(ways), channels)
        return None if first is None else ways[first]

    def rests(self, patient_id: UUID) -> bool:
        """Whether any phone of a patient takes no texts at present."""
        return any(row.id in self.resting for row in self.contacts.get(patient_id, ()))

    def count(self, index: str, at: datetime) -> None:
        """A message of this batch goes to an address: it counts for those that come after it."""
        self.recent.setdefault(index, []).append(at)

    def urgent_open(self, patient_id: UUID) -> bool:
        """Whether an urgent item is open about a patient, or about somebody at their address."""
        if patient_id in self.in_hand.urgent:
            return True
        contacts = self.contacts.get(patient_id, ())
        return any(row.address_index in self.in_hand.urgent_at for row in contacts)

    def text_of(self, patient_id: UUID) -> ContactPoint | None:
        """A patient's first phone that takes texts."""
        for contact in self.contacts.get(patient_id, ()):
            if contact.channel is ChannelKind.SMS:
                return contact
        return None

    def email_of(self, patient_id: UUID, role: ContactRole) -> ContactPoint | None:
        """The mailbox of whoever gets the text that an email goes beside."""
        for contact in self.contacts.get(patient_id, ()):
            if contact.channel is ChannelKind.EMAIL and contact.role is role:
                return contact
        return None

    def to_whom(self, contact: ContactPoint) -> str | None:
        """Whose address it is and why it may be used, as ``explain`` tells it."""
        way = self.ways.get(contact.id)
        return None if way is None else way.sentence()

    def role_at(self, patient_id: UUID | None, index: str) -> ContactRole:
        """Whose address it is, as far as a patient's record says; else the patient's own."""
        rows = self.contacts.get(patient_id, ()) if patient_id is not None else ()
        return next((row.role for row in rows if row.address_index == index), ContactRole.SELF)


def facts_for_touchpoints(unit: Unit, world: World, rows: Sequence[Touchpoint]) -> Facts:
    """Everything that touchpoints' decisions need, in a handful of statements."""
    facts = _about(unit, world, rows)
    _about_reach(facts, who_is_written_to(unit, world, facts.patients))
    facts.contacts = {
        patient_id: [row for row in contacts if row.channel in world.channels]
        for patient_id, contacts in facts.contacts.items()
    }
    now, known = world.clinic_now(), list(chain.from_iterable(facts.contacts.values()))
    facts.resting = {row.id for row in known if rests(row, now)}
    indexes = {row.address_index for row in known}
    _about_addresses(unit, facts, indexes)
    _about_outreach(unit, world, facts, indexes, rows)
    facts.care_today = _care_today(unit, world, rows)
    _about_staff(unit, world, facts, {row.patient_id for row in rows})
    facts.around = read_surroundings(unit, world, rows, facts.patients)
    return facts


def facts_for_messages(unit: Unit, world: World, messages: Sequence[Message]) -> Facts:
    """Everything that the last-moment check and the text of messages need."""
    ids = [row.touchpoint_id for row in messages if row.touchpoint_id is not None]
    touchpoints = unit.ledger.touchpoints(ids) if ids else {}
    extra = {row.patient_id for row in messages if row.patient_id is not None}
    facts = _about(unit, world, list(touchpoints.values()), extra)
    facts.touchpoints = touchpoints
    _about_reach(facts, who_is_written_to(unit, world, facts.patients))
    followups = [row.followup_id for row in messages if row.followup_id is not None]
    facts.followups = unit.followups.by_ids(followups) if followups else {}
    asking = [row.conversation_id for row in messages if row.conversation_id is not None]
    if asking:
        _about_questions(unit, facts, asking)
    indexes = {row.address_index for row in messages}
    facts.shared = unit.circle.shared(indexes) if facts.patients else set()
    rows = list(touchpoints.values())
    _about_addresses(unit, facts, indexes)
    _about_outreach(unit, world, facts, indexes, rows, [row.id for row in messages])
    asked = {row.patient_id for row in facts.questions.values()}
    _about_staff(unit, world, facts, asked.union(row.patient_id for row in rows))
    by_people = [row.id for row in messages if row.template == FROM_STAFF]
    facts.staff_words = unit.takeovers.words_of(by_people) if by_people else {}
    facts.around = read_surroundings(unit, world, rows, facts.patients)
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


def _about_questions(unit: Unit, facts: Facts, ids: Collection[UUID]) -> None:
    facts.questions = unit.replies.questions(ids)
    rows = facts.questions.values()
    facts.check_ins = unit.ledger.touchpoints({row.touchpoint_id for row in rows})


def _about_reach(facts: Facts, reached: Reached) -> None:
    facts.contacts, facts.ways, facts.barred = reached.contacts, reached.ways, reached.barred


def _about_addresses(unit: Unit, facts: Facts, indexes: set[str]) -> None:
    facts.consents = unit.people.consent_of(indexes) if indexes else {}


def _about_staff(unit: Unit, world: World, facts: Facts, patients: Collection[UUID]) -> None:
    """Whom staff have in hand, of those whom a planned contact or a further question is for."""
    if patients:
        near = [row for patient_id in patients for row in facts.contacts.get(patient_id, ())]
        indexes = {row.address_index for row in near}
        facts.in_hand = unit.takeovers.in_hand(patients, indexes, world.clinic_now())


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
