"""When the roster is looked at again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from outreach.storage.insert import insert_new
from outreach.storage.models import CoverageWatch

_ONLY = 1


class CoverageWatches:
    """Queries about the one row that says when."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def look_at(self, when: datetime) -> None:
        """The roster is looked at by then (clinic time), or sooner where that was set before."""
        if insert_new(self._session, CoverageWatch(id=_ONLY, look_at=when)):
            return
        row = self._session.get(CoverageWatch, _ONLY, with_for_update=True)
        if row is not None:
            row.look_at = min(row.look_at, when)

    def take_due(self, now: datetime) -> CoverageWatch | None:
        """The row, locked for this unit, where its time has come (clinic time)."""
        query = select(CoverageWatch).where(CoverageWatch.look_at <= now)
        return self._session.scalar(query.with_for_update(skip_locked=True))
