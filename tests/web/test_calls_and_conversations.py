"""The call list, a conversation on its page, and the same through the API."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import Client, Response

from outreach.bootstrap import build_copy_rules
from outreach.domain.states import ChannelKind
from outreach.pipeline import consent
from outreach.rendering.staff_words import StaffWords
from outreach.storage.models import FollowUp, Takeover
from outreach.storage.repositories.people import address_index
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.server import running
from tests.web.callers import API_KEY, caller
from tests.worlds import CONFIG, PHONE, START, Bench, clinic, make_bench, templates

TOKEN = "the-token-of-the-clinic's-staff"
HERE = WebConfig("http://127.0.0.1:8000", api_keys=(f"inbox:{API_KEY}",))
STAFFED = WebConfig("http://127.0.0.1:8000", staff_token=TOKEN)
DAY = timedelta(days=1)


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    wording = StaffWords(templates(), lambda: build_copy_rules(CONFIG, clinic()))
    made = make_bench(database_url, wording=wording)
    yield made
    made.world.db.close()


@pytest.fixture
def here(bench: Bench) -> Iterator[Client]:
    """A browser on this machine, and a system with an API key."""
    with running(create_app(bench.world, HERE)) as url, caller(url) as client:
        yield client


def items(bench: Bench) -> list[FollowUp]:
    with bench.world.db.read() as unit:
        return unit.followups.worklist(closed=True)


def taken(bench: Bench) -> list[Takeover]:
    with bench.world.db.read() as unit:
        (patient,) = unit.people.at_address(address_index(ChannelKind.SMS, PHONE))
        return unit.takeovers.of_patient(patient.id)


def field(page: Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def asks(bench: Bench) -> FollowUp:
    bench.book(START + 9 * DAY)
    bench.says("what should I eat before?")
    bench.run()
    return items(bench)[0]


def missed(bench: Bench) -> FollowUp:
    bench.book(START + timedelta(hours=1))
    bench.to(START + timedelta(hours=3))
    bench.event("appointment.noshow", appointment={"ids": [{"system": "visit", "value": "A1"}]})
    return items(bench)[0]


# -- calls


def test_the_call_list_says_who_why_and_by_which_number(here: Client, bench: Bench) -> None:
    found = missed(bench)
    text = here.get("/calls").text
    assert "1 to call" in text
    assert "Did not come" in text
    assert "Robin Testcase" in text
    assert 'href="tel:+12025550123"' in text
    assert found.code in text
    assert "8 h left" in text
    assert f'href="/followups/{found.code}"' in text
    assert 'href="/calls"' in here.get("/followups").text


def test_nobody_sees_it_without_signing_in(bench: Bench) -> None:
    missed(bench)
    with running(create_app(bench.world, STAFFED)) as url, caller(url) as client:
        answer = client.get("/calls")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        client.post("/sign-in", data={"name": "Sam N.", "token": TOKEN})
        assert "Did not come" in client.get("/calls").text


def test_an_attempt_is_noted_with_its_time_and_the_call_stays(here: Client, bench: Bench) -> None:
    found = missed(bench)
    data = {"form_token": field(here.get("/calls"), "form_token")}
    answer = here.post(f"/calls/{found.code}/not-reached", data=data)
    assert answer.headers["location"] == "/calls?notice=noted"
    text = here.get(answer.headers["location"]).text
    assert "Not reached: noted" in text
    assert "1 to call" in text
    assert "Not reached at <bdi>1:00 PM by staff at this machine" in text
    assert "not reached" in here.get(f"/followups/{found.code}").text


def test_a_form_of_another_session_changes_nothing(here: Client, bench: Bench) -> None:
    found = missed(bench)
    here.get("/calls")
    answer = here.post(f"/calls/{found.code}/not-reached", data={"form_token": "0" * 64})
    assert answer.headers["location"] == "/calls?notice=stale"
    assert "Not reached at" not in here.get("/calls").text


def test_an_attempt_on_what_is_closed_or_unknown_is_told(here: Client, bench: Bench) -> None:
    found = missed(bench)
    token = field(here.get("/calls"), "form_token")
    closing = {"form_token": token, "outcome": "arranged"}
    here.post(f"/followups/{found.code}/close", data=closing)
    assert "Nobody waits for a call" in here.get("/calls").text
    answer = here.post(f"/calls/{found.code}/not-reached", data={"form_token": token})
    assert answer.headers["location"] == "/calls?notice=changed"
    assert here.post("/calls/XXXXX/not-reached", data={"form_token": token}).status_code == 404


# -- a conversation on its page


def test_a_nurse_reads_the_thread_and_writes(here: Client, bench: Bench) -> None:
    found = asks(bench)
    assert f"/followups/{found.code}/conversation" in here.get(f"/followups/{found.code}").text
    page = here.get(f"/followups/{found.code}/conversation")
    assert "what should I eat before?" in page.text
    data = {
        "form_token": field(page, "form_token"),
        "token": field(page, "token"),
        "text": "Whatever you like.",
    }
    for _ in range(2):  # a double click
        answer = here.post(f"/followups/{found.code}/conversation/send", data=data)
        assert answer.headers["location"].endswith("?notice=sent")
    bench.run()
    assert sum("Whatever you like." in text for text in bench.sms.texts_to(PHONE)) == 1
    text = here.get(answer.headers["location"]).text
    assert "Taken over by" in text
    assert "Whatever you like." in text
    assert items(bench)[0].assignee == "staff at this machine"


def test_warnings_are_shown_and_asked_about_before_it_goes(here: Client, bench: Bench) -> None:
    found = asks(bench)
    page = here.get(f"/followups/{found.code}/conversation")
    data = {
        "form_token": field(page, "form_token"),
        "token": field(page, "token"),
        "text": "Your treatment is at 10.",
    }
    asked = here.post(f"/followups/{found.code}/conversation/send", data=data)
    assert asked.status_code == 200
    assert "treatment" in asked.text
    assert "It takes 1 segment." in asked.text
    assert "Your treatment is at 10.</textarea>" in asked.text
    assert taken(bench) == []
    data |= {"token": field(asked, "token"), "anyway": "yes"}
    assert here.post(f"/followups/{found.code}/conversation/send", data=data).status_code == 303
    assert len(taken(bench)) == 1


def test_what_must_not_go_is_refused_on_the_page(here: Client, bench: Bench) -> None:
    found = asks(bench)
    page = here.get(f"/followups/{found.code}/conversation")
    data = {
        "form_token": field(page, "form_token"),
        "token": field(page, "token"),
        "text": "Your IVIG is ready",
        "anyway": "yes",
    }
    answer = here.post(f"/followups/{found.code}/conversation/send", data=data)
    assert "Nothing was sent." in answer.text
    assert "ivig" in answer.text
    assert taken(bench) == []


def test_a_nurse_gives_the_conversation_back(here: Client, bench: Bench) -> None:
    found = asks(bench)
    path = f"/followups/{found.code}/conversation"
    page = here.get(path)
    form = {"form_token": field(page, "form_token")}
    assert here.post(f"{path}/release", data=form).headers["location"].endswith("=nobody")
    here.post(f"{path}/send", data={**form, "token": field(page, "token"), "text": "Hello."})
    assert here.post(f"{path}/release", data=form).headers["location"].endswith("=released")
    assert "Taken over by" not in here.get(path).text
    assert taken(bench)[0].ended_by == "staff at this machine"
    other = {"form_token": "0" * 64, "token": "t", "text": "x"}
    assert here.post(f"{path}/send", data=other).headers["location"].endswith("=stale")


def test_a_conversation_of_nobody_is_not_found(here: Client, bench: Bench) -> None:
    bench.says("hello?", sender="+12025550177")
    assert here.get("/followups/XXXXX/conversation").status_code == 404
    assert here.get(f"/followups/{items(bench)[0].code}/conversation").status_code == 404


# -- the API


def post(client: Client, path: str = "", key: str = API_KEY, **body: Any) -> Response:
    headers = {"Authorization": f"Bearer {key}"}
    return client.post(f"/api/v1/staff-messages{path}", json=body, headers=headers)


def test_a_system_of_the_clinic_writes_for_a_person(here: Client, bench: Bench) -> None:
    found = asks(bench)
    words = {"to": found.code, "text": "Whatever you like.", "by": "Ana", "token": "n-1"}
    first, again = post(here, **words), post(here, **words)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert [answer.json()["duplicate"] for answer in (first, again)] == [False, True]
    assert (first.json()["segments"], first.json()["warnings"]) == (1, [])
    bench.run()
    assert sum("Whatever you like." in text for text in bench.sms.texts_to(PHONE)) == 1
    answer = post(here, "/release", to="mrn|P1", by="Ana")
    assert answer.json() == {"released": 1}
    assert post(here, "/release", to="mrn|P1", by="Ana").status_code == 404


def test_the_key_is_asked_for_before_anything_is_read(here: Client, bench: Bench) -> None:
    asks(bench)
    assert post(here, key="wrong", to="mrn|P1", text="x", by="Ana", token="t").status_code == 401
    assert post(here, "/release", key="wrong").status_code == 401
    assert taken(bench) == []


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"text": "Your treatment is at 10."}, 409, "treatment"),
        ({"text": "Your IVIG is ready", "anyway": True}, 422, "ivig"),
        ({"to": "nobody-at-all"}, 404, "Nobody is known"),
        ({"token": "a b"}, 400, "token"),
        ({"by": ""}, 400, "by"),
        ({"text": None}, 400, "text"),
        ({"loud": True}, 400, "loud"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_sent(
    here: Client, bench: Bench, changes: dict[str, Any], status: int, said: str
) -> None:
    found = asks(bench)
    body = {"to": found.code, "text": "Hello.", "by": "Ana", "token": "n-1", **changes}
    answer = post(here, **body)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert taken(bench) == []


def test_an_opt_out_is_refused_with_its_rule(here: Client, bench: Bench) -> None:
    found = asks(bench)
    consent.record_opt_out(bench.world, ChannelKind.SMS, PHONE, source="staff", actor="n")
    answer = post(here, to=found.code, text="Hello.", by="Ana", token="n-1", anyway=True)
    assert answer.status_code == 422
    assert "47 CFR 64.1200" in answer.json()["detail"]
