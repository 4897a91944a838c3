"""Provider reports: stored at once, applied in batches."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.storage.insert import insert_new
from outreach.storage.models import Receipt


class Receipts:
    """Queries about receipts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def store(self, receipt: Receipt) -> bool:
        """Keeps a report; False when the same one is already there."""
        return insert_new(self._session, receipt)

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
            .where(Receipt.provider_id.in_(provider_ids), Receipt.message_id.is_(None))
            .values(applied_at=None)
            .execution_options(synchronize_session=False)
        )

    def of_provider_id(self, provider_id: str) -> list[Receipt]:
        """What was reported of one message, in order of arrival."""
        query = select(Receipt).where(Receipt.provider_id == provider_id)
        return list(self._session.scalars(query.order_by(Receipt.received_at, Receipt.id)))
