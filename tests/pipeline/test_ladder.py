"""Pages climb the roster's ladder, rung after rung, and begin again: somebody has to take it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta

import pytest

from outreach.domain.roster import (
    Duty,
    OnHolidays,
    Reach,
    Roster,
    Span,
    StaffMember,
    WeeklyShift,
)
from outreach.domain.states import ChannelKind, FollowUpStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup, receipt
from outreach.pipeline.ports import FixedRoster
from outreach.storage.models import FollowUp
from tests.pipeline.rows import messages, work
from tests.recording import RecordingChannel, refuse
from tests.worlds import START, Bench

MINUTE = timedelta(minutes=1)
PHONES = {duty: f"+1202555030{number}" for number, duty in enumerate(Duty)}
WAITS = dict(zip(Duty, (2 * MINUTE, 3 * MINUTE, 4 * MINUTE, 10 * MINUTE), strict=True))


def roster(
    bench: Bench, channels: Mapping[Duty, ChannelKind], spans: Mapping[Duty, Span] | None = None
) -> Roster:
    """One person on each of these rungs, always or in a span of every day."""
    whole_day = Span(time(0), time(0))
    people = {
        duty.value: StaffMember(duty.value, duty.value, True, (Reach(channel, PHONES[duty]),))
        for duty, channel in channels.items()
    }
    shifts = tuple(
        WeeklyShift(
            duty,
            (duty.value,),
            frozenset(range(7)),
            (spans or {}).get(duty, whole_day),
            OnHolidays.ALSO,
        )
        for duty in channels
    )
    return Roster(bench.world.clinic.zone, people, shifts, waits=WAITS)


def put(bench: Bench, made: Roster) -> None:
    bench.world = replace(bench.world, roster=FixedRoster(made))


@pytest.fixture
def ladder(bench: Bench) -> Bench:
    """A bench with somebody on all four rungs, each by text."""
    put(bench, roster(bench, dict.fromkeys(Duty, ChannelKind.SMS)))
    return bench


def make(bench: Bench, action: Action = Action.CALL_911) -> FollowUp:
    with bench.world.db.write() as unit:
        return followup.open_item(
            unit, bench.world, followup.NewItem("k", "red_flag", action, "Call the patient.")
        )


def paged(bench: Bench) -> list[str]:
    """Whose phone each page went to, in order."""
    names = {phone: duty.value for duty, phone in PHONES.items()}
    return [names[sent.to] for sent in bench.sms.sent if sent.to in names]


def pass_minutes(bench: Bench, count: float) -> None:
    bench.to(bench.clock.now() + count * MINUTE)


def test_each_rung_has_its_own_wait_and_then_it_goes_round_again(ladder: Bench) -> None:
    make(ladder)
    ladder.run()
    assert paged(ladder) == ["on_duty"]
    for wait, rungs in ((2, 2), (3, 3), (4, 4), (10, 5), (2, 6)):
        pass_minutes(ladder, wait - 0.1)
        assert len(paged(ladder)) == rungs - 1
        pass_minutes(ladder, 0.1)
        assert len(paged(ladder)) == rungs
    assert paged(ladder) == [*(duty.value for duty in Duty), "on_duty", "backup"]


def test_taking_it_ends_the_climb_and_giving_it_back_begins_it_from_below(ladder: Bench) -> None:
    item = make(ladder)
    ladder.run()
    pass_minutes(ladder, 2)
    followup.acknowledge(ladder.world, item.code, "Nurse One")
    pass_minutes(ladder, 4)
    assert paged(ladder) == ["on_duty", "backup"]
    followup.reopen(ladder.world, item.code, "Nurse One", "I must leave")
    ladder.run()
    assert paged(ladder) == ["on_duty", "backup", "on_duty"]


def test_a_rung_on_which_nobody_stands_now_is_passed_over(bench: Bench) -> None:
    evening = Span(time(18), time(23))  # it is ten in the morning
    rungs = dict.fromkeys(Duty, ChannelKind.SMS)
    put(bench, roster(bench, rungs, {Duty.ON_DUTY: evening, Duty.ON_CALL: evening}))
    make(bench)
    bench.run()
    pass_minutes(bench, 3)
    pass_minutes(bench, 10)
    assert paged(bench) == ["backup", "answering_service", "backup"]
    bench.to(START + 9 * 60 * MINUTE)
    assert {"on_duty", "on_call"} & set(paged(bench))


def test_a_way_that_is_not_set_up_here_is_passed_over_too(bench: Bench) -> None:
    ways = {Duty.ON_DUTY: ChannelKind.VOICE, Duty.BACKUP: ChannelKind.SMS}
    put(bench, roster(bench, ways))
    make(bench)
    bench.run()
    assert paged(bench) == ["backup"]
    assert [row.channel for row in messages(bench)] == [ChannelKind.SMS]


def test_in_a_gap_of_the_roster_everybody_is_paged(bench: Bench) -> None:
    evening = Span(time(18), time(23))
    rungs = dict.fromkeys(Duty, ChannelKind.SMS)
    put(bench, roster(bench, rungs, dict.fromkeys(Duty, evening)))
    item = make(bench)
    bench.run()
    assert set(paged(bench)) == {duty.value for duty in Duty}
    pass_minutes(bench, 2)
    assert len([row for row in messages(bench) if row.followup_id == item.id]) == 8
    with bench.world.db.read() as unit:
        notes = [note.note or "" for note in unit.followups.notes_of(item.id)]
    assert any("everybody, as nobody is on" in note for note in notes)


@pytest.mark.parametrize("code", [21211, 21606, 20429, 30007])
def test_a_page_that_the_provider_refuses_escalates_at_once(ladder: Bench, code: int) -> None:
    ladder.sms.answers.append(refuse(code))
    make(ladder)
    ladder.run()
    first, *others = paged(ladder)
    assert first == "on_duty"  # whom an item of the operator may page again, beside the backup
    assert "backup" in others
    assert "on_call" not in others


def test_a_page_that_does_not_arrive_escalates_at_once(ladder: Bench) -> None:
    make(ladder)
    ladder.run()
    pass_minutes(ladder, 0.5)
    report(ladder, ladder.sms, "undelivered", 30003)
    assert paged(ladder) == ["on_duty", "backup"]


def test_a_late_report_of_an_older_round_changes_nothing(ladder: Bench) -> None:
    make(ladder)
    ladder.run()
    pass_minutes(ladder, 2)
    report(ladder, ladder.sms, "undelivered", 30003, number=0)
    assert paged(ladder) == ["on_duty", "backup"]


def report(
    bench: Bench, channel: RecordingChannel, status: str, code: int, number: int = -1
) -> None:
    (row,) = [one for one in messages(bench) if one.id == channel.sent[number].message_id]
    assert row.provider_id is not None
    receipt.receive(
        bench.world,
        receipt.Reported(
            provider_id=row.provider_id,
            status=status,
            error_code=code,
            message_id=row.id,
        ),
    )
    bench.run()


def test_where_every_page_fails_all_rungs_are_tried_at_once_and_then_keep_their_pace(
    ladder: Bench,
) -> None:
    ladder.sms.answers.extend([refuse(21211)] * 30)
    make(ladder)
    ladder.run()
    assert paged(ladder) == [duty.value for duty in Duty]
    pass_minutes(ladder, 1.9)
    assert len(paged(ladder)) == 4
    pass_minutes(ladder, 0.1)
    assert paged(ladder)[4:] == [duty.value for duty in Duty]


def test_a_new_red_flag_goes_on_up_the_ladder_at_once(ladder: Bench) -> None:
    ladder.book(START + timedelta(days=9))
    ladder.says("chest pain, cannot breathe")
    ladder.run()
    pass_minutes(ladder, 1)
    ladder.says("my chest hurts more")
    ladder.run()
    assert paged(ladder) == ["on_duty", "backup"]
    (item,) = work(ladder)
    assert item.status is FollowUpStatus.OPEN


def test_no_page_says_anything_of_the_patient(ladder: Bench) -> None:
    ladder.book(START + timedelta(days=9))
    ladder.says("chest pain, cannot breathe")
    ladder.run()
    pass_minutes(ladder, 2)
    texts = [sent.text for sent in ladder.sms.sent if sent.purpose == "staff"]
    assert len(texts) == 2
    for text in texts:
        assert not {"Robin", "Testcase", "chest", "breathe", "0123"} & set(text.split())
