"""Closed days of sites, and the visits they concern."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from outreach.domain.journeys import Anchor
from outreach.storage.crypto import keyring
from outreach.storage.locks import hold
from outreach.storage.memory import memory_of
from outreach.storage.models import Appointment, Closure, Touchpoint


def _lock_key(site_code: str, day: date) -> int:
    index = keyring().index("closure", f"{site_code}\0{day.isoformat()}")
    return int.from_bytes(bytes.fromhex(index[:16]), signed=True)


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
        memory = memory_of(self._session)
        facts = {} if memory is None else memory.facts
        unknown = [day for day in days if (Closure, day) not in facts]
        closed: set[tuple[str, date]] = set()
        if unknown:
            query = select(Closure.site_code, Closure.day).where(
                tuple_(Closure.site_code, Closure.day).in_(unknown)
            )
            closed = {(code, day) for code, day in self._session.execute(query)}
        if memory is not None:  # a day that is held cannot be closed before this unit ends
            held = [day for day in unknown if memory.did((Closure, *day))]
            facts |= {(Closure, day): day in closed for day in held}
        return closed | {day for day in days if facts.get((Closure, day))}

    def hold(self, site_code: str, day: date, *, alone: bool) -> None:
        """Holds a site's day until this unit ends: ``alone`` to close it, else to book on it.

        So that no booking is written beside a closure without either seeing the other. PostgreSQL
        only: a write unit of SQLite is alone anyway.
        """
        if alone:
            hold(self._session, [_lock_key(site_code, day)])
        else:
            self.hold_open({(site_code, day)})

    def hold_open(self, days: Collection[tuple[str, date]]) -> None:
        """Holds several days of sites, to book on them."""
        memory = memory_of(self._session)
        if memory is not None:
            days = {day for day in days if memory.once((Closure, *day))}
        hold(self._session, [_lock_key(*day) for day in days], shared=True)

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
