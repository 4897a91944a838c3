"""Calls: a phone rings, somebody answers or not, hears what TwiML says, and may press a key."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

from outreach.sandbox.config import SandboxConfig
from outreach.sandbox.courier import Courier, Form
from outreach.sandbox.message import Message
from outreach.sandbox.record import Record

_MOST_DOCUMENTS = 10
"""A call that is sent from document to document for ever is hung up."""


class Manner(StrEnum):
    """What whoever has a phone does when it rings."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    LISTEN = "listen"
    """Answers and presses nothing, as a mailbox does."""
    PRESS = "press"


@dataclass(frozen=True, slots=True)
class Answering:
    """How one phone is answered from now on."""

    manner: Manner
    keys: str = "1"


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A checked request to make a call."""

    to: str
    sender: str
    url: str
    callback: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Document:
    """One TwiML document: its words, and what it gathers keys for."""

    words: str
    action: str | None


def read_document(raw: bytes) -> Document:
    """The part of TwiML that this carrier speaks: ``Say`` and one ``Gather``.

    Raises:
        ValueError: it is none.
    """
    try:
        root = ET.fromstring(raw)  # noqa: S314  the program under test wrote it, on this machine
    except ET.ParseError:
        raise ValueError("not XML") from None
    if root.tag != "Response":
        raise ValueError("not TwiML")
    words = " ".join(" ".join((say.text or "").split()) for say in root.iter("Say"))
    gather = root.find("Gather")
    return Document(words, None if gather is None else gather.get("action", ""))


class Switchboard:
    """Carries calls. Each is told by the callbacks that were asked for, one after another."""

    def __init__(
        self, config: SandboxConfig, record: Record, courier: Courier, changed: Callable[[], None]
    ) -> None:
        self._config = config
        self._record = record
        self._courier = courier
        self._changed = changed
        self._answering: dict[str, Answering] = {}

    def answer_so(self, phone: str, answering: Answering) -> None:
        """From now on this phone is answered in this manner; until then it is not."""
        self._answering[phone] = answering

    async def carry(self, call: Message, order: CallOrder) -> None:
        """One call from its first ring to its end."""
        await self._reach(call, order, "ringing", "ringing")
        await asyncio.sleep(self._config.pace.sent)
        answering = self._answering.get(call.recipient, Answering(Manner.NO_ANSWER))
        if answering.manner in {Manner.NO_ANSWER, Manner.BUSY}:
            end = answering.manner.value.replace("_", "-")
            await self._reach(call, order, end, "completed")
            return
        await self._reach(call, order, "in-progress", "answered")
        try:
            await self._talk(call, order, answering)
        except ValueError:
            await self._reach(call, order, "failed", "completed")
            return
        await self._reach(call, order, "completed", "completed")

    async def _talk(self, call: Message, order: CallOrder, answering: Answering) -> None:
        """From document to document while keys are gathered and pressed."""
        url, keys = order.url, ""
        for _ in range(_MOST_DOCUMENTS):
            form = [*self._form(call, "in-progress"), *([("Digits", keys)] if keys else [])]
            raw = await self._courier.document(url, form)
            if raw is None:
                raise ValueError("no document")
            document = read_document(raw)
            call.body = " / ".join(part for part in (call.body, document.words) if part)
            await self._record.hear(call.sid, call.body)
            self._changed()
            if document.action is None or answering.manner is not Manner.PRESS:
                return
            url, keys = urljoin(url, document.action), answering.keys

    async def _reach(self, call: Message, order: CallOrder, status: str, event: str) -> None:
        await self._record.advance(call.sid, status, self._config.clock.now())
        call.status = status
        self._changed()
        if order.callback and event in order.events:
            await self._courier.form(order.callback, self._form(call, status))

    def _form(self, call: Message, status: str) -> Form:
        return [
            ("CallSid", call.sid),
            ("CallStatus", status),
            ("AccountSid", self._config.account_sid),
            ("From", call.sender),
            ("To", call.recipient),
            ("Direction", "outbound-api"),
            ("ApiVersion", "2010-04-01"),
            ("ForwardedFrom", ""),
        ]
