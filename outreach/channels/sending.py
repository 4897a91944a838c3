"""The results of one batch on their way from the threads that send to the thread that records."""

import threading
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from outreach.pipeline.ports import NOT_BEGUN, Outgoing, ResultKind, SendResult


class Sending:
    """A batch under way, begun when it is made, whoever looks on.

    Every message of the batch gives exactly one result, whatever happens, ``cancel`` included.
    """

    def __init__(self, message_ids: Sequence[UUID]) -> None:
        self._waiting = set(message_ids)
        self._come: list[SendResult] = []
        self._lock = threading.Lock()
        self._tell: Callable[[int], object] = _nobody
        self._on_cancel: Callable[[], object] | None = None
        self.cancelled = False
        self._made_at = time.monotonic()

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
            self._come.append(result)
            tell = self._tell
        tell(1)

    @property
    def left(self) -> int:
        """How many results have not been taken."""
        with self._lock:
            return len(self._waiting) + len(self._come)

    def take(self) -> list[SendResult]:
        """The results that have come since it was last asked; does not wait."""
        with self._lock:
            taken, self._come = self._come, []
        return taken

    def tell(self, came: Callable[[int], object]) -> None:
        """``came`` is called with how many results have come, now and whenever more do, from any
        thread."""
        with self._lock:
            self._tell, already = came, len(self._come)
        if already:
            came(already)

    def abandon(self, kind: ResultKind, detail: str) -> None:
        """Gives every message that has no result yet this one."""
        with self._lock:
            left = list(self._waiting)
        for message_id in left:
            self.add(SendResult(message_id, kind, detail=detail))

    def cancel(self) -> None:
        """Starts nothing more and stops what is in flight.

        What had not begun comes back as not sent, what was under way as unknown.
        """
        self.cancelled = True
        if self._on_cancel is not None:
            self._on_cancel()


def _nobody(_count: int) -> None:
    """Nobody has asked to be told yet: what came waits."""
