"""Stopped senders and accounts, what waits for them, and whose thread comes from which sender."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from outreach.domain.breaker import BreakerState
from outreach.domain.states import MessageStatus
from outreach.storage.among import among
from outreach.storage.insert import insert_all_new, insert_new
from outreach.storage.models import BreakerRow, Message, PatientSender


class Breakers:
    """Queries about breakers. Few rows: one for each sender that ever failed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[str, BreakerRow] = {}

    def tripped(self) -> dict[str, BreakerRow]:
        """Those that are not closed, by key."""
        query = select(BreakerRow).where(BreakerRow.state != BreakerState.CLOSED)
        return {row.key: row for row in self._session.scalars(query)}

    def locked(self, key: str) -> BreakerRow:
        """One, made if need be, held until this unit ends: asked for once in a unit."""
        if key not in self._held:
            insert_new(
                self._session,
                BreakerRow(
                    key=key,
                    state=BreakerState.CLOSED,
                    strikes=0,
                    probes=0,
                    by_report=False,
                    filtered=0,
                ),
            )
            query = select(BreakerRow).where(BreakerRow.key == key).with_for_update()
            fresh = query.execution_options(populate_existing=True)
            row = self._session.scalars(fresh).one()
            if self._session.in_nested_transaction():
                return row  # a part that fails takes its rows and locks with it
            self._held[key] = row
        return self._held[key]

    def take_due(self, machine_now: datetime) -> list[BreakerRow]:
        """Those to look at now (machine time), held until this unit ends."""
        query = select(BreakerRow).where(BreakerRow.look_at <= machine_now).order_by(BreakerRow.key)
        rows = list(self._session.scalars(query.with_for_update(skip_locked=True)))
        self._held |= {row.key: row for row in rows}
        return rows

    def next_held(self, key: str, clinic_now: datetime) -> Message | None:
        """What has waited longest for one (for an account: or for one of its senders) and is still
        of use, locked.

        One that another worker has in hand at this moment is passed over, so that nobody waits for
        anybody: a worker that has messages may wait for this breaker.
        """
        query = (
            select(Message)
            .where(
                Message.status == MessageStatus.QUEUED,
                (Message.held_by == key) | Message.held_by.startswith(f"{key}/", autoescape=True),
                Message.useful_until > clinic_now,
                Message.not_before <= clinic_now,
            )
            .order_by(Message.retry_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return self._session.scalar(query)

    def held(self, key: str) -> int:
        """How many messages wait for one."""
        query = select(func.count()).where(
            Message.status == MessageStatus.QUEUED, Message.held_by == key
        )
        return self._session.scalar(query) or 0

    def release(self, key: str, machine_now: datetime, limit: int) -> int:
        """Lets go up to ``limit`` messages that wait for one; returns how many. As ``next_held``,
        passes over what is in somebody's hands."""
        chosen = (
            select(Message.id)
            .where(Message.status == MessageStatus.QUEUED, Message.held_by == key)
            .order_by(Message.retry_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("chosen")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        freed = self._session.execute(
            update(Message)
            .where(Message.id.in_(select(chosen.c.id)))
            .values(retry_at=machine_now, held_by=None)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        )
        return len(freed.all())

    def threads(self, patient_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Patient -> the name of the sender that their thread comes from."""
        query = select(PatientSender.patient_id, PatientSender.sender).where(
            among(PatientSender.patient_id, patient_ids)
        )
        return {row.patient_id: row.sender for row in self._session.execute(query)}

    def keep_threads(self, chosen: Mapping[UUID, str], now: datetime) -> None:
        """Begins threads; one that another worker began meanwhile stays as it is."""
        rows = [
            PatientSender(patient_id=patient_id, sender=sender, chosen_at=now)
            for patient_id, sender in sorted(chosen.items())
        ]
        insert_all_new(self._session, rows)

    def move_threads(self, chosen: Mapping[UUID, str], now: datetime) -> None:
        """The sender of a thread is in use no more: it goes on from another."""
        for patient_id, sender in sorted(chosen.items()):
            self._session.execute(
                update(PatientSender)
                .where(PatientSender.patient_id == patient_id)
                .values(sender=sender, chosen_at=now)
            )
