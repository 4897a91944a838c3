"""The carrier itself: takes messages from the app, carries them, and brings back replies."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.sandbox.calls import CallOrder, Switchboard
from outreach.sandbox.config import ReceiptOrder, SandboxConfig
from outreach.sandbox.courier import Courier
from outreach.sandbox.faults import Fault, FaultKind, Faults
from outreach.sandbox.inbound_email import InboundEmail
from outreach.sandbox.journal import Journal
from outreach.sandbox.keywords import ANSWERS, Keyword, keyword_in
from outreach.sandbox.lifecycle import Lifecycle
from outreach.sandbox.media_store import File, MediaStore, media_path
from outreach.sandbox.message import Message, Origin, new_sid
from outreach.sandbox.patients import Patients, Rule
from outreach.sandbox.record import Record
from outreach.sandbox.segments import segments_of


@dataclass(frozen=True, slots=True)
class TextOrder:
    """A checked request to send a text."""

    to: str
    body: str
    sender: str | None
    service: str | None
    callback: str
    validity: int


@dataclass(frozen=True, slots=True)
class EmailOrder:
    """A checked request to send an email to one mailbox."""

    to: str
    sender: str
    subject: str
    text: str
    html: str
    custom_args: dict[str, str]


class Bell:
    """Rings for everybody who waits for something to change."""

    def __init__(self) -> None:
        self.version = 0
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wakes all who wait."""
        self.version += 1
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Returns at the next ring, or after ``seconds``."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return


