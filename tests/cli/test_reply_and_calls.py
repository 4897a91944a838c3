"""What a nurse does at a terminal: write to a patient, give the thread back, work through calls."""

from datetime import timedelta

from tests.cli.conftest import Outreach
from tests.worlds import PHONE, START, Bench


def asks(bench: Bench) -> None:
    bench.book(START + timedelta(days=9))
    bench.says("what should I eat before?")
    bench.run()


def test_a_nurse_writes_and_gives_the_thread_back(bench: Bench, outreach: Outreach) -> None:
    asks(bench)
    (item,) = outreach("followups", "--json").rows
    said = outreach("reply", "send", item["code"], "Whatever you like.", "--by", "Ana")
    assert said.code == 0
    assert "A text of 1 segment (GSM-7):" in said.out
    assert "Cedar Grove Clinic 202-555-0100: Whatever you like." in said.out
    assert "Replies go to Ana" in said.out
    bench.run()
    assert bench.sms.texts_to(PHONE)[-1].endswith("Whatever you like.")
    (item,) = outreach("followups", "--json").rows
    assert (item["status"], item["assignee"]) == ("acknowledged", "Ana")
    told = outreach("explain", "mrn|P1").out
    assert "Written by Ana" in told
    assert "taken over, last by Ana" in told
    assert outreach("reply", "release", "P1", "--by", "Ana").code == 0
    assert "given back by Ana" in outreach("explain", "mrn|P1").out
    again = outreach("reply", "release", "P1", "--by", "Ana")
    assert (again.code, "Nobody has taken" in again.err) == (1, True)


def test_what_would_go_is_shown_without_sending_it(bench: Bench, outreach: Outreach) -> None:
    asks(bench)
    words = ("reply", "send", "P1", "Your treatment is at 10.", "--by", "Ana", "--json")
    (draft,) = outreach(*words, "--dry-run").rows
    assert (draft["segments"], draft["encoding"], draft["decision"]) == (1, "GSM-7", "go")
    assert (draft["purpose"], draft["channel"]) == ("reply", "sms")
    assert ["treatment" in warning for warning in draft["warnings"]] == [True]
    assert draft["refusals"] == []
    asked = outreach(*words)
    assert (asked.code, "--yes" in asked.err) == (1, True)
    assert all("treatment" not in text for text in bench.sms.texts_to(PHONE))


def test_warnings_are_sent_in_spite_of_with_yes_and_once_for_a_token(
    bench: Bench, outreach: Outreach
) -> None:
    asks(bench)
    words = ("reply", "send", "P1", "Your treatment is at 10.", "--by", "Ana", "--yes", "--json")
    first, again = outreach(*words, "--token", "t1"), outreach(*words, "--token", "t1")
    assert [said.rows[0]["duplicate"] for said in (first, again)] == [False, True]
    bench.run()
    assert sum("treatment" in text for text in bench.sms.texts_to(PHONE)) == 1


def test_what_must_not_go_is_refused_even_with_yes(bench: Bench, outreach: Outreach) -> None:
    asks(bench)
    said = outreach("reply", "send", "P1", "Your IVIG is ready", "--by", "Ana", "--yes")
    assert said.code == 1
    assert "REFUSED: Says 'ivig'" in said.err
    bench.run()
    assert all("IVIG" not in text for text in bench.sms.texts_to(PHONE))


def test_nobody_known_by_it_is_told(bench: Bench, outreach: Outreach) -> None:
    said = outreach("reply", "send", "nobody", "Hello.", "--by", "Ana")
    assert (said.code, "Nobody is known by this" in said.err) == (1, True)


def test_a_nurse_works_through_the_calls(bench: Bench, outreach: Outreach) -> None:
    assert outreach("calls").out == "Nobody waits for a call.\n"
    bench.book(START + timedelta(hours=1))
    bench.to(START + timedelta(hours=2))
    bench.event("appointment.noshow", appointment={"ids": [{"system": "visit", "value": "A1"}]})
    (call,) = outreach("calls", "--json").rows
    assert (call["reason"], call["kind"], call["attempts"]) == ("no_show", "no_show", [])
    assert call["due"].endswith("-05:00")
    shown = outreach("calls").out
    assert "Did not come" in shown
    assert PHONE not in shown
    assert "Robin" not in shown
    assert "phones" not in call
    (named,) = outreach("calls", "--phones", "--json").rows
    assert named["phones"] == [{"number": PHONE, "whose": "self"}]
    assert named["name"] == "Robin Testcase"
    assert PHONE in outreach("calls", "--phones").out

    assert outreach("calls", "not-reached", call["code"], "--by", "Ana").code == 0
    (call,) = outreach("calls", "--json").rows
    assert [attempt["by"] for attempt in call["attempts"]] == ["Ana"]
    words = ("calls", "reached", call["code"], "--by", "Ana", "--outcome", "Rebooked.")
    assert outreach(*words).code == 0
    assert outreach("calls", "--json").rows == []
    again = outreach("calls", "not-reached", call["code"], "--by", "Ana")
    assert (again.code, again.err) == (1, "outreach: This follow-up is closed already.\n")
