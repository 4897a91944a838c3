"""The sandbox's own switches: its record, faults on order, scripted patients, their replies."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Base64Bytes, BaseModel, Field

from outreach.sandbox.calls import Answering, Manner
from outreach.sandbox.carrier import Carrier
from outreach.sandbox.config import ReceiptOrder
from outreach.sandbox.faults import Fault, FaultKind
from outreach.sandbox.inbound_email import InboundEmail
from outreach.sandbox.media_store import File
from outreach.sandbox.message import Message
from outreach.sandbox.patients import Patient, Rule

Phone = Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]


class Picture(BaseModel):
    """A file that comes with a text."""

    kind: str = "image/jpeg"
    content: Base64Bytes


class WrittenEmail(BaseModel):
    """An email from a patient's mailbox to the clinic."""

    sender: Annotated[str, Field(alias="from")]
    to: str = "care@replies.sandbox.invalid"
    subject: str = ""
    text: str = ""
    headers: str = ""
    files: list[Base64Bytes] = Field(default_factory=list)


class InboundText(BaseModel):
    """A text from a patient's phone. ``to`` defaults to the carrier's first number."""

    sender: Annotated[Phone, Field(alias="from")]
    to: Phone | None = None
    body: Annotated[str, Field(max_length=1600)]
    media: Annotated[list[Picture], Field(max_length=10)] = Field(default_factory=list)


class FaultOrder(BaseModel):
    """Which misbehaviour, how often (null: until cleared), and towards whom."""

    fault: FaultKind
    times: Annotated[int, Field(ge=1)] | None = 1
    to: str | None = None
    sender: str | None = None
    retry_after: Annotated[float, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0
    code: int = 30003
    accept: bool = False


class ReceiptManner(BaseModel):
    """How status callbacks come: see ``ReceiptOrder``."""

    order: ReceiptOrder


class ReplyRule(BaseModel):
    """One automatic answer."""

    when_contains: str
    body: str
    after_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.3


class PatientScript(BaseModel):
    """Somebody with a phone, and what they answer by themselves."""

    phone: Phone
    name: str
    email: str = ""
    replies: list[ReplyRule] = Field(default_factory=list)


class PhoneManner(BaseModel):
    """How a phone is answered when it is called; ``keys`` are pressed by ``press``."""

    phone: Phone
    manner: Manner
    keys: Annotated[str, Field(pattern=r"^[0-9*#]{1,10}$")] = "1"


class RecordedMessage(BaseModel):
    """One accepted message as the carrier saw it."""

    seq: int
    id: str
    channel: str
    to: str
    sender: Annotated[str, Field(serialization_alias="from")]
    subject: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime
    shown_at: datetime
    reference: str
    """Where its receipts go, or the ``custom_args`` of an email."""

    @classmethod
    def of(cls, message: Message) -> "RecordedMessage":
        """The public view of a row."""
        return cls(
            seq=message.seq,
            id=message.sid,
            channel=message.channel,
            to=message.recipient,
            sender=message.sender,
            subject=message.subject,
            body=message.body,
            status=message.status,
            error_code=message.error_code,
            created_at=message.created_at,
            shown_at=message.shown_at,
            reference=message.reference or message.callback,
        )


class RecordPage(BaseModel):
    """Everything accepted from the app, everything patients wrote, and the counts."""

    messages: list[RecordedMessage]
    inbound: list[RecordedMessage]
    counts: dict[str, object]


def control_routes(carrier: Carrier) -> APIRouter:
    """The routes under ``/sandbox``."""
    router = APIRouter(prefix="/sandbox", tags=["sandbox"])

    @router.get("/record")
    async def record(to: str | None = None, after: Annotated[int, Query(ge=0)] = 0) -> RecordPage:
        """All accepted messages in order; only those to ``to``, only those after a ``seq``."""
        return RecordPage(
            messages=[RecordedMessage.of(m) for m in await carrier.record.accepted(to, after)],
            inbound=[RecordedMessage.of(m) for m in await carrier.record.inbound()],
            counts=await counts(),
        )

    @router.get("/record/count")
    async def counts() -> dict[str, object]:
        """``total`` accepted from the app, and the total by channel and status."""
        webhooks = {"delivered": carrier.courier.delivered, "lost": carrier.courier.lost}
        return {**await carrier.record.counts(), "webhooks": webhooks}

    @router.delete("/record", status_code=204)
    async def clear_record() -> None:
        """Forgets messages and opt-outs; patients stay."""
        await carrier.record.clear()
        await carrier.patients.load()
        carrier.bell.ring()

    @router.post("/inbound", status_code=201)
    async def inbound(text: InboundText, request: Request) -> RecordedMessage:
        """A patient writes; the app hears of it by a signed webhook."""
        to = text.to or carrier.config.numbers[0]
        files = [File(picture.kind, picture.content) for picture in text.media]
        base = str(request.base_url).rstrip("/")
        return RecordedMessage.of(await carrier.inbound(text.sender, to, text.body, files, base))

    @router.post("/email", status_code=204)
    async def inbound_email(email: WrittenEmail) -> None:
        """A patient writes an email; the app hears of it as SendGrid's Inbound Parse tells it."""
        files = tuple(email.files)
        sent = InboundEmail(email.sender, email.to, email.subject, email.text, email.headers, files)
        await carrier.inbound_email(sent)

    @router.post("/patients", status_code=201)
    async def describe_patient(script: PatientScript) -> PatientScript:
        """Takes the place of what was known of this phone."""
        rules = [Rule(r.when_contains, r.body, r.after_seconds) for r in script.replies]
        await carrier.patients.describe(Patient(script.phone, script.name, script.email), rules)
        carrier.bell.ring()
        return script

    @router.post("/calls", status_code=201)
    async def answer_calls(how: PhoneManner) -> PhoneManner:
        """From now on this phone is answered so; a phone of which nothing was said is not."""
        carrier.calls.answer_so(how.phone, Answering(how.manner, how.keys))
        return how

    _fault_routes(router, carrier)
    return router


def _fault_routes(router: APIRouter, carrier: Carrier) -> None:
    @router.get("/faults")
    async def pending_faults() -> list[Fault]:
        """What is still to come."""
        return carrier.faults.pending()

    @router.post("/faults", status_code=201)
    async def order_fault(order: FaultOrder) -> list[Fault]:
        """The next so many messages meet this."""
        carrier.faults.order(
            Fault(
                kind=order.fault,
                times=order.times,
                to=order.to,
                sender=order.sender,
                retry_after=order.retry_after,
                seconds=order.seconds,
                code=order.code,
                accept=order.accept,
            )
        )
        return carrier.faults.pending()

    @router.post("/receipts", status_code=201)
    async def order_receipts(manner: ReceiptManner) -> ReceiptManner:
        """In which order the receipts of messages accepted from now on come."""
        carrier.tell(manner.order)
        return manner

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        """From now on the carrier behaves."""
        carrier.faults.clear()
