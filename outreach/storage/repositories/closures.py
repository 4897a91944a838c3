"""Closed days of sites, and the visits they concern."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from outreach.domain.journeys import Anchor
from outreach.storage.crypto import keyring
from outreach.storage.models import Appointment, Closure, Touchpoint


class Closures:
    """Queries about closed days."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def closure(self, site_code: str, day: date) -> Closure | None:
        """What staff recorded for a site and a day."""
        query = select(Closure).where(Closure.site_code == site_code, Closure.day == day)
        return self._session.scalar(query)

    def among(self, days: Collection[tuple[str, date]]) -> set[tuple[str, date]]:
        """Those of these sites' days on which the site is closed."""
        query = select(Closure.site_code, Closure.day).where(
            tuple_(Closure.site_code, Closure.day).in_(days)
        )
        return {(code, day) for code, day in self._session.execute(query)}

    def hold(self, site_code: str, day: date, *, alone: bool) -> None:
        """Holds a site's day until this unit ends: ``alone`` to close it, else to book on it.

        So that no booking is written beside a closure without either seeing the other. PostgreSQL
        only: a write unit of SQLite is alone anyway.
        """
        if self._session.get_bind().dialect.name != "postgresql":
            return
        index = keyring().index("closure", f"{site_code}\0{day.isoformat()}")
        key = int.from_bytes(bytes.fromhex(index[:16]), signed=True)
        lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        self._session.execute(select(lock(key)))

    def visits_between(self, site_code: str, start: datetime, end: datetime) -> list[Appointment]:
        """The visits at a site that start in a span of time, in order, whatever their status."""
        query = select(Appointment).where(
            Appointment.site_code == site_code,
            Appointment.start_at >= start,
            Appointment.start_at < end,
        )
        return list(self._session.scalars(query.order_by(Appointment.start_at, Appointment.id)))

    def told_between(
        self, site_code: str, start: datetime, end: datetime, *, patient_id: UUID | None = None
    ) -> list[Touchpoint]:
        """The word of a closed day for each visit that was to start in a span of time.

        Args:
            patient_id: only what is for this patient.
        """
        query = select(Touchpoint).where(
            Touchpoint.anchor_kind == Anchor.CLOSURE,
            Touchpoint.site_code == site_code,
            Touchpoint.anchor_at >= start,
            Touchpoint.anchor_at < end,
        )
        if patient_id is not None:
            query = query.where(Touchpoint.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Touchpoint.anchor_at, Touchpoint.id)))
