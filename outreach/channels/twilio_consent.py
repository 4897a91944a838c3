"""Twilio's Consent Management API: who wants no texts, told to the carrier (``Consents/Bulk``).

As documented in November 2026: a beta, at accounts.twilio.com, 25 consents in a call, 100 calls a
minute, an answer for each by its ``correlation_id`` with 0 for taken; and **not a HIPAA-eligible
service**, so that it stays off until somebody who may decides otherwise.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import UUID

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from outreach.channels.twilio_http import HttpLimits, OneShotHttpClient, silence_sdk
from outreach.domain.errors import Unavailable
from outreach.pipeline.ports import ConsentWord

ACCOUNTS = "https://accounts.twilio.com"
_NO_ENVIRONMENT = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
_LIMITS = HttpLimits(connect_seconds=5, read_seconds=10, total_seconds=10, in_flight=1)


@dataclass(frozen=True, slots=True)
class ConsentConfig:
    """An account, and the sender whose list it is."""

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    """A Messaging Service SID or a number of the account."""
    base_url: str = ACCOUNTS


class TwilioConsent:
    """Tells Twilio of opt-outs and opt-ins; one connection for each call, and so after any fork."""

    most = 25

    def __init__(self, config: ConsentConfig) -> None:
        silence_sdk()
        self._config = config

    def tell(self, words: Sequence[ConsentWord]) -> Mapping[UUID, int]:
        """One call; Twilio's code for each word that it answered for.

        Raises:
            Unavailable: there was no answer that can be read. Telling it again does no harm: it is
                an upsert.
        """
        try:
            items = asyncio.run(self._tell(words))
        except TwilioException as error:
            failure = f"HTTP {getattr(error, 'status', 'answer not understood')}"
        except Exception as error:  # noqa: BLE001  no failure of this call may stop the stage
            failure = type(error).__name__
        else:
            return _codes(items)
        # outside the handler: the SDK's exceptions hold phone numbers and must not be chained
        raise Unavailable(f"Twilio's list of consents could not be told ({failure}).")

    async def _tell(self, words: Sequence[ConsentWord]) -> Any:
        config = self._config
        http = OneShotHttpClient(config.base_url, _LIMITS)
        try:
            client = Client(
                config.account_sid,
                config.auth_token,
                http_client=http,
                environment=_NO_ENVIRONMENT,
            )
            items: list[object] = [_item(word, config.sender) for word in words]
            return (await client.accounts.v1.bulk_consents.create_async(items=items)).items
        finally:
            await http.close()


def _item(word: ConsentWord, sender: str) -> dict[str, str]:
    return {
        "contact_id": word.phone,
        "correlation_id": word.word_id.hex,
        "sender_id": sender,
        "status": "opt-out" if word.opted_out else "opt-in",
        "source": "others",
        "date_of_consent": f"{word.said_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _codes(items: Any) -> dict[UUID, int]:
    """By our id; what is not shaped as documented counts as not answered for."""
    found: dict[UUID, int] = {}
    for item in items if isinstance(items, list) else ():
        try:
            found[UUID(item["correlation_id"])] = int(item["error_code"])
        except (KeyError, TypeError, ValueError):
            continue
    return found
