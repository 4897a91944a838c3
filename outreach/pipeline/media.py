"""Media: fetches the pictures that came with replies, after the carrier has heard yes.

The row comes first: a picture that is not here yet is one that waits. No session is open while the
carrier is asked, and a kill leaves a row whose turn comes again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from outreach.domain.pictures import MOST_BYTES, kind_of
from outreach.pipeline.ports import Fetched, FetchKind
from outreach.pipeline.world import World
from outreach.storage.models import FollowUpNote, Media, MediaContent, MediaStatus
from outreach.storage.unit import Unit

log = structlog.get_logger(__name__)

WAITS = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 21600.0)
"""Seconds (machine time) before each further try; after the last the file counts as lost to us."""
_LEASE = timedelta(seconds=60)
"""Longer than one try can take: a row of a dead worker is taken up again after it."""
_TOLD = {
    MediaStatus.REFUSED: "A file that came with it is no picture, or too large, and is not shown. "
    "Ask the patient about it.",
    MediaStatus.FAILED: "A picture that came with it could not be fetched. Ask for it again.",
}


@dataclass(frozen=True, slots=True)
class _Job:
    media_id: UUID
    source: str


def rows(
    world: World, reply_id: UUID, sources: Sequence[str], files: Sequence[bytes] = ()
) -> list[Media | MediaContent]:
    """What a reply came with: addresses that wait to be fetched, and bytes that came with it.

    ``sources`` are addresses at the carrier, ``files`` what an email carried.
    """
    made: list[Media | MediaContent] = []
    for number, source in enumerate(sources):
        made.append(_row(world, reply_id, number, source))
    for number, content in enumerate(files, len(sources)):
        row = _row(world, reply_id, number, None)
        made += [row, *_settle(world, row, Fetched(FetchKind.GOT, content))]
    return made


def _row(world: World, reply_id: UUID, number: int, source: str | None) -> Media:
    return Media(
        id=world.new_id(),
        reply_id=reply_id,
        number=number,
        source=source,
        status=MediaStatus.WAITING,
        size=0,
        attempts=0,
        retry_at=world.machine_now(),
    )


def drain(world: World, limit: int = 2) -> int:
    """Fetches up to ``limit`` files, one after the other; returns how many were tried."""
    jobs = _take(world, limit)
    for job in jobs:
        got = world.media.fetch(job.source, MOST_BYTES)
        _record(world, job.media_id, got)
    return len(jobs)


def _take(world: World, limit: int) -> list[_Job]:
    now = world.machine_now()
    with world.db.write() as unit:
        taken = unit.inbound.waiting_media(now, limit)
        for row in taken:
            row.attempts += 1
            row.retry_at = now + _LEASE
        return [_Job(row.id, row.source or "") for row in taken]


def _record(world: World, media_id: UUID, got: Fetched) -> None:
    with world.db.write() as unit:
        row = unit.inbound.media(media_id, lock=True)
        if row is None or row.status is not MediaStatus.WAITING:
            return  # another worker was quicker
        kept = _settle(world, row, got)
        unit.add(*kept)
        if not kept:
            log.warning(
                "media.not_stored",
                media_id=str(row.id),
                status=row.status.value,
                attempts=row.attempts,
                detail=got.detail,
            )
        if row.status in _TOLD:
            _tell(unit, world, row)


def _settle(world: World, row: Media, got: Fetched) -> list[MediaContent]:
    """Sets what a file is now; the bytes to keep, if any."""
    if got.kind is FetchKind.LATER:
        if row.attempts > len(WAITS):
            row.status = MediaStatus.FAILED
        else:
            wait = WAITS[max(row.attempts, 1) - 1]
            row.retry_at = world.machine_now() + timedelta(seconds=wait)
        return []
    if got.kind is FetchKind.GONE:
        row.status = MediaStatus.FAILED
        return []
    kind = kind_of(got.content) if len(got.content) <= MOST_BYTES else None
    if got.kind is FetchKind.TOO_LARGE or kind is None:
        row.status = MediaStatus.REFUSED
        return []
    row.status, row.kind, row.size = MediaStatus.STORED, kind, len(got.content)
    row.stored_at = world.clinic_now()
    return [MediaContent(media_id=row.id, content=got.content)]


def _tell(unit: Unit, world: World, row: Media) -> None:
    """A line in the history of the item that the reply made, where it made one."""
    item_id = unit.followups.id_of(f"reply:{row.reply_id.hex}")
    if item_id is not None:
        unit.add(
            FollowUpNote(
                id=world.new_id(),
                followup_id=item_id,
                what="picture",
                who="outreach",
                note=_TOLD[row.status],
                at=world.clinic_now(),
            )
        )
