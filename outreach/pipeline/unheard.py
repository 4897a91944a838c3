"""Unheard: of what a provider accepted, and never told the end of, it is asked.

Reports are best-effort: the web part may have been down for longer than the provider tries. What it
answers is stored as a report like any other, and ``receipt`` applies it; nothing is decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.receipts import advances, meaning, next_ask, wait_for_answer
from outreach.domain.states import ChannelKind, MessageStatus
from outreach.pipeline import receipt
from outreach.pipeline.lookups import look_up
from outreach.pipeline.ports import ProviderRecord
from outreach.pipeline.world import World
from outreach.storage.repositories.receipts import Unheard


@dataclass(frozen=True, slots=True)
class _Question:
    """Which message to ask about."""

    message_id: UUID
    channel: ChannelKind
    provider_id: str
    status: MessageStatus
    """As we know it."""
    last: bool
    """Whatever is answered, it is not asked about again."""


def drain(world: World, limit: int = 50) -> int:
    """Asks about messages whose time has come (machine time); returns how many were taken up.

    Each is put off first: two workers do not ask about one, and what a worker that dies or a
    provider that is out leaves unanswered is asked again (``domain/receipts.py`` says when).
    """
    taken, questions = _take(world, limit)
    _hear(world, look_up(world, questions, lambda to, one: to.fetch(one.provider_id)))
    return taken


def _take(world: World, limit: int) -> tuple[int, list[_Question]]:
    now = world.machine_now()
    next_at: dict[UUID, datetime | None] = {}
    questions = []
    with world.db.write() as unit:
        rows = unit.receipts.take_unheard(now, limit)
        for row in rows:
            question = _question(row, now)
            wait = None if question is None else wait_for_answer(_waited(row, now))
            next_at[row.message_id] = None if wait is None else now + wait
            if question is not None:
                questions.append(question)
        unit.receipts.ask_next(next_at)
    return len(rows), questions


def _question(row: Unheard, now: datetime) -> _Question | None:
    """None where the provider's name for it was taken back since: it cannot be asked for."""
    if row.provider_id is None:
        return None
    last = next_ask(_waited(row, now)) is None
    return _Question(row.message_id, row.channel, row.provider_id, row.status, last)


def _waited(row: Unheard, now: datetime) -> timedelta:
    return timedelta.max if row.accepted_at is None else now - row.accepted_at


def _hear(world: World, answers: Sequence[tuple[_Question, ProviderRecord | None]]) -> None:
    reports = [
        # without our id: it proves which text of the provider's is meant, and not which of ours
        receipt.Reported(question.provider_id, record.status, record.error_code, None)
        for question, record in answers
        if record is not None and _is_news(question, record)
    ]
    if reports:
        receipt.receive_all(world, reports)
    over = [question for question, record in answers if question.last or record is None]
    if over:
        with world.db.write() as unit:
            unit.receipts.stop_asking([question.provider_id for question in over])


def _is_news(question: _Question, record: ProviderRecord) -> bool:
    said = meaning(record.status)
    return said is not None and advances(question.status, said)
