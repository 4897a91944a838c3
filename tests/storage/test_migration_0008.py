"""The step of the schema that lets check-ins ask further questions."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import Base, Conversation, Reply
from tests.storage.stepping import put, to
from tests.worlds import KEYRING, START


@pytest.fixture
def db(database_url: str) -> Any:
    database = Database(database_url, KEYRING)
    yield database
    database.close()


def test_0008_keeps_questions_and_what_answered_them_and_can_be_taken_back(
    db: Database, database_url: str
) -> None:
    one, another = uuid4(), uuid4()
    put(db, one, None)
    rows = {
        "touchpoint": {
            "id": one, "journey": "c", "journey_digest": "", "step": "h24", "patient_id": one,
            "anchor_kind": "infusion_end", "anchor_id": one, "anchor_version": 1,
            "anchor_at": START, "template": "checkin_24h", "purpose": "care", "channels": ["sms"],
            "also_email": False, "only": "always", "when_late": "send", "silence": "nothing",
            "question_hours": 24, "due_at": START, "useful_until": START, "status": "sent",
            "note": "", "created_at": START,
        },
        "conversation": {
            "id": one, "patient_id": one, "touchpoint_id": one, "address_index": "x",
            "prompt": "severity_0_3", "status": "answered", "question": "", "opened_at": START,
            "closes_at": START,
        },
        "reply": {
            "id": one, "provider_id": "SM1", "channel": "sms", "address": "+12025550123",
            "address_index": "x", "recipient": "+12025550100", "body": "1", "media": 0,
            "conversation_id": one, "consent_seen": 0, "received_at": START,
        },
    }  # fmt: skip
    with db.engine.begin() as connection:
        for name, values in rows.items():
            connection.execute(insert(Base.metadata.tables[name]).values(values))
        further = {
            **rows["conversation"],
            "id": another,
            "question": "which",
            "prompt": "symptom",
            "status": "waiting",
        }
        connection.execute(insert(Conversation).values(further))
    to(db, "0007", down=True)
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM conversation")).scalar_one() == 1
    to(db, "0008")
    with db.engine.connect() as connection:
        answered = select(Reply.conversation_id).where(Reply.id == one)
        assert connection.execute(answered).scalar_one() == one
        asked = select(Conversation.id, Conversation.question)
        assert connection.execute(asked).all() == [(one, "")]
    assert differences(database_url) == []
    again = insert(Conversation).values({**rows["conversation"], "id": another})
    with db.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(again)
