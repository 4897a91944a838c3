"""Media: rows first, then the picture; tried again, and never lost without a word."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from outreach.domain.pictures import MOST_BYTES
from outreach.domain.states import ChannelKind
from outreach.pipeline import media, reply, triage
from outreach.pipeline.ports import Fetched, FetchKind
from outreach.storage.models import Media
from tests.pipeline.rows import kinds, work
from tests.worlds import PHONE, Bench, make_bench

JPEG = b"\xff\xd8\xff\xe0" + b"a rash" * 100
LATER = Fetched(FetchKind.LATER, detail="timeout")
URL = "https://api.twilio.com/2010-04-01/Accounts/AC/Messages/MM/Media/ME"


@dataclass
class Store:
    """A carrier's store that answers as it is told, then with a picture."""

    answers: deque[Fetched] = field(default_factory=deque)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def fetch(self, url: str, most_bytes: int) -> Fetched:
        self.asked.append((url, most_bytes))
        return self.answers.popleft() if self.answers else Fetched(FetchKind.GOT, JPEG)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def bench(database_url: str, store: Store) -> Iterator[Bench]:
    made = make_bench(database_url, media=store)
    made.event("patient.updated", patient_={"phone": PHONE})
    yield made
    made.world.db.close()


def send(bench: Bench, body: str = "", urls: tuple[str, ...] = (URL,), sid: str = "MM1") -> bool:
    inbound = reply.Inbound(
        sid, ChannelKind.SMS, PHONE, "+12025550100", body, media=len(urls), media_urls=urls
    )
    return reply.receive(bench.world, inbound)


def files(bench: Bench) -> list[Media]:
    with bench.world.db.read() as unit:
        return unit.inbound.media_of([row.id for row in unit.replies.everything()])


def test_the_row_is_there_before_the_picture_and_the_webhook_fetches_nothing(
    bench: Bench, store: Store
) -> None:
    send(bench)
    (row,) = files(bench)
    assert (row.status, row.source, row.number) == ("waiting", URL, 0)
    assert store.asked == []
    assert bench.wakes.stages[-2:] == ["triage", "media"]


def test_a_picture_is_fetched_and_stored_sealed(bench: Bench, store: Store) -> None:
    send(bench, "look")
    bench.run()
    (row,) = files(bench)
    assert (row.status, row.kind, row.size) == ("stored", "image/jpeg", len(JPEG))
    assert store.asked == [(URL, MOST_BYTES)]
    with bench.world.db.read() as unit:
        assert unit.inbound.content_of(row.id) == JPEG
    with bench.world.db.engine.connect() as connection:
        stored = b"".join(
            bytes(value)
            for (value,) in connection.exec_driver_sql("SELECT content FROM media_content")
        )
        sources = b"".join(
            bytes(value) for (value,) in connection.exec_driver_sql("SELECT source FROM media")
        )
    assert b"a rash" not in stored
    assert b"twilio" not in sources


def test_a_picture_is_work_of_the_same_day(bench: Bench) -> None:
    send(bench)
    bench.run()
    assert [(item.kind, item.priority) for item in work(bench)] == [("photo", "same_day")]


def test_a_red_flag_with_a_picture_is_a_red_flag(bench: Bench) -> None:
    send(bench, "my lips are swelling and I cant breathe")
    bench.run()
    assert kinds(bench) == ["red_flag"]


def test_a_repeated_webhook_is_one_picture(bench: Bench, store: Store) -> None:
    assert send(bench)
    assert not send(bench)
    bench.run()
    assert len(files(bench)) == 1
    assert len(store.asked) == 1


def test_what_does_not_work_is_tried_again_and_again(bench: Bench, store: Store) -> None:
    store.answers.extend([LATER, LATER])
    send(bench)
    bench.run()
    assert len(store.asked) == 1
    for seconds in media.WAITS[:2]:
        bench.machine.advance(timedelta(seconds=seconds))
        bench.run()
    assert [row.status for row in files(bench)] == ["stored"]
    assert len(store.asked) == 3


def test_after_the_last_try_staff_are_told(bench: Bench, store: Store) -> None:
    store.answers.extend([LATER] * (len(media.WAITS) + 1))
    send(bench)
    bench.run()
    for seconds in media.WAITS:
        bench.machine.advance(timedelta(seconds=seconds))
        bench.run()
    assert [row.status for row in files(bench)] == ["failed"]
    (item,) = work(bench)
    with bench.world.db.read() as unit:
        notes = [note.note or "" for note in unit.followups.notes_of(item.id)]
    assert any("could not be fetched" in note for note in notes)


@pytest.mark.parametrize(
    "answer",
    [
        Fetched(FetchKind.GOT, b"<svg onload=alert(1)>"),
        Fetched(FetchKind.GOT, b"%PDF-1.7"),
        Fetched(FetchKind.GOT, b"\xff\xd8\xff" + b"0" * MOST_BYTES),
        Fetched(FetchKind.TOO_LARGE),
    ],
)
def test_what_is_no_picture_is_not_kept(bench: Bench, store: Store, answer: Fetched) -> None:
    store.answers.append(answer)
    send(bench)
    bench.run()
    (row,) = files(bench)
    assert (row.status, row.kind) == ("refused", None)
    with bench.world.db.read() as unit:
        assert unit.inbound.content_of(row.id) is None
    assert kinds(bench) == ["photo"]


def test_a_worker_that_dies_while_it_fetches_leaves_it_to_another(
    bench: Bench, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(bench)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(media, "_record", die)
        with pytest.raises(KeyboardInterrupt):
            media.drain(bench.world)
    assert media.drain(bench.world) == 0  # it is the dead worker's for a minute
    bench.machine.advance(timedelta(minutes=1))
    assert media.drain(bench.world) == 1
    assert [row.status for row in files(bench)] == ["stored"]


def test_pictures_of_an_email_are_stored_at_once(bench: Bench, store: Store) -> None:
    inbound = reply.Inbound(
        "mail:1", ChannelKind.EMAIL, "robin@example.org", "care@x", "look", media=2,
        files=(JPEG, b"GIF89a" + b"0" * 50),
    )  # fmt: skip
    reply.receive(bench.world, inbound)
    triage.drain(bench.world)
    assert [(row.status, row.kind) for row in files(bench)] == [
        ("stored", "image/jpeg"),
        ("stored", "image/gif"),
    ]
    assert store.asked == []
