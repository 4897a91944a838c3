"""A worker that is killed between any two statements of an inbound loses no reply and answers none
twice: the webhook is sent again, another worker goes on, and the end is as if nothing had been.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from outreach.domain.states import ChannelKind, FollowUpStatus
from outreach.pipeline import followup, reply, triage
from outreach.pipeline.replies.survey import answers_in
from tests.pipeline.checking_in import make_checking_bench
from tests.pipeline.rows import patient
from tests.worlds import START, Bench

SECONDS, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OUTCOMES = {
    "a red flag": (("chest pain",), ["911 now"], ["red_flag"], []),
    "a check-in goes on": (("1",), ["1 headache, 2 fever"], ["symptom_mild"], ["1"]),
    "two halves": (("i am coughing", "blood"), ["kept it", "911 now"], ["red_flag"], []),
}
"""The texts, what each answer says, the items, the kept answers."""


class Killed(BaseException):
    """The process is gone: no code of ours sees it."""


@contextmanager
def killed_before(bench: Bench, statement: int | None) -> Iterator[list[int]]:
    """Dies before the n-th statement or commit from here; counts them in any case."""
    count = [0]

    def step(*_: object, **__: object) -> None:
        count[0] += 1
        if statement is not None and count[0] >= statement:
            raise Killed  # and nothing that would tidy up reaches the database either

    places = ((bench.world.db.engine, "before_cursor_execute"), (Session, "before_commit"))
    for target, name in places:
        event.listen(target, name, step)
    try:
        yield count
    finally:
        for target, name in places:
            event.remove(target, name, step)


def inbound(bench: Bench, phone: str, texts: tuple[str, ...], number: int) -> Callable[[], None]:
    """All that happens from the webhook on, one text after the other."""

    def happen() -> None:
        for place, body in enumerate(texts):
            provider_id = f"SM{number}-{place}"
            one = reply.Inbound(provider_id, ChannelKind.SMS, phone, "+12025550100", body)
            reply.receive(bench.world, one)
            bench.run()

    return happen


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", sorted(OUTCOMES))
def test_a_kill_at_any_step_loses_no_reply_and_answers_none_twice(
    database_url: str, case: str
) -> None:
    texts, said, kinds, kept = OUTCOMES[case]
    bench = make_checking_bench(database_url)
    steps = _steps(bench, texts)
    assert steps > 20
    # every step on SQLite; a third of them, shifted by the case, where commits take longer
    apart = 1 if bench.world.db.engine.dialect.name == "sqlite" else 3
    numbers = list(range(1 + len(case) % apart, steps + 1, apart))
    bench.to(START + 48 * HOUR)
    _ask(bench, numbers)
    for number in numbers:
        phone = _phone(number)
        happen = inbound(bench, phone, texts, number)
        before = len(bench.sms.texts_to(phone))
        try:
            with killed_before(bench, number):
                happen()
        except Killed:
            bench.to(bench.clock.now() + SECONDS)
            happen()  # the carrier sends again what was not acknowledged; the workers come back
        for _ in range(4):  # leases run out, and what is unknown is settled by evidence
            bench.to(bench.clock.now() + 2 * MINUTE)
        answers = bench.sms.texts_to(phone)[before:]
        assert len(answers) == len(said), (number, answers)
        for phrase in said:
            assert sum(phrase in text for text in answers) == 1, (number, answers)
        assert _items(bench, number) == kinds, number
        assert _kept(bench, number) == kept, number
        assert triage.drain(bench.world) == 0
    bench.world.db.close()


def _steps(bench: Bench, texts: tuple[str, ...]) -> int:
    """How many statements and commits it takes when nobody is killed."""
    _ask(bench, [0])
    with killed_before(bench, None) as count:
        inbound(bench, _phone(0), texts, 0)()
    _items(bench, 0)
    return count[0]


def _phone(number: int) -> str:
    return f"+1202555{1000 + number}"


def _ask(bench: Bench, numbers: list[int]) -> None:
    """Patients who were asked how they feel a minute ago."""
    for number in numbers:
        bench.book(
            bench.clock.now() + HOUR,
            patient=f"P{number}",
            visit=f"A{number}",
            phone=_phone(number),
        )
    bench.to(bench.clock.now() + 5 * HOUR)
    for number in numbers:
        visit = {"ids": [{"system": "visit", "value": f"A{number}"}]}
        end = bench.clock.now().isoformat()
        bench.event("infusion.completed", f"P{number}", appointment={**visit, "actual_end": end})
    bench.to(bench.clock.now() + 24 * HOUR)
    for number in numbers:
        assert any("Reply 0" in text for text in bench.sms.texts_to(_phone(number)))
    bench.to(bench.clock.now() + MINUTE)


def _items(bench: Bench, number: int) -> list[str]:
    """The kinds of a patient's items but for calls; all are closed, so that no page goes on."""
    person = patient(bench, f"P{number}")
    with bench.world.db.read() as unit:
        found = unit.followups.of_patient(person.id)
    for row in found:
        if row.status is not FollowUpStatus.CLOSED:
            followup.close(bench.world, row.code, "Nurse", "spoken to")
    return [row.kind for row in found]


def _kept(bench: Bench, number: int) -> list[str]:
    with bench.world.db.read() as unit:
        rows = unit.surveys.of_patient(patient(bench, f"P{number}").id)
    return [one["value"] for row in rows for one in answers_in(row)]
