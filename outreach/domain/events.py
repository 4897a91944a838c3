"""What the scheduling system tells us, in FHIR's words, whatever format it arrived in.

Intake turns HL7 v2, FHIR, JSON and CSV into these values; ``pipeline.ingest`` applies them.
``None`` means "not said" (no change); an empty tuple means "said to be none" (HL7 ``""``).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class EventKind(StrEnum):
    """One thing that happened; the values are the ``type`` of the native event."""

    APPOINTMENT_BOOKED = "appointment.booked"
    APPOINTMENT_RESCHEDULED = "appointment.rescheduled"
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    APPOINTMENT_NOSHOW = "appointment.noshow"
    APPOINTMENT_CHECKED_IN = "appointment.checked_in"
    INFUSION_STARTED = "infusion.started"
    INFUSION_COMPLETED = "infusion.completed"
    INFUSION_STOPPED = "infusion.stopped"
    REGIMEN_PRESCRIBED = "regimen.prescribed"
    REGIMEN_CHANGED = "regimen.changed"
    REGIMEN_STOPPED = "regimen.stopped"
    SHIPMENT_SENT = "shipment.sent"
    SHIPMENT_DELIVERED = "shipment.delivered"
    SHIPMENT_DELAYED = "shipment.delayed"
    AUTHORIZATION_APPROVED = "authorization.approved"
    AUTHORIZATION_EXPIRING = "authorization.expiring"
    AUTHORIZATION_DENIED = "authorization.denied"
    PATIENT_UPDATED = "patient.updated"
    PATIENT_MERGED = "patient.merged"
    PATIENT_ADMITTED = "patient.admitted"
    PATIENT_DISCHARGED = "patient.discharged"
    PATIENT_DECEASED = "patient.deceased"


class AppointmentStatus(StrEnum):
    """FHIR R4 ``Appointment.status``."""

    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"
    CHECKED_IN = "checked-in"
    WAITLIST = "waitlist"


GONE = frozenset(
    {AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW, AppointmentStatus.ENTERED_IN_ERROR}
)
"""A visit in one of these does not take place."""


class ContactRole(StrEnum):
    """Whose phone or mailbox it is."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    CAREGIVER = "caregiver"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name some system has for something: FHIR ``Identifier`` (system, value)."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Telecom:
    """A phone number or email address as it was written; checked and normalised at ingest."""

    value: str
    kind: str = "phone"
    """``phone`` or ``email``."""
    mobile: bool | None = None
    """True or False when the sender said so; None when it did not."""
    role: ContactRole = ContactRole.SELF
    rank: int = 0
    """0 is tried first."""
    permitted: bool | None = None
    """Whether somebody else's address may be used about an adult; False forbids it at any age."""
    preferred: bool = False
    """The patient wishes it to be used before the others."""


@dataclass(frozen=True, slots=True)
class PatientData:
    """What an event says of a patient. Identifiers are never empty in an accepted event."""

    identifiers: tuple[Identifier, ...]
    family: str | None = None
    given: str | None = None
    birth_date: date | None = None
    telecoms: tuple[Telecom, ...] | None = None
    language: str | None = None
    """A BCP 47 tag such as ``en`` or ``es-US``."""
    zone: str | None = None
    """IANA zone, only when the clinic verified it."""
    postal_code: str | None = None
    deceased: bool | None = None
    active: bool | None = None
    risks: tuple[str, ...] | None = None
    """Risk flags as the sender writes them, all that stand now; ``clinic.yaml`` maps them."""


@dataclass(frozen=True, slots=True)
class AppointmentData:
    """What an event says of a visit."""

    identifiers: tuple[Identifier, ...]
    start: datetime | None = None
    end: datetime | None = None
    status: AppointmentStatus | None = None
    service: str | None = None
    """The service as the scheduling system writes it; ``clinic.yaml`` maps it to a visit kind."""
    site: str | None = None
    """The place as the scheduling system writes it; ``clinic.yaml`` maps it to a site."""
    first_visit: bool | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None
    lots: tuple[str, ...] = ()
    date_only: bool = False
    """A day came without a time: ``start`` is its local midnight, which no text may name."""


@dataclass(frozen=True, slots=True)
class RegimenData:
    """A home-dosing schedule as explicit dose instants, in order."""

    identifiers: tuple[Identifier, ...]
    doses: tuple[datetime, ...] = ()
    rule: str | None = None
    """The schedule in words, as it arrived, when doses were expanded from a rule."""


@dataclass(frozen=True, slots=True)
class SchedulingEvent:
    """One thing that happened, ready to be applied, named for ever by source and event id."""

    source: str
    event_id: str
    kind: EventKind
    occurred_at: datetime
    patient: PatientData
    appointment: AppointmentData | None = None
    regimen: RegimenData | None = None
    prior_identifiers: tuple[Identifier, ...] = ()
    """For ``patient.merged``: the record that ends; ``patient`` is the survivor."""
    details: dict[str, str] = field(default_factory=dict)
    """Shipment and authorisation facts (``due``, ``expires``, ``tracking``): no PHI."""
    lots: tuple[str, ...] = ()
    """The lots in a shipment, as written; those of an infusion stand with its visit."""


class ItemKind(StrEnum):
    """What one parsed message or resource is about (the contract of ``outreach parse``)."""

    APPOINTMENT = "appointment"
    PATIENT = "patient"
    MERGE = "merge"
    REGIMEN = "regimen"
    IGNORED = "ignored"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an item was rejected: a stable code and a sentence without PHI."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ParsedItem:
    """One message or resource of an arrival. Exactly one of event, problem or ``kind=IGNORED``."""

    kind: ItemKind
    raw: bytes
    """The bytes of this item alone, so that it can be kept in quarantine and replayed."""
    trigger: str = ""
    """``S12``, ``A40``, the FHIR resource type, the native event type, or ``row 7``."""
    event: SchedulingEvent | None = None
    problem: Problem | None = None
    warnings: tuple[str, ...] = ()
