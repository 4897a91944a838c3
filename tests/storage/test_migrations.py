"""Each step of the schema can be taken and taken back, on a database that holds patients."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import inspect, select, text

from outreach.domain.events import AppointmentStatus
from outreach.domain.journeys import Anchor
from outreach.domain.lots import LotSource
from outreach.domain.states import ChannelKind, Purpose, TouchpointStatus
from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import (
    Appointment,
    Campaign,
    CampaignStatus,
    ContactPoint,
    Dose,
    DoseLog,
    DoseStatus,
    Patient,
    Regimen,
    RegimenStatus,
    Reply,
    Touchpoint,
)
from tests.storage.stepping import put, to
from tests.worlds import KEYRING, START


@pytest.fixture
def db(database_url: str) -> Any:
    database = Database(database_url, KEYRING)
    yield database
    database.close()


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


def test_0004_keeps_the_lots_that_were_named_before_and_can_be_taken_back(
    db: Database, database_url: str
) -> None:
    """Those of infusions, which stood beside the visit, and those that patients logged."""
    patient, visit, regimen, dose = uuid4(), uuid4(), uuid4(), uuid4()
    put(db, patient, None)
    with db.write() as unit:
        unit.add(
            Appointment(
                id=visit,
                patient_id=patient,
                status=AppointmentStatus.FULFILLED,
                actual_end=START,
                last_event_at=START,
                created_at=START,
            ),
            Regimen(
                id=regimen,
                patient_id=patient,
                status=RegimenStatus.ACTIVE,
                last_event_at=START,
                created_at=START,
            ),
        )
        unit.flush()
        unit.add(
            Dose(
                id=dose,
                regimen_id=regimen,
                patient_id=patient,
                due_at=START,
                status=DoseStatus.TAKEN,
            ),
            Reply(
                id=dose,
                provider_id="SM1",
                channel=ChannelKind.SMS,
                address="+12025550123",
                address_index="x",
                recipient="r",
                body="b",
                received_at=START,
            ),
        )
        unit.flush()
        unit.add(
            DoseLog(
                id=uuid4(),
                dose_id=dose,
                patient_id=patient,
                reply_id=dose,
                status=DoseStatus.TAKEN,
                details='{"answer": "done", "lot": "LG-2"}',
                reported_at=START,
            )
        )
    to(db, "0003", down=True)
    assert "lot_use" not in inspect(db.engine).get_table_names()
    with db.engine.connect().execution_options(outreach_write=True) as connection:
        connection.execute(text("UPDATE appointment SET lots = '[\"EX-4O71\"]'"))
        connection.commit()
    to(db, "0004")
    with db.read() as unit:
        (given,), (logged,) = unit.lots.with_lot("ex4071"), unit.lots.with_lot("lg2")
        assert (given.lot, given.appointment_id, given.at) == ("EX-4O71", visit, START)
        assert (logged.lot, logged.dose_id, logged.source) == ("LG-2", dose, LotSource.LOGGED)
    to(db, "0003", down=True)
    with db.engine.connect() as connection:
        (kept,) = connection.execute(text("SELECT lots FROM appointment")).scalars()
    assert "EX-4O71" in str(kept)
    to(db, "head")
    assert differences(database_url) == []


def test_0006_adds_tables_for_what_comes_in_and_can_be_taken_back(
    db: Database, database_url: str
) -> None:
    added = {"media", "media_content", "voice_call", "carrier_word"}
    assert added <= set(inspect(db.engine).get_table_names())
    to(db, "0003", down=True)
    assert not added & set(inspect(db.engine).get_table_names())
    assert "automatic" not in {one["name"] for one in inspect(db.engine).get_columns("reply")}
    to(db, "head")
    assert differences(database_url) == []


def test_0004_keeps_campaigns_that_were_sent_and_knows_drafts(
    db: Database, database_url: str
) -> None:
    """Their touchpoints point to them, so the table is not rebuilt."""
    patient, campaign = uuid4(), uuid4()
    put(db, patient, None)
    with db.write() as unit:
        unit.add(_campaign(campaign, "sent", CampaignStatus.LAUNCHED))
        unit.flush()
        unit.add(_campaign_text(patient, campaign))
    to(db, "0003", down=True)
    to(db, "head")
    with db.write() as unit:
        unit.add(_campaign(uuid4(), "prepared", CampaignStatus.DRAFT))
    to(db, "0003", down=True)  # a draft ends, because the older program has no word for it
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT token, status FROM campaign"))
        states = {row.token: row.status for row in rows}
        owners = list(connection.scalars(select(Touchpoint.campaign_id)))
    assert states == {"sent": "launched", "prepared": "cancelled"}
    assert owners == [campaign]
    to(db, "head")
    assert differences(database_url) == []


def _campaign(name: Any, token: str, status: CampaignStatus) -> Campaign:
    return Campaign(
        id=name,
        token=token,
        name="Hours",
        template="campaign_hours",
        purpose=Purpose.CAMPAIGN,
        fields="{}",
        status=status,
        launched_by="n",
        launched_at=START,
    )


def _campaign_text(patient: Any, campaign: Any) -> Touchpoint:
    return Touchpoint(
        id=uuid4(),
        journey="campaign",
        journey_digest="",
        step="campaign_hours",
        patient_id=patient,
        anchor_kind=Anchor.CAMPAIGN,
        anchor_id=campaign,
        anchor_version=1,
        anchor_at=START,
        campaign_id=campaign,
        template="campaign_hours",
        purpose=Purpose.CAMPAIGN,
        channels=["sms"],
        also_email=False,
        question_hours=0,
        due_at=START,
        useful_until=START,
        status=TouchpointStatus.SENT,
        created_at=START,
    )
