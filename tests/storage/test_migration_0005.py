"""A database with rows from before keeps them, and may then plan from occasions and closed days."""

from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from outreach.embedded.postgres_server import PostgresCluster
from outreach.storage import migrations
from outreach.storage.database import create_engine_for
from outreach.storage.migrate import upgrade

NOW = "2027-03-01 15:00:00+00:00"


def upgrade_to(url: str, revision: str) -> None:
    engine = create_engine_for(url)
    with engine.connect().execution_options(outreach_write=True) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def put(connection: Connection, table: str, **values: object) -> None:
    names = ", ".join(f'"{name}"' for name in values)  # one is a word of SQL
    marks = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names from here
    connection.execute(text(statement), values)


def touchpoint(connection: Connection, patient: str, anchor_kind: str) -> str:
    key = uuid4().hex
    put(
        connection,
        "touchpoint",
        id=key,
        journey="j",
        journey_digest="",
        step="s",
        patient_id=patient,
        anchor_kind=anchor_kind,
        anchor_id=uuid4().hex,
        anchor_version=1,
        anchor_at=NOW,
        template="t",
        purpose="care",
        channels="[]",
        also_email=False,
        only="always",
        question_hours=0,
        due_at=NOW,
        useful_until=NOW,
        status="planned",
        note="",
        created_at=NOW,
    )
    return key


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_rows_from_before_are_kept_and_the_list_of_anchors_is_longer(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.create_database(f"old_{uuid4().hex[:8]}")
    upgrade_to(url, "0001")
    engine = create_engine_for(url)
    patient = uuid4().hex
    with engine.begin() as connection:
        put(
            connection,
            "patient",
            id=patient,
            deceased=False,
            paused=False,
            active=True,
            infusions=0,
            last_event_at=NOW,
            created_at=NOW,
        )
        touchpoint(connection, patient, "campaign")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        touchpoint(connection, patient, "closure")
    engine.dispose()

    upgrade(url)
    with engine.begin() as connection:
        for anchor in ("visit_start", "infusion_end", "dose", "occasion", "closure"):
            touchpoint(connection, patient, anchor)
        assert connection.scalar(text("SELECT count(*) FROM touchpoint")) == 6
    with pytest.raises(IntegrityError), engine.begin() as connection:
        touchpoint(connection, patient, "birthday")
    if kind == "sqlite":
        with engine.connect() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    engine.dispose()
