"""Our signatures are those of the SDKs, for every form they can meet."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

from outreach.channels.signatures import (
    sendgrid_key_from_seed,
    sendgrid_public_key,
    sign_sendgrid,
    twilio_signature,
    verify_sendgrid,
    verify_twilio,
    verify_twilio_json,
)

TOKEN = "a-token-of-no-account"
URL = "https://clinic.example.com/webhooks/twilio/inbound?a=1"


class MultiDict(dict[str, list[str]]):
    """What web frameworks hand to the SDK for repeated parameters."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def as_multi(params: list[tuple[str, str]]) -> MultiDict:
    multi = MultiDict()
    for name, value in params:
        multi.setdefault(name, []).append(value)
    return multi


@pytest.mark.parametrize(
    "params",
    [
        [],
        [("Body", "hello"), ("From", "+12025550123")],
        [("Body", ""), ("FromCity", ""), ("NumMedia", "0")],
        [("A", "2"), ("A", "1"), ("A", "2"), ("AB", ""), ("B", "ñ 😀 & = +")],
    ],
)
def test_the_sdk_accepts_what_we_sign(params: list[tuple[str, str]]) -> None:
    signature = twilio_signature(TOKEN, URL, params)
    assert RequestValidator(TOKEN).validate(URL, as_multi(params), signature)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
            st.text(st.characters(codec="utf-8"), max_size=8),
        ),
        max_size=8,
    )
)
def test_we_sign_as_the_sdk_does(params: list[tuple[str, str]]) -> None:
    expected = RequestValidator(TOKEN).compute_signature(URL, as_multi(params))
    assert twilio_signature(TOKEN, URL, params) == expected
    assert verify_twilio([TOKEN], URL, params, expected)


def test_any_change_is_noticed() -> None:
    params = [("Body", "STOP"), ("FromCity", "")]
    signature = twilio_signature(TOKEN, URL, params)
    assert verify_twilio([TOKEN], URL, params, signature)
    assert not verify_twilio([TOKEN], URL, params[:1], signature)
    assert not verify_twilio([TOKEN], URL + "&b=2", params, signature)
    assert not verify_twilio(["another"], URL, params, signature)
    assert not verify_twilio([], URL, params, signature)
    assert not verify_twilio([TOKEN], URL, params, "")
    assert not verify_twilio([TOKEN], URL, params, "é" * 28)


def test_both_tokens_are_good_while_they_are_rotated() -> None:
    signature = twilio_signature("old", URL, [])
    assert verify_twilio(["new", "old"], URL, [], signature)


@pytest.mark.parametrize(
    ("signed", "configured"),
    [
        ("https://clinic.example.com:443/x", "https://clinic.example.com/x"),
        ("http://clinic.example.com:80/x", "http://clinic.example.com/x"),
        ("https://clinic.example.com/x", "https://clinic.example.com:8443/x"),
    ],
)
def test_a_port_may_be_signed_or_not(signed: str, configured: str) -> None:
    signature = twilio_signature(TOKEN, signed, [])
    assert RequestValidator(TOKEN).validate(configured, {}, signature)
    assert verify_twilio([TOKEN], configured, [], signature)


def test_a_json_body_is_held_by_its_hash() -> None:
    body = json.dumps({"status": "ok"}).encode()
    url = f"https://clinic.example.com/hook?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = twilio_signature(TOKEN, url, [])
    assert RequestValidator(TOKEN).validate(url, body.decode(), signature)
    assert verify_twilio_json([TOKEN], url, body, signature)
    assert not verify_twilio_json([TOKEN], url, body + b" ", signature)
    assert not verify_twilio_json(["another"], url, body, signature)
    bare = "https://clinic.example.com/hook"
    assert not verify_twilio_json([TOKEN], bare, body, twilio_signature(TOKEN, bare, []))


class StillClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
KEY = sendgrid_key_from_seed("a seed")
PUBLIC = sendgrid_public_key(KEY)
EVENTS = b'[{"event": "delivered", "sg_event_id": "1"}]\r\n'


def test_the_sdk_accepts_our_email_events() -> None:
    signature = sign_sendgrid(KEY, STAMP, EVENTS)
    assert EventWebhook(PUBLIC).verify_signature(EVENTS.decode(), signature, STAMP)
    assert verify_sendgrid(PUBLIC, EVENTS, signature, STAMP, StillClock(NOW))


@pytest.mark.parametrize(
    ("seconds", "good"), [(-301, False), (-299, True), (299, True), (301, False)]
)
def test_an_event_is_good_for_five_minutes(seconds: int, good: bool) -> None:
    signature = sign_sendgrid(KEY, STAMP, EVENTS)
    clock = StillClock(NOW + timedelta(seconds=seconds))
    assert verify_sendgrid(PUBLIC, EVENTS, signature, STAMP, clock) is good


@pytest.mark.parametrize(
    ("body", "timestamp", "signature"),
    [
        (EVENTS[:-2], STAMP, None),
        (EVENTS, str(int(STAMP) + 1), None),
        (EVENTS, "yesterday", None),
        (EVENTS, "", None),
        (EVENTS, STAMP, "%%%"),
        (EVENTS, STAMP, ""),
        (EVENTS, STAMP, "AAAA"),
    ],
)
def test_a_changed_event_is_refused(body: bytes, timestamp: str, signature: str | None) -> None:
    signed = sign_sendgrid(KEY, STAMP, EVENTS) if signature is None else signature
    assert not verify_sendgrid(PUBLIC, body, signed, timestamp, StillClock(NOW))


def test_another_key_is_refused_and_a_broken_one_is_an_error() -> None:
    signature = sign_sendgrid(sendgrid_key_from_seed("another"), STAMP, EVENTS)
    assert not verify_sendgrid(PUBLIC, EVENTS, signature, STAMP, StillClock(NOW))
    with pytest.raises(ValueError, match=r"."):
        verify_sendgrid("AAAA", EVENTS, signature, STAMP, StillClock(NOW))
