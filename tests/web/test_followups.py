import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from httpx import Client, Response

from outreach.domain.states import FollowUpStatus
from outreach.domain.triage.result import Action
from outreach.pipeline import followup
from outreach.storage.models import FollowUp
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.followup_view import dialled, readable, time_left
from outreach.web.server import running
from outreach.web.sign_in import COOKIE
from tests.web.callers import caller
from tests.worlds import PHONE, START, Bench

TOKEN = "the-token-of-the-clinic's-staff"
HERE = WebConfig("http://127.0.0.1:8000", phones_url="http://127.0.0.1:8010/phones")
STAFFED = WebConfig("http://127.0.0.1:8000", staff_token=TOKEN)
ALARM = "3 bad headache and my neck is stiff <b>&"


@pytest.fixture
def here(bench: Bench) -> Iterator[Client]:
    """A browser on this machine, where no token is set."""
    with running(create_app(bench.world, HERE)) as url, caller(url) as client:
        yield client


@pytest.fixture
def staff(bench: Bench) -> Iterator[Client]:
    """A browser somewhere, where a token is set."""
    with running(create_app(bench.world, STAFFED)) as url, caller(url) as client:
        yield client


def alarm(bench: Bench) -> FollowUp:
    """A patient in care writes something urgent."""
    bench.book(START + timedelta(days=3))
    bench.says(ALARM)
    return item(bench)


def item(bench: Bench) -> FollowUp:
    with bench.world.db.read() as unit:
        return unit.followups.worklist(closed=True)[0]


