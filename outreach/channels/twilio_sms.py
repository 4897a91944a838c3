"""SMS through Twilio's official SDK: to patients from their sender, to staff from another."""

from datetime import UTC, datetime
from http import HTTPStatus

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from outreach.channels.twilio_channel import (
    RETRY_RECEIPTS,
    Connection,
    TwilioChannel,
    TwilioConfig,
)
from outreach.channels.twilio_http import LAST_ANSWER
from outreach.channels.twilio_outcomes import accepted
from outreach.domain.states import ChannelKind, Purpose
from outreach.pipeline.ports import Outgoing, ProviderRecord, SendResult

__all__ = ["STATUS_PATH", "TwilioConfig", "TwilioSms"]

STATUS_PATH = "/webhooks/twilio/status/"
"""Followed by the message id as 32 hex digits: a receipt that carries it proves acceptance."""
LONGEST_VALIDITY = 36_000
"""Seconds; Twilio's own maximum and default for ValidityPeriod."""
_LOOK_UP_PAGE = 100
_SERVICE = "MG"
"""How the SID of a Messaging Service begins; every other sender is a number."""


class TwilioSms(TwilioChannel):
    """The SMS channel."""

    kind = ChannelKind.SMS

    def find(self, to: str, since: datetime) -> list[ProviderRecord] | None:
        """Messages to ``to`` that Twilio created at or after the second of ``since``.

        The list is walked newest first and not filtered by date: Twilio's filter knows days only
        and passes over what is not sent yet.

        Raises:
            Unavailable: the look-up failed and proves nothing.
        """
        return self._call(lambda connection: self._find(connection, to, since))

    def fetch(self, provider_id: str) -> ProviderRecord | None:
        """One message's present state; None where Twilio has no such message any more.

        Raises:
            Unavailable: the look-up failed.
        """

        async def work(connection: Connection) -> ProviderRecord | None:
            try:
                return _record(await connection.client.messages(provider_id).fetch_async())
            except TwilioRestException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise

        return self._call(work)

    def redact(self, provider_id: str) -> None:
        """Empties the text Twilio keeps of a message that is finished.

        Raises:
            Unavailable: Twilio did not do it; try again later.
        """

        async def work(connection: Connection) -> None:
            await connection.client.messages(provider_id).update_async(body="")

        self._call(work)

    async def _create(self, client: Client, outgoing: Outgoing) -> SendResult:
        message: MessageInstance = await client.messages.create_async(**self._form(outgoing))
        return accepted(outgoing.message_id, message, LAST_ANSWER.get())

    def _form(self, outgoing: Outgoing) -> dict[str, object]:
        config = self._config
        form: dict[str, object] = {
            "to": outgoing.to,
            "body": outgoing.text,
            "status_callback": (
                f"{config.public_url}{STATUS_PATH}{outgoing.message_id.hex}{RETRY_RECEIPTS}"
            ),
        }
        if outgoing.sender.startswith(_SERVICE):
            form["messaging_service_sid"] = outgoing.sender
        elif outgoing.sender:
            form["from_"] = outgoing.sender
        elif outgoing.purpose == Purpose.STAFF.value and config.staff_number is not None:
            form["from_"] = config.staff_number
        elif config.messaging_service_sid is not None:
            form["messaging_service_sid"] = config.messaging_service_sid
        else:
            form["from_"] = config.from_number
        if outgoing.validity_seconds is not None:
            form["validity_period"] = min(max(outgoing.validity_seconds, 1), LONGEST_VALIDITY)
        return form

    async def _find(self, connection: Connection, to: str, since: datetime) -> list[ProviderRecord]:
        earliest = since.astimezone(UTC).replace(microsecond=0)
        found: list[ProviderRecord] = []
        stream = await connection.client.messages.stream_async(to=to, page_size=_LOOK_UP_PAGE)
        async for message in stream:
            record = _record(message)
            if record.created_at < earliest:
                break
            found.append(record)
        return found


def _record(message: MessageInstance) -> ProviderRecord:
    return ProviderRecord(
        provider_id=message.sid,
        to=message.to,
        body=message.body or "",
        status=str(message.status),
        error_code=message.error_code,
        created_at=message.date_created,
    )
