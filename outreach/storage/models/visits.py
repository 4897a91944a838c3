"""Visits and home doses: what touchpoints are anchored to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.events import AppointmentStatus
from outreach.storage.models.base import Base
from outreach.storage.types import Sealed, clinic_instant, word


class Appointment(Base):
    """A visit [FHIR Appointment]. ``version`` rises only when its time or place changes."""

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "ix_appointment_unreported",
            "report_by",
            postgresql_where=text("report_by IS NOT NULL"),
            sqlite_where=text("report_by IS NOT NULL"),
        ),
        Index(
            "ix_appointment_unconfirmed",
            "confirm_by",
            postgresql_where=text("confirm_by IS NOT NULL"),
            sqlite_where=text("confirm_by IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    site_code: Mapped[str | None] = mapped_column(ForeignKey("site.code"))
    service: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str | None] = mapped_column(String(40))
    """The kind of visit ``clinic.yaml`` maps the service to; None goes to staff, not to a guess."""
    start_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    end_at: Mapped[datetime | None] = mapped_column(clinic_instant())
    status: Mapped[AppointmentStatus] = mapped_column(word(AppointmentStatus))
    first_visit: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    actual_start: Mapped[datetime | None] = mapped_column(clinic_instant())
    actual_end: Mapped[datetime | None] = mapped_column(clinic_instant())
    end_version: Mapped[int] = mapped_column(default=0)
    """Rises when the actual end becomes known or is corrected."""
    end_estimated: Mapped[bool] = mapped_column(default=False)
    """The planned end was taken for the actual one, as nobody reported it."""
    report_by: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When it is asked whether the visit took place; None once that is known or of no interest."""
    confirmed: Mapped[bool] = mapped_column(default=False)
    confirm_by: Mapped[datetime | None] = mapped_column(clinic_instant())
    """When staff call whoever was asked to confirm it and has not answered."""
    held: Mapped[bool] = mapped_column(default=False)
    """The patient reported a problem: its reminders wait until a nurse decides or it moves."""
    quiet: Mapped[bool] = mapped_column(default=False)
    """Loaded at go-live: state only, nobody is texted about it until it changes."""
    last_event_at: Mapped[datetime] = mapped_column(clinic_instant())
    created_at: Mapped[datetime] = mapped_column(clinic_instant())


class RegimenStatus(StrEnum):
    """Whether home dosing goes on."""

    ACTIVE = "active"
    STOPPED = "stopped"


class Regimen(Base):
    """A home-dosing schedule [FHIR MedicationRequest] as explicit dose instants."""

    __tablename__ = "regimen"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    status: Mapped[RegimenStatus] = mapped_column(word(RegimenStatus))
    version: Mapped[int] = mapped_column(default=1)
    last_event_at: Mapped[datetime] = mapped_column(clinic_instant())
    created_at: Mapped[datetime] = mapped_column(clinic_instant())


class DoseStatus(StrEnum):
    """What became of one home dose."""

    PLANNED = "planned"
    TAKEN = "taken"
    LATE = "late"
    """The patient said it will be later."""
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"
    """The regimen changed or stopped before it."""


class Dose(Base):
    """One dose of a regimen at one instant."""

    __tablename__ = "dose"
    __table_args__ = (UniqueConstraint("regimen_id", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    regimen_id: Mapped[UUID] = mapped_column(ForeignKey("regimen.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(clinic_instant())
    version: Mapped[int] = mapped_column(default=1)
    status: Mapped[DoseStatus] = mapped_column(word(DoseStatus))


class DoseLog(Base):
    """What a patient told us of a dose: append-only. A later one adds to those before it."""

    __tablename__ = "dose_log"
    __table_args__ = (Index(None, "patient_id", "reported_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dose_id: Mapped[UUID] = mapped_column(ForeignKey("dose.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    reply_id: Mapped[UUID] = mapped_column(ForeignKey("reply.id"), unique=True)
    status: Mapped[DoseStatus] = mapped_column(word(DoseStatus))
    details: Mapped[str | None] = mapped_column(Sealed("dose_log.details"))
    """JSON of ``domain.triage.doses.DoseReport``, as the patient wrote it; its lots can be found by
    ``LotUse``."""
    reported_at: Mapped[datetime] = mapped_column(clinic_instant())
