"""The answers to check-ins, and the further questions that are under way."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from outreach.domain.journeys import Anchor
from outreach.storage.among import among
from outreach.storage.models import (
    Appointment,
    Conversation,
    ConversationStatus,
    ResponseStatus,
    SurveyResponse,
    Touchpoint,
)
from outreach.storage.repositories.replies import AHEAD


class Surveys:
    """Queries about surveys."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_touchpoint(self, touchpoint_id: UUID) -> SurveyResponse | None:
        """The answers to one check-in, locked for this unit."""
        query = select(SurveyResponse).where(SurveyResponse.touchpoint_id == touchpoint_id)
        return self._session.scalar(query.with_for_update())

    def by_touchpoints(self, touchpoint_ids: Collection[UUID]) -> dict[UUID, SurveyResponse]:
        """The answers to check-ins, by touchpoint."""
        query = select(SurveyResponse).where(among(SurveyResponse.touchpoint_id, touchpoint_ids))
        return {row.touchpoint_id: row for row in self._session.scalars(query)}

    def of_patient(self, patient_id: UUID) -> list[SurveyResponse]:
        """A patient's answers, oldest first."""
        query = select(SurveyResponse).where(SurveyResponse.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(SurveyResponse.started_at)))

    def after_infusions(
        self, patient_id: UUID, since: datetime
    ) -> list[tuple[UUID, datetime, SurveyResponse]]:
        """The infusions of a patient that ended since an instant (clinic time), their ends, and
        the answers to each check-in after them."""
        query = (
            select(Appointment.id, Appointment.actual_end, SurveyResponse)
            .join(Touchpoint, Touchpoint.id == SurveyResponse.touchpoint_id)
            .join(Appointment, Appointment.id == Touchpoint.appointment_id)
            .where(
                SurveyResponse.patient_id == patient_id,
                Appointment.actual_end >= since,
                Touchpoint.anchor_kind == Anchor.INFUSION_END,
            )
            .order_by(Appointment.actual_end, SurveyResponse.started_at)
        )
        rows = self._session.execute(query)
        return [(visit, end, row) for visit, end, row in rows if end is not None]

    def stop(self, patient_id: UUID, now: datetime) -> None:
        """Nothing more is asked of a patient (clinic time); what was answered is kept.

        A question that was asked still gives an answer its meaning.
        """
        self._session.execute(
            update(SurveyResponse)
            .where(
                SurveyResponse.patient_id == patient_id,
                SurveyResponse.status == ResponseStatus.OPEN,
            )
            .values(status=ResponseStatus.STOPPED, ended_at=now)
            .execution_options(synchronize_session="fetch")
        )
        self._session.execute(
            update(Conversation)
            .where(
                Conversation.patient_id == patient_id,
                Conversation.status == ConversationStatus.WAITING,
            )
            .values(status=ConversationStatus.STOPPED)
            .execution_options(synchronize_session="fetch")
        )

    def expire(self, touchpoint_ids: Collection[UUID], now: datetime) -> None:
        """Ends the answers to these check-ins of which no question can be answered any more."""
        waits = exists().where(
            Conversation.touchpoint_id == SurveyResponse.touchpoint_id,
            AHEAD,
        )
        self._session.execute(
            update(SurveyResponse)
            .where(
                among(SurveyResponse.touchpoint_id, touchpoint_ids),
                SurveyResponse.status == ResponseStatus.OPEN,
                ~waits,
            )
            .values(status=ResponseStatus.EXPIRED, ended_at=now)
            .execution_options(synchronize_session="fetch")
        )
