"""Each step of the schema can be taken and taken back, on a database that holds patients."""

from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind
from outreach.storage import migrate
from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import (
    Base,
    ContactPoint,
    ContactStatus,
    Conversation,
    Patient,
    Reply,
)
from tests.worlds import KEYRING, START


@pytest.fixture
def db(database_url: str) -> Any:
    database = Database(database_url, KEYRING)
    yield database
    database.close()


def to(db: Database, revision: str, *, down: bool = False) -> None:
    config = migrate._config()
    with db.engine.connect().execution_options(outreach_write=True) as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
        connection.commit()


def put(db: Database, patient_id: Any, born: str | None) -> None:
    person = {"id": patient_id, "birth_date": born, "last_event_at": START, "created_at": START}
    phone = {
        "id": patient_id,
        "patient_id": patient_id,
        "channel": ChannelKind.SMS,
        "address": "+12025550123",
        "address_index": "x",
        "role": ContactRole.SELF,
        "rank": 0,
        "status": ContactStatus.ACTIVE,
    }
    with db.engine.begin() as connection:
        connection.execute(insert(Patient).values(person))
        connection.execute(insert(ContactPoint).values(phone))


def test_0002_looks_at_whoever_has_a_birth_date_and_can_be_taken_back(
    db: Database, database_url: str
) -> None:
    known, unknown = uuid4(), uuid4()
    put(db, known, "2015-05-05")
    put(db, unknown, None)
    to(db, "0001", down=True)
    assert "permission" not in inspect(db.engine).get_table_names()
    assert "look_at" not in {one["name"] for one in inspect(db.engine).get_columns("patient")}
    to(db, "0002")
    with db.engine.connect() as connection:
        looks = dict(connection.execute(select(Patient.id, Patient.look_at)).all())
        preferred = set(connection.scalars(select(ContactPoint.preferred)))
    to(db, "head")
    assert looks[known] is not None
    assert looks[unknown] is None
    assert preferred == {False}
    assert differences(database_url) == []


def test_0005_keeps_questions_and_what_answered_them_and_can_be_taken_back(
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
    to(db, "0003", down=True)
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM conversation")).scalar_one() == 1
    to(db, "0005")
    with db.engine.connect() as connection:
        answered = select(Reply.conversation_id).where(Reply.id == one)
        assert connection.execute(answered).scalar_one() == one
        asked = select(Conversation.id, Conversation.question)
        assert connection.execute(asked).all() == [(one, "")]
    assert differences(database_url) == []
    again = insert(Conversation).values({**rows["conversation"], "id": another})
    with db.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(again)
