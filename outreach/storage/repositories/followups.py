"""Work for staff: the worklist, what is overdue, and what happened to each item."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, exists, select, update
from sqlalchemy.orm import Session

from outreach.domain.states import FollowUpStatus, Priority
from outreach.storage.among import among
from outreach.storage.models import FollowUp, FollowUpNote

_ORDER = case(
    (FollowUp.priority == Priority.URGENT, 0),
    (FollowUp.priority == Priority.SAME_DAY, 1),
    else_=2,
)


class FollowUps:
    """Queries about follow-ups."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def followup(self, followup_id: UUID, *, lock: bool = False) -> FollowUp | None:
        """One item."""
        return self._session.get(FollowUp, followup_id, with_for_update=lock or None)

    def by_code(self, code: str, *, lock: bool = False) -> FollowUp | None:
        """The item a page names."""
        query = select(FollowUp).where(FollowUp.code == code)
        return self._session.scalar(query.with_for_update() if lock else query)

    def assigned_to(self, name: str) -> list[FollowUp]:
        """What somebody has and has not closed, the most pressing first, locked for this unit."""
        query = (
            select(FollowUp)
            .where(FollowUp.assignee == name, FollowUp.status != FollowUpStatus.CLOSED)
            .order_by(_ORDER, FollowUp.due_at, FollowUp.id)
            .with_for_update()
        )
        return list(self._session.scalars(query))

    def by_reason(self, reason_key: str) -> FollowUp | None:
        """The item made for a reason, if it was made."""
        return self._session.scalar(select(FollowUp).where(FollowUp.reason_key == reason_key))

    def id_of(self, reason_key: str) -> UUID | None:
        """The id of the item made for a reason, without opening what is sealed in it."""
        return self._session.scalar(select(FollowUp.id).where(FollowUp.reason_key == reason_key))

    def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, FollowUp]:
        """Items by id."""
        rows = self._session.scalars(select(FollowUp).where(among(FollowUp.id, ids)))
        return {row.id: row for row in rows}

    def worklist(self, *, closed: bool = False, limit: int = 500) -> list[FollowUp]:
        """Open items, the most pressing first; with ``closed`` the ended ones too."""
        untaken_first = case((FollowUp.status == FollowUpStatus.OPEN, 0), else_=1)
        query = select(FollowUp).order_by(_ORDER, untaken_first, FollowUp.due_at).limit(limit)
        if not closed:
            query = query.where(FollowUp.status != FollowUpStatus.CLOSED)
        return list(self._session.scalars(query))

    def waiting_of(self, kinds: Collection[str], limit: int) -> list[FollowUp]:
        """Items of these kinds that are not closed, by due time."""
        query = select(FollowUp).where(
            FollowUp.kind.in_(kinds), FollowUp.status != FollowUpStatus.CLOSED
        )
        return list(
            self._session.scalars(query.order_by(FollowUp.due_at, FollowUp.id).limit(limit))
        )

    def notes_of_all(self, ids: Collection[UUID], what: str) -> dict[UUID, list[FollowUpNote]]:
        """What happened of one kind to each of these items, oldest first."""
        found: dict[UUID, list[FollowUpNote]] = defaultdict(list)
        query = select(FollowUpNote).where(
            among(FollowUpNote.followup_id, ids), FollowUpNote.what == what
        )
        for row in self._session.scalars(query.order_by(FollowUpNote.at, FollowUpNote.id)):
            found[row.followup_id].append(row)
        return found

    def of_patient(self, patient_id: UUID) -> list[FollowUp]:
        """A patient's items, oldest first."""
        query = select(FollowUp).where(FollowUp.patient_id == patient_id)
        return list(self._session.scalars(query.order_by(FollowUp.created_at)))

    def of_replies(self, reply_ids: Collection[UUID]) -> list[FollowUp]:
        """Items that stand for no patient and were made for these replies, oldest first."""
        query = select(FollowUp).where(
            among(FollowUp.reply_id, reply_ids), FollowUp.patient_id.is_(None)
        )
        return list(self._session.scalars(query.order_by(FollowUp.created_at)))

    def in_hand(self, patient_ids: Collection[UUID], since: datetime) -> list[FollowUp]:
        """Items that replies of patients made since an instant (clinic time), and that staff have
        taken or must take the same day at the latest."""
        in_hand = (FollowUp.status != FollowUpStatus.OPEN) | (FollowUp.priority != Priority.ROUTINE)
        query = select(FollowUp).where(
            among(FollowUp.patient_id, patient_ids),
            FollowUp.reply_id.is_not(None),
            FollowUp.created_at >= since,
            in_hand,
        )
        return list(self._session.scalars(query))

    def any_to_page(self, now: datetime) -> bool:
        """Whether staff are to be paged about an item now (clinic time)."""
        return bool(self._session.scalar(select(exists().where(FollowUp.escalate_at <= now))))

    def take_unanswered(self, now: datetime, limit: int) -> list[FollowUp]:
        """Items that must be paged (again) by ``now`` (clinic time), locked for this unit."""
        query = (
            select(FollowUp)
            .where(FollowUp.escalate_at <= now)
            .order_by(_ORDER, FollowUp.escalate_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def latest_of_kind(self, patient_id: UUID, kind: str, since: datetime) -> FollowUp | None:
        """A patient's newest item of a kind, made after ``since`` (clinic time), locked."""
        query = (
            select(FollowUp)
            .where(
                FollowUp.patient_id == patient_id,
                FollowUp.kind == kind,
                FollowUp.created_at > since,
            )
            .order_by(FollowUp.created_at.desc(), FollowUp.id.desc())
            .limit(1)
            .with_for_update()
        )
        return self._session.scalar(query)

    def episode_of_reply(self, reply_id: UUID, kind: str) -> FollowUp | None:
        """The item of a kind that a reply made or opened again."""
        query = (
            select(FollowUp)
            .join(FollowUpNote, FollowUpNote.followup_id == FollowUp.id)
            .where(FollowUpNote.reply_id == reply_id, FollowUp.kind == kind)
            .limit(1)
        )
        return self._session.scalar(query)

    def made_by(self, reply_ids: Collection[UUID], kinds: Collection[str]) -> FollowUp | None:
        """The newest item of one of these kinds that these replies made or joined, locked."""
        query = (
            select(FollowUp)
            .join(FollowUpNote, FollowUpNote.followup_id == FollowUp.id)
            .where(
                among(FollowUpNote.reply_id, reply_ids),
                FollowUp.kind.in_(kinds),
            )
            .order_by(FollowUp.created_at.desc(), FollowUp.id.desc())
            .limit(1)
            .with_for_update()
        )
        return self._session.scalar(query)

    def urgent_of(self, patient_ids: Collection[UUID]) -> set[UUID]:
        """Those of these patients who have an urgent item that nobody has closed."""
        query = select(FollowUp.patient_id).where(
            among(FollowUp.patient_id, patient_ids),
            FollowUp.priority == Priority.URGENT,
            FollowUp.status != FollowUpStatus.CLOSED,
        )
        return {found for found in self._session.scalars(query) if found is not None}

    def notes_of(self, followup_id: UUID) -> list[FollowUpNote]:
        """What happened to an item, oldest first."""
        query = select(FollowUpNote).where(FollowUpNote.followup_id == followup_id)
        return list(self._session.scalars(query.order_by(FollowUpNote.at, FollowUpNote.id)))

    def move_to(self, prior: UUID, survivor: UUID) -> None:
        """After a merge the survivor has the prior record's items."""
        self._session.execute(
            update(FollowUp).where(FollowUp.patient_id == prior).values(patient_id=survivor)
        )
