"""The step of the schema that stops senders and chooses among them."""

from uuid import uuid4

from sqlalchemy import select

from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import ContactPoint, Message
from tests.pipeline.rows import VISIT, messages
from tests.recording import refuse
from tests.storage.stepping import to
from tests.worlds import START, make_bench


def test_0010_can_be_taken_back_and_leaves_messages_and_phones(database_url: str) -> None:
    bench = make_bench(database_url)
    bench.book(VISIT)
    bench.sms.answers.extend([refuse(20003, 401)] * 5)
    bench.to(VISIT.replace(day=VISIT.day - 7))
    assert messages(bench)
    db: Database = bench.world.db
    to(db, "0009", down=True)
    with db.engine.connect() as connection:
        kept = connection.execute(select(Message.id, Message.status)).all()
        assert connection.execute(select(ContactPoint.id)).all()
    assert "queued" in {row.status.value for row in kept}
    to(db, "head")
    assert {row.held_by for row in messages(bench)} == {None}
    assert differences(database_url) == []
    with db.read() as unit:
        assert unit.breakers.tripped() == {}
        assert unit.breakers.threads([uuid4()]) == {}
    bench.to(bench.clock.now() + (VISIT - START))
