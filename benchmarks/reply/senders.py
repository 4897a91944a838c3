"""Patients who write: texts at a steady pace, whether or not the one before was answered."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter, time
from uuid import uuid4

from benchmarks.twilio_requests import ask, signed_request
from outreach.bootstrap import SANDBOX_ACCOUNT, SANDBOX_NUMBER

INBOUND = "/webhooks/twilio/inbound"
BODIES = (
    "I have chest pain",
    "what time is my visit?",
    "can I get a new time",
    "me siento muy cansada",
    "do I need to bring my card again",
    "a bit tired but ok",
    "running 10 minutes late",
    "cuanto dura la visita?",
    "my ride fell through, what now",
    "slight headache since yesterday",
    "is parking free there",
    "who is my nurse this week?",
    "tengo una pregunta del seguro",
    "can my sister drive me home",
    "my arm itches a little",
    "a little sore where the needle was",
    "do you have wifi",
    "no puedo ir el martes",
    "is it ok to eat before",
    "where do I go when I get there?",
)
"""What patients write; each is answered. For one in twenty staff are paged: far more than a clinic
sees."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One text of a patient: when the carrier began to tell of it, and how long that took."""

    phone: str
    began_at: float
    """Seconds of the epoch."""
    answered_in: float
    """Seconds until the webhook's answer was there."""


def write_all(phones: Sequence[str], port: int, per_second: float) -> list[Sent]:
    """Each phone writes once, ``per_second`` of them.

    Raises:
        RuntimeError: an answer was not 200.
    """
    return asyncio.run(_write_all(phones, port, per_second))


async def _write_all(phones: Sequence[str], port: int, per_second: float) -> list[Sent]:
    requests = [_request(number, phone, port) for number, phone in enumerate(phones)]
    began = perf_counter()
    writing = []
    for number, (phone, request) in enumerate(zip(phones, requests, strict=True)):
        await asyncio.sleep(max(0.0, began + number / per_second - perf_counter()))
        writing.append(asyncio.create_task(_write(phone, request, port)))
    return await asyncio.gather(*writing)


async def _write(phone: str, request: bytes, port: int) -> Sent:
    at, began = time(), perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        await ask(reader, writer, request, b"200")
        return Sent(phone, at, perf_counter() - began)


def _request(number: int, phone: str, port: int) -> bytes:
    name = f"SM{uuid4().hex}"
    form = [
        ("SmsMessageSid", name),
        ("NumMedia", "0"),
        ("SmsSid", name),
        ("SmsStatus", "received"),
        ("Body", BODIES[number % len(BODIES)]),
        ("To", SANDBOX_NUMBER),
        ("NumSegments", "1"),
        ("MessageSid", name),
        ("AccountSid", SANDBOX_ACCOUNT),
        ("From", phone),
        ("ApiVersion", "2010-04-01"),
    ]
    return signed_request(INBOUND, form, port)
