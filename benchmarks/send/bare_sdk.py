"""The ceiling: Twilio's SDK in a bare asynchronous loop, with our HTTP client and no database."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

from twilio.rest import Client

from benchmarks.audience import phone
from benchmarks.clinic import IN_FLIGHT
from benchmarks.measuring import Spent, spending
from outreach.bootstrap import SANDBOX_ACCOUNT, SANDBOX_NUMBER, SANDBOX_TOKEN
from outreach.channels.twilio_http import HttpLimits, OneShotHttpClient

TEXT = (
    "Cedar Grove Clinic: Your visit is Tue, Mar 2 at 10:00 AM. Eat first. Drink water, unless told "
    "to limit fluids. Bring your ID and list of meds. Fever or sick? Call 202-555-0110."
)
CALLBACK = "http://127.0.0.1:8000/webhooks/twilio/status/"


def measure(provider_url: str, count: int) -> Spent:
    """What ``count`` texts cost."""
    return asyncio.run(_send_all(provider_url, count))


async def _send_all(provider_url: str, count: int) -> Spent:
    http = OneShotHttpClient(provider_url, HttpLimits(in_flight=IN_FLIGHT))
    client = Client(
        SANDBOX_ACCOUNT, SANDBOX_TOKEN, http_client=http, environment={"TWILIO_EDGE": ""}
    )
    numbers = iter(range(count))
    try:
        with spending() as spent:
            await asyncio.gather(*(_work(client, numbers) for _ in range(IN_FLIGHT)))
        return spent
    finally:
        await http.close()


async def _work(client: Client, numbers: Iterator[int]) -> None:
    for number in numbers:
        await client.messages.create_async(
            to=phone(number),
            from_=SANDBOX_NUMBER,
            body=TEXT,
            status_callback=f"{CALLBACK}{uuid4().hex}",
            validity_period=36_000,
        )
