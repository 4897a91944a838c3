"""The sandbox's pictures, consents and emails, through the program's own adapters."""

import base64
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from outreach.channels.twilio_consent import ConsentConfig, TwilioConsent
from outreach.channels.twilio_media import MediaConfig, TwilioMedia
from outreach.domain.errors import Unavailable
from outreach.pipeline.ports import ConsentWord, FetchKind

from .conftest import Sandbox, StartSandbox
from .receiver import Receiver

JPEG = b"\xff\xd8\xff picture"
PHONE = "+12025550123"
SAID = datetime(2027, 3, 1, tzinfo=UTC)


def word(phone: str = PHONE, *, out: bool = True) -> ConsentWord:
    return ConsentWord(uuid4(), phone, out, SAID)


def consents(sandbox: Sandbox, **changes: str) -> TwilioConsent:
    config = sandbox.config
    given = {"auth_token": config.auth_token, "sender": config.numbers[0], **changes}
    return TwilioConsent(ConsentConfig(config.account_sid, base_url=sandbox.url, **given))


def test_an_opt_out_that_it_is_told_blocks_and_an_opt_in_frees(sandbox: Sandbox) -> None:
    told = word()
    assert consents(sandbox).tell([told]) == {told.word_id: 0}
    with pytest.raises(Exception, match=r"replied STOP"):
        sandbox.text(PHONE)
    assert list(consents(sandbox).tell([word(out=False)]).values()) == [0]
    assert sandbox.text(PHONE).sid


def test_each_word_has_an_answer_of_its_own(sandbox: Sandbox) -> None:
    good, bad = word(), word("12")
    codes = consents(sandbox).tell([good, bad])
    assert codes[good.word_id] == 0
    assert codes[bad.word_id] != 0
    assert consents(sandbox, sender="MG0").tell([good])[good.word_id] != 0


def test_a_wrong_token_or_a_server_that_is_away_is_told_later_and_names_nobody(
    sandbox: Sandbox,
) -> None:
    for broken in (
        consents(sandbox, auth_token="guess"),
        TwilioConsent(ConsentConfig("AC1", "t", "MG0", base_url="http://127.0.0.1:9")),
    ):
        with pytest.raises(Unavailable) as refused:
            broken.tell([word()])
        assert PHONE not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None


def test_a_picture_is_named_in_the_webhook_and_given_to_the_account_alone(
    start: StartSandbox, receiver: Receiver
) -> None:
    sandbox = start(app_url=receiver.url)
    picture = {"content": base64.b64encode(JPEG).decode()}
    sandbox.http.post(
        "/sandbox/inbound", json={"from": PHONE, "body": "look", "media": [picture]}
    ).raise_for_status()
    (webhook,) = receiver.wait_for(1)
    form = webhook.form
    assert form["NumMedia"] == "1"
    url = form["MediaUrl0"]
    ours = TwilioMedia(MediaConfig(sandbox.config.account_sid, "sandbox-auth-token", sandbox.url))
    assert ours.fetch(url, 1000).content == JPEG
    guess = TwilioMedia(MediaConfig(sandbox.config.account_sid, "guess", sandbox.url))
    assert guess.fetch(url, 1000).kind is FetchKind.LATER
