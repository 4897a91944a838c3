"""Each step of the schema can be taken and taken back, on a database that holds patients."""

from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select

from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind
from outreach.storage import migrate
from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import ContactPoint, ContactStatus, Patient
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


def test_0007_adds_tables_for_what_comes_in_and_can_be_taken_back(
    db: Database, database_url: str
) -> None:
    added = {"media", "media_content", "voice_call", "carrier_word"}
    assert added <= set(inspect(db.engine).get_table_names())
    to(db, "0003", down=True)
    assert not added & set(inspect(db.engine).get_table_names())
    assert "automatic" not in {one["name"] for one in inspect(db.engine).get_columns("reply")}
    to(db, "head")
    assert differences(database_url) == []
