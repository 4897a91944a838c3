"""The official Twilio client, pointed at the sandbox, works as against the real thing."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from outreach.sandbox import Pace

from .conftest import Elsewhere, Sandbox, StartSandbox
from .receiver import eventually


def code_of(sandbox: Sandbox, **message: object) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        sandbox.twilio.messages.create(**message)
    return refused.value.code, refused.value.status


def test_a_text_from_a_number_is_queued_and_counted(sandbox: Sandbox) -> None:
    message = sandbox.text(body="x" * 161)
    assert message.sid.startswith("SM")
    assert len(message.sid) == 34
    assert (message.status, message.num_segments) == ("queued", "2")
    assert (message.from_, message.direction) == (sandbox.number, "outbound-api")
    assert abs(datetime.now(UTC) - message.date_created) < timedelta(minutes=1)
    assert sandbox.count()["total"] == 1


def test_a_text_through_a_service_has_no_sender_and_no_segments_yet(sandbox: Sandbox) -> None:
    service = sandbox.config.service_sids[0]
    message = sandbox.twilio.messages.create(
        to="+12025550123", messaging_service_sid=service, body="Hello"
    )
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    eventually(lambda: sandbox.twilio.messages(message.sid).fetch().status == "delivered")
    fetched = sandbox.twilio.messages(message.sid).fetch()
    assert (fetched.from_, fetched.num_segments) == (sandbox.number, "1")
    assert fetched.date_sent is not None


@pytest.mark.parametrize(
    ("message", "code", "status"),
    [
        ({"body": "hi", "to": ""}, 21604, 400),
        ({"body": "hi", "to": "555"}, 21211, 400),
        ({"body": "", "to": "+12025550123"}, 21602, 400),
        ({"body": "x" * 1601, "to": "+12025550123"}, 21617, 400),
        ({"body": "hi", "to": "+12025550123", "from_": "+12025550199"}, 21606, 400),
        ({"body": "hi", "to": "+12025550123", "from_": "clinic"}, 21212, 400),
        ({"body": "hi", "to": "+12025550123", "validity_period": 36001}, 90007, 400),
        ({"body": "hi", "to": "+12025550123", "status_callback": "ftp://x"}, 21609, 400),
        ({"body": "hi", "to": "+15005550001"}, 21211, 400),
        ({"body": "hi", "to": "+15005550002"}, 21612, 400),
        ({"body": "hi", "to": "+15005550003"}, 21408, 400),
        ({"body": "hi", "to": "+15005550004"}, 21610, 400),
        ({"body": "hi", "to": "+15005550009"}, 21614, 400),
        ({"body": "hi", "to": "+12025550123", "from_": "+15005550001"}, 21212, 400),
        ({"body": "hi", "to": "+12025550123", "from_": "+15005550007"}, 21606, 400),
        ({"body": "hi", "to": "+12025550123", "from_": "+15005550008"}, 21611, 429),
    ],
)
def test_a_wrong_request_is_refused_with_its_code(
    sandbox: Sandbox, message: dict[str, object], code: int, status: int
) -> None:
    assert code_of(sandbox, **{"from_": sandbox.number, **message}) == (code, status)
    assert sandbox.count()["total"] == 0


def test_a_sender_is_needed_and_must_exist(sandbox: Sandbox) -> None:
    assert code_of(sandbox, to="+12025550123", body="hi") == (21603, 400)
    unknown = "MG" + "0" * 32
    refused = code_of(sandbox, to="+12025550123", body="hi", messaging_service_sid=unknown)
    assert refused == (21701, 400)


def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    http = Elsewhere(sandbox.url)
    stranger = Client(sandbox.config.account_sid, "wrong", http_client=http)
    with pytest.raises(TwilioRestException) as refused:
        stranger.messages.create(to="+12025550123", from_=sandbox.number, body="hi")
    http.session.close()
    assert (refused.value.code, refused.value.status) == (20003, 401)


def test_the_error_body_is_twilios(sandbox: Sandbox) -> None:
    account = sandbox.config.account_sid
    answer = httpx.post(
        f"{sandbox.url}/2010-04-01/Accounts/{account}/Messages.json",
        auth=(account, sandbox.config.auth_token),
        data={"To": "555", "From": sandbox.number, "Body": "hi"},
    )
    body = answer.json()
    assert set(body) == {"code", "message", "more_info", "status"}
    assert body["more_info"].endswith("/21211")


def test_the_list_filters_by_both_ends_and_pages_newest_first(sandbox: Sandbox) -> None:
    sids = [sandbox.text(body=str(number)).sid for number in range(7)]
    sandbox.text(to="+12025550124")
    found = sandbox.twilio.messages.list(to="+12025550123", page_size=3)
    assert [message.sid for message in found] == sids[::-1]
    assert len(sandbox.twilio.messages.list(from_=sandbox.number)) == 8
    assert len(sandbox.twilio.messages.list(to="+12025550123", limit=2)) == 2


def test_a_date_filter_knows_days_and_passes_over_unsent_texts(start: StartSandbox) -> None:
    sandbox = start(pace=Pace(queued=60))
    unsent = sandbox.text()
    today = datetime.now(UTC)
    assert sandbox.twilio.messages.list(date_sent_after=today) == []
    assert [message.sid for message in sandbox.twilio.messages.list()] == [unsent.sid]


def test_sent_texts_are_found_by_day(sandbox: Sandbox) -> None:
    sandbox.text()
    eventually(lambda: sandbox.count()["by_status"].get("delivered") == 1)
    now, day = datetime.now(UTC), timedelta(days=1)
    assert len(sandbox.twilio.messages.list(date_sent_after=now - day)) == 1
    assert len(sandbox.twilio.messages.list(date_sent_before=now + day)) == 1
    assert sandbox.twilio.messages.list(date_sent_after=now + 2 * day) == []
    assert sandbox.twilio.messages.list(date_sent_before=now - 2 * day) == []


def test_a_finished_text_is_redacted_and_the_record_keeps_it(sandbox: Sandbox) -> None:
    message = sandbox.text(body="Keep me")
    eventually(lambda: message.fetch().status == "delivered")
    assert message.update(body="").body == ""
    assert message.fetch().body == ""
    assert sandbox.record()["messages"][0]["body"] == "Keep me"


def test_a_waiting_text_can_be_cancelled_and_not_redacted(start: StartSandbox) -> None:
    sandbox = start(pace=Pace(queued=0.4))
    message = sandbox.text()
    with pytest.raises(TwilioRestException) as refused:
        message.update(body="")
    assert refused.value.code == 20009
    assert message.update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException) as late:
        message.update(status="canceled")
    assert late.value.code == 30409


def test_a_deleted_text_is_gone_from_the_account_and_stays_in_the_record(
    sandbox: Sandbox,
) -> None:
    message = sandbox.text()
    eventually(lambda: message.fetch().status == "delivered")
    assert message.delete()
    with pytest.raises(TwilioRestException) as gone:
        message.fetch()
    assert gone.value.code == 20404
    assert sandbox.twilio.messages.list() == []
    assert sandbox.count()["total"] == 1
