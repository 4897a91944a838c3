"""The usual design as a Celery app: a task for each message reads a row, sends, updates the row."""

import os
from typing import Any
from uuid import uuid4

from celery import Celery
from celery.signals import worker_process_init
from jinja2 import Template
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from benchmarks.send.bare_sdk import CALLBACK
from outreach.bootstrap import SANDBOX_ACCOUNT, SANDBOX_NUMBER, SANDBOX_TOKEN
from outreach.channels.twilio_http import API
from outreach.storage.database import create_engine_for

BROKER = "BENCHMARK_BROKER"
DATABASE = "BENCHMARK_DATABASE"
PROVIDER = "BENCHMARK_PROVIDER"
TASK = "benchmarks.usual.send_one"

_TEXT = Template(
    "{{ clinic }}: Hi {{ name }}. Your visit is {{ visit }}. Eat first. Drink water, unless told "
    "to limit fluids. Bring your ID and list of meds. Fever or sick? Call {{ phone }}."
)


class Base(DeclarativeBase):
    """Its one table lies beside Outreach's own."""


class UsualMessage(Base):
    """A text to send."""

    __tablename__ = "benchmark_usual_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    visit: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(20), index=True)
    provider_id: Mapped[str | None] = mapped_column(String(80))


class _ToProvider(TwilioHttpClient):  # type: ignore[misc]  # the SDK is not typed
    """The SDK's synchronous client as it comes, pooled, but for the address it speaks to."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=20.0)
        self._base_url = base_url

    def request(self, method: str, url: str, **rest: Any) -> Any:
        return super().request(method, url.replace(API, self._base_url), **rest)


app = Celery("usual", broker=os.environ.get(BROKER, "memory://"))
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)
_engine = create_engine_for(os.environ.get(DATABASE, "sqlite://"))
_client = Client(
    SANDBOX_ACCOUNT,
    SANDBOX_TOKEN,
    http_client=_ToProvider(os.environ.get(PROVIDER, API)),
    environment={"TWILIO_EDGE": ""},
)


@worker_process_init.connect
def _begin(**_: object) -> None:
    _engine.dispose(close=False)


@app.task(name=TASK)
def send_one(message_id: int) -> None:
    """One text."""
    with Session(_engine) as session:
        row = session.get_one(UsualMessage, message_id)
        if row.status != "queued":
            return
        text = _TEXT.render(
            clinic="Cedar Grove Clinic", name=row.name, visit=row.visit, phone="202-555-0110"
        )
        address = row.address
    taken = _client.messages.create(
        to=address,
        from_=SANDBOX_NUMBER,
        body=text,
        status_callback=f"{CALLBACK}{uuid4().hex}",
    )
    with Session(_engine) as session:
        row = session.get_one(UsualMessage, message_id)
        row.status, row.provider_id = "sent", taken.sid
        session.commit()
