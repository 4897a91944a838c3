from datetime import timedelta
from uuid import UUID

import pytest
from httpx import Client, Response
from twilio.request_validator import RequestValidator

from outreach.channels.signatures import TWILIO_SIGNATURE_HEADER, twilio_signature
from outreach.domain.states import MessageStatus
from outreach.pipeline import receipt
from outreach.storage.models import Reply
from tests.web.callers import FORM, PUBLIC_URL, SID, TOKEN, inbound, twilio
from tests.worlds import START, Bench

STATUS = "/webhooks/twilio/status"
INBOUND = "/webhooks/twilio/inbound"
MESSAGE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def replies(bench: Bench) -> list[Reply]:
    with bench.world.db.read() as unit:
        return unit.replies.everything()


def reported(bench: Bench, sid: str = SID) -> list[tuple[str, int | None, UUID | None]]:
    with bench.world.db.read() as unit:
        rows = unit.receipts.of_provider_id(sid)
    return sorted((row.status, row.error_code, row.message_id) for row in rows)


def test_a_delivery_report_is_stored_with_our_id_and_wakes_the_receipts(
    client: Client, bench: Bench
) -> None:
    form = {"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": "30003"}
    answer = twilio(client, f"{STATUS}/{MESSAGE.hex}", form)
    assert (answer.status_code, answer.content) == (204, b"")
    assert reported(bench) == [("undelivered", 30003, MESSAGE)]
    assert bench.wakes.stages == ["receipt"]


def test_a_report_without_our_id_or_code_is_stored_too(client: Client, bench: Bench) -> None:
    form = {"SmsSid": SID, "SmsStatus": "sent", "ErrorCode": "", "RawDlrDoneDate": ""}
    assert twilio(client, STATUS, form).status_code == 204
    assert reported(bench) == [("sent", None, None)]


def test_a_replayed_report_has_no_effect_again(client: Client, bench: Bench) -> None:
    form = {"MessageSid": SID, "MessageStatus": "delivered"}
    for _ in range(3):
        assert twilio(client, f"{STATUS}/{MESSAGE.hex}", form).status_code == 204
    assert reported(bench) == [("delivered", None, MESSAGE)]


def test_a_report_reaches_the_message_it_is_about(client: Client, bench: Bench) -> None:
    bench.book(START + timedelta(days=3))
    bench.run()
    with bench.world.db.read() as unit:
        sent = unit.messages.everything()[0]
    assert sent.provider_id is not None
    form = {"MessageSid": sent.provider_id, "MessageStatus": "delivered"}
    assert twilio(client, f"{STATUS}/{sent.id.hex}", form).status_code == 204
    receipt.drain(bench.world)
    with bench.world.db.read() as unit:
        assert unit.messages.everything()[0].status is MessageStatus.DELIVERED


