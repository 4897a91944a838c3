"""Voice calls through Twilio: the phone rings, and what it says is fetched from our web part.

Calls go to staff alone. Twilio asks ``PAGE_CALL_PATH`` for the words when somebody answers.
"""

from datetime import datetime

from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from outreach.channels.twilio_channel import RETRY_RECEIPTS, TwilioChannel
from outreach.channels.twilio_http import LAST_ANSWER
from outreach.domain.states import ChannelKind
from outreach.pipeline.ports import Outgoing, ProviderRecord, ResultKind, SendResult

PAGE_CALL_PATH = "/webhooks/twilio/page/"
"""Followed by the message id as 32 hex digits: what the call says."""
CALL_STATUS_PATH = "/webhooks/twilio/call/"
"""Followed by the message id as 32 hex digits: how the call fared."""
_RING_SECONDS = 25
"""Shorter than most mailboxes wait: a recording takes no item."""


class TwilioCalls(TwilioChannel):
    """The voice channel. Its account needs a number, because a messaging service cannot ring."""

    kind = ChannelKind.VOICE

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        """None: a list of calls does not hold their words, so none can be told from another."""
        return None

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """None: the reports say how a call fared."""
        return None

    async def _create(self, client: Client, outgoing: Outgoing) -> SendResult:
        config, name = self._config, outgoing.message_id.hex
        call: CallInstance = await client.calls.create_async(
            to=outgoing.to,
            from_=config.staff_number or config.from_number or "",
            url=f"{config.public_url}{PAGE_CALL_PATH}{name}{RETRY_RECEIPTS}",
            status_callback=f"{config.public_url}{CALL_STATUS_PATH}{name}{RETRY_RECEIPTS}",
            status_callback_event=["ringing", "answered", "completed"],
            timeout=_RING_SECONDS,
        )
        answer = LAST_ANSWER.get()
        http_status = None if answer is None else answer.status
        if not isinstance(call.sid, str) or not call.sid:
            return SendResult(
                outgoing.message_id,
                ResultKind.UNKNOWN,
                http_status=http_status,
                detail="UnreadableAnswer",
            )
        return SendResult(
            outgoing.message_id,
            ResultKind.ACCEPTED,
            provider_id=call.sid,
            status=str(call.status),
            sender=config.staff_number or config.from_number,
            http_status=http_status,
        )
