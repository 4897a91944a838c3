"""What happens to an accepted message: states one after another, and a webhook for each."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from outreach.sandbox.config import ReceiptOrder, SandboxConfig
from outreach.sandbox.courier import Courier, Form
from outreach.sandbox.message import Message, new_sid
from outreach.sandbox.receipts import Receipts
from outreach.sandbox.record import Record

_ORDER = ("queued", "sending", "sent", "delivered")
_EXPIRED = 30036
OnDelivered = Callable[[Message], Awaitable[None]]


class Lifecycle:
    """Runs every message under way as one task of the event loop."""

    def __init__(self, config: SandboxConfig, record: Record, courier: Courier) -> None:
        self._config = config
        self._record = record
        self._courier = courier
        self._tasks: set[asyncio.Task[None]] = set()
        self._random = random.Random(config.seed)  # noqa: S311  the order of a shuffle
        self.on_change: Callable[[], None] = lambda: None
        self.order = config.receipts
        """In which way the receipts of messages accepted from now on reach the app."""

    def run(self, message: Message, on_delivered: OnDelivered, failure: int | None = None) -> None:
        """Takes a text on from its present state; ``failure`` is the code it shall end with."""
        self.spawn(self._text(message, on_delivered, failure))

    def run_email(self, message: Message, on_delivered: OnDelivered) -> None:
        """``processed``, then ``delivered``."""
        self.spawn(self._email(message, on_delivered))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs ``work`` beside the requests, until the sandbox closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Stops everything where it stands; an unfinished text goes on in the next run."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _text(self, message: Message, on_delivered: OnDelivered, failure: int | None) -> None:
        receipts = Receipts(self._config, self.order, self._courier, self.spawn, self._random)
        began = asyncio.get_running_loop().time()
        for status, pause in self._steps(message.status):
            await asyncio.sleep(pause)
            reached, code = status, None
            if status == "delivered" and failure is not None:
                reached, code = "undelivered", failure
            if status == "sending":
                waited = asyncio.get_running_loop().time() - began
                if waited > message.validity:
                    reached, code = "failed", _EXPIRED
            if not await self._reach(message, reached, code):
                break
            if message.callback:
                receipts.add(message.callback, self._status_form(message, reached))
            if reached == "failed":
                break
        receipts.finish()
        if message.status == "delivered":
            await on_delivered(message)

    def _steps(self, present: str) -> list[tuple[str, float]]:
        pace = self._config.pace
        steps = [
            ("queued", 0.0),
            ("sending", pace.queued),
            ("sent", pace.sending),
            ("delivered", pace.sent),
        ]
        return steps if present == "accepted" else steps[_ORDER.index(present) + 1 :]

    async def _reach(self, message: Message, status: str, code: int | None) -> bool:
        now = self._config.clock.now()
        if not await self._record.advance(message.sid, status, now, code):
            return False
        message.status, message.error_code, message.updated_at = status, code, now
        self.on_change()
        return True

    def _status_form(self, message: Message, status: str) -> Form:
        form = [
            ("SmsSid", message.sid),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", message.recipient),
            ("MessageSid", message.sid),
            ("AccountSid", self._config.account_sid),
            ("From", message.sender),
            ("ApiVersion", "2010-04-01"),
        ]
        if message.service:
            form.append(("MessagingServiceSid", message.service))
        if message.error_code is not None:
            form.append(("ErrorCode", str(message.error_code)))
        if status in {"delivered", "undelivered"} and message.updated_at is not None:
            form.append(("RawDlrDoneDate", message.updated_at.strftime("%y%m%d%H%M")))
        return form

    async def _email(self, message: Message, on_delivered: OnDelivered) -> None:
        order = self.order
        events: list[bytes] = []
        for pause, event, status in (
            (self._config.pace.queued, "processed", "sent"),
            (self._config.pace.sent, "delivered", "delivered"),
        ):
            await asyncio.sleep(pause)
            if not await self._reach(message, status, None):
                return
            events.append(self._event(message, event))
        await on_delivered(message)
        if self._config.app_url is None or order is ReceiptOrder.NONE:
            return
        url = self._config.app_url + self._config.events_path
        if order is ReceiptOrder.LATE:
            await asyncio.sleep(self._config.late_seconds)
        if order is ReceiptOrder.REPEATED:
            events += events
        if order is ReceiptOrder.SHUFFLED:
            self._random.shuffle(events)
        for event_body in events:
            await self._courier.events(url, event_body)

    def _event(self, message: Message, event: str) -> bytes:
        own: dict[str, Any] = json.loads(message.reference)
        fields = {
            "email": message.recipient,
            "timestamp": int(self._config.clock.now().timestamp()),
            "smtp-id": f"<{message.sid}@sandbox.invalid>",
            "event": event,
            "sg_event_id": new_sid("ev"),
            "sg_message_id": f"{message.sid}.sandbox-0",
        }
        return json.dumps([{**own, **fields}]).encode()
