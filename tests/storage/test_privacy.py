"""No name, phone, birth date or word of a patient is in clear in the database or in an error."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import String, text
from sqlalchemy.exc import IntegrityError

from outreach.domain.errors import ConfigurationError
from outreach.pipeline import followup
from outreach.storage.crypto import Keyring, generate_key
from outreach.storage.database import Database
from outreach.storage.models import Base, Receipt
from tests.worlds import KEYRING, PHONE, START, Bench, make_bench

SECRETS = (
    "Zebulon",
    "Quillfeather",
    "1961-02-03",
    "19610203",
    PHONE[1:],
    "2025550123",
    "zebulon@quill.example",
    "20095",
    "my chest hurts badly",
    "MRN-7788",
    "called him back and all is well",
)


def lived_in(database_url: str) -> Bench:
    """A bench on which everything that can hold PHI has been written."""
    bench = make_bench(database_url)
    person = {
        "given": "Zebulon",
        "family": "Quillfeather",
        "birth_date": "1961-02-03",
        "email": "zebulon@quill.example",
        "postal_code": "20095",
    }
    bench.book(START + timedelta(days=7), patient="MRN-7788", patient_=person)
    bench.run()
    bench.says("my chest hurts badly")
    bench.run()
    with bench.world.db.read() as unit:
        (item,) = unit.followups.worklist()
    followup.close(bench.world, item.code, "Nurse One", "called him back and all is well")
    return bench


def test_no_row_holds_a_secret_in_clear(database_url: str) -> None:
    bench = lived_in(database_url)
    found = []
    with bench.world.db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(text(f"SELECT * FROM {table.name}")):  # noqa: S608
                stored = " ".join(
                    bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v)
                    for v in row
                )
                found += [(table.name, secret) for secret in SECRETS if secret in stored]
    bench.world.db.close()
    assert found == []


def test_the_bytes_of_the_sqlite_files_hold_no_secret(
    tmp_path: Path, sqlite_template: Path
) -> None:
    path = tmp_path / "outreach.db"
    path.write_bytes(sqlite_template.read_bytes())
    bench = lived_in(f"sqlite:///{path}")
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    bench.world.db.close()
    assert b"prep_7d" in stored  # the template's name: we do read what was written
    for secret in SECRETS:
        assert secret.encode() not in stored
        assert secret.encode("utf-16-le") not in stored


def test_everything_is_there_for_those_who_hold_the_key(database_url: str) -> None:
    bench = lived_in(database_url)
    with bench.world.db.read() as unit:
        (person,) = unit.people.everyone()
        assert (person.given, person.birth_date) == ("Zebulon", "1961-02-03")
        assert unit.replies.everything()[0].body == "my chest hurts badly"
    bench.world.db.close()


def test_rows_of_an_old_key_open_after_the_rotation(database_url: str) -> None:
    bench = lived_in(database_url)
    rotated = Keyring({"k2": generate_key(), "k1": bytes(range(32))}, bytes(range(32, 64)))
    db = Database(database_url, rotated)
    with db.write() as unit:
        (person,) = unit.people.everyone()
        assert person.family == "Quillfeather"
        person.given = "Zeb"
    with db.engine.connect() as connection:
        (given,) = connection.execute(text("SELECT given FROM patient")).one()
    assert bytes(given)[2:4] == b"k2"
    db.close()
    bench.world.db.close()
    Database(database_url, KEYRING).close()  # the ring of the other tests again


def test_a_value_moved_to_another_column_does_not_open(database_url: str) -> None:
    bench = lived_in(database_url)
    with bench.world.db.engine.begin() as connection:
        connection.execute(text("UPDATE patient SET given = family"))
    with bench.world.db.read() as unit, pytest.raises(ConfigurationError):
        unit.people.everyone()
    bench.world.db.close()


def test_the_error_of_a_refused_row_says_no_value(database_url: str) -> None:
    db = Database(database_url, KEYRING)

    def receipt() -> Receipt:
        return Receipt(
            id=make.new_id(),
            provider_id="SMsecretvalue",
            status="delivered",
            received_at=START,
        )

    make = make_bench(database_url).world
    with pytest.raises(IntegrityError) as refused, db.write() as unit:
        unit.add(receipt(), receipt())
    told = f"{refused.value} {refused.value.orig} {refused.value.args}"
    assert "SMsecretvalue" not in told
    assert "delivered" not in told
    db.close()
    make.db.close()


def test_plain_text_columns_are_few_and_known() -> None:
    """A new text column must be sealed, or be added here by somebody who thought about it."""
    plain = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if type(column.type) is String and column.type.length is None
    }
    assert plain == {"journey_version.body"}
