"""Who stands around a patient: whom they permit, who shares their phone, who comes of age."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from outreach.storage.among import among
from outreach.storage.crypto import keyring
from outreach.storage.models import (
    ContactPoint,
    ContactStatus,
    Patient,
    Permission,
    PermissionSource,
)


def coming_of_age_index(patient_id: UUID, born: date) -> str:
    """The blind index of one patient's coming of age: a birth date is never written in clear."""
    return keyring().index("coming_of_age", f"{patient_id.hex}:{born.isoformat()}")


class Circle:
    """Queries about the people around patients."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def permissions(self, patient_ids: Collection[UUID]) -> dict[tuple[UUID, str], Permission]:
        """The line that counts, by patient and blind index of the address."""
        query = select(Permission).where(among(Permission.patient_id, patient_ids))
        found: dict[tuple[UUID, str], Permission] = {}
        for row in self._session.scalars(query.order_by(Permission.position)):
            key = row.patient_id, row.address_index
            known = found.get(key)
            outranked = known is not None and known.source is PermissionSource.STAFF
            if row.source is PermissionSource.STAFF or not outranked:
                found[key] = row
        return found

    def history(self, patient_id: UUID) -> list[Permission]:
        """Every line about a patient, oldest first."""
        query = select(Permission).where(Permission.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(Permission.position)))

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's permissions."""
        self._session.execute(
            update(Permission).where(Permission.patient_id == prior).values(patient_id=survivor)
        )

    def shared(self, indexes: Collection[str]) -> set[str]:
        """Those of these addresses that stand with several patients."""
        query = (
            select(ContactPoint.address_index)
            .join(Patient, Patient.id == ContactPoint.patient_id)
            .where(among(ContactPoint.address_index, indexes), Patient.merged_into.is_(None))
            .where(ContactPoint.status != ContactStatus.REMOVED)
            .group_by(ContactPoint.address_index)
            .having(func.count(ContactPoint.patient_id.distinct()) > 1)
        )
        return set(self._session.scalars(query))

    def take_looks(self, now: datetime, limit: int) -> list[UUID]:
        """Children who must be looked at by ``now`` (clinic time), locked for this unit.

        By their ids alone: one that cannot be opened must not hide those behind it.
        """
        query = (
            select(Patient.id)
            .where(Patient.look_at <= now)
            .order_by(Patient.look_at, Patient.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def look_later(self, patient_id: UUID, at: datetime) -> None:
        """Looks again at ``at`` (clinic time), without opening what is sealed."""
        self._session.execute(update(Patient).where(Patient.id == patient_id).values(look_at=at))

    def next_look(self) -> datetime | None:
        """When the next child is looked at (clinic time)."""
        query = select(Patient.look_at).where(Patient.look_at.is_not(None))
        return self._session.scalar(query.order_by(Patient.look_at).limit(1))
