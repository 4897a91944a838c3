"""Campaigns and how their touchpoints stand."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from outreach.storage.among import among
from outreach.storage.models import Appointment, Campaign, Patient, Touchpoint


class Campaigns:
    """Queries about campaigns."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_token(self, token: str) -> Campaign | None:
        """The campaign that a launch token already made."""
        return self._session.scalar(select(Campaign).where(Campaign.token == token))

    def by_ids(self, ids: Collection[UUID]) -> dict[UUID, Campaign]:
        """Campaigns by id."""
        rows = self._session.scalars(select(Campaign).where(among(Campaign.id, ids)))
        return {row.id: row for row in rows}

    def everything(self) -> list[Campaign]:
        """All campaigns, newest first."""
        return list(self._session.scalars(select(Campaign).order_by(Campaign.launched_at.desc())))

    def audience(self, visit_kind: str | None) -> list[Patient]:
        """Living patients in care; with ``visit_kind`` only those who have such a visit."""
        query = select(Patient).where(
            Patient.merged_into.is_(None), Patient.active, ~Patient.deceased
        )
        if visit_kind is not None:
            query = query.where(
                exists().where(Appointment.patient_id == Patient.id, Appointment.kind == visit_kind)
            )
        return list(self._session.scalars(query.order_by(Patient.id)))

    def progress(self, campaign_id: UUID) -> Counter[str]:
        """How many of a campaign's touchpoints stand where: status, or status:reason."""
        query = (
            select(Touchpoint.status, Touchpoint.reason, func.count())
            .where(Touchpoint.campaign_id == campaign_id)
            .group_by(Touchpoint.status, Touchpoint.reason)
        )
        counts: Counter[str] = Counter()
        for status, reason, count in self._session.execute(query):
            counts[status.value if reason is None else f"{status.value}:{reason.value}"] += count
        return counts
