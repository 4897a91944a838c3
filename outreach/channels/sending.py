"""The results of one batch on their way from the threads that send to the thread that records."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from outreach.pipeline.ports import NOT_BEGUN, Outgoing, ResultKind, SendResult

GROUP_SECONDS = 0.05
"""How long a group of results may fill: recorded at least every 100 ms, with room to write."""


class Sending(Iterator[list[SendResult]]):
    """An iterator of groups of results, begun when it is made, whoever looks on.

    Every message of the batch gives exactly one result, whatever happens, ``cancel`` included.
    """

    def __init__(self, message_ids: Sequence[UUID], group_seconds: float = GROUP_SECONDS) -> None:
        self._waiting = set(message_ids)
        self._group: list[SendResult] = []
        self._group_seconds = group_seconds
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._done = threading.Event()
        self._on_cancel: Callable[[], object] | None = None
        self.cancelled = False
        self._made_at = time.monotonic()
        if not self._waiting:
            self._finish()

    def may_begin(self, outgoing: Outgoing) -> bool:
        """Whether a message's request may still begin: its turn came in time, none cancelled."""
        waited = time.monotonic() - self._made_at
        return not self.cancelled and waited <= outgoing.begin_within

    def not_begun(self, outgoing: Outgoing) -> None:
        """Gives a message whose request never began its result."""
        detail = "cancelled" if self.cancelled else NOT_BEGUN
        self.add(SendResult(outgoing.message_id, ResultKind.NOT_SENT, detail=detail))

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """What stops the requests in flight; called from the thread that cancels."""
        self._on_cancel = callback

    def add(self, result: SendResult) -> None:
        """One result, from any thread. A second one for the same message is dropped."""
        with self._lock:
            if result.message_id not in self._waiting:
                return
            self._waiting.discard(result.message_id)
            self._group.append(result)
            finished = not self._waiting
        self._arrived.set()
        if finished:
            self._finish()

    def abandon(self, kind: ResultKind, detail: str) -> None:
        """Gives every message that has no result yet this one."""
        with self._lock:
            left = list(self._waiting)
        for message_id in left:
            self.add(SendResult(message_id, kind, detail=detail))

    def cancel(self) -> None:
        """Starts nothing more and stops what is in flight.

        Iterate on to the end: what had not begun comes back as not sent, what was under way as
        unknown.
        """
        self.cancelled = True
        if self._on_cancel is not None:
            self._on_cancel()

    def __iter__(self) -> "Sending":
        return self

    def __next__(self) -> list[SendResult]:
        self._arrived.wait()
        self._done.wait(self._group_seconds)
        with self._lock:
            group, self._group = self._group, []
            if not self._done.is_set():
                self._arrived.clear()
        if not group:
            raise StopIteration
        return group

    def _finish(self) -> None:
        self._done.set()
        self._arrived.set()
