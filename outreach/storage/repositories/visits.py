"""Appointments, regimens and doses."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from outreach.domain import events
from outreach.domain.journeys import Anchor
from outreach.storage.among import among
from outreach.storage.memory import memory_of
from outreach.storage.models import Appointment, Dose, DoseLog, DoseStatus, IdentifierKind, Regimen
from outreach.storage.repositories.people import People


class Visits:
    """Queries about what touchpoints are anchored to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def appointment(self, appointment_id: UUID) -> Appointment | None:
        """One appointment."""
        memory = memory_of(self._session)
        known = None if memory is None else memory.row(Appointment, appointment_id)
        return known or self._session.get(Appointment, appointment_id)

    def appointments(self, ids: Collection[UUID]) -> dict[UUID, Appointment]:
        """Appointments by id."""
        rows = self._session.scalars(select(Appointment).where(among(Appointment.id, ids)))
        return {row.id: row for row in rows}

    def appointment_named_by(self, identifiers: Iterable[events.Identifier]) -> Appointment | None:
        """The appointment that one of these identifiers names."""
        owners = People(self._session).owners(IdentifierKind.APPOINTMENT, identifiers)
        ids = [row.appointment_id for row in owners if row.appointment_id is not None]
        return self.appointment(ids[0]) if ids else None

    def appointments_of(self, patient_id: UUID) -> list[Appointment]:
        """A patient's appointments by start, those without one first."""
        query = select(Appointment).where(Appointment.patient_id == patient_id)
        rows = self._session.scalars(query)
        return sorted(rows, key=lambda row: (row.start_at is not None, row.start_at, row.id))

    def near(self, patient_id: UUID, at: datetime, within: timedelta) -> list[Appointment]:
        """A patient's appointments that start within so much time of an instant, by start."""
        memory = memory_of(self._session)
        known = None if memory is None else memory.group(Appointment, patient_id)
        if known is None:
            return self.between([patient_id], at - within, at + within)
        timed = [(row.start_at, row.id, row) for row in known if row.start_at is not None]
        return [row for start, _, row in sorted(timed) if at - within <= start <= at + within]

    def between(
        self, patient_ids: Collection[UUID], since: datetime, until: datetime
    ) -> list[Appointment]:
        """The appointments of patients that start between two instants, by start."""
        query = select(Appointment).where(
            among(Appointment.patient_id, patient_ids), Appointment.start_at.between(since, until)
        )
        return list(self._session.scalars(query.order_by(Appointment.start_at, Appointment.id)))

    def read_patients(self, ids: Collection[UUID]) -> None:
        """Remembers all appointments of patients, so that those near an instant are at hand."""
        memory = memory_of(self._session)
        if memory is not None and ids:
            rows = self._session.scalars(
                select(Appointment).where(among(Appointment.patient_id, ids))
            )
            memory.keep_groups(Appointment, ids, rows)

    def live_since(
        self, kind: Anchor, since: datetime, after: UUID | None, limit: int
    ) -> list[Appointment]:
        """Visits that take place and start, or have ended, since an instant; by id after one.

        Those that were loaded quietly are left out, as nobody hears of them.
        """
        moment = Appointment.start_at if kind is Anchor.VISIT_START else Appointment.actual_end
        query = select(Appointment).where(
            moment > since, Appointment.status.not_in(events.GONE), Appointment.quiet.is_(False)
        )
        if after is not None:
            query = query.where(Appointment.id > after)
        return list(self._session.scalars(query.order_by(Appointment.id).limit(limit)))

    def doses_since(self, since: datetime, after: UUID | None, limit: int) -> list[Dose]:
        """Doses that are due since an instant and were not withdrawn; by id after one."""
        query = select(Dose).where(Dose.due_at > since, Dose.status != DoseStatus.WITHDRAWN)
        if after is not None:
            query = query.where(Dose.id > after)
        return list(self._session.scalars(query.order_by(Dose.id).limit(limit)))

    def unreported(self, now: datetime, limit: int) -> list[Appointment]:
        """Visits whose end nobody reported in time (clinic time), locked for this unit."""
        query = (
            select(Appointment)
            .where(Appointment.report_by <= now)
            .order_by(Appointment.report_by)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def ends_reported(self, site_code: str) -> bool:
        """Whether the end of any visit at a site was ever reported, and not only estimated."""
        query = select(Appointment.id).where(
            Appointment.site_code == site_code,
            Appointment.actual_end.is_not(None),
            Appointment.end_estimated.is_(False),
        )
        return self._session.scalar(query.limit(1)) is not None

    def never_ended(
        self, site_code: str, kind: str, *, before: datetime, since: datetime | None = None
    ) -> int:
        """How many visits that began before an instant were asked about in vain; quiet ones not."""
        query = select(func.count()).where(
            Appointment.site_code == site_code,
            Appointment.kind == kind,
            Appointment.start_at < before,
            Appointment.actual_end.is_(None),
            Appointment.report_by.is_(None),
            Appointment.status.not_in(events.GONE),
            Appointment.quiet.is_(False),
        )
        if since is not None:
            query = query.where(Appointment.start_at >= since)
        return self._session.scalar(query) or 0

    def unconfirmed(self, now: datetime, limit: int) -> list[Appointment]:
        """Visits that should be confirmed by now (clinic time), locked for this unit."""
        query = (
            select(Appointment)
            .where(Appointment.confirm_by <= now)
            .order_by(Appointment.confirm_by)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def next_confirm_by(self) -> datetime | None:
        """When the next visit is called about that nobody has confirmed (clinic time)."""
        query = select(func.min(Appointment.confirm_by)).where(Appointment.confirm_by.is_not(None))
        return self._session.scalar(query)

    def next_report_by(self) -> datetime | None:
        """When the next visit is asked about that nobody reported on (clinic time)."""
        query = select(func.min(Appointment.report_by)).where(Appointment.report_by.is_not(None))
        return self._session.scalar(query)

    def regimen_named_by(self, identifiers: Iterable[events.Identifier]) -> Regimen | None:
        """The regimen that one of these identifiers names."""
        owners = People(self._session).owners(IdentifierKind.REGIMEN, identifiers)
        ids = [row.regimen_id for row in owners if row.regimen_id is not None]
        return self._session.get(Regimen, ids[0]) if ids else None

    def regimens_of(self, patient_id: UUID) -> list[Regimen]:
        """A patient's regimens, oldest first."""
        query = select(Regimen).where(Regimen.patient_id == patient_id).order_by(Regimen.id)
        return list(self._session.scalars(query))

    def doses_of(self, regimen_id: UUID) -> list[Dose]:
        """Every dose of a regimen in order of time, withdrawn ones too."""
        query = select(Dose).where(Dose.regimen_id == regimen_id).order_by(Dose.due_at)
        return list(self._session.scalars(query))

    def doses(self, ids: Collection[UUID]) -> dict[UUID, Dose]:
        """Doses by id."""
        rows = self._session.scalars(select(Dose).where(among(Dose.id, ids)))
        return {row.id: row for row in rows}

    def upcoming_doses(self, patient_id: UUID, now: datetime) -> list[Dose]:
        """The doses of a patient that are still to come."""
        query = select(Dose).where(
            Dose.patient_id == patient_id,
            Dose.due_at >= now,
            Dose.status == DoseStatus.PLANNED,
        )
        return list(self._session.scalars(query.order_by(Dose.due_at)))

    def dose_logs_of(self, patient_id: UUID) -> list[DoseLog]:
        """What a patient told us of doses, oldest first."""
        query = select(DoseLog).where(DoseLog.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(DoseLog.reported_at, DoseLog.id)))

    def doses_due(self, patient_id: UUID, since: datetime, until: datetime) -> list[Dose]:
        """A patient's doses between two instants in order of time, without withdrawn ones."""
        query = select(Dose).where(
            Dose.patient_id == patient_id,
            Dose.due_at.between(since, until),
            Dose.status != DoseStatus.WITHDRAWN,
        )
        return list(self._session.scalars(query.order_by(Dose.due_at, Dose.id)))

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge: visits, regimens, doses and their logs belong to the survivor."""
        for table in (Appointment, Regimen, Dose, DoseLog):
            self._session.execute(
                update(table).where(table.patient_id == prior).values(patient_id=survivor)
            )
