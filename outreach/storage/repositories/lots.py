"""Lots: who has to do with one, and whose lot nobody knows."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from outreach.domain.events import GONE
from outreach.domain.lots import LotSource, lot_key
from outreach.storage.among import among
from outreach.storage.crypto import keyring
from outreach.storage.models import Appointment, Dose, DoseStatus, LotUse


def lot_index(written: str) -> str:
    """The blind index of a lot, the same for every way of writing it; empty for no lot."""
    key = lot_key(written)
    return keyring().index("lot", key) if key else ""


class Lots:
    """Queries about lots."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_origin(self, origin: str) -> list[LotUse]:
        """What is known of one infusion, dose or delivery."""
        return list(self._session.scalars(select(LotUse).where(LotUse.origin == origin)))

    def with_lot(self, written: str) -> list[LotUse]:
        """Every use of a lot by time. Of a visit that did not take place it was none."""
        index = lot_index(written)
        if not index:
            return []
        query = (
            select(LotUse)
            .outerjoin(Appointment, Appointment.id == LotUse.appointment_id)
            .where(
                LotUse.lot_index == index,
                Appointment.id.is_(None) | Appointment.status.not_in(GONE),
            )
        )
        return list(self._session.scalars(query.order_by(LotUse.at, LotUse.id)))

    def of_doses(self, dose_ids: Collection[UUID]) -> dict[UUID, list[str]]:
        """The lots of home doses, as written."""
        found: dict[UUID, list[str]] = {}
        for row in self._session.scalars(select(LotUse).where(among(LotUse.dose_id, dose_ids))):
            if row.dose_id is not None and row.lot is not None:
                found.setdefault(row.dose_id, []).append(row.lot)
        return found

    def infusions_without(self, since: datetime, until: datetime) -> list[tuple[UUID, datetime]]:
        """Patient and time of infusions between two instants of which no lot is known."""
        took_place = func.coalesce(Appointment.actual_end, Appointment.actual_start)
        query = select(Appointment.patient_id, took_place).where(
            took_place.between(since, until),
            Appointment.status.not_in(GONE),
            ~exists().where(LotUse.appointment_id == Appointment.id),
        )
        return [(who, at) for who, at in self._session.execute(query.order_by(took_place))]

    def doses_without(self, since: datetime, until: datetime) -> list[tuple[UUID, datetime, bool]]:
        """Patient, time and whether it is known to be taken, of home doses between two instants
        without a lot. One of which nothing was said may have been taken."""
        query = select(Dose.patient_id, Dose.due_at, Dose.status).where(
            Dose.due_at.between(since, until),
            Dose.status.not_in((DoseStatus.SKIPPED, DoseStatus.WITHDRAWN)),
            ~exists().where(LotUse.dose_id == Dose.id),
        )
        rows = self._session.execute(query.order_by(Dose.due_at))
        return [(who, at, status is DoseStatus.TAKEN) for who, at, status in rows]

    def deliveries_without(self, since: datetime, until: datetime) -> list[tuple[UUID, datetime]]:
        """Patient and time of deliveries between two instants that named no lot."""
        query = select(LotUse.patient_id, LotUse.at).where(
            LotUse.source == LotSource.DISPENSED,
            LotUse.lot_index == "",
            LotUse.at.between(since, until),
        )
        return [(who, at) for who, at in self._session.execute(query.order_by(LotUse.at))]

    def hand_over(self, appointment_id: UUID, patient_id: UUID) -> None:
        """The visit was booked under the wrong record: its lots are those of another patient."""
        self._session.execute(
            update(LotUse)
            .where(LotUse.appointment_id == appointment_id)
            .values(patient_id=patient_id)
        )

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's lots."""
        self._session.execute(
            update(LotUse).where(LotUse.patient_id == prior).values(patient_id=survivor)
        )
