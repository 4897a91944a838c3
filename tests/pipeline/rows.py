"""What a test asks of the rows that the road left behind."""

from datetime import datetime, timedelta
from uuid import UUID

from outreach.domain.events import Identifier
from outreach.domain.states import MessageStatus
from outreach.storage.models import (
    Appointment,
    Attempt,
    FollowUp,
    InboxEvent,
    InboxStatus,
    Message,
    Patient,
    Touchpoint,
)
from tests.worlds import START, Bench

WEEK = timedelta(days=7)
VISIT = START + timedelta(days=9)
"""A Wednesday, 10:00 in New York: far enough for every reminder to lie ahead."""


def patient(bench: Bench, name: str = "P1") -> Patient:
    with bench.world.db.read() as unit:
        (found,) = unit.people.named_by([Identifier("mrn", name)])
        return found


def visit(bench: Bench, name: str = "A1") -> Appointment:
    with bench.world.db.read() as unit:
        found = unit.visits.appointment_named_by([Identifier("visit", name)])
        assert found is not None
        return found


def touchpoint(bench: Bench, step: str, name: str = "P1") -> Touchpoint:
    """The newest touchpoint of a step."""
    with bench.world.db.read() as unit:
        rows = unit.ledger.of_patient(patient(bench, name).id)
    return max((row for row in rows if row.step == step), key=lambda row: row.anchor_version)


def message(bench: Bench, step: str, name: str = "P1") -> Message:
    """The text of the newest touchpoint of a step."""
    with bench.world.db.read() as unit:
        found = unit.messages.of_touchpoints([touchpoint(bench, step, name).id])
    (first, *_) = [row for rows in found.values() for row in rows if row.channel.value == "sms"]
    return first


def messages(bench: Bench) -> list[Message]:
    with bench.world.db.read() as unit:
        return unit.messages.everything()


def attempts(bench: Bench, message_id: UUID) -> list[Attempt]:
    with bench.world.db.read() as unit:
        return unit.messages.all_attempts(message_id)


def statuses(bench: Bench) -> list[MessageStatus]:
    return [row.status for row in messages(bench)]


def work(bench: Bench) -> list[FollowUp]:
    """Every item of staff work, ended ones too, in the order it was made."""
    with bench.world.db.read() as unit:
        return sorted(unit.followups.worklist(closed=True), key=lambda row: row.id)


def kinds(bench: Bench) -> list[str]:
    return [row.kind for row in work(bench)]


def inbox(bench: Bench) -> list[InboxEvent]:
    """Every arrival, oldest first."""
    with bench.world.db.read() as unit:
        rows = [row for status in InboxStatus for row in unit.inbox.with_status(status)]
    return sorted(rows, key=lambda row: row.id)


def settled_as(bench: Bench) -> list[str]:
    """What became of each arrival: its status, or status:code."""
    return [
        f"{row.status.value}:{row.code}" if row.code else row.status.value for row in inbox(bench)
    ]


def local(year_day: datetime, hour: int, minute: int = 0) -> datetime:
    """That day at an hour of New York's winter."""
    return year_day.replace(hour=hour + 5, minute=minute)
