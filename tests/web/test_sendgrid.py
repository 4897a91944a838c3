from datetime import timedelta
from uuid import UUID

import pytest
from httpx import Client

from outreach.domain.errors import ConfigurationError
from outreach.domain.states import ChannelKind, MessageStatus, Purpose, Urgency
from outreach.pipeline import receipt
from outreach.storage.models import Consent, Message
from outreach.storage.repositories.people import address_index
from outreach.web.app import create_app
from outreach.web.config import WebConfig
from tests.web.callers import PUBLIC_URL, sendgrid
from tests.worlds import START, Bench

MAILBOX = "robin@example.org"
PROVIDER_ID = "rwvLIbmXSGmn3tEoiJ0Wgg"


def event(status: str, message_id: UUID | None, **more: object) -> dict[str, object]:
    found = {
        "email": MAILBOX,
        "timestamp": int(START.timestamp()),
        "event": status,
        "sg_event_id": f"id-{status}",
        "sg_message_id": f"{PROVIDER_ID}.filter0001.16648.5515E0B88.0",
        **more,
    }
    return found if message_id is None else {**found, "message_id": message_id.hex}


def accepted_email(bench: Bench) -> UUID:
    """An email the provider has taken."""
    key = bench.world.new_id()
    with bench.world.db.write() as unit:
        unit.add(
            Message(
                id=key,
                reason_key=f"manual:{key.hex}",
                channel=ChannelKind.EMAIL,
                address=MAILBOX,
                address_index=address_index(ChannelKind.EMAIL, MAILBOX),
                purpose=Purpose.CARE,
                urgency=Urgency.NORMAL,
                template="prep_3d",
                status=MessageStatus.ACCEPTED,
                provider_id=PROVIDER_ID,
                not_before=START,
                useful_until=START + timedelta(days=1),
                attempts=1,
                retry_at=START,
                created_at=START,
            )
        )
    return key


def status_of(bench: Bench, key: UUID) -> MessageStatus:
    receipt.drain(bench.world)
    with bench.world.db.read() as unit:
        return unit.messages.messages([key])[key].status


def opt_outs(bench: Bench, mailbox: str = MAILBOX) -> list[Consent]:
    with bench.world.db.read() as unit:
        return unit.people.consent_history([address_index(ChannelKind.EMAIL, mailbox)])


def test_a_batch_is_stored_at_once_and_applied_to_its_message(client: Client, bench: Bench) -> None:
    key = accepted_email(bench)
    answer = sendgrid(client, [event("processed", key), event("delivered", key)])
    assert (answer.status_code, answer.content) == (204, b"")
    assert bench.wakes.stages == ["receipt"]
    assert status_of(bench, key) is MessageStatus.DELIVERED


def test_a_batch_that_comes_again_has_no_effect(client: Client, bench: Bench) -> None:
    key = accepted_email(bench)
    for _ in range(2):
        sendgrid(client, [event("delivered", key), event("unsubscribe", key)])
    with bench.world.db.read() as unit:
        assert len(unit.receipts.of_provider_id(PROVIDER_ID)) == 2
    assert len(opt_outs(bench)) == 1


@pytest.mark.parametrize("status", ["unsubscribe", "spamreport", "group_unsubscribe"])
def test_who_wants_no_more_email_gets_none(client: Client, bench: Bench, status: str) -> None:
    sendgrid(client, [event(status, accepted_email(bench), email="Robin@Example.org")])
    index = address_index(ChannelKind.EMAIL, MAILBOX)
    with bench.world.db.read() as unit:
        assert unit.people.consent_of([index])[index].opted_out
    assert [(row.source, row.words) for row in opt_outs(bench)] == [("carrier", status)]


def test_an_opt_out_counts_even_where_no_message_of_ours_is_named(
    client: Client, bench: Bench
) -> None:
    sendgrid(client, [event("unsubscribe", None)])
    assert len(opt_outs(bench)) == 1
    assert bench.wakes.stages == []


def test_events_of_other_programs_and_nonsense_are_left_out(client: Client, bench: Bench) -> None:
    key = accepted_email(bench)
    odd = [
        event("delivered", None),
        {"event": ["delivered"], "sg_message_id": 7},
        {**event("delivered", key), "message_id": "no id"},
        {**event("\ud800", key)},
        {**event("delivered", key), "sg_message_id": "\0"},
        event("unsubscribe", key, email="a@b.example, c@d.example"),
        "delivered",
        None,
    ]
    assert sendgrid(client, odd).status_code == 204
    assert status_of(bench, key) is MessageStatus.ACCEPTED
    assert opt_outs(bench) == []


def test_a_changed_body_or_an_old_call_is_refused(client: Client, bench: Bench) -> None:
    key = accepted_email(bench)
    batch = [event("delivered", key)]
    assert sendgrid(client, batch, body=b"[]").status_code == 403
    assert sendgrid(client, batch, at=START.timestamp() - 301).status_code == 403
    assert sendgrid(client, batch, at=START.timestamp() + 301).status_code == 403
    assert client.post("/webhooks/sendgrid/events", json=batch).status_code == 403
    assert status_of(bench, key) is MessageStatus.ACCEPTED


@pytest.mark.parametrize("value", [{"event": "delivered"}, "text", 7, None])
def test_signed_json_that_is_no_list_is_refused(client: Client, value: object) -> None:
    assert sendgrid(client, value).status_code == 400


def test_a_large_batch_is_one_unit(client: Client, bench: Bench) -> None:
    batch = [event("processed", bench.world.new_id(), sg_message_id=f"m{n}.x") for n in range(1000)]
    assert sendgrid(client, batch).status_code == 204
    assert receipt.drain(bench.world, 2000) == 1000


def test_over_the_limit_is_refused(client: Client) -> None:
    assert sendgrid(client, ["x" * 1_000_001]).status_code == 413


def test_a_key_that_is_none_stops_the_start(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="SENDGRID_WEBHOOK_PUBLIC_KEY"):
        create_app(bench.world, WebConfig(PUBLIC_URL, sendgrid_public_keys=("bm90IGEga2V5",)))


def test_the_link_in_an_email_asks_first_and_then_obeys(client: Client, bench: Bench) -> None:
    link = f"/unsubscribe/email/{accepted_email(bench).hex}"
    asked = client.get(link)
    assert asked.status_code == 200
    assert "One-Click" in asked.text
    assert opt_outs(bench) == []
    for _ in range(2):
        answer = client.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert [row.source for row in opt_outs(bench)] == ["link"]


def test_a_link_nobody_sent_changes_nothing(client: Client, bench: Bench) -> None:
    assert client.post(f"/unsubscribe/email/{bench.world.new_id().hex}").status_code == 404
    assert client.post("/unsubscribe/email/robin").status_code == 400
    assert opt_outs(bench) == []
