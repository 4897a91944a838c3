"""Which senders and accounts are stopped, and from which sender a patient's thread comes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.breaker import BreakerState
from outreach.storage.models.base import Base
from outreach.storage.types import clinic_instant, machine_instant, word


class BreakerRow(Base):
    """The circuit breaker of a sender or an account (``domain/breaker.py``); no row is closed."""

    __tablename__ = "breaker"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    """``sms`` for all of a channel, ``sms/name`` for one sender."""
    state: Mapped[BreakerState] = mapped_column(word(BreakerState))
    error_code: Mapped[int | None]
    """What opened it."""
    strikes: Mapped[int] = mapped_column(default=0)
    struck_at: Mapped[datetime | None] = mapped_column(machine_instant())
    opened_at: Mapped[datetime | None] = mapped_column(machine_instant())
    closed_at: Mapped[datetime | None] = mapped_column(machine_instant())
    probes: Mapped[int] = mapped_column(default=0)
    by_report: Mapped[bool] = mapped_column(default=False)
    probe: Mapped[UUID | None]
    """The message that tries it; not a foreign key: it is a note, and messages are many."""
    look_at: Mapped[datetime | None] = mapped_column(machine_instant(), index=True)
    filtered: Mapped[int] = mapped_column(default=0)
    """Texts that carriers filtered since ``filtered_since``."""
    filtered_since: Mapped[datetime | None] = mapped_column(machine_instant())


class PatientSender(Base):
    """A patient's thread stays on one sender while that is in use; kept where there are several."""

    __tablename__ = "patient_sender"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    sender: Mapped[str] = mapped_column(String(40))
    """The name in ``senders.yaml``."""
    chosen_at: Mapped[datetime] = mapped_column(clinic_instant())
