"""Event in: durable before its sender hears yes, and harmless when it comes twice."""

from typing import Any

import pytest

from outreach.domain.errors import Unavailable
from outreach.pipeline import arrive, ingest
from outreach.storage.models import InboxStatus
from tests.pipeline.rows import inbox
from tests.worlds import Bench

RAW = b'{"note": "\xe9 is latin-1 here"}'


def put(bench: Bench, raw: bytes = RAW, **rest: Any) -> arrive.Arrival:
    return arrive.arrive(
        bench.world, raw, **{"source": "http:ehr", "content_type": "application/json", **rest}
    )


def test_an_arrival_is_stored_as_it_came_and_wakes_ingest(bench: Bench) -> None:
    arrival = put(bench)
    (row,) = inbox(bench)
    assert arrival.new
    assert row.id == arrival.id
    assert row.raw.encode("latin-1") == RAW
    assert row.status is InboxStatus.RECEIVED
    assert bench.wakes.stages == ["ingest"]


def test_the_same_bytes_twice_are_one_arrival(bench: Bench) -> None:
    first, second = put(bench), put(bench)
    assert (second.new, second.id) == (False, first.id)
    assert len(inbox(bench)) == 1


def test_another_source_id_or_body_is_another_arrival(bench: Bench) -> None:
    arrivals = [
        put(bench),
        put(bench, source="mllp:main"),
        put(bench, event_id="42"),
        put(bench, raw=b"{}"),
    ]
    assert all(arrival.new for arrival in arrivals)
    assert len(inbox(bench)) == 4


def test_a_repeat_of_a_settled_arrival_changes_nothing(bench: Bench) -> None:
    put(bench)
    ingest.drain(bench.world)
    before = inbox(bench)[0]
    put(bench)
    assert ingest.drain(bench.world) == 0
    assert inbox(bench)[0].settled_at == before.settled_at


@pytest.mark.parametrize("word", ["source", "content_type", "event_id"])
def test_what_a_sender_writes_too_long_is_cut_and_not_refused(bench: Bench, word: str) -> None:
    long: dict[str, Any] = {word: "x" * 500}
    assert put(bench, **long).new
    assert not put(bench, **long).new


def test_a_database_that_is_gone_refuses_the_arrival(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.world.db.close()
    gone = bench.world.db.engine.url.set(database="/nowhere/at/all.db", host=None)
    if bench.world.db.engine.dialect.name != "sqlite":
        gone = bench.world.db.engine.url.set(database="nothing_is_called_this")
    from outreach.storage.database import Database
    from tests.worlds import KEYRING

    broken = Database(gone.render_as_string(hide_password=False), KEYRING)
    monkeypatch.setattr(bench.world.db, "engine", broken.engine)
    with pytest.raises(Unavailable):
        put(bench)
    assert bench.wakes.stages == []


def test_many_arrive_in_one_unit_in_their_order_and_wake_nobody(bench: Bench) -> None:
    payloads = [arrive.Payload(b"%d" % number, "mllp:main", "") for number in range(20)]
    found = arrive.arrive_many(bench.world, payloads)
    assert all(arrival.new for arrival in found)
    rows = sorted(inbox(bench), key=lambda row: row.received_at)
    assert [row.raw for row in rows] == [str(number) for number in range(20)]
    assert [row.id for row in rows] == [arrival.id for arrival in found]
    assert bench.wakes.stages == []


def test_repeats_among_many_are_told_by_the_arrival_they_repeat(bench: Bench) -> None:
    old = put(bench)
    payloads = [
        arrive.Payload(RAW, "http:ehr", "application/json"),
        arrive.Payload(b"new", "http:ehr", ""),
        arrive.Payload(b"new", "http:ehr", ""),
        arrive.Payload(RAW, "http:other", ""),
        arrive.Payload(RAW, "http:ehr", "", event_id="7"),
    ]
    found = arrive.arrive_many(bench.world, payloads)
    assert [arrival.new for arrival in found] == [False, True, False, True, True]
    assert found[0].id == old.id
    assert found[2].id == found[1].id
    assert len(inbox(bench)) == 4


def test_nothing_arrives_in_an_empty_unit(bench: Bench) -> None:
    assert arrive.arrive_many(bench.world, []) == []
