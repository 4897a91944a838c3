"""Pictures, phone calls, and what the carrier is yet to hear of opt-outs."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from outreach.storage.among import among
from outreach.storage.models import (
    CarrierWord,
    ContactPoint,
    Media,
    MediaContent,
    MediaStatus,
    Message,
    Reply,
    VoiceCall,
)


class InboundParts:
    """Queries about what comes in beside words."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # -- pictures

    def waiting_media(self, now: datetime, limit: int) -> list[Media]:
        """Files still at the carrier whose turn has come (machine time), locked for this unit."""
        query = (
            select(Media)
            .where(Media.status == MediaStatus.WAITING, Media.retry_at <= now)
            .order_by(Media.retry_at, Media.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def media(self, media_id: UUID, *, lock: bool = False) -> Media | None:
        """One file, without its bytes."""
        return self._session.get(Media, media_id, with_for_update=lock)

    def media_of(self, reply_ids: Collection[UUID]) -> list[Media]:
        """The files of some replies, in the order in which they came, without their bytes."""
        query = select(Media).where(among(Media.reply_id, reply_ids))
        return list(self._session.scalars(query.order_by(Media.reply_id, Media.number)))

    def content_of(self, media_id: UUID) -> bytes | None:
        """The bytes of a picture; None where none are kept."""
        return self._session.scalar(
            select(MediaContent.content).where(MediaContent.media_id == media_id)
        )

    # -- phone calls

    def call_named(self, provider_id: str) -> VoiceCall | None:
        """The call of this provider id, locked for this unit."""
        query = select(VoiceCall).where(VoiceCall.provider_id == provider_id).with_for_update()
        return self._session.scalar(query)

    def unfinished_calls(self, now: datetime, limit: int) -> list[VoiceCall]:
        """Calls of whose end nobody told in time (clinic time), locked for this unit."""
        query = (
            select(VoiceCall)
            .where(VoiceCall.check_at <= now)
            .order_by(VoiceCall.check_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def calls_from(self, address_indexes: Collection[str]) -> list[VoiceCall]:
        """Every call from these numbers, oldest first."""
        query = select(VoiceCall).where(among(VoiceCall.address_index, address_indexes))
        return list(self._session.scalars(query.order_by(VoiceCall.received_at)))

    # -- what the carrier is told

    def address_of(self, index: str) -> str | None:
        """The number behind a blind index, from wherever it is known."""
        for table in (ContactPoint, Reply, Message):
            query = select(table.address).where(table.address_index == index).limit(1)
            found: str | None = self._session.scalar(query)
            if found is not None:
                return found
        return None

    def supersede_words(self, index: str) -> None:
        """What was still to be told about a number is told no more: there is a newer word."""
        self._session.execute(
            update(CarrierWord)
            .where(CarrierWord.address_index == index, CarrierWord.retry_at.is_not(None))
            .values(retry_at=None)
        )

    def untold_words(self, now: datetime, limit: int) -> list[CarrierWord]:
        """Opt-outs and opt-ins to be told to the carrier by now (machine time), locked."""
        query = (
            select(CarrierWord)
            .where(CarrierWord.retry_at <= now)
            .order_by(CarrierWord.retry_at, CarrierWord.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._session.scalars(query))

    def words(self, ids: Collection[UUID]) -> dict[UUID, CarrierWord]:
        """Some of them by id, locked for this unit."""
        query = select(CarrierWord).where(among(CarrierWord.id, ids)).with_for_update()
        return {row.id: row for row in self._session.scalars(query)}
