"""Sites, patients, how to reach them, and what they consented to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.consent import ConsentAction, ConsentScope
from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind
from outreach.storage.models.base import Base
from outreach.storage.types import (
    Sealed,
    clinic_instant,
    only_patient_channels,
    patient_channel,
    word,
)


class Site(Base):
    """A place patients come to, as ``clinic.yaml`` last said it."""

    __tablename__ = "site"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    zone: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(40))


class Patient(Base):
    """A person in care. Names and birth date are sealed."""

    __tablename__ = "patient"
    __table_args__ = (
        Index(
            "ix_patient_look",
            "look_at",
            postgresql_where=text("look_at IS NOT NULL"),
            sqlite_where=text("look_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    family: Mapped[str | None] = mapped_column(Sealed("patient.family"))
    given: Mapped[str | None] = mapped_column(Sealed("patient.given"))
    birth_date: Mapped[str | None] = mapped_column(Sealed("patient.birth_date"))
    """ISO date."""
    language: Mapped[str | None] = mapped_column(String(16))
    zone: Mapped[str | None] = mapped_column(String(64))
    postal_code: Mapped[str | None] = mapped_column(Sealed("patient.postal_code"))
    risks: Mapped[str | None] = mapped_column(Sealed("patient.risks"))
    """Risk flags with spaces between them, as ``clinic.yaml`` names them."""
    deceased: Mapped[bool] = mapped_column(default=False)
    paused: Mapped[bool] = mapped_column(default=False)
    """Admitted to hospital, or paused by staff: only staff resume."""
    paused_since: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When this stay or pause began; None while nothing is held back."""
    death_reported: Mapped[bool] = mapped_column(default=False)
    """``deceased`` rests on a reply alone: staff confirm it or take it back."""
    active: Mapped[bool] = mapped_column(default=True)
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    infusions: Mapped[int] = mapped_column(default=0)
    """Infusions that Outreach has seen completed."""
    last_event_at: Mapped[datetime] = mapped_column(clinic_instant())
    """When the newest applied demographics happened; older ones are stored, not applied."""
    created_at: Mapped[datetime] = mapped_column(clinic_instant())
    look_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When to look again whether this child comes of age; the same for every child, so that it
    does not tell the birthday. None for adults."""

    @property
    def risk_flags(self) -> frozenset[str]:
        """The risk flags that this patient carries."""
        return frozenset((self.risks or "").split())


class IdentifierKind(StrEnum):
    """What an identifier names."""

    PATIENT = "patient"
    APPOINTMENT = "appointment"
    REGIMEN = "regimen"


class Identifier(Base):
    """A name some outside system has for a patient, an appointment or a regimen."""

    __tablename__ = "identifier"
    __table_args__ = (
        UniqueConstraint("kind", "system", "value_index"),
        CheckConstraint(
            "(kind = 'patient' AND patient_id IS NOT NULL AND appointment_id IS NULL"
            " AND regimen_id IS NULL)"
            " OR (kind = 'appointment' AND appointment_id IS NOT NULL AND patient_id IS NULL"
            " AND regimen_id IS NULL)"
            " OR (kind = 'regimen' AND regimen_id IS NOT NULL AND patient_id IS NULL"
            " AND appointment_id IS NULL)",
            name="one_owner",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[IdentifierKind] = mapped_column(word(IdentifierKind))
    system: Mapped[str] = mapped_column(String(200))
    value: Mapped[str] = mapped_column(Sealed("identifier.value"))
    value_index: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"), index=True)
    regimen_id: Mapped[UUID | None] = mapped_column(ForeignKey("regimen.id"), index=True)


class ContactStatus(StrEnum):
    """Whether an address still works."""

    ACTIVE = "active"
    INVALID = "invalid"
    """The provider says it cannot take messages of this kind."""
    WRONG = "wrong"
    """Somebody else answered."""
    REMOVED = "removed"
    """The scheduling system no longer lists it."""


class ContactPoint(Base):
    """A phone number (E.164) or mailbox of a patient or of somebody who cares for them."""

    __tablename__ = "contact_point"
    __table_args__ = (
        only_patient_channels(),
        UniqueConstraint("patient_id", "channel", "address_index"),
        Index(None, "address_index"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    channel: Mapped[ChannelKind] = mapped_column(patient_channel())
    address: Mapped[str] = mapped_column(Sealed("contact_point.address"))
    address_index: Mapped[str] = mapped_column(String(32))
    role: Mapped[ContactRole] = mapped_column(word(ContactRole))
    rank: Mapped[int]
    status: Mapped[ContactStatus] = mapped_column(word(ContactStatus))
    preferred: Mapped[bool] = mapped_column(default=False)
    """The patient wishes it to be used before the others that may be."""
    suspect_until: Mapped[datetime | None] = mapped_column(clinic_instant())
    """Texts in a row did not reach it: until then others are used, or staff call."""


class Consent(Base):
    """One line of the append-only ledger: who allowed or forbade what, when, in which words."""

    __tablename__ = "consent"
    __table_args__ = (only_patient_channels(), Index(None, "address_index", "position"))

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    """The order of the ledger. The database counts it: a clock may step back, this does not."""
    id: Mapped[UUID] = mapped_column(unique=True)
    channel: Mapped[ChannelKind] = mapped_column(patient_channel())
    address_index: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    action: Mapped[ConsentAction] = mapped_column(word(ConsentAction))
    scope: Mapped[ConsentScope] = mapped_column(word(ConsentScope))
    source: Mapped[str] = mapped_column(String(40))
    """``reply``, ``carrier``, ``staff``, ``attested_by_clinic``, ``import``."""
    actor: Mapped[str] = mapped_column(String(80))
    words: Mapped[str | None] = mapped_column(Sealed("consent.words"))
    """The exact text the person wrote or was shown."""
    ends_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When an authorisation for marketing ends; None where it names no date."""
    recorded_at: Mapped[datetime] = mapped_column(clinic_instant())