def form_token(page: Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found is not None
    return found[1]


def sign_in(client: Client, name: str = "Sam N.", token: str = TOKEN) -> Response:
    return client.post("/sign-in", data={"name": name, "token": token})


def test_the_list_says_who_what_why_and_how_long(here: Client, bench: Bench) -> None:
    found = alarm(bench)
    text = here.get("/followups").text
    assert "1 waiting" in text
    assert "1 urgent" in text
    assert found.code in text
    assert "Robin Testcase" in text
    assert 'href="tel:+12025550123"' in text
    assert "(202) 555-0123" in text
    assert "3 bad headache and my neck is stiff &lt;b&gt;&amp;" in text
    assert "wrote at 10:00 AM" in text  # the clinic's zone
    assert "1 h left" in text
    assert 'http-equiv="refresh"' in text
    assert "http://127.0.0.1:8010/phones" in text
    assert "Why it is here: " in text
    assert "headache" in text.partition("Why it is here: ")[2]


def test_what_is_late_says_so(here: Client, bench: Bench) -> None:
    found = alarm(bench)
    bench.clock.set(found.due_at + timedelta(minutes=12))
    text = here.get("/followups").text
    assert "12 min late" in text
    assert "1 late" in text


def test_an_empty_list_is_calm(here: Client) -> None:
    text = here.get("/followups").text
    assert "Nothing is waiting" in text


def test_an_unknown_sender_and_a_work_item_without_reply_are_shown(
    here: Client, bench: Bench
) -> None:
    bench.says("is this the clinic?", sender="+12025550177")
    with bench.world.db.write() as unit:
        followup.open_item(
            unit,
            bench.world,
            followup.NewItem("test", "call_patient", Action.SAME_DAY, "Phone them: no text went."),
        )
    text = here.get("/followups").text
    assert "2 waiting" in text
    assert "(202) 555-0177" in text
    assert "Not known who" in text
    assert "no phone on file" in text


def test_a_person_takes_an_item_and_paging_stops(here: Client, bench: Bench) -> None:
    found = alarm(bench)
    page = here.get("/followups")
    answer = here.post(
        f"/followups/{found.code}/acknowledge", data={"form_token": form_token(page)}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/followups?notice=taken")
    now = item(bench)
    assert (now.status, now.assignee) == (FollowUpStatus.ACKNOWLEDGED, "staff at this machine")
    text = here.get(answer.headers["location"]).text
    assert "You have taken it" in text
    assert "Taken by" in text
    assert "acknowledge" not in text


def test_a_person_closes_an_item_with_its_outcome(here: Client, bench: Bench) -> None:
    found = alarm(bench)
    page = here.get(f"/followups/{found.code}")
    assert 'http-equiv="refresh"' not in page.text  # somebody may be writing here
    data = {"form_token": form_token(page), "outcome": "emergency", "note": "Called 911 for her."}
    answer = here.post(f"/followups/{found.code}/close", data=data)
    assert answer.headers["location"] == "/followups?notice=closed"
    now = item(bench)
    assert now.status is FollowUpStatus.CLOSED
    assert now.outcome == "Reached, sent to emergency care. Called 911 for her."
    assert "Nothing is waiting" in here.get("/followups").text
    history = here.get(f"/followups/{found.code}").text
    assert "Called 911 for her." in history
    again = here.post(f"/followups/{found.code}/close", data=data)
    assert again.headers["location"] == "/followups?notice=changed"


@pytest.mark.parametrize(
    "said", [{}, {"outcome": "unheard-of"}, {"outcome": "other"}, {"outcome": "other", "note": " "}]
)
def test_nothing_is_closed_without_an_outcome(
    here: Client, bench: Bench, said: dict[str, str]
) -> None:
    found = alarm(bench)
    page = here.get(f"/followups/{found.code}")
    data = {"form_token": form_token(page), **said}
    answer = here.post(f"/followups/{found.code}/close", data=data)
    assert answer.headers["location"] == f"/followups/{found.code}?notice=outcome"
    assert item(bench).status is FollowUpStatus.OPEN


def test_an_item_that_asks_for_a_decision_offers_it_and_takes_no_other(
    here: Client, bench: Bench
) -> None:
    bench.book(START + timedelta(days=3))
    bench.says("wrong number")
    found = item(bench)
    page = here.get(f"/followups/{found.code}")
    assert 'value="right"' in page.text
    assert 'value="well"' not in page.text
    close, token = f"/followups/{found.code}/close", form_token(page)
    answer = here.post(close, data={"form_token": token, "outcome": "well"})
    assert answer.headers["location"] == f"/followups/{found.code}?notice=outcome"
    assert item(bench).status is FollowUpStatus.OPEN
    here.post(close, data={"form_token": token, "outcome": "wrong", "note": "Asked the son."})
    assert item(bench).outcome == "wrong: The number is somebody else's. Asked the son."


def test_a_form_of_another_site_or_session_changes_nothing(here: Client, bench: Bench) -> None:
    found = alarm(bench)
    address = f"/followups/{found.code}/acknowledge"
    token = form_token(here.get("/followups"))
    stale = {"form_token": "0" * 64}
    assert here.post(address, data=stale).headers["location"] == "/followups?notice=stale"
    assert here.post(address).headers["location"] == "/followups?notice=stale"
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert here.post(address, data={"form_token": token}, headers=elsewhere).status_code == 403
    here.cookies.clear()
    answer = here.post(address, data={"form_token": token})
    assert answer.headers["location"] == "/followups?notice=stale"
    assert item(bench).status is FollowUpStatus.OPEN


def test_an_unknown_code_is_not_found(here: Client, bench: Bench) -> None:
    assert here.get("/followups/NOPE9").status_code == 404
    data = {"form_token": form_token(here.get(f"/followups/{alarm(bench).code}"))}
    assert here.post("/followups/NOPE9/acknowledge", data=data).status_code == 404


def test_a_page_holds_no_script_and_nothing_inline(here: Client, bench: Bench) -> None:
    found = alarm(bench)
    for path in ("/followups", f"/followups/{found.code}"):
        page = here.get(path)
        assert "<script" not in page.text
        assert not re.search(r"\son\w+=|\sstyle=|<style", page.text)
        assert page.headers["cache-control"] == "no-store"


def test_names_of_hostile_patients_are_inert(here: Client, bench: Bench) -> None:
    person = {"given": "{{7*7}}", "family": "<script>alert(1)</script>"}
    bench.book(START + timedelta(days=3), patient_=person)
    bench.says(ALARM)
    text = here.get("/followups").text
    assert "<bdi>{{7*7}}" in text
    assert "<script" not in text


def test_without_a_token_the_list_is_for_this_machine_alone(bench: Bench) -> None:
    alarm(bench)

    def look(config: WebConfig, client: str, url: str, **headers: str) -> Response:
        transport = httpx.ASGITransport(create_app(bench.world, config), client=(client, 5))

        async def get() -> Response:
            async with httpx.AsyncClient(transport=transport, base_url=url) as browser:
                return await browser.get("/followups", headers=headers)

        return asyncio.run(get())

    local = "http://127.0.0.1:8000"
    assert look(HERE, "127.0.0.1", local).status_code == 200
    assert look(HERE, "::1", "http://localhost:8000").status_code == 200
    refused = [
        look(HERE, "203.0.113.9", local),
        look(HERE, "127.0.0.1", "http://rebound.example:8000"),
        look(HERE, "127.0.0.1", local, **{"X-Forwarded-For": "203.0.113.9"}),
        look(replace(HERE, public_url="https://outreach.example.org"), "127.0.0.1", local),
    ]
    for answer in refused:
        assert answer.status_code == 403
        assert "OUTREACH_STAFF_TOKEN" in answer.text
        assert "Robin" not in answer.text


def test_with_a_token_staff_sign_in_once(staff: Client, bench: Bench) -> None:
    found = alarm(bench)
    asked = staff.get("/followups")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in")
    answer = sign_in(staff)
    assert (answer.status_code, answer.headers["location"]) == (303, "/followups")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie  # the public address is plain http
    page = staff.get("/followups")
    assert page.status_code == 200
    assert "Sam N." in page.text
    staff.post(f"/followups/{found.code}/acknowledge", data={"form_token": form_token(page)})
    assert item(bench).assignee == "Sam N."


def test_over_tls_the_cookie_travels_over_tls_alone(bench: Bench) -> None:
    config = WebConfig("https://outreach.example.org", staff_token=TOKEN)
    with running(create_app(bench.world, config)) as url, caller(url) as client:
        assert "secure" in sign_in(client).headers["set-cookie"].lower()


def test_a_wrong_token_or_no_name_opens_nothing(staff: Client) -> None:
    wrong = sign_in(staff, token="a-guess-at-the-token")
    assert wrong.status_code == 403
    assert "a-guess" not in wrong.text
    assert sign_in(staff, token="").status_code == 403
    assert sign_in(staff, name=" ").status_code == 400
    assert sign_in(staff, name="x" * 61).status_code == 400
    assert COOKIE not in staff.cookies
    assert staff.get("/followups").status_code == 303


def test_a_cookie_that_was_changed_or_is_old_opens_nothing(staff: Client, bench: Bench) -> None:
    sign_in(staff)
    good = staff.cookies[COOKIE]
    text, _, signature = good.partition(".")
    for bad in (f"{text}A.{signature}", f"{text}.{'0' * 64}", text, "", ".", "é.é"):
        answer = staff.get("/followups", headers={b"Cookie": f"{COOKIE}={bad}".encode()})
        assert answer.status_code == 303, bad
    bench.machine.advance(timedelta(hours=12, minutes=1))
    assert staff.get("/followups").status_code == 303


def test_another_token_ends_every_session(staff: Client, bench: Bench) -> None:
    sign_in(staff)
    renewed = replace(STAFFED, staff_token="a-newer-token-of-the-staff")
    with running(create_app(bench.world, renewed)) as url, caller(url) as client:
        client.cookies.set(COOKIE, staff.cookies[COOKIE])
        assert client.get("/followups").status_code == 303


def test_signing_out_takes_the_cookie_back(staff: Client) -> None:
    sign_in(staff)
    token = form_token(staff.get("/followups"))
    assert staff.post("/sign-out", data={"form_token": "0" * 64}).status_code == 303
    assert COOKIE in staff.cookies
    assert staff.post("/sign-out", data={"form_token": token}).headers["location"] == "/sign-in"
    assert COOKIE not in staff.cookies


def test_a_link_from_elsewhere_is_followed_again_by_ourselves(staff: Client) -> None:
    answer = staff.get("/followups/ABCDE", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "0;url=/followups/ABCDE" in answer.text


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=59), "less than a minute left"),
        (timedelta(minutes=4, seconds=30), "4 min left"),
        (timedelta(minutes=190), "3 h 10 min left"),
        (timedelta(hours=5), "5 h left"),
        (timedelta(days=3), "3 days left"),
        (timedelta(seconds=-1), "1 min late"),
        (timedelta(minutes=-61), "1 h 1 min late"),
    ],
)
def test_time_left_reads_well(left: timedelta, words: str) -> None:
    assert time_left(left) == words


