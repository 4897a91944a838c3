"""Voice: whoever phones the number of the texts reaches the clinic, whatever else is amiss."""

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from httpx import Client, Response

from outreach.domain.errors import Unavailable
from outreach.domain.states import ChannelKind
from outreach.pipeline.replies import voice
from outreach.storage.models import VoiceCall
from outreach.storage.repositories.people import address_index
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from tests.pipeline.rows import patient, work
from tests.web.callers import PUBLIC_URL, caller, twilio
from tests.worlds import PHONE, START, Bench

VOICE = "/webhooks/twilio/voice"
ENDED = f"{VOICE}/ended"
CALL = "CA" + "1c" * 16
NUMBER = "+12025550177"


def form(**more: str) -> dict[str, str]:
    return {
        "CallSid": CALL,
        "From": PHONE,
        "To": NUMBER,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "CallerName": "",
        **more,
    }


def verbs(answer: Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    return [(verb.tag, "".join(verb.itertext())) for verb in ET.fromstring(answer.text)]  # noqa: S314  ours


def calls(bench: Bench) -> list[VoiceCall]:
    with bench.world.db.read() as unit:
        return unit.inbound.calls_from([address_index(ChannelKind.SMS, PHONE)])


def known(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": PHONE})


def test_a_call_is_put_through_after_a_sentence_in_each_language(
    client: Client, bench: Bench
) -> None:
    known(bench)
    answer = twilio(client, VOICE, form())
    english, spanish, dial = verbs(answer)
    assert "call 9 1 1" in english[1]
    assert "llame al 9 1 1" in spanish[1]
    assert dial == ("Dial", "+12025550100")
    said = ET.fromstring(answer.text)  # noqa: S314  ours
    assert [say.get("language") for say in said.iter("Say")] == ["en-US", "es-MX"]
    assert said.find("Dial").get("action") == PUBLIC_URL + ENDED  # type: ignore[union-attr]
    (row,) = calls(bench)
    assert (row.patient_id, row.forwarded_to, row.outcome) == (
        patient(bench).id,
        "+12025550100",
        None,
    )


def test_a_patient_reaches_the_site_of_their_visit(client: Client, bench: Bench) -> None:
    bench.book(START + timedelta(days=3), location="lakeside")
    assert verbs(twilio(client, VOICE, form()))[-1] == ("Dial", "+12025550120")


def test_a_call_that_somebody_took_is_no_work(client: Client, bench: Bench) -> None:
    known(bench)
    twilio(client, VOICE, form())
    answer = twilio(client, ENDED, form(DialCallStatus="completed", CallStatus="in-progress"))
    assert verbs(answer) == [("Hangup", "")]
    assert [row.outcome for row in calls(bench)] == ["completed"]
    assert work(bench) == []


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_a_call_that_nobody_took_is_phoned_back_the_same_day(
    client: Client, bench: Bench, status: str
) -> None:
    known(bench)
    twilio(client, VOICE, form())
    answer = twilio(client, ENDED, form(DialCallStatus=status))
    assert "9 1 1" in verbs(answer)[0][1]
    (item,) = work(bench)
    assert (item.kind, item.priority, item.patient_id) == (
        "missed_call",
        "same_day",
        patient(bench).id,
    )
    twilio(client, ENDED, form(DialCallStatus=status))
    assert len(work(bench)) == 1


def test_a_missed_call_of_nobody_we_know_is_routine(client: Client, bench: Bench) -> None:
    twilio(client, VOICE, form())
    twilio(client, ENDED, form(DialCallStatus="busy"))
    assert [(item.kind, item.priority) for item in work(bench)] == [("missed_call", "routine")]


def test_a_call_of_whose_end_nobody_tells_is_phoned_back(client: Client, bench: Bench) -> None:
    known(bench)
    twilio(client, VOICE, form())
    bench.to(START + timedelta(minutes=89))
    assert work(bench) == []
    bench.to(START + timedelta(minutes=91))
    assert [item.kind for item in work(bench)] == ["missed_call"]


def test_a_call_that_is_announced_twice_is_one(client: Client, bench: Bench) -> None:
    known(bench)
    first, again = (twilio(client, VOICE, form()).text for _ in range(2))
    assert first == again
    assert len(calls(bench)) == 1


def test_a_call_is_never_put_through_to_the_number_that_was_called(
    client: Client, bench: Bench
) -> None:
    known(bench)
    answer = twilio(client, VOICE, form(To="+12025550100"))
    assert [tag for tag, _ in verbs(answer)] == ["Say", "Say", "Hangup"]
    assert [item.kind for item in work(bench)] == ["missed_call"]


def test_the_call_goes_on_where_nothing_can_be_recorded(
    client: Client, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise Unavailable("down")

    monkeypatch.setattr(voice, "ring", fail)
    assert verbs(twilio(client, VOICE, form()))[-1] == ("Dial", "+12025550100")


def test_a_name_with_marks_in_it_does_not_break_the_answer(bench: Bench, config: WebConfig) -> None:
    clinic = replace(bench.world.clinic, name='Cedar & <Grove> "Clinic"')
    world = replace(bench.world, clinic=clinic)
    with running(create_app(world, config)) as url, caller(url) as made:
        assert 'Cedar & <Grove> "Clinic"' in verbs(twilio(made, VOICE, form()))[0][1]


# -- strangers


def test_an_unsigned_call_is_refused(client: Client, bench: Bench) -> None:
    assert client.post(VOICE, data=form()).status_code == 403
    assert client.post(ENDED, data=form(DialCallStatus="busy")).status_code == 403
    assert twilio(client, VOICE, form(), token="guess").status_code == 403
    assert calls(bench) == []


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (VOICE, {"CallSid": ""}),
        (VOICE, {"CallSid": "CA<x>"}),
        (VOICE, {"From": "a b"}),
        (VOICE, {"From": "x" * 41}),
        (VOICE, {"To": ""}),
        (ENDED, {"DialCallStatus": ""}),
        (ENDED, {"DialCallStatus": "<Dial>+1900</Dial>"}),
    ],
)
def test_signed_garbage_is_refused(
    client: Client, bench: Bench, path: str, changes: dict[str, str]
) -> None:
    assert twilio(client, path, form(**changes)).status_code == 400
    assert calls(bench) == []
    assert work(bench) == []


def test_an_end_of_no_call_we_know_is_answered_and_no_work(client: Client, bench: Bench) -> None:
    verbs(twilio(client, ENDED, form(DialCallStatus="busy")))
    assert work(bench) == []


def test_a_withheld_number_is_put_through(client: Client) -> None:
    assert verbs(twilio(client, VOICE, form(From="anonymous")))[-1][0] == "Dial"
