"""Wishes: opt-outs in any wording, the carrier's words, and what stands beside them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.domain.journeys import Offset
from outreach.domain.states import ChannelKind
from outreach.domain.triage.result import Prompt
from outreach.pipeline import consent, reply, triage
from outreach.storage.models import Consent
from outreach.storage.repositories.people import address_index
from tests.pipeline.rows import VISIT, kinds, messages, visit, work
from tests.worlds import JOURNEYS, PHONE, START, Bench, make_bench

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def known(bench: Bench, **rest: object) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE, **rest})


def texts(bench: Bench) -> list[str]:
    bench.run()
    return bench.sms.texts_to(PHONE)


def templates(bench: Bench) -> list[str]:
    bench.run()
    return [row.template for row in messages(bench) if row.reply_id is not None]


def ledger(bench: Bench, channel: ChannelKind = ChannelKind.SMS, who: str = PHONE) -> list[Consent]:
    with bench.world.db.read() as unit:
        return unit.people.consent_history([address_index(channel, who)])


def opted_out(bench: Bench, who: str = PHONE, channel: ChannelKind = ChannelKind.SMS) -> bool:
    index = address_index(channel, who)
    with bench.world.db.read() as unit:
        return unit.people.consent_of([index])[index].opted_out


# -- a symptom beside an opt-out


@pytest.mark.parametrize(
    ("body", "template", "says"),
    [
        ("stop texting me, I have chest pain", "auto_opted_out_call_911", "911"),
        ("no more texts, I want to kill myself", "auto_opted_out_call_988", "988"),
        ("stop these messages. fever of 102", "auto_opted_out_page_1h", "202-555-0100"),
        ("I am at the ER now, chest pain, stop texting me", "auto_opted_out_at_er", "ER"),
    ],
)
def test_one_text_ends_the_texting_and_says_what_to_do(
    bench: Bench, body: str, template: str, says: str
) -> None:
    known(bench)
    bench.says(body)
    (text,) = texts(bench)
    assert templates(bench) == [template]
    assert says in text
    assert "911" in text
    assert "202-555-0100" in text
    assert "no more texts" in text
    assert opted_out(bench)
    (item,) = work(bench)
    assert (item.kind, item.priority, item.level) == ("red_flag", "urgent", 1)
    assert "phone" in item.summary
    assert ledger(bench)[-1].words == body


def test_the_last_text_speaks_spanish(bench: Bench) -> None:
    known(bench, language="es")
    bench.says("no quiero mas mensajes y me duele el pecho")
    (text,) = texts(bench)
    assert "Llame al 911" in text
    assert "Ya no le enviaremos textos" in text


def test_the_last_text_goes_within_five_minutes_or_not_at_all(bench: Bench) -> None:
    known(bench)
    bench.says("stop texting me, I have chest pain")
    bench.clock.advance(5 * MINUTE)
    assert texts(bench) == []
    assert kinds(bench) == ["red_flag"]


def test_nothing_goes_where_the_carrier_has_confirmed_already(bench: Bench) -> None:
    known(bench)
    bench.says("STOP")
    bench.says("stop it, I have chest pain")
    assert texts(bench) == []
    assert [(item.kind, item.priority) for item in work(bench)] == [("red_flag", "urgent")]
    assert "phone" in work(bench)[0].summary


def test_a_second_opt_out_is_not_confirmed_again(bench: Bench) -> None:
    known(bench)
    bench.says("please stop texting me")
    bench.says("I said no more texts")
    assert templates(bench) == ["auto_opted_out"]


def test_check_ins_after_an_opt_out_are_calls(bench: Bench) -> None:
    bench.book(START + HOUR)
    bench.to(START + 5 * HOUR)
    ends = {
        "ids": [{"system": "visit", "value": "A1"}],
        "actual_end": (START + 5 * HOUR).isoformat(),
    }
    bench.event("infusion.completed", appointment=ends)
    bench.says("stop texting me, I have chest pain")
    said = len(texts(bench))
    bench.through(START + 4 * DAY)
    assert bench.outcomes()["h24"] == "skipped:opted_out"
    assert bench.outcomes()["h72"] == "skipped:opted_out"
    assert kinds(bench).count("call_patient") == 2
    assert len(bench.sms.texts_to(PHONE)) == said


# -- opt-outs and opt-ins


@pytest.mark.parametrize(
    "body",
    [
        "take me off your list",
        "leave me alone",
        "unsubscribe me please",
        "dejen de escribirme",
        "quitenme de la lista",
        "basta de mensajes",
        "ALTO",
    ],
)
def test_any_reasonable_wording_ends_the_texts_and_is_kept_as_it_was(
    bench: Bench, body: str
) -> None:
    known(bench)
    bench.says(body)
    line = ledger(bench)[-1]
    assert (line.action, line.scope, line.words) == ("opt_out", "all", body)
    assert templates(bench) == ["auto_opted_out"]


def test_cancel_is_an_opt_out_and_a_question_to_staff(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("CANCEL")
    assert opted_out(bench)
    assert not visit(bench).confirmed
    (item,) = work(bench)
    assert (item.kind, item.priority) == ("cancel", "same_day")
    assert "visit" in item.summary
    assert templates(bench) == []  # the carrier has answered


def test_yes_to_a_confirmation_is_both(bench: Bench) -> None:
    bench.book(VISIT)
    bench.to(VISIT - 7 * DAY)
    bench.says("YES")
    assert visit(bench).confirmed
    assert ledger(bench)[-1].action == "opt_in"
    assert templates(bench) == ["auto_confirmed"]
    assert kinds(bench) == []


@pytest.mark.parametrize("word", ["START", "unstop", "start texting me again", "reanudar mensajes"])
def test_start_after_stop_brings_the_texts_back_and_is_no_work(bench: Bench, word: str) -> None:
    bench.book(VISIT)
    bench.says("STOP")
    bench.says(word)
    assert not opted_out(bench)
    assert kinds(bench) == []
    bench.to(VISIT - 7 * DAY)
    assert bench.outcomes()["d7"] == "sent"


def test_more_than_a_start_is_read_by_a_person(bench: Bench) -> None:
    known(bench)
    bench.says("start texting me again, and can I eat before?")
    assert kinds(bench) != []


@pytest.mark.parametrize("word", ["HELP", "info", "AYUDA"])
def test_help_is_answered_with_the_clinic_and_its_phone(bench: Bench, word: str) -> None:
    known(bench)
    bench.says(word)
    (text,) = texts(bench)
    assert "Cedar Grove Clinic" in text
    assert "202-555-0100" in text


def test_help_is_not_answered_twice_where_the_carrier_names_the_clinic(bench: Bench) -> None:
    clinic = replace(bench.world.clinic, carrier_help_names_us=True)
    ours = replace(bench, world=replace(bench.world, clinic=clinic))
    known(ours)
    ours.says("HELP")
    assert texts(ours) == []


def test_what_staff_record_binds_at_once(bench: Bench) -> None:
    bench.book(VISIT)
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="Dana")
    bench.to(VISIT - 7 * DAY)
    assert bench.sms.texts_to(PHONE) == []


# -- a C after the question of the day before


@pytest.fixture
def screened(database_url: str) -> Bench:
    """A journey that confirms a week before and asks what is wrong the day before."""
    visits, *rest = JOURNEYS
    steps = tuple(
        replace(step, asks=Prompt.SCREEN, question_hours=24)
        if step.offset == Offset(days=-1)
        else step
        for step in visits.steps
    )
    return make_bench(database_url, journeys=(replace(visits, steps=steps), *rest))


def test_c_after_the_text_of_the_day_before_confirms_the_visit(screened: Bench) -> None:
    screened.book(VISIT)
    screened.through(VISIT - DAY + HOUR)
    screened.says("C")
    assert visit(screened).confirmed
    assert kinds(screened) == []
    assert templates(screened) == ["auto_confirmed"]
    screened.says("I have a fever of 101")
    assert visit(screened).held  # the newer question is still open


def test_r_after_the_text_of_the_day_before_is_work(screened: Bench) -> None:
    screened.book(VISIT)
    screened.through(VISIT - DAY + HOUR)
    screened.says("R")
    assert not visit(screened).confirmed
    assert kinds(screened) == ["reschedule"]


@pytest.mark.parametrize("word", ["yes", "ok", "c but I have a cough"])
def test_what_may_answer_the_newer_question_is_no_confirmation(screened: Bench, word: str) -> None:
    screened.book(VISIT)
    screened.through(VISIT - DAY + HOUR)
    screened.says(word)
    assert not visit(screened).confirmed


def test_c_confirms_no_visit_that_has_moved_since(screened: Bench) -> None:
    screened.book(VISIT)
    screened.through(VISIT - 4 * DAY)
    screened.book(VISIT + HOUR, kind="appointment.rescheduled")
    screened.through(VISIT + HOUR - DAY + HOUR)
    screened.says("C")
    assert not visit(screened).confirmed
    assert "logistics" in kinds(screened)


def test_c_where_nobody_asked_whether_they_come_is_for_staff(screened: Bench) -> None:
    screened.book(START + 30 * HOUR)
    screened.through(START + 8 * HOUR)
    screened.says("C")
    assert kinds(screened) == ["logistics"]


# -- emails


def by_mail(bench: Bench, body: str, sender: str = "robin@example.org") -> None:
    reply.receive(
        bench.world,
        reply.Inbound(f"mail{len(body)}{body[:9]}", ChannelKind.EMAIL, sender, "care@clinic", body),
    )
    triage.drain(bench.world)


def test_please_stop_texting_me_in_an_email_ends_the_texts_too(bench: Bench) -> None:
    known(bench, email="robin@example.org")
    by_mail(bench, "Please stop texting me")
    assert opted_out(bench)
    assert opted_out(bench, "robin@example.org", ChannelKind.EMAIL)


@pytest.mark.parametrize("body", ["UNSUBSCRIBE", "stop sending me these emails"])
def test_an_opt_out_from_emails_leaves_the_texts(bench: Bench, body: str) -> None:
    known(bench, email="robin@example.org")
    by_mail(bench, body)
    assert not opted_out(bench)
    assert opted_out(bench, "robin@example.org", ChannelKind.EMAIL)
