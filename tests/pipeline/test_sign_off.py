"""Sign-off: what nobody approved waits and is told of; what somebody in danger needs goes."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from outreach.configuration.approvals_file import RecordedApprovals, add_approvals
from outreach.configuration.sign_off import RecordedSignOff
from outreach.domain.approvals import Approval, Role
from outreach.domain.states import ChannelKind
from tests.pipeline.rows import VISIT, attempts, message, touchpoint, work
from tests.worlds import PHONE, Bench, make_bench, templates

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
D7 = VISIT - 7 * DAY
REAL = frozenset(ChannelKind)

Approve = Callable[..., None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "approvals.yaml"


def a_bench(database_url: str, file: Path, channels: frozenset[ChannelKind] = REAL) -> Bench:
    """A bench whose channels reach real patients."""
    recorded = RecordedApprovals(file)
    sign_off = RecordedSignOff(recorded, templates().version, "en", channels)
    return make_bench(database_url, sign_off=sign_off)


@pytest.fixture
def bench(database_url: str, file: Path) -> Bench:
    return a_bench(database_url, file)


@pytest.fixture
def approve(file: Path) -> Approve:
    def given(name: str, language: str = "en", role: Role = Role.CLINICIAN) -> None:
        version = templates().version(name, language)
        day = date(2027, 3, 1)
        add_approvals(file, [Approval(name, language, version, role, "Dana Reed", day)])

    return given


def operator_items(bench: Bench) -> list[str]:
    return [item.summary for item in work(bench) if item.kind == "operator"]


def test_an_unapproved_text_waits_and_staff_are_told_how_to_approve_it(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(D7)
    row = message(bench, "d7")
    assert (row.status, row.attempts, row.body) == ("queued", 0, None)
    assert attempts(bench, row.id) == []
    assert (bench.sms.sent, bench.email.sent) == ([], [])
    assert touchpoint(bench, "d7").note == "Its text waits for approval: see 'outreach doctor'."
    (told,) = operator_items(bench)
    command = f"outreach messages approve {row.template} --language en --role clinician --by NAME"
    assert command in told
    assert "translator" not in told


def test_after_approval_it_goes_without_a_restart(bench: Bench, approve: Approve) -> None:
    bench.book(VISIT)
    bench.to(D7)
    approve(message(bench, "d7").template)
    bench.to(D7 + MINUTE)
    assert bench.sms.sent == []
    bench.to(D7 + 5 * MINUTE)
    (text,) = bench.sms.sent
    row = message(bench, "d7")
    assert (row.status, row.attempts) == ("accepted", 1)
    assert row.template_version == templates().version(row.template, "en")
    assert bench.outcomes()["d7"] == "sent"
    assert touchpoint(bench, "d7").note == "It waited until its text was approved."
    assert text.to == PHONE


def test_another_language_needs_a_translator_too(bench: Bench, approve: Approve) -> None:
    bench.book(VISIT, patient_={"language": "es"})
    bench.to(D7)
    name = message(bench, "d7").template
    approve(name, "en")
    approve(name, "es", Role.CLINICIAN)
    bench.to(D7 + DAY)
    assert bench.sms.texts_to(PHONE) == []
    assert "'outreach messages approve" in operator_items(bench)[-1]
    assert "--language es --role translator" in operator_items(bench)[-1]
    assert "--role clinician" not in operator_items(bench)[-1]
    approve(name, "es", Role.TRANSLATOR)
    bench.to(D7 + DAY + 5 * MINUTE)
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_staff_get_one_item_a_day_for_each_text(bench: Bench) -> None:
    for number in range(3):
        phone = f"+1202555014{number}"
        bench.book(VISIT, visit=f"A{number}", patient=f"P{number}", phone=phone)
    for minutes in range(0, 60, 5):
        bench.to(D7 + minutes * MINUTE)
    assert len(operator_items(bench)) == 1
    bench.to(D7 + DAY)
    assert len(operator_items(bench)) == 2


def test_what_is_approved_too_late_is_skipped_and_says_why(bench: Bench, approve: Approve) -> None:
    bench.book(VISIT)
    bench.to(D7)
    bench.to(D7 + 2 * DAY + MINUTE)
    approve(message(bench, "d7").template)
    bench.to(D7 + 2 * DAY + 10 * MINUTE)
    assert bench.sms.texts_to(PHONE) == []
    assert bench.outcomes()["d7"] == "skipped:late"
    assert touchpoint(bench, "d7").note == "Its text was not approved in time."


def test_a_check_in_nobody_approved_becomes_a_call(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT)
    bench.event(
        "infusion.completed",
        appointment={"ids": [{"system": "visit", "value": "A1"}], "actual_end": VISIT.isoformat()},
    )
    bench.to(VISIT + DAY)
    bench.to(VISIT + DAY + DAY)
    bench.to(VISIT + DAY + DAY + 10 * MINUTE)
    assert bench.outcomes()["h24"].startswith("skipped:")
    assert bench.sms.texts_to(PHONE) == []
    (call,) = [item for item in work(bench) if item.kind == "call_patient"]
    assert call.patient_id is not None
    assert "Its text was not approved in time." in call.summary


def test_the_answer_to_a_red_flag_goes_all_the_same(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("chest pain and I cannot breathe")
    bench.run()
    assert "911" in bench.sms.texts_to(PHONE)[0]
    (told,) = operator_items(bench)
    assert "auto_call_911" in told
    assert "It answers red flags and goes all the same." in told
    assert [item.kind for item in work(bench)].count("red_flag") == 1


def test_pages_to_staff_need_no_approval(bench: Bench) -> None:
    bench.book(VISIT)
    bench.says("chest pain and I cannot breathe")
    bench.run()
    assert bench.sms.texts_to("+12025550199")
    assert not any("staff_page" in told for told in operator_items(bench))


def test_another_answer_waits_like_any_text(bench: Bench, approve: Approve) -> None:
    bench.book(VISIT)
    bench.says("Can I bring my sister?")
    bench.run()
    assert bench.sms.texts_to(PHONE) == []
    approve("auto_received")
    bench.to(bench.clock.now() + 5 * MINUTE)
    assert len(bench.sms.texts_to(PHONE)) == 1


def test_an_approval_of_another_version_does_not_count(bench: Bench, file: Path) -> None:
    old = Approval("prep_7d", "en", "0" * 12, Role.CLINICIAN, "Dana Reed", date(2027, 3, 1))
    add_approvals(file, [old])
    bench.book(VISIT)
    bench.to(D7)
    assert bench.sms.sent == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("approvals:\n  - message: [\n", ", line 3: is not YAML"),
        ("approvals: " + "[" * 3000, "(RecursionError) Run 'outreach doctor'."),
    ],
)
def test_a_file_that_cannot_be_read_holds_everything_but_red_flags(
    text: str, why: str, bench: Bench, approve: Approve, file: Path
) -> None:
    bench.book(VISIT)
    approve("prep_7d")
    approve("prep_7d_first")
    file.write_text(text)
    bench.to(D7)
    bench.says("chest pain and I cannot breathe")
    bench.run()
    (answer,) = bench.sms.texts_to(PHONE)
    assert "911" in answer
    (told,) = operator_items(bench)
    assert why in told


def test_only_channels_that_reach_people_ask(database_url: str, file: Path) -> None:
    bench = a_bench(database_url, file, frozenset({ChannelKind.EMAIL}))
    bench.book(VISIT, patient_={"email": "robin@example.org"})
    bench.to(D7)
    assert len(bench.sms.sent) == 1
    assert bench.email.sent == []