def test_a_text_is_stored_before_it_is_answered_with_nothing(client: Client, bench: Bench) -> None:
    answer = twilio(client, INBOUND, inbound("2 ok ❤ a&b=c+d\n%", NumMedia="2"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.endswith("<Response/>")
    [row] = replies(bench)
    assert (row.body, row.address, row.media) == ("2 ok ❤ a&b=c+d\n%", "+12025550123", 2)
    assert "triage" in bench.wakes.stages


def test_stop_is_obeyed_before_the_answer(client: Client, bench: Bench) -> None:
    twilio(client, INBOUND, inbound(" Stop. "))
    [row] = replies(bench)
    with bench.world.db.read() as unit:
        assert unit.people.consent_of([row.address_index])[row.address_index].opted_out


def test_what_the_carrier_understood_as_stop_is_a_stop(client: Client, bench: Bench) -> None:
    twilio(client, INBOUND, inbound("leave me be", OptOutType="STOP"))
    [row] = replies(bench)
    assert row.keyword == "stop"
    with bench.world.db.read() as unit:
        assert unit.people.consent_of([row.address_index])[row.address_index].opted_out


def test_a_replayed_text_is_one_reply(client: Client, bench: Bench) -> None:
    for _ in range(3):
        assert twilio(client, INBOUND, inbound("hello")).status_code == 200
    assert len(replies(bench)) == 1


@pytest.mark.parametrize("url", [INBOUND, f"{INBOUND}?from=a%20b&x="])
def test_the_official_validator_signs_as_we_check(client: Client, url: str) -> None:
    form = inbound("¿Qué? ünïcode", MessagingServiceSid="", FromCity="")
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + url, form)
    answer = client.post(url, data=form, headers={TWILIO_SIGNATURE_HEADER: signature})
    assert answer.status_code == 200


def test_blank_fields_are_part_of_what_is_signed(client: Client, bench: Bench) -> None:
    form = inbound("hi")
    without_blanks = {name: value for name, value in form.items() if value}
    signature = twilio_signature(TOKEN, PUBLIC_URL + INBOUND, without_blanks.items())
    answer = client.post(INBOUND, data=form, headers={TWILIO_SIGNATURE_HEADER: signature})
    assert answer.status_code == 403
    assert replies(bench) == []


def test_both_tokens_open_while_they_are_rotated(client: Client) -> None:
    assert twilio(client, INBOUND, inbound("hi"), token="next-auth-token").status_code == 200


def refused(answer: Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    detail = str(answer.json()["detail"])
    assert "\n" not in detail
    return detail


def test_a_wrong_token_or_none_is_refused(client: Client, bench: Bench) -> None:
    assert "wrong" in refused(twilio(client, INBOUND, inbound("hi"), token="guess"), 403)
    assert "missing" in refused(client.post(INBOUND, data=inbound("hi")), 403)
    assert replies(bench) == []


def test_the_host_header_does_not_matter_and_the_public_address_does(
    client: Client, bench: Bench
) -> None:
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert twilio(client, INBOUND, inbound("hi"), headers=spoofed).status_code == 200
    signature = twilio_signature(TOKEN, f"https://evil.example{INBOUND}", inbound("no").items())
    headers = {**spoofed, TWILIO_SIGNATURE_HEADER: signature}
    assert client.post(INBOUND, data=inbound("no"), headers=headers).status_code == 403
    assert len(replies(bench)) == 1


def test_a_signature_for_one_message_does_not_serve_for_another(
    client: Client, bench: Bench
) -> None:
    form = {"MessageSid": SID, "MessageStatus": "delivered"}
    signature = twilio_signature(TOKEN, f"{PUBLIC_URL}{STATUS}/{MESSAGE.hex}", form.items())
    other = f"{STATUS}/{'0' * 32}"
    answer = client.post(other, data=form, headers={TWILIO_SIGNATURE_HEADER: signature})
    assert answer.status_code == 403
    assert reported(bench) == []


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (STATUS, {"MessageStatus": "sent"}),
        (STATUS, {"MessageSid": SID}),
        (STATUS, {"MessageSid": SID + "\0", "MessageStatus": "sent"}),
        (STATUS, {"MessageSid": SID, "MessageStatus": "<script>"}),
        (f"{STATUS}/not-an-id", {"MessageSid": SID, "MessageStatus": "sent"}),
        (INBOUND, {"MessageSid": SID, "To": "+12025550100", "Body": "hi"}),
        (INBOUND, {"MessageSid": SID, "From": "+1 202\0", "To": "+12025550100"}),
        (INBOUND, {}),
    ],
)
def test_signed_garbage_is_refused_with_one_line(
    client: Client, bench: Bench, path: str, form: dict[str, str]
) -> None:
    refused(twilio(client, path, form), 400)
    assert replies(bench) == []
    assert reported(bench) == []


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"&".join(b"a=%d" % n for n in range(500))])
def test_a_body_that_is_no_form_is_refused(client: Client, body: bytes) -> None:
    headers = {TWILIO_SIGNATURE_HEADER: "x", "Content-Type": FORM}
    refused(client.post(INBOUND, content=body, headers=headers), 400)


def test_odd_numbers_in_a_form_do_no_harm(client: Client, bench: Bench) -> None:
    form = {"MessageSid": SID, "MessageStatus": "failed", "ErrorCode": "²³"}
    assert twilio(client, STATUS, form).status_code == 204
    assert reported(bench) == [("failed", None, None)]
    assert twilio(client, INBOUND, inbound("x", NumMedia="-1")).status_code == 200
    assert replies(bench)[0].media == 0


def test_a_text_of_control_characters_is_kept_as_it_came(client: Client, bench: Bench) -> None:
    twilio(client, INBOUND, inbound("a\0b\u202ec{{7*7}}';--"))
    assert replies(bench)[0].body == "a\0b\u202ec{{7*7}}';--"


def test_a_body_over_the_limit_is_refused(client: Client, bench: Bench) -> None:
    refused(twilio(client, INBOUND, inbound("x" * 1_000_001)), 413)
    refused(twilio(client, INBOUND, inbound("x"), headers={"Content-Encoding": "gzip"}), 415)
    assert replies(bench) == []


def test_other_methods_are_not_answered(client: Client) -> None:
    assert client.get(INBOUND).status_code == 405
