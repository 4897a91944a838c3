"""Keywords, scripted patients, and the page that shows what patients see."""

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException

from outreach.sandbox.keywords import Keyword, keyword_in
from outreach.sandbox.segments import segments_of

from .conftest import Sandbox, StartSandbox
from .receiver import Receiver, eventually

PHONE = "+12025550123"


def write(sandbox: Sandbox, body: str) -> None:
    sandbox.http.post("/sandbox/inbound", json={"from": PHONE, "body": body}).raise_for_status()


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("STOP", Keyword.STOP),
        (" stop\n", Keyword.STOP),
        ("Cancel", Keyword.STOP),
        ("OptOut", Keyword.STOP),
        ("YES", Keyword.START),
        ("info", Keyword.HELP),
        ("stop please", None),
        ("STOP.", None),
        ("", None),
    ],
)
def test_a_keyword_is_one_word_alone(text: str, keyword: Keyword | None) -> None:
    assert keyword_in(text) is keyword


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("é" * 160, 1),
        ("x" * 152 + "€" * 76, 2),
        ("😀" * 35, 1),
        ("😀" * 67, 3),
    ],
)
def test_segments_never_split_a_pair(text: str, segments: int) -> None:
    assert segments_of(text) == segments


def test_stop_is_answered_forwarded_and_blocks_until_start(
    start: StartSandbox, receiver: Receiver
) -> None:
    sandbox = start(app_url=receiver.url)
    write(sandbox, "Stop")
    assert receiver.wait_for(1)[0].form["Body"] == "Stop"
    with pytest.raises(TwilioRestException) as refused:
        sandbox.text(to=PHONE)
    assert refused.value.code == 21610
    write(sandbox, "YES")
    sandbox.text(to=PHONE)
    counts = sandbox.count()
    assert (counts["total"], counts["inbound"], counts["carrier"]) == (1, 2, 2)


def test_yes_to_a_question_is_left_to_the_clinic(sandbox: Sandbox) -> None:
    write(sandbox, "YES")
    assert sandbox.count()["carrier"] == 0


def test_a_carrier_may_leave_keywords_to_the_app(start: StartSandbox) -> None:
    sandbox = start(answers_keywords=False)
    write(sandbox, "STOP")
    sandbox.text(to=PHONE)
    assert sandbox.count()["carrier"] == 0


def test_a_scripted_patient_answers_once(start: StartSandbox, receiver: Receiver) -> None:
    sandbox = start(app_url=receiver.url)
    script = {
        "phone": PHONE,
        "name": "Ada Example",
        "replies": [{"when_contains": "how are you", "body": "2 tired", "after_seconds": 0.01}],
    }
    assert sandbox.http.post("/sandbox/patients", json=script).status_code == 201
    sandbox.text(to=PHONE, body="See you on Tuesday")
    sandbox.text(to=PHONE, body="Hello, How are you today? 0-3")
    sandbox.text(to=PHONE, body="Again: how are you?")
    assert receiver.wait_for(1)[0].form["Body"] == "2 tired"
    eventually(lambda: sandbox.count()["by_status"] == {"delivered": 3})
    assert sandbox.count()["inbound"] == 1


def test_the_page_shows_a_phone_with_both_sides_and_escapes_them(sandbox: Sandbox) -> None:
    sandbox.http.post("/sandbox/patients", json={"phone": PHONE, "name": "Ada <Example>"})
    sandbox.text(to=PHONE, body="Your visit is on <b>Tuesday</b>")
    write(sandbox, "Thank you & bye")
    page = sandbox.http.get("/phones")
    assert "Ada &lt;Example&gt;" in page.text
    assert "Your visit is on &lt;b&gt;Tuesday&lt;/b&gt;" in page.text
    assert "Thank you &amp; bye" in page.text
    assert "1 message sent by the clinic" in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    for asset in ("phones.css", "phones.js", "phone.svg"):
        assert sandbox.http.get(f"/static/{asset}").status_code == 200


def test_a_visitor_replies_as_a_patient(start: StartSandbox, receiver: Receiver) -> None:
    sandbox = start(app_url=receiver.url)
    sandbox.text(to=PHONE)
    answer = sandbox.http.post("/phones/reply", data={"from": PHONE, "body": " 0 all well "})
    assert answer.status_code == 303
    assert receiver.wait_for(1)[0].form["Body"] == "0 all well"
    sandbox.http.post("/phones/reply", data={"from": "+12025550177", "body": "who am I"})
    assert sandbox.count()["inbound"] == 1


def test_an_email_is_on_the_phone_of_who_reads_it(sandbox: Sandbox) -> None:
    sandbox.http.post(
        "/sandbox/patients",
        json={"phone": PHONE, "name": "Ada Example", "email": "ada@example.com"},
    )
    sandbox.http.post(
        "/v3/mail/send",
        headers={"Authorization": f"Bearer {sandbox.config.sendgrid_api_key}"},
        json={
            "personalizations": [{"to": [{"email": "Ada@example.com"}]}],
            "from": {"email": "no-reply@clinic.invalid"},
            "subject": "Before your visit",
            "content": [
                {"type": "text/plain", "value": "Plain words"},
                {"type": "text/html", "value": "<p>Rich words</p>"},
            ],
        },
    ).raise_for_status()
    page = sandbox.http.get("/phones").text
    assert page.count('<section class="phone"') == 1
    assert "Before your visit" in page
    message = sandbox.record()["messages"][0]
    email = sandbox.http.get(f"/phones/email/{message['id']}")
    assert email.text == "<p>Rich words</p>"
    assert email.headers["Content-Security-Policy"].startswith("sandbox")
    assert sandbox.http.get("/phones/email/nothing").status_code == 404


def test_of_very_many_patients_the_busiest_are_shown(sandbox: Sandbox) -> None:
    for number in range(30):
        phone = f"+120255501{number:02}"
        sandbox.http.post("/sandbox/patients", json={"phone": phone, "name": f"Patient {number}"})
    sandbox.text(to="+12025550129", body="You are the last one")
    page = sandbox.http.get("/phones").text
    assert page.count('<section class="phone"') == 24
    assert "You are the last one" in page


def test_the_stream_tells_of_each_change(sandbox: Sandbox) -> None:
    with httpx.stream("GET", f"{sandbox.url}/phones/stream", timeout=5) as stream:
        lines = stream.iter_lines()
        first = next(line for line in lines if line.startswith("data:"))
        write(sandbox, "hello")
        second = next(line for line in lines if line.startswith("data:"))
    assert first != second
