"""Provider reports: stored at once, applied in batches."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.storage.among import among
from outreach.storage.insert import insert_all_new
from outreach.storage.models import Receipt


class Receipts:
    """Queries about receipts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def store(self, receipts: Sequence[Receipt]) -> set[UUID]:
        """Keeps reports; the ids of those that were not there already.

        In one order for everybody: two that store the same reports must not wait for each other.
        """
        ordered = sorted(receipts, key=lambda row: (row.provider_id, row.status))
        return {key for (key,) in insert_all_new(self._session, ordered)}

    def take_unapplied(self, limit: int) -> list[Receipt]:
        """Reports that have not been applied, oldest first, locked for this unit."""
        query = (
            select(Receipt)
            .where(Receipt.applied_at.is_(None))
            .order_by(Receipt.received_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def look_again(self, provider_ids: Sequence[str]) -> None:
        """Reports that came before we knew whose they were are applied once more."""
        if not provider_ids:
            return
        self._session.execute(
            update(Receipt)
            .where(among(Receipt.provider_id, provider_ids), Receipt.message_id.is_(None))
            .values(applied_at=None)
            .execution_options(synchronize_session=False)
        )

    def of_provider_id(self, provider_id: str) -> list[Receipt]:
        """What was reported of one message, in order of arrival."""
        query = select(Receipt).where(Receipt.provider_id == provider_id)
        return list(self._session.scalars(query.order_by(Receipt.received_at, Receipt.id)))