class Carrier:
    """One carrier. ``open`` and ``close`` run inside the server's event loop."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.faults = Faults()
        self._journal = Journal(config.record_path)
        self.record = Record(self._journal)
        self.patients = Patients(self._journal)
        self.media = MediaStore(self._journal)
        self.courier = Courier(config)
        self._lifecycle = Lifecycle(config, self.record, self.courier)
        self.calls = Switchboard(config, self.record, self.courier, lambda: self.bell.ring())

    async def open(self) -> None:
        """Opens the record and goes on with texts that the last run left under way."""
        self.bell = Bell()
        self.closing = asyncio.Event()
        self._lifecycle.on_change = self.bell.ring
        await self._journal.open()
        await self.patients.load()
        await self.courier.open()
        for message in await self.record.unfinished():
            self._carry(message, None)

    async def close(self) -> None:
        """Leaves texts under way where they are."""
        self.closing.set()
        await self._lifecycle.close()
        await self.courier.close()
        await self._journal.close()

    def tell(self, order: ReceiptOrder) -> None:
        """Receipts of what is accepted from now on come in this order."""
        self._lifecycle.order = order

    async def accept_text(self, order: TextOrder, fault: Fault | None) -> Message:
        """Keeps a text for good, then sends it on its way."""
        message = self._new(
            Origin.APP,
            "sms",
            patient=order.to,
            sender=order.sender or self.config.numbers[0],
            recipient=order.to,
            body=order.body,
            status="queued" if order.service is None else "accepted",
        )
        message.service, message.callback = order.service, order.callback
        message.validity, message.segments = order.validity, segments_of(order.body)
        await self.record.add([message])
        undelivered = fault is not None and fault.kind is FaultKind.UNDELIVERED
        self._carry(message, fault.code if fault is not None and undelivered else None)
        return message

    async def accept_call(self, order: CallOrder) -> Message:
        """Keeps a call for good, then lets the phone ring."""
        call = self._new(
            Origin.APP,
            "voice",
            patient=order.to,
            sender=order.sender,
            recipient=order.to,
            body="",
            status="queued",
        )
        call.sid, call.callback = new_sid("CA"), order.callback
        await self.record.add([call])
        self.bell.ring()
        self._lifecycle.spawn(self.calls.carry(call, order))
        return call

    async def accept_emails(self, orders: list[EmailOrder]) -> str:
        """Keeps the emails of one request for good; the provider's id of the request."""
        batch = new_sid("")[:22]
        messages = []
        for number, order in enumerate(orders):
            message = self._new(
                Origin.APP,
                "email",
                patient=order.to,
                sender=order.sender,
                recipient=order.to,
                body=order.text,
                status="accepted",
            )
            message.sid = batch if number == 0 else f"{batch}.{number}"
            message.subject, message.html = order.subject, order.html
            message.reference = json.dumps(order.custom_args)
            messages.append(message)
        await self.record.add(messages)
        for message in messages:
            self._carry(message, None)
        return batch

    async def inbound(
        self, phone: str, to: str, body: str, files: Sequence[File] = (), base_url: str = ""
    ) -> Message:
        """A text a patient writes: kept, answered where it is a keyword, and forwarded.

        ``base_url`` is where the app finds its ``files``.
        """
        message = self._new(Origin.PATIENT, "sms", phone, phone, to, body, "received")
        message.segments = segments_of(body)
        message.service = self.config.service_sids[0] if self.config.service_sids else None
        await self.record.add([message])
        self.bell.ring()
        if self.config.answers_keywords:
            await self._obey(keyword_in(body), message)
        if self.config.app_url is not None:
            url = self.config.app_url + self.config.inbound_path + "#rc=3&rp=5xx,ct,rt"
            form = self._inbound_form(message)
            if files:
                form = await self._with_files(form, message, files, base_url)
            self._lifecycle.spawn(self.courier.form(url, form))
        return message

    async def inbound_email(self, email: InboundEmail) -> None:
        """An email that somebody writes to the clinic, as SendGrid's Inbound Parse posts it."""
        if self.config.app_url is not None:
            url = self.config.app_url + self.config.mail_path
            self._lifecycle.spawn(self.courier.mail(url, email))

    async def _with_files(
        self, form: list[tuple[str, str]], message: Message, files: Sequence[File], base_url: str
    ) -> list[tuple[str, str]]:
        sids = await self.media.add(message.sid, files)
        named = [pair for pair in form if pair[0] != "NumMedia"]
        named.append(("NumMedia", str(len(files))))
        for number, (sid, file) in enumerate(zip(sids, files, strict=True)):
            place = media_path(self.config.account_sid, message.sid, sid)
            named.append((f"MediaUrl{number}", base_url + place))
            named.append((f"MediaContentType{number}", file.kind))
        return named

    def shown_now(self) -> datetime:
        """The instant by the display clock."""
        return (self.config.display_clock or self.config.clock).now()

    def _carry(self, message: Message, failure: int | None) -> None:
        self.bell.ring()
        if message.channel == "email":
            self._lifecycle.run_email(message, self._read_by_patient)
        else:
            self._lifecycle.run(message, self._read_by_patient, failure)

    async def _read_by_patient(self, message: Message) -> None:
        for rule in await self.patients.answers_to(message.recipient, message.body):
            self._lifecycle.spawn(self._answer(message, rule))

    async def _answer(self, message: Message, rule: Rule) -> None:
        await asyncio.sleep(rule.after_seconds)
        await self.inbound(message.recipient, message.sender, rule.body)

    async def _obey(self, keyword: Keyword | None, message: Message) -> None:
        phone = message.sender
        if keyword is None:
            return
        if keyword is Keyword.STOP:
            await self.patients.opt_out(phone)
        if keyword is Keyword.START:
            if not self.patients.has_opted_out(phone):
                return  # YES to a question of the clinic is none of the carrier's business
            await self.patients.opt_in(phone)
        answer = self._new(
            Origin.CARRIER, "sms", phone, message.recipient, phone, ANSWERS[keyword], "delivered"
        )
        await self.record.add([answer])
        self.bell.ring()

    def _new(
        self,
        origin: Origin,
        channel: str,
        patient: str,
        sender: str,
        recipient: str,
        body: str,
        status: str,
    ) -> Message:
        return Message(
            sid=new_sid("SM"),
            origin=origin,
            channel=channel,
            patient=patient,
            sender=sender,
            recipient=recipient,
            body=body,
            status=status,
            created_at=self.config.clock.now(),
            shown_at=self.shown_now(),
        )

    def _inbound_form(self, message: Message) -> list[tuple[str, str]]:
        """Twilio's fields, among them the ones it leaves blank and signs all the same."""
        form = [
            ("ToCountry", "US"),
            ("ToState", ""),
            ("SmsMessageSid", message.sid),
            ("NumMedia", "0"),
            ("ToCity", ""),
            ("FromZip", ""),
            ("SmsSid", message.sid),
            ("FromState", ""),
            ("SmsStatus", "received"),
            ("FromCity", ""),
            ("Body", message.body),
            ("FromCountry", "US"),
            ("To", message.recipient),
            ("ToZip", ""),
            ("NumSegments", str(message.segments)),
            ("MessageSid", message.sid),
            ("AccountSid", self.config.account_sid),
            ("From", message.sender),
            ("ApiVersion", "2010-04-01"),
        ]
        if message.service is not None:
            form.append(("MessagingServiceSid", message.service))
        return form
