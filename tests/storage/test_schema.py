"""The schema itself keeps the promises: unique reasons, real references, instants with a zone."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Table, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from outreach.domain.journeys import Anchor
from outreach.domain.states import (
    AttemptOutcome,
    ChannelKind,
    MessageStatus,
    Purpose,
    TouchpointStatus,
    Urgency,
)
from outreach.storage.database import Database
from outreach.storage.models import (
    Attempt,
    Campaign,
    InboxEvent,
    InboxStatus,
    Message,
    Patient,
    Receipt,
    Reply,
    Touchpoint,
)
from tests.worlds import KEYRING, START

DAY = timedelta(days=1)


@pytest.fixture
def db(database_url: str) -> Any:
    database = Database(database_url, KEYRING)
    yield database
    database.close()


def put(db: Database, model: type[Any], **values: Any) -> None:
    """One row, written as SQL: no code of the pipeline stands before the schema."""
    table: Table = model.__table__
    with db.engine.begin() as connection:
        connection.execute(insert(table).values(id=uuid4(), **values))


def patient(db: Database) -> Any:
    key = uuid4()
    with db.engine.begin() as connection:
        connection.execute(insert(Patient).values(id=key, last_event_at=START, created_at=START))
    return key


def touchpoint(**values: Any) -> dict[str, Any]:
    return {
        "journey": "infusion_visit",
        "step": "d7",
        "anchor_kind": Anchor.VISIT_START,
        "anchor_version": 1,
        "anchor_at": START,
        "template": "prep_7d",
        "purpose": Purpose.CARE,
        "channels": ["sms"],
        "due_at": START,
        "useful_until": START,
        "status": TouchpointStatus.PLANNED,
        "created_at": START,
        **values,
    }


def message(**values: Any) -> dict[str, Any]:
    return {
        "reason_key": "touchpoint:1",
        "channel": ChannelKind.SMS,
        "address": "+12025550123",
        "address_index": "x",
        "purpose": Purpose.CARE,
        "urgency": Urgency.NORMAL,
        "template": "prep_7d",
        "status": MessageStatus.QUEUED,
        "not_before": START,
        "useful_until": START,
        "retry_at": START,
        "created_at": START,
        **values,
    }


def test_one_event_of_a_source_is_stored_once(db: Database) -> None:
    row = {
        "source": "http:ehr",
        "event_id": "1",
        "digest": "d",
        "content_type": "",
        "raw": "x",
        "status": InboxStatus.RECEIVED,
        "received_at": START,
    }
    put(db, InboxEvent, **row)
    put(db, InboxEvent, **{**row, "digest": "e"})
    with pytest.raises(IntegrityError):
        put(db, InboxEvent, **row)


def test_one_step_of_one_version_of_an_anchor_is_planned_once(db: Database) -> None:
    who, anchor = patient(db), uuid4()
    put(db, Touchpoint, **touchpoint(patient_id=who, anchor_id=anchor))
    put(db, Touchpoint, **touchpoint(patient_id=who, anchor_id=anchor, anchor_version=2))
    with pytest.raises(IntegrityError):
        put(db, Touchpoint, **touchpoint(patient_id=who, anchor_id=anchor))


def test_one_reason_makes_one_message_on_a_channel(db: Database) -> None:
    put(db, Message, **message())
    put(db, Message, **message(channel=ChannelKind.EMAIL))
    with pytest.raises(IntegrityError):
        put(db, Message, **message())
    with pytest.raises(IntegrityError):
        put(db, Message, **message(reason_key=None))


def test_one_provider_id_settles_one_attempt(db: Database) -> None:
    keys = []
    for number in range(2):
        keys.append(uuid4())
        with db.engine.begin() as connection:
            row = message(reason_key=str(number))
            connection.execute(insert(Message).values(id=keys[-1], **row))
    row = {
        "number": 1,
        "outcome": AttemptOutcome.ACCEPTED,
        "provider_id": "SM1",
        "started_at": START,
        "deadline": START,
    }
    put(db, Attempt, message_id=keys[0], **row)
    with pytest.raises(IntegrityError):
        put(db, Attempt, message_id=keys[1], **row)
    with pytest.raises(IntegrityError):
        put(db, Attempt, message_id=keys[0], **{**row, "provider_id": "SM2"})


def test_one_report_one_reply_one_launch(db: Database) -> None:
    report = {"provider_id": "SM1", "status": "sent", "received_at": START}
    put(db, Receipt, **report)
    put(db, Receipt, **{**report, "status": "delivered"})
    with pytest.raises(IntegrityError):
        put(db, Receipt, **report)
    reply = {
        "provider_id": "SM1",
        "channel": ChannelKind.SMS,
        "address": "+12025550123",
        "address_index": "x",
        "recipient": "y",
        "body": "hi",
        "received_at": START,
    }
    put(db, Reply, **reply)
    with pytest.raises(IntegrityError):
        put(db, Reply, **reply)
    launch = {
        "token": "t",
        "name": "n",
        "template": "x",
        "purpose": Purpose.CAMPAIGN,
        "fields": "{}",
        "status": "launched",
        "launched_by": "n",
        "launched_at": START,
    }
    put(db, Campaign, **launch)
    with pytest.raises(IntegrityError):
        put(db, Campaign, **launch)


def test_references_must_lead_somewhere(db: Database) -> None:
    with pytest.raises(IntegrityError):
        put(db, Touchpoint, **touchpoint(patient_id=uuid4(), anchor_id=uuid4()))


def test_words_outside_a_closed_list_are_refused_by_the_database(db: Database) -> None:
    put(db, Message, **message())
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(text("UPDATE message SET status = 'lost'"))


def test_an_instant_comes_back_aware_and_in_utc(db: Database) -> None:
    there = datetime(
        2027, 7, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30))
    )
    put(db, Message, **message(created_at=there))
    with db.engine.connect() as connection:
        back = connection.scalar(select(Message.created_at))
    assert back == there
    assert back is not None
    assert back.tzinfo is UTC or back.utcoffset() == timedelta()


def test_a_naive_datetime_is_refused(db: Database) -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive"):
        put(db, Message, **message(created_at=naive))
    with pytest.raises(StatementError, match="naive"), db.engine.connect() as connection:
        connection.scalar(select(Message.id).where(Message.created_at < naive))


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Any, sqlite_template: Any) -> None:
    path = tmp_path / "outreach.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", KEYRING)
    with database.engine.connect() as connection:
        asked = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15000,
    }
