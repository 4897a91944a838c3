"""The step of the schema that knows when to ask how a message ended."""

from datetime import timedelta

from sqlalchemy import select

from outreach.pipeline import unheard
from outreach.storage.check_migrations import differences
from outreach.storage.database import Database
from outreach.storage.models import Message
from tests.pipeline.rows import VISIT, message, messages, statuses
from tests.storage.stepping import to
from tests.worlds import make_bench


def test_0011_can_be_taken_back_and_asks_about_what_is_accepted_after_it(
    database_url: str,
) -> None:
    bench = make_bench(database_url)
    bench.book(VISIT)
    bench.to(VISIT - timedelta(days=7))
    assert message(bench, "d7").ask_at is not None
    db: Database = bench.world.db
    to(db, "0010", down=True)
    with db.engine.connect() as connection:
        assert len(connection.execute(select(Message.id, Message.status)).all()) == 1
    to(db, "head")
    assert differences(database_url) == []
    assert statuses(bench) == ["accepted"]
    bench.machine.advance(timedelta(hours=100))
    assert unheard.drain(bench.world) == 0
    bench.book(VISIT, patient="P2", visit="A2", phone="+12025550124")
    bench.run()
    assert [row.ask_at is None for row in messages(bench)] == [True, False]
