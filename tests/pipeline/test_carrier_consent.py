"""Carrier consent: the carrier hears of what it cannot know, and of nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from outreach.domain.consent import ConsentScope
from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline import carrier_consent, consent
from outreach.pipeline.ports import ConsentWord
from tests.worlds import PHONE, Bench, make_bench

OTHER = "+12025550124"


@dataclass
class List:
    """A carrier's list that takes everything, unless it is told otherwise."""

    most: int = 25
    code: int = 0
    down: bool = False
    calls: list[list[tuple[str, bool]]] = field(default_factory=list)

    def tell(self, words: Sequence[ConsentWord]) -> Mapping[UUID, int]:
        if self.down:
            raise Unavailable("down")
        self.calls.append([(word.phone, word.opted_out) for word in words])
        return {word.word_id: self.code for word in words}

    @property
    def told(self) -> list[tuple[str, bool]]:
        return [word for call in self.calls for word in call]


@pytest.fixture
def carrier() -> List:
    return List()


@pytest.fixture
def bench(database_url: str, carrier: List) -> Iterator[Bench]:
    made = make_bench(database_url, carrier_consent=carrier)
    made.event("patient.updated", patient_={"phone": PHONE})
    yield made
    made.world.db.close()


@pytest.mark.parametrize("body", ["please stop texting me", "ALTO", "basta de mensajes"])
def test_an_opt_out_that_the_carrier_does_not_know_is_told(
    bench: Bench, carrier: List, body: str
) -> None:
    bench.says(body)
    bench.run()
    assert carrier.told == [(PHONE, True)]
    bench.run()
    assert len(carrier.calls) == 1


@pytest.mark.parametrize("body", ["STOP", "cancel", "START", "hello", "can I eat?"])
def test_what_the_carrier_acted_on_is_not_told(bench: Bench, carrier: List, body: str) -> None:
    bench.says(body)
    bench.run()
    assert carrier.told == []


def test_what_staff_record_is_told(bench: Bench, carrier: List) -> None:
    world = bench.world
    consent.record_opt_out(world, ChannelKind.SMS, OTHER, source="staff", actor="Dana")
    bench.run()
    consent.record_opt_in(
        world, ChannelKind.SMS, OTHER, ConsentScope.CARE, source="staff", actor="Dana"
    )
    bench.run()
    assert carrier.told == [(OTHER, True), (OTHER, False)]


def test_mailboxes_and_authorisations_for_marketing_are_not_told(
    bench: Bench, carrier: List
) -> None:
    world = bench.world
    consent.record_opt_out(world, ChannelKind.EMAIL, "a@b.example", source="staff", actor="Dana")
    consent.record_authorisation(world, ChannelKind.SMS, PHONE, actor="Dana", words="form 7")
    bench.run()
    assert carrier.told == []


def test_only_the_newest_word_about_a_number_is_told(bench: Bench, carrier: List) -> None:
    carrier.down = True
    bench.says("please stop texting me")
    bench.run()
    bench.says("start texting me again")
    carrier.down = False
    bench.machine.advance(timedelta(hours=1))
    bench.run()
    assert carrier.told == [(PHONE, False)]


def test_a_carrier_that_is_down_is_told_later(bench: Bench, carrier: List) -> None:
    carrier.down = True
    bench.says("please stop texting me")
    bench.run()
    assert carrier.told == []
    carrier.down = False
    bench.machine.advance(timedelta(seconds=carrier_consent.WAITS[0]))
    bench.run()
    assert carrier.told == [(PHONE, True)]


def test_what_the_carrier_refuses_is_not_told_for_ever(bench: Bench, carrier: List) -> None:
    carrier.code = 7
    bench.says("please stop texting me")
    bench.run()
    bench.machine.advance(timedelta(days=1))
    bench.run()
    assert len(carrier.calls) == 1


def test_no_more_than_it_takes_in_one_call(bench: Bench, carrier: List) -> None:
    carrier.most = 2
    for number in range(5):
        phone = f"+1202555013{number}"
        consent.record_opt_out(bench.world, ChannelKind.SMS, phone, source="staff", actor="Dana")
    bench.run()
    assert [len(call) for call in carrier.calls] == [2, 2, 1]


def test_where_it_is_off_nothing_is_kept_for_the_carrier(database_url: str) -> None:
    bench = make_bench(database_url)
    bench.says("please stop texting me")
    bench.run()
    with bench.world.db.read() as unit:
        assert unit.inbound.untold_words(bench.world.machine_now(), 10) == []
    bench.world.db.close()