def test_numbers_are_shown_as_they_are_dialled() -> None:
    assert dialled(PHONE, "US") == "(202) 555-0123"
    assert dialled("+442079460958", "US") == "+44 20 7946 0958"
    assert dialled("CLINIC", "US") == "CLINIC"


def test_control_characters_do_not_reach_a_page() -> None:
    assert readable("a\0b\x1b[31m\nc\x7f") == "ab[31m\nc"


def test_a_shared_phone_names_everybody_who_may_have_written(here: Client, bench: Bench) -> None:
    for number, name in enumerate(("Robin", "Alex"), start=1):
        patient = {"given": name, "family": "Testcase"}
        bench.book(
            START + timedelta(days=3), patient=f"P{number}", visit=f"A{number}", patient_=patient
        )
    bench.says("chest pain and I cannot breathe")
    page = here.get(f"/followups/{item(bench).code}").text
    assert "Testcase or " in page
    assert "Robin Testcase" in page
    assert "Alex Testcase" in page
    assert "Several patients share this phone" in page


def test_a_call_about_a_child_shows_the_parent_s_number_and_whose_it_is(
    here: Client, bench: Bench
) -> None:
    phones = [{"value": PHONE}, {"value": "+12025550140", "role": "parent"}]
    bench.book(
        START + timedelta(days=3),
        phone=None,
        patient_={"birth_date": "2015-05-05", "phones": phones},
    )
    with bench.world.db.write() as unit:
        (row,) = unit.people.everyone()
        followup.open_item(
            unit,
            bench.world,
            followup.NewItem("x", "call_patient", Action.SAME_DAY, "Call.", patient_id=row.id),
        )
    page = here.get(f"/followups/{item(bench).code}").text
    assert "(202) 555-0140" in page
    assert "patient&#39;s parent" in page
