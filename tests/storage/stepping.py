"""How tests walk up and down the steps of the schema."""

from typing import Any

from alembic import command
from sqlalchemy import insert

from outreach.domain.events import ContactRole
from outreach.domain.states import ChannelKind
from outreach.storage import migrate
from outreach.storage.database import Database
from outreach.storage.models import ContactPoint, ContactStatus, Patient
from tests.worlds import START


def to(db: Database, revision: str, *, down: bool = False) -> None:
    config = migrate._config()
    with db.engine.connect().execution_options(outreach_write=True) as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
        connection.commit()


def put(db: Database, patient_id: Any, born: str | None) -> None:
    """A patient with a phone."""
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
