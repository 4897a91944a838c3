"""Inbound Parse: an email is believed by its signature or its secret, stored once, and triaged."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import Client, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.channels.signatures import (
    SENDGRID_SIGNATURE_HEADER,
    SENDGRID_TIMESTAMP_HEADER,
    sendgrid_key_from_seed,
    sendgrid_public_key,
    sign_sendgrid,
)
from outreach.domain.errors import ConfigurationError
from outreach.pipeline import triage
from outreach.storage.models import Reply
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from outreach.web.multipart import parts_of
from outreach.web.problems import Refused
from outreach.web.server import running
from outreach.web.webhooks.parsed_mail import inbound_of
from tests.pipeline.rows import kinds, patient, work
from tests.web.callers import PUBLIC_URL, SENDGRID_SEED, caller
from tests.worlds import START, Bench

MAIL = "/webhooks/sendgrid/inbound"
SECRET = "s3cret-of-this-mailbox-42"
KEY = sendgrid_key_from_seed(SENDGRID_SEED)
ROBIN = "robin@example.org"
JPEG = b"\xff\xd8\xff" + b"0" * 9000
QUOTED = (
    "I feel dizzy\n\nOn Mon, Mar 1, 2027 Cedar Grove <a@b.example> wrote:\n> call 911 if chest pain"
)
BOUNDARY = "xYzZY"


def by_key() -> WebConfig:
    return WebConfig(public_url=PUBLIC_URL, inbound_mail_key=sendgrid_public_key(KEY))


def by_secret() -> WebConfig:
    return WebConfig(public_url=PUBLIC_URL, inbound_mail_secret=SECRET)


@pytest.fixture
def client(bench: Bench) -> Iterator[Client]:
    with running(create_app(bench.world, by_key())) as url, caller(url) as made:
        yield made


@pytest.fixture
def secret_client(bench: Bench) -> Iterator[Client]:
    with running(create_app(bench.world, by_secret())) as url, caller(url) as made:
        yield made


def body_of(fields: dict[str, str | bytes], files: tuple[bytes, ...] = ()) -> bytes:
    parts = []
    for name, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        head = f'Content-Disposition: form-data; name="{name}"'
        parts.append(head.encode() + b"\r\n\r\n" + content)
    for number, content in enumerate(files, 1):
        head = f'Content-Disposition: form-data; name="attachment{number}"; filename="<a>.html"'
        parts.append(head.encode() + b"\r\nContent-Type: text/html\r\n\r\n" + content)
    mark = f"--{BOUNDARY}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def mail(text: str = "hello", **more: str | bytes) -> dict[str, str | bytes]:
    return {
        "headers": "Message-ID: <1@example.org>\nSubject: Re: visit\n",
        "from": f"Robin Testcase <{ROBIN}>",
        "to": "care@replies.example.org",
        "subject": "Re: your visit",
        "text": text,
        "envelope": f'{{"to":["care@replies.example.org"],"from":"{ROBIN}"}}',
        "charsets": '{"text":"UTF-8"}',
        "attachments": "0",
        **more,
    }


def post(
    client: Client,
    body: bytes,
    path: str = MAIL,
    *,
    at: float = START.timestamp(),
    signed: bytes | None = None,
    **headers: str,
) -> Response:
    timestamp = str(int(at))
    signature = sign_sendgrid(KEY, timestamp, body if signed is None else signed)
    return client.post(
        path,
        content=body,
        headers={
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            SENDGRID_SIGNATURE_HEADER: signature,
            SENDGRID_TIMESTAMP_HEADER: timestamp,
            **headers,
        },
    )


def replies(bench: Bench) -> list[Reply]:
    with bench.world.db.read() as unit:
        return unit.replies.everything()


def known(bench: Bench) -> None:
    bench.event("patient.updated", patient_={"phone": "+12025550123", "email": ROBIN})


def test_an_email_is_stored_without_what_it_quotes(client: Client, bench: Bench) -> None:
    known(bench)
    answer = post(client, body_of(mail(QUOTED)))
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = replies(bench)
    assert (row.channel, row.address, row.body) == ("email", ROBIN, "I feel dizzy")
    assert "triage" in bench.wakes.stages
    triage.drain(bench.world)
    (item,) = work(bench)
    assert item.patient_id == patient(bench).id


def test_a_red_flag_in_an_email_is_paged(client: Client, bench: Bench) -> None:
    known(bench)
    post(client, body_of(mail("my chest hurts and I cannot breathe")))
    bench.run()
    assert [(item.kind, item.priority, item.level) for item in work(bench)] == [
        ("red_flag", "urgent", 1)
    ]
    assert "Call 911 now" in bench.email.texts_to(ROBIN)[0]


def test_a_red_flag_in_a_subject_is_paged(client: Client, bench: Bench) -> None:
    post(client, body_of(mail("", subject="chest pain, cannot breathe")))
    bench.run()
    assert kinds(bench) == ["red_flag"]


def test_the_same_email_twice_is_one_reply(client: Client, bench: Bench) -> None:
    for _ in range(3):
        assert post(client, body_of(mail("hello"))).status_code == 200
    assert len(replies(bench)) == 1
    post(client, body_of(mail("hello", headers="Message-ID: <2@example.org>")))
    post(client, body_of(mail("hello", headers="")))
    post(client, body_of(mail("hello", headers="")))
    assert len(replies(bench)) == 3


def test_html_alone_is_read_as_it_is_seen(client: Client, bench: Bench) -> None:
    html = "<p>I am <b>dizzy</b></p><script>x</script><blockquote>chest pain</blockquote>"
    post(client, body_of(mail("", html=html)))
    assert replies(bench)[0].body == "I am dizzy"


def test_a_whole_email_is_read_too(client: Client, bench: Bench) -> None:
    raw = b"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\nI am dizzy\n"
    fields = {name: value for name, value in mail().items() if name != "text"}
    post(client, body_of({**fields, "email": raw}))
    assert replies(bench)[0].body == "I am dizzy"


def test_another_charset_is_read(client: Client, bench: Bench) -> None:
    text = "me duele el estómago".encode("iso-8859-1")
    post(client, body_of(mail(text=text, charsets='{"text":"iso-8859-1"}')))  # type: ignore[arg-type]
    assert replies(bench)[0].body == "me duele el estómago"


def test_stop_is_obeyed_before_the_answer(client: Client, bench: Bench) -> None:
    post(client, body_of(mail("STOP")))
    (row,) = replies(bench)
    with bench.world.db.read() as unit:
        assert unit.people.consent_of([row.address_index])[row.address_index].opted_out


def test_pictures_are_kept_and_other_files_are_not(client: Client, bench: Bench) -> None:
    known(bench)
    post(client, body_of(mail("look"), (b"<script>", JPEG, b"%PDF", b"\xff\xd8\xff tiny logo")))
    (row,) = replies(bench)
    assert row.media == 1
    with bench.world.db.read() as unit:
        (file,) = unit.inbound.media_of([row.id])
        assert unit.inbound.content_of(file.id) == JPEG
    bench.run()
    assert [(item.kind, item.priority) for item in work(bench)] == [("photo", "same_day")]


def test_a_large_picture_is_no_reason_to_lose_an_email(client: Client, bench: Bench) -> None:
    post(client, body_of(mail("chest pain"), (b"\xff\xd8\xff" + b"0" * 8_000_000,)))
    assert replies(bench)[0].body == "chest pain"


@pytest.mark.parametrize(
    "more",
    [
        {"headers": "Message-ID: <3@x>\nAuto-Submitted: auto-replied\n"},
        {"envelope": '{"from":"<>"}'},
        {"subject": "Automatic reply: your visit"},
        {"headers": "Message-ID: <3@x>\nPrecedence: bulk\n"},
    ],
)
def test_what_a_machine_sends_is_not_answered(
    client: Client, bench: Bench, more: dict[str, str]
) -> None:
    known(bench)
    post(client, body_of(mail("I am away until Monday", **more)))
    bench.run()
    assert bench.email.sent == []
    assert kinds(bench) == ["automatic_reply"]


def test_a_secret_opens_where_one_is_set(secret_client: Client, bench: Bench) -> None:
    assert post(secret_client, body_of(mail()), f"{MAIL}/{SECRET}").status_code == 200
    assert len(replies(bench)) == 1


@pytest.mark.parametrize("path", [MAIL, f"{MAIL}/guess", f"{MAIL}/{SECRET}x", f"{MAIL}/%00"])
def test_a_wrong_secret_or_none_is_refused_before_the_body(
    secret_client: Client, bench: Bench, path: str
) -> None:
    assert post(secret_client, body_of(mail()), path).status_code == 403
    assert replies(bench) == []


def test_where_nothing_is_set_nobody_is_believed(bench: Bench) -> None:
    config = WebConfig(public_url=PUBLIC_URL)
    with running(create_app(bench.world, config)) as url, caller(url) as made:
        assert post(made, body_of(mail())).status_code == 403
    assert replies(bench) == []


def test_with_both_set_both_must_be_right(bench: Bench) -> None:
    config = replace(by_key(), inbound_mail_secret=SECRET)
    with running(create_app(bench.world, config)) as url, caller(url) as made:
        assert post(made, body_of(mail())).status_code == 403
        bad = post(made, body_of(mail()), f"{MAIL}/{SECRET}", signed=b"other")
        assert bad.status_code == 403
        assert post(made, body_of(mail()), f"{MAIL}/{SECRET}").status_code == 200


@pytest.mark.parametrize(
    "how",
    [
        {"signed": b"another body"},
        {"at": (START - timedelta(minutes=6)).timestamp()},
        {SENDGRID_SIGNATURE_HEADER: ""},
        {SENDGRID_SIGNATURE_HEADER: "bm90IGEgc2lnbmF0dXJl"},
        {SENDGRID_TIMESTAMP_HEADER: "soon"},
    ],
)
def test_a_wrong_signature_is_refused(client: Client, bench: Bench, how: dict[str, Any]) -> None:
    answer = post(client, body_of(mail()), **how)
    assert answer.status_code == 403
    assert "\n" not in answer.json()["detail"]
    assert replies(bench) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        (f"multipart/form-data; boundary={BOUNDARY}", b""),
        (f"multipart/form-data; boundary={BOUNDARY}", f"--{BOUNDARY}\r\n\r\nx".encode()),
        (f"multipart/form-data; boundary={BOUNDARY}", body_of({})[:-4] + b"garbage"),
        (
            f"multipart/form-data; boundary={BOUNDARY}",
            body_of({f"f{number}": "x" for number in range(200)}),
        ),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    client: Client, bench: Bench, content_type: str, body: bytes
) -> None:
    answer = post(client, body, **{"Content-Type": content_type})  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert replies(bench) == []


def test_a_body_over_the_limit_is_refused(client: Client, bench: Bench) -> None:
    answer = post(client, body_of(mail(), (b"0" * 31_000_001,)))
    assert answer.status_code == 413
    assert replies(bench) == []


def test_an_email_that_names_no_sender_is_read_all_the_same(client: Client, bench: Bench) -> None:
    odd = {"from": '"; DROP TABLE" <>', "envelope": "{", "headers": "\0\0", "charsets": "[]"}
    post(client, body_of(mail("chest pain, cannot breathe", **odd)))
    bench.run()
    assert kinds(bench) == ["red_flag"]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(
            ["headers", "from", "to", "subject", "text", "html", "envelope", "charsets", "email"]
        ),
        st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode())),
    ),
    st.lists(st.binary(max_size=50), max_size=3),
)
def test_whatever_the_fields_hold_the_mail_is_read(
    fields: dict[str, bytes], files: list[bytes]
) -> None:
    mark = f"\r\n--{BOUNDARY}".encode()
    if any(mark in b"\r\n" + content for content in (*fields.values(), *files)):
        return
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    parts = parts_of(kind, body_of(dict(fields), tuple(files)), 100)
    assert [part.content for part in parts] == [*fields.values(), *files]
    inbound = inbound_of(parts)
    assert "@" in inbound.sender
    assert len(inbound.provider_id) <= 80


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        parts_of(f"multipart/form-data; boundary={BOUNDARY}", body, 10)


def test_a_weak_secret_and_a_wrong_key_are_told_at_the_start(bench: Bench) -> None:
    with pytest.raises(ConfigurationError):
        WebConfig(public_url=PUBLIC_URL, inbound_mail_secret="short")
    with pytest.raises(ConfigurationError):
        create_app(bench.world, WebConfig(public_url=PUBLIC_URL, inbound_mail_key="bm8="))
