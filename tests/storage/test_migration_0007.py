"""The step of the schema that keeps what staff did with an item, and the pages by other ways."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from outreach.domain.states import (
    AttemptOutcome,
    ChannelKind,
    FollowUpStatus,
    MessageStatus,
    Priority,
    Purpose,
    Urgency,
)
from outreach.domain.triage.result import Action
from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import Attempt, FollowUp, Message
from tests.storage.stepping import to
from tests.worlds import KEYRING, START


@pytest.fixture
def db(database_url: str) -> Any:
    database = Database(database_url, KEYRING)
    yield database
    database.close()


def test_0007_keeps_what_staff_have_and_can_be_taken_back(db: Database, database_url: str) -> None:
    item, kept, rung = uuid4(), uuid4(), uuid4()
    with db.engine.begin() as connection:
        connection.execute(insert(FollowUp).values(_item(item)))
        for message_id, channel in ((kept, ChannelKind.SMS), (rung, ChannelKind.VOICE)):
            connection.execute(insert(Message).values(_page(message_id, item, channel)))
            connection.execute(insert(Attempt).values(_attempt(message_id)))
    to(db, "0006", down=True)
    assert "coverage_watch" not in inspect(db.engine).get_table_names()
    columns = {one["name"] for one in inspect(db.engine).get_columns("followup")}
    assert not {"duty", "ending", "reach_by", "reached_at", "snoozed_until", "lap_at"} & columns
    again = insert(Message).values(_page(rung, item, ChannelKind.VOICE))
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(again)
    to(db, "0007")
    with db.engine.begin() as connection:
        connection.execute(again)
        connection.execute(delete(Message).where(Message.id == rung))
    with db.engine.connect() as connection:
        assert list(connection.scalars(select(FollowUp.code))) == ["K7M2Q"]
        assert list(connection.scalars(select(Message.id))) == [kept]
        assert list(connection.scalars(select(Attempt.message_id))) == [kept]
    assert differences(database_url) == []


def _item(name: Any) -> dict[str, Any]:
    return {
        "id": name,
        "code": "K7M2Q",
        "reason_key": "test",
        "kind": "red_flag",
        "action": Action.CALL_911,
        "priority": Priority.URGENT,
        "summary": "Call.",
        "status": FollowUpStatus.OPEN,
        "due_at": START,
        "level": 1,
        "created_at": START,
    }


def _page(name: Any, item: Any, channel: ChannelKind) -> dict[str, Any]:
    return {
        "id": name,
        "reason_key": f"followup:{item.hex}:0:{channel.value}",
        "channel": channel,
        "followup_id": item,
        "address": "+12025550199",
        "address_index": "x",
        "purpose": Purpose.STAFF,
        "urgency": Urgency.URGENT,
        "template": "staff_page",
        "visits": [],
        "status": MessageStatus.QUEUED,
        "not_before": START,
        "useful_until": START,
        "attempts": 1,
        "retry_at": START,
        "created_at": START,
    }


def _attempt(message_id: Any) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "message_id": message_id,
        "number": 1,
        "outcome": AttemptOutcome.NOT_SENT,
        "detail": "",
        "checks": 0,
        "started_at": START,
        "deadline": START,
    }
