"""Occasions: what is neither a visit nor a dose."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, aliased

from outreach.domain.occasions import OccasionKind, OccasionStatus
from outreach.storage.among import among
from outreach.storage.crypto import keyring
from outreach.storage.memory import memory_of
from outreach.storage.models import Occasion


def reference_index(name: str) -> str:
    """The blind index of what a sender calls an occasion: it may be an insurer's number."""
    return keyring().index("occasion", name)


class Occasions:
    """Queries about occasions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_ids(self, ids: Collection[UUID]) -> dict[UUID, Occasion]:
        """Occasions by id."""
        rows = self._session.scalars(select(Occasion).where(among(Occasion.id, ids)))
        return {row.id: row for row in rows}

    def of_patient(self, patient_id: UUID, kind: OccasionKind) -> list[Occasion]:
        """A patient's occasions of a kind, ended ones too, oldest first."""
        memory = memory_of(self._session)
        known = None if memory is None else memory.group(Occasion, patient_id)
        if known is not None:
            mine = (row for row in known if row.kind is kind)
            return sorted(mine, key=lambda row: (row.created_at, row.id))
        query = select(Occasion).where(Occasion.patient_id == patient_id, Occasion.kind == kind)
        return list(self._session.scalars(query.order_by(Occasion.created_at, Occasion.id)))

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's occasions, but for those both had."""
        twin = aliased(Occasion)
        both = exists().where(
            twin.patient_id == survivor,
            twin.kind == Occasion.kind,
            twin.reference == Occasion.reference,
        )
        mine = Occasion.patient_id == prior
        self._session.execute(
            update(Occasion)
            .where(mine, both)
            .values(status=OccasionStatus.ENDED)
            .execution_options(synchronize_session="fetch")
        )
        self._session.execute(
            update(Occasion)
            .where(mine, ~both)
            .values(patient_id=survivor)
            .execution_options(synchronize_session="fetch")
        )
